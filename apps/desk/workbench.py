"""The workbench: one story on one page. Shows; what is done there is in `steps`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.access import can, require_workspace_object
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.story_page import StoryPage, story_page
from apps.stories.models import Preset, Story, StoryVersion
from apps.stories.services import rewrite_preview

# Longer ones are no numbers of rows: no database would take them.
DIGITS = 18


def story_for(request: HttpRequest, pk: int, *, verb: str) -> Story:
    """The story of a request, if its user may do the verb there; else 404 or 403."""
    rows = Story.objects.select_related("workspace", "current_version__author")
    return require_workspace_object(user_of(request), rows, pk, verb=verb)


@require_GET
@admin.site.admin_view
def story(request: HttpRequest, pk: int) -> HttpResponse:
    """The page itself; `?version=N` opens an earlier version in the editor."""
    page = story_page(story_for(request, pk, verb="stories.view_story"))
    number = request.GET.get("version", "")
    chosen = next((one for one in page.versions if str(one.number) == number), page.version)
    return workbench_page(request, page, text=text_of(chosen, based_on=page.version))


def workbench_page(
    request: HttpRequest, page: StoryPage, *, text: dict[str, Any], conflict: str = "", status: int = 200
) -> HttpResponse:
    """Render the workbench with a text in its editor, which may differ from what is stored."""
    user, workspace = user_of(request), page.story.workspace
    context = {
        **admin.site.each_context(request),
        "title": _("Story"),
        "is_fullwidth": True,
        "story": page.story,
        "zone": workspace.zone,
        "posts": page.posts,
        "version": page.version,
        "versions": page.versions,
        "writing": page.writing,
        "failure": page.failure,
        "presets": page.presets,
        "chosen_preset": page.preset_id,
        "channels": page.channels,
        "publications": page.publications,
        "writer": page.writer,
        "text": text,
        "conflict": conflict,
        "may_edit": can(user, "story.rewrite", workspace),
        "may_approve": can(user, "story.approve", workspace),
        "may_publish": can(user, "publication.schedule", workspace),
    }
    return render(request, "desk/story.html", context, status=status)


def text_of(version: StoryVersion | None, *, based_on: StoryVersion | None) -> dict[str, Any]:
    """The editor's fields for a version: title, lead, body, tags as one line, and the number it starts from."""
    return {
        "title": version.title if version else "",
        "lead": version.lead if version else "",
        "body": version.body if version else "",
        "tags": ", ".join(version.tags) if version else "",
        "based_on": based_on.number if based_on else 0,
    }


@require_GET
@admin.site.admin_view
def story_state(request: HttpRequest, pk: int) -> JsonResponse:
    """JSON `{writing: bool, version: int}` for the page that waits for a rewrite."""
    found = story_for(request, pk, verb="stories.view_story")
    current = found.current_version
    return JsonResponse({"writing": found.rewrites.live().exists(), "version": current.number if current else 0})


@require_GET
@admin.site.admin_view
def story_prompt(request: HttpRequest, pk: int) -> JsonResponse:
    """JSON `{system, user}`: what a rewrite would send; 409 with `detail` where there is nothing to send."""
    found = story_for(request, pk, verb="story.rewrite")
    preset = preset_of(found, request.GET.get("preset", ""))
    try:
        prompt = rewrite_preview(story=found, preset=preset, comment=request.GET.get("comment", "")[:2000])
    except PultError as exc:
        return JsonResponse({"detail": str(exc)}, status=409)
    return JsonResponse({"system": prompt.system, "user": prompt.user})


def preset_of(story: Story, pk: str) -> Preset | None:
    """The chosen preset of the story's workspace; None where there is no such one."""
    number = number_of(pk)
    return None if number is None else Preset.objects.filter(workspace=story.workspace_id, pk=number).first()


def number_of(text: str) -> int | None:
    """A row's or a version's number from the form; None where it is none, or is larger than any."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS else None
