"""The parts of the workbench put together: their contexts, addresses, scripts and styles."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from django.contrib.staticfiles import finders
from django.urls import URLPattern

from apps.accounts.models import User
from apps.desk.parts import checks_facts, checks_house, facts, pictures, publish, reasons, review, wanted
from apps.desk.story_page import StoryPage

PARTS: dict[str, ModuleType] = {
    "facts": facts,
    "reasons": reasons,
    "checks_facts": checks_facts,
    "checks_house": checks_house,
    "pictures": pictures,
    "review": review,
    "publish": publish,
    "wanted": wanted,
}


def parts_context(page: StoryPage, user: User) -> dict[str, dict[str, Any]]:
    """What each part shows, by its name."""
    return {name: part.context(page, user) for name, part in PARTS.items()}


def parts_files(ending: str) -> list[str]:
    """Static files of the parts with this ending (`js`, `css`), those that exist."""
    names = [f"desk/parts/{name}.{ending}" for name in PARTS]
    return [name for name in names if finders.find(name)]


def parts_urls() -> list[URLPattern]:
    """The addresses of all parts."""
    return [pattern for part in PARTS.values() for pattern in part.urlpatterns]
