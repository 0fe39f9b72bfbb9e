"""Errors told to a Sentry-compatible service, where one is named."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from apps.core.logs.redaction import clean_text


def errors_reported(dsn: str) -> bool:
    """Start the reporter; neither request bodies nor local variables leave, they may hold secrets and messages.

    No trail of earlier requests leaves either: the address of a request to the Bot API holds the bot's token.

    Raises:
        ImproperlyConfigured: the reporter is not installed: it comes with requirements/prod.txt.
    """
    if not dsn:
        return False
    try:
        sdk = import_module("sentry_sdk")
    except ModuleNotFoundError as exc:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: install requirements/prod.txt."
        ) from exc
    try:
        sdk.init(
            dsn=dsn,
            send_default_pii=False,
            max_request_body_size="never",
            include_local_variables=False,
            max_breadcrumbs=0,
            before_send=cleaned,
        )
    except ValueError as exc:
        raise ImproperlyConfigured("SENTRY_DSN is not a well-formed address of a project.") from exc
    return True


def cleaned(event: Any, _hint: object) -> Any:
    """A report without what looks like a secret in any of its texts."""
    if isinstance(event, str):
        return clean_text(event)
    if isinstance(event, dict):
        return {name: cleaned(part, _hint) for name, part in event.items()}
    if isinstance(event, (list, tuple)):
        return [cleaned(part, _hint) for part in event]
    return event
