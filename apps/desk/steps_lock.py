"""Who has the text open: the workbench says so every few seconds while it is on a screen."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.requests import user_of
from apps.desk.story_request import story_for
from apps.stories.services.locks import lock_leave, lock_take_over, lock_touch


@require_POST
@admin.site.admin_view
def story_lock(request: HttpRequest, pk: int) -> JsonResponse:
    """Note that the text is open here, take it over (`act=take`), or that its page was closed (`act=leave`).

    JSON `{mine, words, version, by, status}`: who has it in words where another has it, and what the story's current
    version is by now.
    """
    story, user = story_for(request, pk, verb="story.submit"), user_of(request)
    act = request.POST.get("act", "")
    if act == "leave":
        lock_leave(story=story, editor=user)
        return JsonResponse({"mine": False})
    state = (lock_take_over if act == "take" else lock_touch)(story=story, editor=user)
    words = ""
    if not state.is_mine:
        since = formats.time_format(state.since.astimezone(story.workspace.zone), "H:i")
        words = _("%(who)s has had this open since %(time)s.") % {"who": state.editor, "time": since}
    current = story.current_version
    return JsonResponse(
        {
            "mine": state.is_mine,
            "words": words,
            "who": state.editor,
            "version": current.number if current else 0,
            "by": current.byline if current else "",
            "status": story.status,
        }
    )
