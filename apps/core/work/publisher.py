"""Publishing bells: a few connections of their own, which give up within half a second.

Celery's own connections retry: measured with kombu 5.7, a publish to a Redis that hangs takes 7.6 s and to one that
refuses 6.1 s, although `retry=False` and socket time-outs of 0.5 s were set, because the connection itself is made with
retries. `max_retries: 0` in the transport's options ends that; workers must keep retrying, so it is set here only.
"""

from __future__ import annotations

import os
import threading

from celery import current_app
from django.utils.module_loading import import_string
from kombu.connection import ConnectionPool

TIMEOUT_S = 0.5
STALE_S = 60
CONNECTIONS = 8

_lock = threading.Lock()
_pool: ConnectionPool | None = None


def publish(task_path: str) -> None:
    """Send a task, by its dotted path, without arguments.

    Raises:
        Exception: whatever the broker's transport raises, after about `TIMEOUT_S`.
    """
    task = import_string(task_path)
    pool = _connections()
    connection = pool.acquire(block=True, timeout=TIMEOUT_S)
    try:
        task.apply_async(connection=connection, retry=False, ignore_result=True, expires=STALE_S)
    except BaseException:
        pool.replace(connection)
        raise
    connection.release()


def _connections() -> ConnectionPool:
    global _pool  # noqa: PLW0603
    with _lock:
        if _pool is None:
            _pool = _connect()
        return _pool


def _connect() -> ConnectionPool:
    app = current_app._get_current_object()
    options = {**(app.conf.broker_transport_options or {}), "max_retries": 0}
    if app.connection_for_write().transport_cls in {"amqp", "amqps", "pyamqp"}:
        options |= {"read_timeout": TIMEOUT_S, "write_timeout": TIMEOUT_S}
    connection = app.connection_for_write(connect_timeout=TIMEOUT_S, transport_options=options)
    pool: ConnectionPool = connection.Pool(limit=CONNECTIONS)
    return pool


def disconnect() -> None:
    """Close the connections; the next bell makes new ones, by the settings of that moment."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
    if pool is not None:
        pool.force_close_all()


def _forget() -> None:
    """A forked child must not use its parent's connections."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
