"""Secrets and message texts never reach a log line."""

from __future__ import annotations

import pytest

from apps.core.logs.redaction import HIDDEN, clean_text, redacted

BOT_TOKEN = "123456789:" + "A" * 35


@pytest.mark.parametrize(
    "name",
    [
        *("token", "bot_token", "password", "new_password1".rstrip("1"), "key", "api_key", "apiKey", "AI_API_KEY"),
        *("authorization", "Authorization", "text", "message_text", "body", "initData", "init_data", "html", "caption"),
        *("cookie", "secret", "client_secret", "payload"),
    ],
)
def test_a_secret_name_hides_its_value(name: str) -> None:
    assert redacted(None, "info", {"event": "x", name: "the value"})[name] == HIDDEN


@pytest.mark.parametrize(
    "name", ["dedupe_key", "order_key", "routing_key", "context", "keyword", "tokens_used", "status"]
)
def test_a_harmless_name_keeps_its_value(name: str) -> None:
    assert redacted(None, "info", {"event": "x", name: "the value"})[name] == "the value"


def test_secrets_are_hidden_however_deep() -> None:
    event = redacted(None, "info", {"event": "x", "reply": {"items": [{"token": "abc", "id": 1}], "ok": True}})
    assert event["reply"] == {"items": [{"token": HIDDEN, "id": 1}], "ok": True}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"POST https://api.example/bot{BOT_TOKEN}/sendMessage", f"POST https://api.example/bot{HIDDEN}/sendMessage"),
        ("the key sk-proj-abcdefgh12345678 was refused", f"the key {HIDDEN} was refused"),
        ("postgres://pult:hunter2@db:5432/pult", f"postgres://{HIDDEN}@db:5432/pult"),
        ("redis://:hunter2@cache:6379/0", f"redis://{HIDDEN}@cache:6379/0"),
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {HIDDEN}"),
        ("at 12:30:45 the task 42 took 3 s", "at 12:30:45 the task 42 took 3 s"),
        ("https://example.org/a/b?c=d", "https://example.org/a/b?c=d"),
        (f"/approve/{'Ab_-' * 10}/", f"/approve/{HIDDEN}/"),
        ("/admin/desk/stories/7/approval/", "/admin/desk/stories/7/approval/"),
        (f"/account/welcome/MQ/c4x2ab-{'0f' * 16}/", f"/account/welcome/{HIDDEN}/"),
        ("/account/welcome/MQ/set-password/", "/account/welcome/MQ/set-password/"),
    ],
)
def test_texts_lose_what_looks_like_a_secret(text: str, shown: str) -> None:
    assert clean_text(text) == shown


def test_numbers_and_flags_stay_what_they_are() -> None:
    event = redacted(None, "info", {"event": "x", "status": 200, "duration_ms": 1.5, "found": True, "user_id": None})
    assert event == {"event": "x", "status": 200, "duration_ms": 1.5, "found": True, "user_id": None}
