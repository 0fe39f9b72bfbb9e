"""How attempts and payloads look in the outbox's screen."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t

from apps.core.masking import address_masked
from apps.core.work.admin import words
from apps.delivery.models import Attempt

SECRETS = ("sealed", "secret", "token", "password", "authorization")


def attempt_line(attempt: Attempt) -> tuple[str, str, str]:
    """An attempt: its time for machines, for people, and what happened."""
    shown = date_format(timezone.localtime(attempt.at), "SHORT_DATETIME_FORMAT")
    parts = [f"{attempt.get_kind_display()}: {attempt.get_outcome_display()}"]
    if attempt.duration_ms is not None:
        parts.append(_t("%(ms)s ms") % {"ms": attempt.duration_ms})
    if attempt.detail:
        parts.append(words(attempt.detail))
    return attempt.at.isoformat(timespec="seconds"), shown, " · ".join(parts)


def payload_shown(payload: Any) -> str:
    """A payload as text that may be looked at."""
    if isinstance(payload, dict) and "sealed_secret" in payload and "url" in payload:
        payload = {**payload, "url": address_masked(str(payload["url"]))}  # a webhook's may hold a secret itself
    return json.dumps(hidden(payload), ensure_ascii=False, indent=2, sort_keys=True)


def hidden(value: Any, name: str = "") -> Any:
    """A payload's value, with the secrets in it replaced."""
    if any(word in name.lower() for word in SECRETS):
        return "…"
    if isinstance(value, dict):
        return {key: hidden(one, str(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [hidden(one, name) for one in value]
    return value
