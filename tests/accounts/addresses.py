"""Every address outside the admin's own lists and rows, and what the isolation walk expects of it.

An address that is missing here makes the walk fail: say how it is walked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from apps.publishing.models import Channel, Publication
from apps.sources.models import Post
from apps.stories.models import Story
from tests.accounts.rows import Rows


@dataclass(frozen=True)
class Address:
    """How an address is walked.

    Attributes:
        kind: "row" answers 404 for another workspace's row; "page" shows none of its words; "open" is for everybody.
        kwargs: the parts of the address that point at the other workspace's rows.
        why_open: why everybody may see it.
    """

    kind: str
    kwargs: Callable[[Rows], dict[str, Any]] = field(default=lambda _rows: {})
    why_open: str = ""


PAGE = Address("page")


def of(model: Any, name: str = "pk") -> Address:
    """An address of one row."""
    return Address("row", lambda rows: {name: rows.one(model).pk})


def opened(why: str) -> Address:
    """An address for everybody."""
    return Address("open", why_open=why)


ADDRESSES: dict[str, Address] = {
    "home": PAGE,
    "health": opened("says nothing about rows"),
    "health-live": opened("says nothing about rows"),
    "health-ready": opened("says nothing about rows"),
    "metrics": opened("counts by kind of work only"),
    "accounts:workspace": PAGE,
    "accounts:language": PAGE,
    "accounts:welcome": Address("page", lambda _rows: {"uidb64": "MQ", "token": "welcome"}),
    "api-schema": PAGE,
    "api-me": PAGE,
    "api-not-found": PAGE,
    "workspace-list": PAGE,
    "workspace-detail": Address("row", lambda rows: {"pk": rows.workspace.pk}),
    "story-list": PAGE,
    "story-detail": of(Story),
    "publication-list": PAGE,
    "publication-detail": of(Publication),
    "desk:work": PAGE,
    "desk:failures": PAGE,
    "desk:failures_act": PAGE,
    "desk:story": of(Story),
    "desk:story_state": of(Story),
    "desk:story_prompt": of(Story),
    "desk:story_save": of(Story),
    "desk:story_step": of(Story),
    "desk:story_rewrite": of(Story),
    "desk:story_new": PAGE,
    "desk:story_proofread_page": of(Story),
    "desk:story_neighbour": of(Story),
    "desk:story_variant": of(Story),
    "desk:story_unsaved": of(Story),
    "desk:story_difference": of(Story),
    "desk:story_restore": of(Story),
    "desk:story_lock": of(Story),
    "desk:story_publish": of(Story),
    "desk:story_preflight": of(Story),
    "desk:story_proofread": of(Story),
    "desk:story_house_word": of(Story),
    "desk:story_marks": of(Story),
    "desk:story_mark": of(Story),
    "desk:story_paid": of(Story),
    "desk:stories_merge": PAGE,
    "desk:story_correct": of(Story),
    "desk:story_split": of(Story),
    "desk:post_move": Address("row", lambda rows: {"pk": rows.one(Story).pk, "post": rows.one(Post).pk}),
    "desk:post_apart": Address("row", lambda rows: {"pk": rows.one(Story).pk, "post": rows.one(Post).pk}),
    "desk:story_facts": of(Story),
    "desk:story_fact": of(Story),
    "desk:approval_asked": of(Story),
    "desk:pictures_draw": of(Story),
    "desk:pictures_cancel": of(Story),
    "desk:pictures_again": of(Story),
    "desk:picture_upload": of(Story),
    "desk:picture_take": of(Story),
    "desk:picture_change": Address("row", lambda rows: {"pk": rows.one(Story).pk, "number": 1}),
    "desk:picture_file": Address("row", lambda rows: {"pk": rows.one(Story).pk, "number": 1}),
    "desk:calendar": PAGE,
    "desk:calendar_move": of(Publication),
    "desk:calendar_place": of(Channel),
    "desk:queue_stop": of(Channel),
    "desk:queue_resume": of(Channel),
    "desk:queue_undo": of(Channel),
    "desk:channel_schedule": of(Channel),
    "approval": Address("open", lambda _rows: {"token": "nobody"}, why_open="an unguessable key that expires"),
    "websub": Address("open", lambda _rows: {"key": "nobody"}, why_open="an unguessable key and a signature"),
    "telegram_hook": Address("open", lambda _rows: {"bot_id": 1}, why_open="a secret that only Telegram was told"),
    "demo_feed": opened("invented feeds of the demo"),
    "demo_post": opened("invented posts of the demo"),
    "publishing:link": Address("row", lambda _rows: {"code": "nobodys"}),
    "publishing:preview_index": opened("lists public channels"),
    "publishing:preview_channel": Address("row", lambda rows: {"slug": rows.one(Channel).slug}),
    "publishing:preview_feed": Address("row", lambda rows: {"slug": rows.one(Channel).slug}),
    "publishing:preview_rss": Address("row", lambda rows: {"slug": rows.one(Channel).slug}),
    "publishing:preview_json": Address("row", lambda rows: {"slug": rows.one(Channel).slug}),
    "publishing:preview_file": Address("row", lambda rows: {"slug": rows.one(Channel).slug, "pk": 1, "number": 0}),
    "publishing:hook_file": Address(
        "open", lambda _rows: {"signed": "1.0:nobody"}, why_open="a signed address that ends with its publication"
    ),
    "publishing:publication_file": Address(
        "row", lambda rows: {"pk": rows.one(Publication).pk, "part": 0, "number": 0}
    ),
}
# Pages of the admin itself; those of its models are walked by the registry.
ADMIN_PAGES = {"index", "login", "password_change", "password_change_done", "jsi18n", "search", "app_list", "logout"}
ADMIN_WALKED = {"autocomplete", "view_on_site", "auth_user_password_change"}
ADMIN_WALKED |= {"ai_prompt"}  # a prompt of a workspace: tests/ai/test_prompt_versions.py


def names() -> Iterator[tuple[str, URLPattern]]:
    """Every named address of the project, with its namespace."""
    yield from within(get_resolver(), "")


def within(resolver: URLResolver, space: str) -> Iterator[tuple[str, URLPattern]]:
    for found in resolver.url_patterns:
        if isinstance(found, URLResolver):
            yield from within(found, f"{space}{found.namespace}:" if found.namespace else space)
        else:
            yield space + (found.name or ""), found
