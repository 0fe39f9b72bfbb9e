"""The workbench: one story on one page. Shows; what is done there is in the modules of `steps`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.access import can
from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.desk.published_before import Earlier, published_before
from apps.desk.story_form import text_of
from apps.desk.story_page import StoryPage, story_page
from apps.desk.story_parts import parts_context, parts_files
from apps.desk.story_request import number_of, story_for
from apps.desk.story_words import words_of
from apps.stories.models import Story, StoryVersion, UnsavedText
from apps.stories.services.unsaved import unsaved_mark, unsaved_of

BEFORE_APPROVAL = (Story.Status.NEW, Story.Status.DRAFT, Story.Status.REVIEW)


@require_GET
@admin.site.admin_view
def story(request: HttpRequest, pk: int) -> HttpResponse:
    """The page itself with what its user typed last; `?version=N` opens an earlier version in the editor.

    `?posts=N` and `?versions=N` list posts and versions from there on.
    """
    start = {f"{name}_from": number_of(request.GET.get(name, "")) or 0 for name in ("posts", "versions")}
    page = story_page(story_for(request, pk, verb="stories.view_story"), **start)
    user = user_of(request)
    current = page.version.number if page.version else 0
    chosen = page.numbered(number_of(request.GET.get("version", "")) or 0)
    unsaved = None if chosen else unsaved_of(story=page.story, editor=user)
    if unsaved is not None and can(user, "story.submit", page.story.workspace):
        return workbench_page(request, page, text=text_of(unsaved, based_on=unsaved.based_on), unsaved=unsaved)
    return workbench_page(request, page, text=text_of(chosen or page.version, based_on=current), opened=chosen)


def workbench_page(
    request: HttpRequest,
    page: StoryPage,
    *,
    text: dict[str, Any],
    unsaved: UnsavedText | None = None,
    opened: StoryVersion | None = None,
    conflict: str = "",
    merge: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the workbench with a text in its editor, which may differ from what is stored.

    `opened` is an earlier version that the user wants to look at; `merge` is the markup that shows a newer version and
    both ways on; `conflict` is what stood in the way.
    """
    user = user_of(request)
    context = {
        **admin.site.each_context(request),
        **{name: getattr(page, name) for name in page.__dataclass_fields__},
        "posts_shown": page.posts_shown,
        "title": _("Story"),
        "is_fullwidth": True,
        "zone": page.story.workspace.zone,
        "text": text,
        "begun": begun_from(page, text),
        "unsaved": unsaved,
        "opened": opened,
        "unsaved_mark": unsaved_mark(unsaved),
        "conflict": conflict,
        "merge": merge,
        "words": words_of(),
        "earlier": earlier_of(page),
        "asks": request.GET.get("ask", ""),
        "landed_now": "landed" in request.GET,
        **rights_of(user, page.story),
        "parts": parts_context(page, user),
        **{f"parts_{kind}": parts_files(kind) for kind in ("js", "css")},
    }
    return render(request, "desk/story.html", context, status=status)


def earlier_of(page: StoryPage) -> list[Earlier]:
    """What is out already, as long as the story may be approved."""
    return published_before(page.story, page.version) if page.story.status in BEFORE_APPROVAL else []


def rights_of(user: User, story: Story) -> dict[str, bool]:
    """What the user may do here, as the templates ask."""
    verbs = {"may_edit": "story.rewrite", "may_approve": "story.approve", "may_publish": "publication.schedule"}
    return {name: can(user, verb, story.workspace) for name, verb in verbs.items()}


def begun_from(page: StoryPage, text: dict[str, Any]) -> dict[str, Any]:
    """The text that what is in the editor was begun from: it is unsaved as far as it differs from that."""
    return text_of(page.numbered(text["based_on"]), based_on=text["based_on"])
