"""Every request has an id, one line and one observation."""

from __future__ import annotations

import pytest
import structlog
from celery import shared_task
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from structlog.testing import LogCapture

from apps.core.logs.queries import timed, watch
from apps.core.middleware import request_middleware
from config.celery import app


@pytest.fixture
def written() -> LogCapture:
    """Every structlog line of a test."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture], cache_logger_on_first_use=False)
    yield capture
    structlog.configure(processors=before, cache_logger_on_first_use=True)


def answered(request: HttpRequest, status: int = 200) -> HttpResponse:
    """Pass a request through the middleware alone."""
    return request_middleware(lambda _request: HttpResponse("ok", status=status))(request)  # type: ignore[return-value]


@pytest.mark.parametrize("given", ["abc-123", "A.b_C", "x" * 64])
def test_a_harmless_id_is_taken(given: str) -> None:
    response = answered(RequestFactory().get("/", headers={"X-Request-ID": given}))
    assert response["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\nb", "<script>", "идентификатор"])
def test_any_other_id_is_replaced(given: str) -> None:
    response = answered(RequestFactory().get("/", headers={"X-Request-ID": given}))
    assert response["X-Request-ID"] != given
    assert len(response["X-Request-ID"]) == 32


def test_the_context_of_a_request_ends_with_it() -> None:
    seen: dict[str, object] = {}

    def view(_request: HttpRequest) -> HttpResponse:
        seen.update(structlog.contextvars.get_contextvars())
        return HttpResponse()

    request_middleware(view)(RequestFactory().post("/x/", headers={"X-Request-ID": "r1"}))
    assert seen == {"request_id": "r1", "method": "POST", "path": "/x/"}
    assert structlog.contextvars.get_contextvars() == {}


def test_the_context_ends_also_where_the_view_fails() -> None:
    def view(_request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        request_middleware(view)(RequestFactory().get("/"))
    assert structlog.contextvars.get_contextvars() == {}


def test_one_line_says_who_asked_for_what_and_how_it_went(written: LogCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.middleware.log", structlog.get_logger("pult.access"))
    answered(RequestFactory().get("/stories/?q=secret"), status=404)
    (line,) = written.entries
    assert {name: line[name] for name in ("event", "method", "path", "status", "user_id", "workspace")} == {
        "event": "request",
        "method": "GET",
        "path": "/stories/",
        "status": 404,
        "user_id": None,
        "workspace": None,
    }
    assert line["duration_ms"] >= 0
    assert "secret" not in str(line)


def test_the_id_goes_with_the_task_that_a_request_rings_for() -> None:
    headers: dict[str, object] = {}

    @shared_task(name="tests.run.noted")
    def noted() -> None:
        """Do nothing."""

    with (
        app.connection_for_write() as link,
        structlog.contextvars.bound_contextvars(request_id="r7", path="/x/", user_id=5),
    ):
        noted.apply_async(connection=link, queue="noted")
        message = link.channel().basic_get("noted", no_ack=True)
        headers.update(message.headers)
        link.channel().queue_delete("noted")
    assert headers["__django_structlog__"] == {"request_id": "r7", "user_id": 5}


@pytest.mark.django_db
def test_a_slow_query_is_logged_with_its_place(
    settings: object, written: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.logs.queries.log", structlog.get_logger("pult.queries"))
    settings.SLOW_QUERY_MS = -1  # type: ignore[attr-defined]
    with connection.execute_wrapper(timed), connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["nobody's business"])
    line = written.entries[0]
    assert line["event"] == "slow query"
    assert line["place"].startswith("tests/run/test_requests.py:")
    assert line["place"].endswith("test_a_slow_query_is_logged_with_its_place")
    assert "nobody" not in str(line)


@pytest.mark.django_db
def test_a_quick_query_is_not_logged(settings: object, written: LogCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.logs.queries.log", structlog.get_logger("pult.queries"))
    settings.SLOW_QUERY_MS = 60_000  # type: ignore[attr-defined]
    with connection.execute_wrapper(timed), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert written.entries == []


@pytest.mark.django_db
def test_every_connection_is_watched_once() -> None:
    connection.ensure_connection()
    watch(connection)
    assert connection.execute_wrappers.count(timed) == 1


@pytest.mark.django_db
def test_the_whole_site_answers_with_the_id(client: Client) -> None:
    response = client.get("/health/live", headers={"X-Request-ID": "r9"})
    assert response["X-Request-ID"] == "r9"
