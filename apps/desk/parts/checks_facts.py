"""The workbench's part `checks_facts`: what of the text no source says, with the nearest that one says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from apps.accounts.access import can
from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.limits import is_too_often, too_often
from apps.desk.story_page import StoryPage
from apps.desk.story_request import story_for
from apps.desk.templatetags.desk import local_time
from apps.stories.models import FactAccepted, Story, StoryPost
from apps.stories.services import Checked, fact_accept, fact_doubt, facts_check, version_check
from apps.stories.services.facts import DRAFT_CHARACTERS, NOT_CHECKED, has_given_up, sources_key

RATE = "90/m"
KINDS = {"name", "number", "date", "time", "quote", "link"}
WHY: dict[tuple[str, str], str | Promise] = {
    ("name", "not_there"): gettext_lazy("No source has this name."),
    ("number", "not_there"): gettext_lazy("No source has this number."),
    ("number", "rounded"): gettext_lazy("The sources have another number close to this one."),
    ("number", "other_noun"): gettext_lazy("The sources have this number, but not of this."),
    ("date", "not_there"): gettext_lazy("No source has this date."),
    ("time", "not_there"): gettext_lazy("No source has this time."),
    ("quote", "not_there"): gettext_lazy("Nobody says this in the sources."),
    ("quote", "other_words"): gettext_lazy("The sources have this in other words."),
    ("link", "not_there"): gettext_lazy("No source has this address."),
}


def context(page: StoryPage, user: User) -> dict[str, Any]:
    """The findings of the current text, checked now where it never was; nothing to check without posts or text."""
    version = page.version
    checked = None
    if version is not None and page.posts:
        checked = (
            version_check(version=version, key=sources_key(member.post for member in page.posts))
            if version.findings_count is None
            else Checked(version.findings, version.findings_count)
        )
    rows = shown(page.story, checked, page.posts) if checked else []
    return {
        "findings": [row for row in rows if not row["accepted"]],
        "accepted": [row for row in rows if row["accepted"]],
        "count": checked.count if checked else None,
        "told": told(checked, has_posts=bool(page.posts)) if version is not None or not page.posts else "",
        "may_accept": can(user, "story.submit", page.story.workspace),
        "has_posts": bool(page.posts),
    }


def shown(story: Story, checked: Checked, members: Sequence[StoryPost]) -> list[dict[str, Any]]:
    """Findings as the page shows them: in words, with the source's voice and time."""
    if not checked.findings:
        return []
    accepted = set(FactAccepted.objects.filter(story=story.pk).values_list("key", flat=True))
    posts = {member.post_id: member.post for member in members}
    rows = []
    for finding in checked.findings:
        post = posts.get(finding.get("post") or 0)
        rows.append(
            {
                **{name: finding[name] for name in ("kind", "field", "start", "end", "text", "nearest")},
                "says": str(WHY.get((finding["kind"], finding["why"]), _("No source has this."))),
                "post": post.pk if post else None,
                "voice": (post.channel or post.source.name) if post else "",
                "time": local_time(post.published_at, story.workspace.zone) if post else "",
                "accepted": finding.get("key") in accepted,
            }
        )
    return rows


def told(checked: Checked | None, *, has_posts: bool) -> str:
    """The check's outcome in a sentence."""
    if not has_posts:
        return _("There is nothing to check the text against: the story has no posts.")
    if checked is None or checked.count is None:
        return _("The text was not checked: the sources have no words, or it or they are too long.")
    if checked.count == 0:
        return _("Names, numbers, dates, quotes and links all stand in the sources.")
    return ""


@require_POST
@admin.site.admin_view
def story_facts(request: HttpRequest, pk: int) -> JsonResponse:
    """Check the text in the editor as it is typed; the current version's own text renews what is kept of it.

    JSON `{findings, count, told}`; 413 for a text too long, 429 for too many questions a minute.
    """
    story = story_for(request, pk, verb="stories.view_story")
    text = {name: typed(request, name) for name in ("title", "lead", "body")}
    if sum(map(len, text.values())) > DRAFT_CHARACTERS:
        return JsonResponse({"detail": _("The text is too long to check.")}, status=413)
    if is_too_often(request, group="desk.facts", rate=RATE):
        return too_often()
    members = list(
        StoryPost.objects.filter(story=story).select_related("post__source").order_by("post__published_at", "post_id")
    )
    version, key = story.current_version, sources_key(member.post for member in members)
    is_stored = version is not None and all(getattr(version, name) == value for name, value in text.items())
    if version is not None and is_stored and has_given_up(version, key):
        checked = NOT_CHECKED
    else:
        checked = facts_check(story, **text)
        if version is not None and is_stored and can(user_of(request), "story.submit", story.workspace):
            version.story = story
            version_check(version=version, checked=checked, key=key)
    return JsonResponse(
        {
            "findings": shown(story, checked, members),
            "count": checked.count,
            "told": told(checked, has_posts=bool(members)),
        }
    )


def typed(request: HttpRequest, name: str) -> str:
    """A field of the form with plain line ends and without NUL; the title as it would be saved."""
    value = request.POST.get(name, "").replace("\x00", "").replace("\r\n", "\n")
    return value.strip() if name == "title" else value


@require_POST
@admin.site.admin_view
def story_fact(request: HttpRequest, pk: int) -> JsonResponse:
    """Say that a place is right (`act=accept`), or doubt it again (`act=doubt`). JSON `{done}`."""
    story = story_for(request, pk, verb="story.submit")
    kind, text = request.POST.get("kind", ""), typed(request, "text")
    if kind not in KINDS or len(text) > DRAFT_CHARACTERS:
        return JsonResponse({"detail": _("This is not a finding of the fact check.")}, status=400)
    act = fact_doubt if request.POST.get("act") == "doubt" else fact_accept
    try:
        act(story=story, kind=kind, text=text, editor=user_of(request))
    except PultError as exc:
        return JsonResponse({"detail": str(exc)}, status=409)
    return JsonResponse({"done": True})


urlpatterns: list[URLPattern] = [
    path("stories/<int:pk>/facts/", story_facts, name="story_facts"),
    path("stories/<int:pk>/fact/", story_fact, name="story_fact"),
]
