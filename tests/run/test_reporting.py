"""Errors are told elsewhere only where someone asked for it."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.reporting import cleaned, errors_reported


def test_nothing_is_told_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    assert errors_reported("") is False


def test_a_missing_reporter_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match="sentry-sdk is not installed"):
        errors_reported("https://key@errors.example.org/1")


def test_bodies_and_variables_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "sentry_sdk", SimpleNamespace(init=lambda **options: told.update(options)))
    assert errors_reported("https://key@errors.example.org/1") is True
    assert told == {
        "dsn": "https://key@errors.example.org/1",
        "send_default_pii": False,
        "max_request_body_size": "never",
        "include_local_variables": False,
        "max_breadcrumbs": 0,
        "before_send": cleaned,
    }


def test_secrets_inside_a_report_are_hidden() -> None:
    token = "123456789:" + "A" * 35
    event = {
        "level": "error",
        "timestamp": 1.5,
        "exception": {"values": [{"value": f"no answer from https://api.telegram.org/bot{token}/getMe"}]},
        "tags": (("host", "web"),),
    }

    told = cleaned(event, {})

    assert token not in str(told)
    assert told["exception"]["values"][0]["value"].startswith("no answer from https://api.telegram.org/bot")
    assert (told["level"], told["timestamp"], told["tags"]) == ("error", 1.5, [["host", "web"]])


def test_a_wrong_address_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_options: Any) -> None:
        raise ValueError("bad dsn https://key@x")

    monkeypatch.setitem(sys.modules, "sentry_sdk", SimpleNamespace(init=init))
    with pytest.raises(ImproperlyConfigured) as caught:
        errors_reported("nonsense")
    assert "key@" not in str(caught.value)
