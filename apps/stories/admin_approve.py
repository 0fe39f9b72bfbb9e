"""Approving the chosen stories of the list; texts that lack legal marks are asked about on a page of their own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.accounts.admin_base import each
from apps.accounts.requests import user_of
from apps.stories.models import Story
from apps.stories.services import UnmarkedError, story_approve
from apps.stories.services.legal import named_of
from apps.stories.services.states import REASON_LENGTH

# So many are asked about on one page; those beyond wait for the next press.
ASKED_MAX = 50


def stories_approve(request: HttpRequest, chosen: QuerySet[Story], *, opts: Any) -> HttpResponse | None:
    """Approve what may be approved; the answer is the page that asks for a reason, where some texts need one."""
    editor, reason = user_of(request), request.POST.get("approve_reason", "").strip()
    lacking: list[tuple[Story, str]] = []

    def approve(story: Story) -> None:
        try:
            story_approve(story=story, editor=editor, reason=reason)
        except UnmarkedError as exc:
            lacking.append((story, named_of(exc.lacks)))

    done = each(chosen, approve)
    done.done -= len(lacking)
    done.tell(request)
    if not lacking:
        return None
    if len(lacking) > ASKED_MAX:
        messages.info(request, _("More texts lack marks: choose and approve those after these."))
    context = {
        **admin.site.each_context(request),
        "title": _("Approve without legal marks"),
        "opts": opts,
        "lacking": lacking[:ASKED_MAX],
        "checkbox": ACTION_CHECKBOX_NAME,
        "missing": "approve_reason" in request.POST,
        "reason_length": REASON_LENGTH,
    }
    return TemplateResponse(request, "stories/approve_reason.html", context)
