"""What the templates of preview pages need."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

from apps.publishing.html import sanitized

register = template.Library()
HUES = 8


@register.filter
def telegram_html(html: str) -> SafeString:
    """Telegram's HTML as it may stand on a page."""
    return mark_safe(sanitized(html))  # noqa: S308 - it has just been sanitized


@register.filter
def avatar_letter(name: str) -> str:
    """The first letter or digit of a name, for its round picture."""
    return next((sign.upper() for sign in name if sign.isalnum()), "•")


@register.filter
def avatar_hue(pk: int) -> int:
    """Which of the colours a channel's picture has."""
    return pk % HUES
