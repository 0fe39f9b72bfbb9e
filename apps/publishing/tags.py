"""Small pieces that the app's screens share."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString


def tag(tone: str, text: str) -> SafeString:
    """A word in a colour."""
    return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, text)
