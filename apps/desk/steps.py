"""What moves a story on from the workbench. Each view calls one service and comes back to the page with its answer."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import require_workspace_object
from apps.accounts.requests import user_of
from apps.desk.steps_rewrite import cancel_rewrites, retry_rewrite
from apps.desk.story_form import line_of
from apps.desk.story_request import number_of, story_for, told
from apps.publishing.models import Publication
from apps.publishing.services import publication_cancel
from apps.stories.models import Story
from apps.stories.services import story_approve, story_bring_back, story_put_aside, story_return
from apps.stories.services.by_hand import page_cancel, page_retry


@require_POST
@admin.site.admin_view
def story_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Put aside, bring back, return, approve all the same; cancel or try again what was asked for."""
    story = story_for(request, pk, verb="story.put_aside")
    user = user_of(request)
    steps: dict[str, tuple[Callable[[], None], str]] = {
        "put_aside": (lambda: story_put_aside(story=story, editor=user), _("Put aside. It can be brought back.")),
        "return": (lambda: story_return(story=story, editor=user), _("Back in work.")),
        "bring_back": (lambda: story_bring_back(story=story, editor=user), _("Brought back.")),
        "approve_anyway": (lambda: approve(request, pk), _("Approved. Choose where and when it goes out.")),
        "cancel_rewrite": (lambda: cancel_rewrites(story, request), _("Writing is cancelled.")),
        "retry_rewrite": (lambda: retry_rewrite(story, request), _("Tried again.")),
        "retry_fetch": (lambda: page_retry(story=story, editor=user), _("The page is fetched again.")),
        "cancel_fetch": (lambda: page_cancel(story=story, editor=user), _("The page is not fetched any more.")),
        "cancel_publication": (lambda: cancel_publication(story, request), _("The publication is cancelled.")),
    }
    name = "cancel_publication" if "cancel_publication" in request.POST else request.POST.get("step", "")
    if name in steps:
        step, done = steps[name]
        told(request, step, done)
    return redirect("desk:story", pk)


def approve(request: HttpRequest, pk: int) -> None:
    """Approve although nearly the same is out already: the editor has been shown it, and this version of the text."""
    story = story_for(request, pk, verb="story.approve")
    reason, number = line_of(request.POST, "reason"), number_of(request.POST.get("number", ""))
    story_approve(story=story, editor=user_of(request), reason=reason, number=number)


def cancel_publication(story: Story, request: HttpRequest) -> None:
    """Cancel the publication whose button was pressed."""
    pk = request.POST.get("cancel_publication", "")
    rows = Publication.objects.filter(story=story).select_related("channel", "workspace")
    publication = require_workspace_object(user_of(request), rows, pk, verb="publication.cancel")
    publication_cancel(publication=publication, editor=user_of(request))
