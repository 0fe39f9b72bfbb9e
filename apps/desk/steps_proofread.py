"""Proofreading for a page without scripts: what is certain is changed in the fields, shown, and can be taken back."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.desk.parts.checks_house import changes_shown, is_too_long, typed_text, where_of
from apps.desk.story_form import Typed, plain_of, text_of, typed_of
from apps.desk.story_page import story_page
from apps.desk.story_request import story_for
from apps.desk.workbench import workbench_page
from apps.stories.differences import versions_difference
from apps.stories.models import Story
from apps.stories.proofreading import Change, apply, proofread
from apps.stories.services import house_of

FIELDS = ("title", "lead", "body")


@require_POST
@admin.site.admin_view
def story_proofread_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The page with the typed text proofread in its fields, not saved; `as_typed` gives it back as it was."""
    story = story_for(request, pk, verb="story.rewrite")
    typed = typed_of(request.POST)
    if "as_typed" in request.POST:
        return page_with(request, story, typed)
    if is_too_long(typed_text(request)):
        return page_with(request, story, typed, problem=_("The text is too long to check."))
    house = house_of(story.workspace, story=story)
    found = {name: proofread(getattr(typed, name), house) for name in FIELDS}
    title, lead, body = (changed(getattr(typed, name), found[name]) for name in FIELDS)
    read = replace(typed, title=title, lead=lead, body=body)
    doubts = [
        {**one, "where": where_of(name)}
        for name in FIELDS
        for one in changes_shown(getattr(typed, name), [change for change in found[name] if not change.certain])
    ]
    context = {
        "story": story,
        "typed": text_of(typed, based_on=typed.based_on),
        "fields": versions_difference(dict(plain_of(typed)), dict(plain_of(read))),
        "changes": sum(change.certain for rows in found.values() for change in rows),
        "doubts": doubts,
    }
    told = render_to_string("desk/story_proofread.html", context, request=request)
    return page_with(request, story, read, told=told)


def changed(text: str, found: list[Change]) -> str:
    """A text with what is certain changed."""
    return apply(text, [change for change in found if change.certain])


def page_with(request: HttpRequest, story: Story, typed: Typed, *, told: str = "", problem: str = "") -> HttpResponse:
    """The workbench with this text in its fields."""
    text = text_of(typed, based_on=typed.based_on)
    return workbench_page(request, story_page(story), text=text, merge=told, conflict=problem)
