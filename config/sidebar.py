"""The sidebar by job and the workspace switcher, as each user's roles open them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import permitted
from apps.accounts.requests import chosen_of, shown_of, user_of
from apps.desk import badges

Words = str | Promise


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar.

    Attributes:
        title: its words.
        icon: a name of the Material Symbols font that unfold ships.
        to: url name; for a list of the admin "app.model" is enough.
        verb: the permission that shows it; empty for a superuser only. A list asks for its view permission.
        badge: counts what waits behind it, from the request.
        badge_variant: unfold's name of the badge's colour.
    """

    title: Words
    icon: str
    to: str
    verb: str | None = None
    badge: Callable[[HttpRequest], int] | None = None
    badge_variant: str = "primary"


BEHIND = _("Behind the scenes")
SIDEBAR: tuple[tuple[Words, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry(_("Today"), "today", "admin:index", "accounts.view_alert"),
            Entry(
                _("What failed"),
                "report",
                "desk:failures",
                "accounts.view_alert",
                badge=badges.failures,
                badge_variant="danger",
            ),
            Entry(_("Alerts"), "notifications", "accounts.alert", badge=badges.alerts_open, badge_variant="warning"),
        ),
    ),
    (
        _("News desk"),
        (
            Entry(_("Stories"), "article", "stories.story", badge=badges.stories_waiting, badge_variant="warning"),
            Entry(_("Posts"), "forum", "sources.post"),
            Entry(_("Sources"), "rss_feed", "sources.source"),
            Entry(_("Numbers"), "bar_chart", "admin:sources_post_numbers", "sources.view_post"),
            Entry(_("Filters"), "filter_alt", "sources.filterset"),
            Entry(_("Topics"), "sell", "sources.topic"),
            Entry(_("Families"), "diversity_3", "sources.family"),
            Entry(_("Telegram accounts"), "contact_phone", "telegram.session"),
            Entry(_("Quality"), "rule", "stories.judgement"),
            Entry(_("Presets"), "tune", "stories.preset"),
            Entry(_("House dictionary"), "spellcheck", "stories.houseword"),
            Entry(_("Legal marks"), "gavel", "stories.legallist"),
            Entry(_("Prompts"), "terminal", "ai.promptversion"),
        ),
    ),
    (
        _("Publishing"),
        (
            Entry(_("Calendar"), "calendar_month", "desk:calendar", "publishing.view_publication"),
            Entry(_("Publications"), "schedule_send", "publishing.publication"),
            Entry(_("Digests"), "event_repeat", "publishing.digest"),
            Entry(
                _("Statistics"), "query_stats", "admin:publishing_publication_statistics", "publishing.view_publication"
            ),
            Entry(_("Headlines compared"), "compare_arrows", "publishing.experiment"),
            Entry(_("Channels"), "campaign", "publishing.channel"),
            Entry(_("Preview pages"), "preview", "publishing:preview_index", "publishing.view_channel"),
        ),
    ),
    (
        _("Delivery"),
        (
            Entry(_("Outbox"), "outbox", "delivery.delivery"),
            Entry(_("Bots"), "smart_toy", "telegram.bot"),
            Entry(_("Alert chats"), "notifications_active", "notifications.alertchat"),
            Entry(_("People in Telegram"), "person_check", "notifications.personchat"),
        ),
    ),
    (
        BEHIND,
        (
            Entry(_("Rewrites"), "edit_note", "stories.rewrite"),
            Entry(_("Polls"), "sync", "sources.poll"),
            Entry(_("Readings"), "forum", "sources.channelread"),
            Entry(_("Imports"), "upload_file", "sources.importfile"),
            Entry(_("Groupings"), "hub", "stories.grouping"),
            Entry(_("Likely sisters"), "join_inner", "sources.kinship"),
            Entry(_("Looks at publications"), "visibility", "publishing.messagelook"),
            Entry(_("Looks by accounts"), "person_search", "publishing.accountlook"),
            Entry(_("Updates"), "move_to_inbox", "telegram.update"),
            Entry(_("AI spending"), "payments", "ai.spend"),
            Entry(_("All work"), "engineering", "desk:work", "accounts.view_alert"),
        ),
    ),
    (
        _("People and settings"),
        (
            Entry(_("Workspaces"), "workspaces", "accounts.workspace"),
            Entry(_("Members"), "group", "accounts.membership"),
            Entry(_("Users"), "person", "accounts.user"),
            Entry(_("Audit"), "history", "accounts.auditentry"),
            Entry(_("Schedule"), "calendar_clock", "django_celery_beat.periodictask", ""),
        ),
    ),
)


@cache
def address_of(to: str) -> str:
    """Where an entry leads, by its name in `Entry.to`."""
    return reverse(to if "." not in to else f"admin:{to.replace('.', '_')}_changelist")


def is_shown(entry: Entry, request: HttpRequest) -> bool:
    """Whether the user's role opens what the entry leads to."""
    user = user_of(request)
    if user.is_superuser:
        return True
    if entry.verb == "":
        return False
    app_label, _dot, model_name = entry.to.partition(".")
    verb = entry.verb or f"{app_label}.view_{model_name}"
    return bool(permitted(user, verb, shown_of(request)))


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar for this user: groups with the entries that their role opens."""
    groups: list[dict[str, Any]] = []
    for title, entries in SIDEBAR:
        items = [line(entry, request) for entry in entries if is_shown(entry, request)]
        if items:
            groups.append({"title": title, "items": items, "collapsible": title == BEHIND, "separator": False})
    mark_one([item for group in groups for item in group["items"]], request.path)
    return groups


def mark_one(items: list[dict[str, Any]], path: str) -> None:
    """Mark the one line that the page belongs to; unfold would mark a list together with the pages under it."""
    home = reverse("admin:index")
    links = {item["link"] for item in items}
    above = [link for link in links if path == link or (link != home and path.startswith(link))]
    closest = max(above, key=len, default="")
    for item in items:
        item["active"] = item["link"] == closest


def line(entry: Entry, request: HttpRequest) -> dict[str, Any]:
    """An entry as unfold wants it."""
    item: dict[str, Any] = {"title": entry.title, "icon": entry.icon, "link": address_of(entry.to)}
    # Said although there is none: the templates ask for them, and Django takes long to tell that something is missing.
    item |= {"badge": None, "link_callback": None}
    count = entry.badge(request) if entry.badge else 0
    if count:
        item |= {"badge": badges.short(count), "badge_variant": entry.badge_variant}
    return item


def workspaces_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The switcher's choices; none where there is nothing to switch."""
    seen = getattr(request, "workspaces", [])
    if len(seen) < 2:
        return []
    chosen = chosen_of(request)
    every = {"title": _("All workspaces"), "link": "", "icon": "check" if chosen is None else "apps"}
    rest = [
        {"title": each.name, "link": str(each.pk), "icon": "check" if each == chosen else "workspaces"} for each in seen
    ]
    return [every, *rest]


def chosen_name(request: HttpRequest) -> Words:
    """The workspace under the product's name in the sidebar."""
    seen = getattr(request, "workspaces", [])
    if not seen:
        return ""
    chosen = chosen_of(request)
    return _("All workspaces") if chosen is None else chosen.name
