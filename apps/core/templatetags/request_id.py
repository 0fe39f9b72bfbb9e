"""Template tags about the request itself; they need neither context processors nor the database."""

from __future__ import annotations

from django import template

from apps.core.work.fields import current_request_id

register = template.Library()


@register.simple_tag
def request_id() -> str:
    """The id of the present request as its log lines bear it; empty outside a request."""
    return current_request_id()
