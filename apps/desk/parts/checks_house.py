"""The workbench's part `checks_house`: typography, spelling, house words, forbidden words, legal marks, paid posts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import can
from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.limits import is_too_often, too_often
from apps.desk.story_form import keys_of, line_of, lines_of
from apps.desk.story_page import StoryPage
from apps.desk.story_request import story_for, told
from apps.stories.legal import DraftText, marked, mentions, paid_marked
from apps.stories.models import Story
from apps.stories.proofreading import Change, proofread
from apps.stories.services import (
    forbidden_in,
    house_of,
    house_word_add,
    legal_entries,
    paid_lacking,
    paid_set,
    preset_of_text,
    today_of,
)

RATE = "90/m"  # each, a user: the page asks after each pause in typing
CHARACTERS = 100_000  # of a text that is checked
AROUND = 24  # characters of the text shown on each side of a change


def context(page: StoryPage, user: User) -> dict[str, Any]:
    """The marks of the current text, and what is known of who paid."""
    version = page.version
    text = DraftText(version.title, version.lead, version.body) if version else DraftText("", "", "")
    workspace = page.story.workspace
    return {
        **marks_context(page.story, text),
        "may_edit": can(user, "story.rewrite", workspace),
        "may_add_words": can(user, "stories.add_houseword", workspace),
        "reason_wanted": page.story.status in {Story.Status.NEW, Story.Status.DRAFT, Story.Status.REVIEW},
    }


def marks_context(story: Story, text: DraftText) -> dict[str, Any]:
    """Who has to be marked in a text, whether it is done, what a paid one lacks; and the preset's forbidden words."""
    found = mentions(text, legal_entries(story.workspace), today_of(story.workspace))
    rows = [
        {
            "pk": one.entry.pk,
            "name": one.entry.name,
            "kind": one.entry.kind,
            "words": getattr(text, one.field)[one.mark.start : one.mark.end],
            "count": one.count,
            "is_certain": one.mark.is_certain,
            "is_marked": one.is_marked,
        }
        for one in found
    ]
    lacks = paid_lacking(story, text)
    forbidden = forbidden_in(preset_of_text(story), title=text.title, lead=text.lead, body=text.body)
    return {
        "forbidden": [{"found": one["found"] or one["word"], "where": where_of(one["field"])} for one in forbidden],
        "mentions": [row for row in rows if row["is_certain"] or row["is_marked"]],
        "doubts": [row for row in rows if not row["is_certain"] and not row["is_marked"]],
        "unmarked": [row for row in rows if row["is_certain"] and not row["is_marked"]],
        "paid_lacks": lacks,
        "lacks": bool(lacks) or any(row["is_certain"] and not row["is_marked"] for row in rows),
    }


def where_of(field: str) -> str:
    """A field of the text by the name that it has on the page."""
    return {"title": _("Title"), "lead": _("Lead")}.get(field) or _("Body")


@require_POST
@admin.site.admin_view
def story_proofread(request: HttpRequest, pk: int) -> JsonResponse:
    """Read the typed text. JSON `{fields: {title, lead, body: [change]}}`, places in UTF-16 units; 413, 429."""
    story = story_for(request, pk, verb="story.rewrite")
    text = typed_text(request)
    if is_too_long(text):
        return too_long()
    if is_too_often(request, group="desk.proofread", rate=RATE):
        return too_often()
    house = house_of(story.workspace, story=story)
    fields = {
        name: changes_shown(value, proofread(value, house))
        for name, value in (("title", text.title), ("lead", text.lead), ("body", text.body))
    }
    return JsonResponse({"fields": fields})


def changes_shown(text: str, changes: list[Change]) -> list[dict[str, Any]]:
    """Changes for the page's script, which counts in UTF-16 units, with some of the text around each."""
    shown = []
    at = units = 0
    for one in changes:
        units += units_of(text[at : one.start])
        at = one.start
        shown.append(
            {
                "start": units,
                "end": units + units_of(one.was),
                "was": one.was,
                "becomes": one.becomes,
                "rule": one.rule,
                "why": one.why,
                "certain": one.certain,
                "suggestions": one.suggestions,
                "before": text[max(0, one.start - AROUND) : one.start],
                "after": text[one.end : one.end + AROUND],
            }
        )
    return shown


def units_of(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


@require_POST
@admin.site.admin_view
def story_house_word(request: HttpRequest, pk: int) -> JsonResponse:
    """Put a word into the house dictionary: `written` and `wanted`, the same where it is right. JSON `{done}`."""
    story = story_for(request, pk, verb="stories.add_houseword")
    written, wanted = line_of(request.POST, "written"), line_of(request.POST, "wanted")
    try:
        house_word_add(workspace=story.workspace, written=written, wanted=wanted, editor=user_of(request))
    except PultError as exc:
        return JsonResponse({"detail": str(exc)}, status=409)
    return JsonResponse({"done": True})


@require_POST
@admin.site.admin_view
def story_marks(request: HttpRequest, pk: int) -> JsonResponse:
    """The legal marks of the typed text as the page shows them. JSON `{html, lacks}`; 413 or 429."""
    story = story_for(request, pk, verb="stories.view_story")
    text = typed_text(request)
    if is_too_long(text):
        return too_long()
    if is_too_often(request, group="desk.marks", rate=RATE):
        return too_often()
    part = {**marks_context(story, text), "may_edit": can(user_of(request), "story.rewrite", story.workspace)}
    html = render_to_string("desk/parts/house_marks.html", {"part": part}, request=request)
    return JsonResponse({"html": html, "lacks": part["lacks"]})


@require_POST
@admin.site.admin_view
def story_mark(request: HttpRequest, pk: int) -> JsonResponse:
    """Put marks into the typed text: those of the `entry` keys, all certain ones, or (`paid`) what a paid post says.

    JSON `{text: {title, lead, body}}`; nothing is saved.
    """
    story = story_for(request, pk, verb="story.rewrite")
    text = typed_text(request)
    if is_too_long(text):
        return too_long()
    if "paid" in request.POST:
        if not (story.erid and story.advertiser):
            return JsonResponse({"detail": _("Fill in the erid and the advertiser first, and save them.")}, status=409)
        done = paid_marked(text, erid=story.erid, advertiser=story.advertiser)
    else:
        chosen = set(keys_of(request.POST.getlist("entry"))) or None
        done = marked(text, legal_entries(story.workspace), today_of(story.workspace), only=chosen)
    return JsonResponse({"text": {"title": done.title, "lead": done.lead, "body": done.body}})


@require_POST
@admin.site.admin_view
def story_paid(request: HttpRequest, pk: int) -> HttpResponse:
    """Note whether somebody paid for the story, with erid and advertiser."""
    story = story_for(request, pk, verb="story.rewrite")

    def note() -> None:
        paid_set(
            story=story,
            is_paid="is_paid" in request.POST,
            erid=line_of(request.POST, "erid"),
            advertiser=line_of(request.POST, "advertiser"),
            editor=user_of(request),
        )

    told(request, note, _("Noted who paid."))
    return redirect("desk:story", pk)


def typed_text(request: HttpRequest) -> DraftText:
    """The text of the form."""
    return DraftText(line_of(request.POST, "title"), lines_of(request.POST, "lead"), lines_of(request.POST, "body"))


def is_too_long(text: DraftText) -> bool:
    """Whether there is more of it than is checked."""
    return len(text.title) + len(text.lead) + len(text.body) > CHARACTERS


def too_long() -> JsonResponse:
    """The refusal of a text that is too long."""
    return JsonResponse({"detail": _("The text is too long to check.")}, status=413)


urlpatterns: list[URLPattern] = [
    path("stories/<int:pk>/proofread/", story_proofread, name="story_proofread"),
    path("stories/<int:pk>/house-word/", story_house_word, name="story_house_word"),
    path("stories/<int:pk>/marks/", story_marks, name="story_marks"),
    path("stories/<int:pk>/mark/", story_mark, name="story_mark"),
    path("stories/<int:pk>/paid/", story_paid, name="story_paid"),
]
