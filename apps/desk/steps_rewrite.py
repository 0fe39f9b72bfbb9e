"""Texts that an editor asks for on the workbench: the exact prompt, progress, variants, another try."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import can, require_workspace_object
from apps.accounts.requests import user_of
from apps.ai.ports import Prompt
from apps.core.errors import PultError
from apps.desk.story_form import lines_of
from apps.desk.story_request import number_of, preset_of, story_for, told
from apps.stories.models import Rewrite, Story, StoryVersion
from apps.stories.progress import rewrite_progress
from apps.stories.services import (
    rewrite_cancel,
    rewrite_preview,
    rewrite_request,
    rewrite_retry,
    variant_choose,
)
from apps.stories.services.by_hand import fetch_of

COMMENT_LENGTH = 2000


@require_GET
@admin.site.admin_view
def story_state(request: HttpRequest, pk: int) -> JsonResponse:
    """JSON `{writing, version, html, fetch}` for the page that waits for a text, or for the page that it is made of."""
    story = story_for(request, pk, verb="stories.view_story")
    rows, fetch = rewrite_progress(story), fetch_of(story)
    current = story.current_version
    is_writing = any(row["is_live"] for row in rows)
    may_edit = can(user_of(request), "story.rewrite", story.workspace)
    return JsonResponse(
        {
            "writing": is_writing or (fetch is not None and fetch.is_live),
            "version": current.number if current else 0,
            "html": render_to_string(
                "desk/story_progress.html", {"progress": rows, "writing": is_writing}, request=request
            ),
            "fetch": render_to_string("desk/story_fetch.html", {"fetch": fetch, "may_edit": may_edit}, request=request),
        }
    )


@require_GET
@admin.site.admin_view
def story_prompt(request: HttpRequest, pk: int) -> JsonResponse:
    """JSON `{system, user}`: what a rewrite would send; 409 with `detail` where there is nothing to send."""
    story = story_for(request, pk, verb="story.rewrite")
    try:
        prompt = rewrite_preview(
            story=story,
            preset=preset_of(story, request.GET.get("preset", "")),
            comment=lines_of(request.GET, "comment")[:COMMENT_LENGTH],
            kind=kind_of(request.GET),
        )
    except PultError as exc:
        return JsonResponse({"detail": str(exc)}, status=409)
    return JsonResponse({"system": prompt.system, "user": prompt.user})


@require_POST
@admin.site.admin_view
def story_rewrite(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a text with a preset, a comment, a kind and, where it was opened, the prompt as it stands on the page."""
    story = story_for(request, pk, verb="story.rewrite")
    preset = preset_of(story, request.POST.get("preset", ""))
    comment = lines_of(request.POST, "comment")[:COMMENT_LENGTH]
    kind = kind_of(request.POST)
    variants = number_of(request.POST.get("variants", "")) or 1

    def ask() -> None:
        built = rewrite_preview(story=story, preset=preset, comment=comment, kind=kind)
        rewrite_request(
            story=story,
            preset=preset,
            comment=comment,
            editor=user_of(request),
            prompt_override=shown_prompt(request.POST, built),
            kind=kind,
            variants=variants,
        )

    done = ngettext(
        "Writing. The text appears here when it is ready.",
        "Writing %(count)d variants. They appear here side by side.",
        variants,
    ) % {"count": variants}
    told(request, ask, done)
    return redirect("desk:story", pk)


def kind_of(form: QueryDict) -> str:
    """What is asked for; writing from the sources where the form names nothing known."""
    kind = form.get("kind", "")
    return kind if kind in Rewrite.Kind.values else Rewrite.Kind.WRITE.value


def shown_prompt(form: QueryDict, built: Prompt) -> Prompt | None:
    """The prompt that the editor had open, as edited; None where it stayed closed, or was of another kind."""
    if "user_prompt" not in form or form.get("prompt_kind", built.kind) != built.kind:
        return None
    return Prompt(
        system=lines_of(form, "system_prompt"),
        user=lines_of(form, "user_prompt"),
        sources=built.sources,
        language=built.language,
        max_chars=built.max_chars,
    )


@require_POST
@admin.site.admin_view
def story_variant(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one of the variants as the story's text."""
    story = story_for(request, pk, verb="story.rewrite")
    number = number_of(request.POST.get("number", "")) or 0
    version = get_object_or_404(StoryVersion.objects.select_related("story"), story=story, number=number)
    based_on = number_of(request.POST.get("based_on", "")) or 0
    try:
        variant_choose(version=version, editor=user_of(request), based_on=based_on)
    except PultError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, _("Variant taken: version %(number)d is the text now.") % {"number": number})
    return redirect("desk:story", pk)


def cancel_rewrites(story: Story, request: HttpRequest) -> None:
    """Cancel all variants that wait or are being written."""
    for rewrite in story.rewrites.live():
        rewrite_cancel(rewrite=rewrite, editor=user_of(request))


def retry_rewrite(story: Story, request: HttpRequest) -> None:
    """Have a failed rewrite of this story written again."""
    rows = Rewrite.objects.filter(story=story).select_related("story", "workspace")
    pk = number_of(request.POST.get("rewrite", "")) or 0
    rewrite = require_workspace_object(user_of(request), rows, pk, verb="story.rewrite")
    rewrite_retry(rewrite=rewrite, editor=user_of(request))
