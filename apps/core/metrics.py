"""Figures for Prometheus: this process, its requests, and the work in the database."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from apps.core.work.metrics import collect

REQUESTS = Histogram(
    "pult_http_request_duration_seconds",
    "Time to answer a request, by method, route and status.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class Own(Collector):
    """Everything that this process counts itself."""

    def collect(self) -> Iterable[Metric]:
        """Pass on what the process-wide registry holds."""
        return REGISTRY.collect()


class WorkCollector(Collector):
    """The work in the database, counted when Prometheus asks."""

    collect = staticmethod(collect)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def request_observed(request: HttpRequest, response: HttpResponseBase, took: float) -> None:
    """Count a request under its route, never under its path: paths are without number."""
    match = request.resolver_match
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, match.route if match else "none", str(response.status_code)).observe(took)


def allowed(request: HttpRequest) -> bool:
    """Whether this caller may read the figures: with METRICS_TOKEN if it is set, else from this machine only."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus."""
    if not allowed(request):
        return HttpResponse("metrics are not for you\n", status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def registry() -> CollectorRegistry:
    """What is told: all processes of this machine where they share a folder, else this one; and the work."""
    told = CollectorRegistry()
    if settings.PROMETHEUS_MULTIPROC_DIR:
        MultiProcessCollector(told, settings.PROMETHEUS_MULTIPROC_DIR)
        ProcessCollector(registry=told)
    else:
        told.register(Own())
    told.register(WorkCollector())
    return told
