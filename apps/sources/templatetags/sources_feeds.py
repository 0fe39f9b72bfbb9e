"""What the screens of feeds need of templates."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def of_key(names: Mapping[str, str], key: str) -> str:
    """The value of a key, or nothing."""
    return names.get(key, "")
