"""Whatever Pult needs to reach or to listen on, looked at before anything starts."""

from __future__ import annotations

import errno
import socket
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis
from django.db import DatabaseError, connection
from kombu.connection import Connection
from kombu.exceptions import KombuError

from apps.core.startup.errors import StartError

PATIENCE_S = 3.0


def port_free(host: str, port: int) -> None:
    """Try to listen there.

    Raises:
        StartError: the port is taken, or the address is not one of this machine.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except OSError as exc:
        raise StartError(port_problem(host, port, exc)) from exc


def port_problem(host: str, port: int, exc: OSError) -> str:
    """Why it can't listen, in a sentence."""
    if exc.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 8000
        return f"Port {port} on {host} is already in use: stop what uses it, or choose another with PORT={other}."
    if exc.errno == errno.EACCES:
        return f"Port {port} may not be used by this user: choose one above 1023 with PORT=…"
    if isinstance(exc, socket.gaierror) or exc.errno == errno.EADDRNOTAVAIL:
        return f"HOST={host} is not an address of this machine."
    return f"The site can't listen on {host}:{port}: {exc.strerror or exc}."


def database_reachable() -> None:
    """Open one connection, without a pool's patience.

    Raises:
        StartError: no connection, or the file is not a database.
    """
    try:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM sqlite_master")
        else:
            psycopg.connect(**connection.get_connection_params()).close()
    except (DatabaseError, psycopg.Error) as exc:
        raise StartError(database_problem(connection.settings_dict, str(exc))) from exc


def database_problem(config: dict[str, Any], reason: str) -> str:
    """Why the database can't be used, in a sentence without the password."""
    said = (reason.strip().splitlines() or ["no reason given"])[0].strip().rstrip(".")
    if connection.vendor == "sqlite":
        return f"The database file {config['NAME']} can't be used: {said}."
    where = f"{config['HOST'] or 'the local socket'}:{config['PORT'] or 5432}"
    return f"PostgreSQL at {where} (DATABASE_URL) can't be used: {said}."


def redis_reachable(url: str) -> None:
    """Ask Redis for a sign of life.

    Raises:
        StartError: the address is wrong or nobody answers.
    """
    try:
        client = redis.Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    except ValueError as exc:
        raise StartError("REDIS_URL must be an address that starts with redis:// or rediss://.") from exc
    try:
        client.ping()
    except redis.RedisError as exc:
        raise StartError(f"Redis at {place(url)} (REDIS_URL) does not answer: {str(exc).rstrip('.')}.") from exc
    finally:
        client.close()


def broker_reachable(url: str) -> None:
    """Connect to the broker once.

    Raises:
        StartError: nobody answers there.
    """
    try:
        with Connection(url, connect_timeout=PATIENCE_S) as broker:
            broker.connect()
    except (OSError, KeyError, ValueError, KombuError) as exc:
        said = str(exc.args[0] if isinstance(exc, KeyError) else exc).rstrip(".")
        raise StartError(f"The broker at {place(url)} (CELERY_BROKER_URL) can't be used: {said}.") from exc


def place(url: str) -> str:
    """Host and port of an address, without its password."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return f"{parts.hostname or 'localhost'}{f':{port}' if port else ''}"
