"""Template filters of the workbench's parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def at_key(rows: Mapping[Any, Any] | None, key: Any) -> Any:
    """What a mapping has for a key; None where it has nothing."""
    return None if not rows else rows.get(key)
