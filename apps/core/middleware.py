"""What surrounds every request: its id, one line in the access log, one observation for the metrics."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from apps.core import metrics
from apps.core.logs.redaction import clean_text

log = structlog.get_logger("pult.access")
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNREMARKABLE = ("/static/", "/health", "/metrics")


def request_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give the request an id that its log lines, its rows and the tasks it rings for carry on."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        request_id = request_id_of(request)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            request_id=request_id, method=request.method, path=clean_text(request.path)
        )
        try:
            response = get_response(request)
            response["X-Request-ID"] = request_id
            took = time.perf_counter() - began
            metrics.request_observed(request, response, took)
            report(request, response, took)
            return response
        finally:
            structlog.contextvars.clear_contextvars()

    return middleware


def request_id_of(request: HttpRequest) -> str:
    """The id that came with the request if it is harmless, else a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if SAFE_ID.fullmatch(given) else uuid.uuid4().hex


def report(request: HttpRequest, response: HttpResponseBase, took: float) -> None:
    """Write the access line. User and workspace are named only where the request has looked them up anyway."""
    looked_up = request.__dict__
    user, workspace = looked_up.get("_cached_user"), looked_up.get("workspace")
    write = log.debug if request.path.startswith(UNREMARKABLE) and response.status_code < 500 else log.info
    write(
        "request",
        status=response.status_code,
        duration_ms=round(took * 1000, 1),
        user_id=getattr(user, "pk", None),
        workspace=getattr(workspace, "slug", None),
    )
