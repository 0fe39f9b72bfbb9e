"""Publications of the list moved to another time, as the calendar moves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import can
from apps.accounts.models import Workspace
from apps.accounts.reports import each
from apps.accounts.requests import user_of
from apps.core.errors import PermanentError
from apps.publishing import services
from apps.publishing.models import Publication
from apps.publishing.services import Conflict, ConflictError
from apps.publishing.wall import moment_typed

if TYPE_CHECKING:
    from apps.accounts.admin_base import WorkspaceModelAdmin

    Base = WorkspaceModelAdmin[Publication]
else:
    Base = object

SHOWN = 20
# So many may be moved with a look at what the editor saw of each; of more only their state is looked at.
SEEN_MAX = 500


@dataclass
class Asked:
    """What the form of a move said, by workspace, for their clocks differ.

    Attributes:
        words: what to know about the time, such as that it comes twice on that day.
        wrong: why it is no time; nothing is moved then.
    """

    moments: dict[int, datetime] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    wrong: str = ""


class MoveMixin(Base):
    """The action that asks for a time and moves what is not out."""

    @admin.action(description=_("Move to another time"), permissions=["publication.schedule"])
    def move(self, request: HttpRequest, queryset: models.QuerySet[Publication]) -> HttpResponse | None:
        """Ask for the time, then move; where a channel's schedule speaks against it, say so and ask again."""
        given = request.POST.get("move_to", "").strip()
        rows = list(queryset.select_related("workspace", "channel__workspace", "delivery").order_by("publish_at", "pk"))
        asked = asked_of(given, [row.workspace for row in rows])
        if not given or asked.wrong:
            return self.ask_time(request, rows, wrong=asked.wrong)
        for words in asked.words:
            messages.warning(request, words)
        user, against = user_of(request), dict[int, tuple[Conflict, ...]]()

        def act(row: Publication) -> None:
            anyway = "anyway" in request.POST and can(user, "publication.anyway", row.workspace)
            to, seen = asked.moments[row.workspace_id], seen_of(request, row)
            try:
                services.publication_place(publication=row, to=to, editor=user, seen=seen, anyway=anyway)
            except ConflictError as exc:
                against[row.pk] = exc.conflicts
                raise

        report = each(rows, act)
        if not against:
            report.tell(request)
            return None
        report.refused -= len(against)
        if report.refused:
            report.tell(request)
        elif report.done:
            messages.success(request, _t("Moved: %(count)d. The others are asked about here.") % {"count": report.done})
        return self.ask_time(request, [row for row in rows if row.pk in against], against=against)

    def ask_time(
        self,
        request: HttpRequest,
        rows: Sequence[Publication],
        *,
        wrong: str = "",
        against: dict[int, tuple[Conflict, ...]] | None = None,
    ) -> HttpResponse:
        """The page between choosing publications and moving them."""
        shown, against = rows[:SHOWN], against or {}
        usual = f"{rows[0].local_time:%Y-%m-%dT%H:%M}" if rows else ""
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Move to another time"),
            "opts": self.opts,
            "lines": [{"row": row, "conflicts": against.get(row.pk, ())} for row in shown],
            "more": len(rows) - len(shown),
            "zones": sorted({row.workspace.time_zone for row in rows}),
            "value": request.POST.get("move_to", "") or usual,
            "chosen": [row.pk for row in rows] if against else request.POST.getlist(ACTION_CHECKBOX_NAME),
            "seen": [(row.pk, row.publish_at.astimezone(UTC).isoformat()) for row in rows[:SEEN_MAX]],
            "checkbox": ACTION_CHECKBOX_NAME,
            "select_across": "0" if against else request.POST.get("select_across", "0"),
            "wrong": wrong,
            "may_anyway": bool(against) and self.may_anyway(request, rows),
        }
        return TemplateResponse(request, "publishing/move.html", context, status=409 if against else 200)

    def may_anyway(self, request: HttpRequest, rows: Sequence[Publication]) -> bool:
        """Whether the user may say "anyway" of one of them."""
        user = user_of(request)
        return any(can(user, "publication.anyway", one) for one in {row.workspace for row in rows})


def asked_of(given: str, workspaces: Sequence[Workspace]) -> Asked:
    """The typed time on each workspace's clock; wrong where one of the clocks leaves it out."""
    asked = Asked()
    if not given:
        return asked
    for workspace in {one.pk: one for one in workspaces}.values():
        try:
            asked.moments[workspace.pk], words = moment_typed(given, workspace.zone)
        except PermanentError as exc:
            asked.wrong = str(exc)
            break
        if words and words not in asked.words:
            asked.words.append(words)
    return asked


def seen_of(request: HttpRequest, row: Publication) -> datetime | None:
    """The time that the editor saw a publication at."""
    try:
        seen = parse_datetime(request.POST.get(f"seen_{row.pk}", ""))
    except ValueError:
        return None
    return seen if seen is not None and seen.tzinfo else None
