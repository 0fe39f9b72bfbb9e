"""The workbench's part `review`: who was asked to approve in Telegram or by a link, and what they answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import can
from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.core.clock import now
from apps.core.errors import PultError
from apps.desk.story_page import StoryPage
from apps.desk.story_request import number_of, story_for
from apps.notifications.models import PersonChat
from apps.stories.models import ApprovalAsk, Story
from apps.stories.services.approvals import HOURS, approval_ask, asks_of, people_to_ask

OPEN = {Story.Status.NEW, Story.Status.DRAFT, Story.Status.REVIEW}
Answer = ApprovalAsk.Answer


def context(page: StoryPage, user: User) -> dict[str, Any]:
    """Those who may be asked, what was asked lately, and the last thing that somebody wants changed."""
    story = page.story
    may_ask = page.version is not None and story.status in OPEN and can(user, "story.submit", story.workspace)
    asks = asks_of(story)
    current = page.version.pk if page.version else None
    wanted = next((one for one in asks if one.answer == Answer.RETURNED and one.version_id == current), None)
    people = people_to_ask(story.workspace) if may_ask else []
    chats = PersonChat.objects.filter(workspace=story.workspace_id, user__in=people, chat_id__isnull=False, problem="")
    in_telegram = set(chats.values_list("user", flat=True)) if people else set()
    return {
        "may_ask": may_ask,
        "people": [{"user": one, "in_telegram": one.pk in in_telegram} for one in people if one.pk != user.pk],
        "myself": {"user": user, "in_telegram": user.pk in in_telegram} if user in people else None,
        "hours": HOURS,
        "asks": [{"ask": one, "is_over": is_over(one)} for one in asks],
        "wanted": wanted,
    }


def is_over(ask: ApprovalAsk) -> bool:
    """Whether a request that still waits has expired."""
    return ask.answer == Answer.WAITING and ask.expires_at <= now()


@require_POST
@admin.site.admin_view
def approval_asked(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a person, and show the editor the link once."""
    story = story_for(request, pk, verb="story.submit")
    back = redirect("desk:story", pk=story.pk)
    number, hours = number_of(request.POST.get("person", "")), number_of(request.POST.get("hours", ""))
    people = {one.pk: one for one in people_to_ask(story.workspace)}
    asked = people.get(number or 0)
    if asked is None or hours not in HOURS:
        messages.warning(request, _("Choose whom to ask."))
        return back
    try:
        link = approval_ask(story=story, asked=asked, editor=user_of(request), hours=hours)
    except PultError as exc:
        messages.warning(request, str(exc))
        return back
    words = _("Asked. The link for %(who)s, shown only now:") % {"who": asked}
    messages.success(request, format_html('{} <a class="wb-link" href="{}">{}</a>', words, link, link))
    return back


urlpatterns = [path("stories/<int:pk>/approval/", approval_asked, name="approval_asked")]
