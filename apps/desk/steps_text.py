"""What an editor does to the text on the workbench: saved, kept while it is typed, compared, restored.

The page's script asks for JSON and shows the answer in place, so that nothing typed is ever lost with a page; without
the script the same addresses answer with the page.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.published_before import published_before
from apps.desk.story_form import Typed, line_of, plain_of, text_of, typed_of, wants_json
from apps.desk.story_page import story_page
from apps.desk.story_request import number_of, story_for, told
from apps.desk.workbench import workbench_page
from apps.stories.differences import versions_difference
from apps.stories.models import Story, StoryVersion
from apps.stories.services import VersionConflictError, story_approve, story_submit, version_save
from apps.stories.services.unsaved import (
    UnsavedConflictError,
    unsaved_discard,
    unsaved_keep,
    unsaved_mark,
)
from apps.stories.services.versions import version_restore


@require_POST
@admin.site.admin_view
def story_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the typed text as a version, then go on as the pressed button says: save, submit or approve."""
    then = request.POST.get("then", "save")
    story = story_for(request, pk, verb="story.approve" if then == "approve" else "story.submit")
    user, typed = user_of(request), typed_of(request.POST)
    version: StoryVersion | None = None
    try:
        version = version_save(
            story=story,
            **typed.fields,
            editor=user,
            based_on=typed.based_on,
            why=line_of(request.POST, "why"),
            unsaved_seen=request.POST.get("seen") if wants_json(request) else None,
        )
        if then == "approve":
            if published_before(story, version):
                return answered(request, pk, number=version.number, ask="approve")
            story_approve(story=story, editor=user, reason=line_of(request.POST, "reason"), number=version.number)
            done = _("Approved. Choose where and when it goes out.")
        elif then == "submit":
            story_submit(story=story, editor=user)
            done = _("Handed over for review.")
        else:
            done = _("Saved as version %(number)d.") % {"number": version.number}
    except VersionConflictError as exc:
        return conflict_answer(request, pk, typed, exc)
    except PultError as exc:
        return refused(request, pk, typed, problem=str(exc), saved=version)
    return answered(request, pk, number=version.number, done=done, is_moved=then != "save")


def answered(
    request: HttpRequest, pk: int, *, number: int, done: str = "", ask: str = "", is_moved: bool = True
) -> HttpResponse:
    """The text is saved: say so, and where to go on. `ask` names a step that wants one more press."""
    address = reverse("desk:story", args=[pk])
    if ask:
        address += f"?ask={ask}"
    if wants_json(request):
        if done and is_moved:
            messages.success(request, done)
        return JsonResponse({"number": number, "words": done, "url": address if is_moved or ask else ""})
    if done:
        messages.success(request, done)
    return redirect(address)


def conflict_answer(request: HttpRequest, pk: int, typed: Typed, exc: VersionConflictError) -> HttpResponse:
    """Somebody saved a newer version meanwhile: theirs and mine side by side, and both ways on."""
    if not wants_json(request):
        return refused(request, pk, typed, problem=str(exc), newer=exc.version)
    html = merge_html(request, exc.version, typed, problem=str(exc))
    return JsonResponse({"detail": str(exc), "number": exc.number, "html": html}, status=409)


def refused(
    request: HttpRequest,
    pk: int,
    typed: Typed,
    *,
    problem: str,
    newer: StoryVersion | None = None,
    saved: StoryVersion | None = None,
) -> HttpResponse:
    """The page with the typed text still in it and what stood in its way.

    After a conflict the text is based on the newer version that was told of, so that saving once more is a decision,
    not an accident. Where the text was saved and only the next step refused, it goes on from `saved`; after anything
    else it stays based on what the editor began from.
    """
    if wants_json(request):
        answer = {"detail": problem} | ({"number": saved.number} if saved else {})
        return JsonResponse(answer, status=409)
    page = story_page(story_for(request, pk, verb="stories.view_story"))
    begun = newer or saved
    text = text_of(typed, based_on=begun.number if begun else typed.based_on)
    merge = merge_html(request, newer, typed, problem=problem) if newer else ""
    return workbench_page(request, page, text=text, conflict=problem, merge=merge, status=409)


def merge_html(request: HttpRequest, newer: StoryVersion, typed: Typed, *, problem: str) -> str:
    """Theirs, mine, and what differs."""
    context = {
        "problem": problem,
        "newer": newer,
        "zone": newer.story.workspace.zone,
        "fields": versions_difference(dict(plain_of(newer)), dict(plain_of(typed))),
    }
    return render_to_string("desk/story_merge.html", context, request=request)


@require_POST
@admin.site.admin_view
def story_unsaved(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is being typed; JSON `{mark}`, and 409 with `{detail, mark, text}` where more was typed elsewhere."""
    story, user = story_for(request, pk, verb="story.submit"), user_of(request)
    if "discard" in request.POST:
        unsaved_discard(story=story, editor=user)
        return JsonResponse({"mark": ""}) if wants_json(request) else redirect("desk:story", pk)
    typed = typed_of(request.POST)
    try:
        kept = unsaved_keep(
            story=story, editor=user, **typed.fields, based_on=typed.based_on, seen=request.POST.get("seen")
        )
    except UnsavedConflictError as exc:
        text = text_of(exc.unsaved, based_on=exc.unsaved.based_on)
        return JsonResponse({"detail": str(exc), "mark": unsaved_mark(exc.unsaved), "text": text}, status=409)
    return JsonResponse({"mark": unsaved_mark(kept)})


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def story_difference(request: HttpRequest, pk: int) -> HttpResponse:
    """What differs between versions `from` and `to`; a POST compares version `from` with the text of the form.

    The page's script gets the fragment alone; a newer version than the form's is shown with both ways on.
    """
    story = story_for(request, pk, verb="stories.view_story")
    before = version_of(story, request.GET.get("from", ""))
    if request.method == "POST":
        typed = typed_of(request.POST)
        if before is not None and before.number > typed.based_on:
            problem = _("Version %(number)d by %(who)s is newer than what you began from.")
            words = problem % {"number": before.number, "who": before.byline}
            return JsonResponse({"html": merge_html(request, before, typed, problem=words), "number": before.number})
        context = difference_context(story, before, typed)
        return JsonResponse({"html": render_to_string("desk/story_difference.html", context, request=request)})
    context = difference_context(story, before, version_of(story, request.GET.get("to", "")))
    if wants_json(request):
        return JsonResponse({"html": render_to_string("desk/story_difference.html", context, request=request)})
    page = {**admin.site.each_context(request), "title": _("What changed"), "story": story, **context}
    return render(request, "desk/story_difference_page.html", page)


def version_of(story: Story, number: str) -> StoryVersion | None:
    """A version of the story by its number; None where there is none."""
    key = number_of(number)
    rows = StoryVersion.objects.filter(story=story).select_related("author", "story__workspace")
    return None if key is None else rows.filter(number=key).first()


def difference_context(story: Story, before: StoryVersion | None, after: StoryVersion | Typed | None) -> dict[str, Any]:
    """What the difference's template shows."""
    fields = versions_difference(dict(plain_of(before)), dict(plain_of(after)))
    return {
        "before": before,
        "after": after if isinstance(after, StoryVersion) else None,
        "zone": story.workspace.zone,
        "fields": fields,
        "is_same": not any(one.is_changed for one in fields),
    }


@require_POST
@admin.site.admin_view
def story_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an earlier version the story's text again."""
    story = story_for(request, pk, verb="story.submit")
    number = number_of(request.POST.get("number", "")) or 0
    told(
        request,
        lambda: version_restore(
            story=story,
            number=number,
            editor=user_of(request),
            based_on=number_of(request.POST.get("based_on", "")) or 0,
        ),
        _("Version %(number)d is the text again, as a new version.") % {"number": number},
    )
    return redirect("desk:story", pk)
