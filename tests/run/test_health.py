"""Is it alive, can it serve, what is broken; and the figures for Prometheus."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.test import Client

from apps.core import health
from apps.core.clock import now
from apps.core.health import Check, Finding, UnhealthyError, findings, verdict
from apps.core.ticks import tick_last, tick_record


def finding(*, ok: bool, vital: bool) -> Finding:
    """A finding with nothing else of interest."""
    return Finding("x", ok, vital, "", 0.0)


def test_what_a_check_says_is_found_with_the_time_it_took() -> None:
    (found,) = findings((Check("x", lambda: "fine", vital=True),))
    assert (found.name, found.ok, found.vital, found.detail) == ("x", True, True, "fine")
    assert 0 <= found.ms < 1000


def test_bad_news_is_found_in_its_own_words() -> None:
    def look() -> str:
        raise UnhealthyError("no room")

    assert [(one.ok, one.detail) for one in findings((Check("x", look),))] == [(False, "no room")]


def test_a_failure_is_found_without_its_text() -> None:
    def look() -> str:
        raise ConnectionError("redis://:hunter2@host")

    assert [(one.ok, one.detail) for one in findings((Check("x", look),))] == [(False, "ConnectionError")]


def test_a_check_that_hangs_holds_up_nobody() -> None:
    began = time.perf_counter()
    slow, quick = findings((Check("slow", lambda: str(time.sleep(6)), timeout_s=0.2), Check("quick", lambda: "fine")))
    assert time.perf_counter() - began < 5
    assert (slow.ok, slow.detail) == (False, "no answer within 0.2 s")
    assert quick.ok


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([finding(ok=True, vital=True), finding(ok=True, vital=False)], "ok"),
        ([finding(ok=True, vital=True), finding(ok=False, vital=False)], "degraded"),
        ([finding(ok=False, vital=True), finding(ok=True, vital=False)], "down"),
    ],
)
def test_one_word_for_all(found: list[Finding], said: str) -> None:
    assert verdict(found) == said


def test_a_tick_is_remembered() -> None:
    assert tick_last() is None
    before = now()
    tick_record()
    last = tick_last()
    assert last is not None
    assert before <= last <= now()
    assert health.beat().endswith(" s ago")


def test_no_tick_and_a_late_tick_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnhealthyError, match="no tick yet"):
        health.beat()
    tick_record()
    later = now() + timedelta(seconds=90)
    monkeypatch.setattr(health, "now", lambda: later)
    with pytest.raises(UnhealthyError, match=r"no tick for 9\d s"):
        health.beat()


def test_little_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_DISK_MB", 10**9)
    with pytest.raises(UnhealthyError, match=r"MB free, at least"):
        health.disk()
    monkeypatch.setattr(health, "LEAST_MEMORY_MB", 10**9)
    with pytest.raises(UnhealthyError, match=r"MB available, at least"):
        health.memory()


@pytest.mark.django_db
def test_live_answers_without_looking(client: Client) -> None:
    for path in ("/health", "/health/live"):
        response = client.get(path)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})
        assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_names_every_check(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        health, "findings", lambda: [finding(ok=True, vital=True), Finding("beat", False, False, "late", 1.5)]
    )
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["beat"] == {"ok": False, "vital": False, "detail": "late", "ms": 1.5}


@pytest.mark.django_db
def test_ready_is_503_where_nothing_can_be_served(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "findings", lambda: [finding(ok=False, vital=True)])
    assert client.get("/health/ready").status_code == 503


@pytest.mark.django_db(transaction=True)
def test_the_real_checks_find_the_real_servers() -> None:
    found = {one.name: one for one in findings()}
    assert set(found) == {"database", "broker", "cache", "disk", "memory", "beat", "work", "bots"}
    assert {name: one.detail for name, one in found.items() if not one.ok and name != "beat"} == {}


@pytest.mark.django_db
def test_figures_tell_of_requests_by_route_and_of_work(client: Client) -> None:
    client.get("/health/live")
    client.get("/no/such/page-of-nobody/")
    text = client.get("/metrics").content.decode()
    assert 'route="health/live",status="200"' in text
    assert "page-of-nobody" not in text
    assert "pult_work_due{" in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    "elsewhere", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, {"REMOTE_ADDR": ""}]
)
def test_figures_are_for_this_machine_only(client: Client, elsewhere: dict[str, str]) -> None:
    response = client.get("/metrics", **elsewhere)  # type: ignore[arg-type]
    assert response.status_code == 403
    assert b"pult_" not in response.content


@pytest.mark.django_db
def test_a_token_opens_the_figures_from_anywhere_and_nothing_else_does(client: Client, settings: object) -> None:
    settings.METRICS_TOKEN = "the token"  # type: ignore[attr-defined]
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", headers={"Authorization": "Bearer the token"}, **far).status_code == 200  # type: ignore[arg-type]
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}, **far).status_code == 403  # type: ignore[arg-type]
    assert client.get("/metrics").status_code == 403
