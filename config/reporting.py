"""Errors told to a Sentry-compatible service, where one is named."""

from __future__ import annotations

from importlib import import_module

from django.core.exceptions import ImproperlyConfigured


def errors_reported(dsn: str) -> bool:
    """Start the reporter; neither request bodies nor local variables leave, they may hold secrets and messages.

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
        sdk.init(dsn=dsn, send_default_pii=False, max_request_body_size="never", include_local_variables=False)
    except ValueError as exc:
        raise ImproperlyConfigured("SENTRY_DSN is not a well-formed address of a project.") from exc
    return True
