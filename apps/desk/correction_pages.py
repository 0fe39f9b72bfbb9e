"""Corrections that ask what else is meant: where to, with which, which of them. Each page is a plain form."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import require_workspace_object
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.correction_steps import VERB, corrected, post_of, sources_of, with_undo
from apps.desk.story_form import line_of
from apps.desk.story_request import number_of, story_for
from apps.sources.models import Post
from apps.stories.corrections_told import corrections_told
from apps.stories.models import Story
from apps.stories.selectors import stories_found
from apps.stories.services.corrections import post_move, posts_keep_apart, story_split
from apps.stories.services.merging import STORIES_MAX, stories_merge

MERGE_FIRST = (Story.Status.PUBLISHED, Story.Status.APPROVED, Story.Status.REVIEW, Story.Status.DRAFT)


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def post_move_page(request: HttpRequest, pk: int, post: int) -> HttpResponse:
    """Choose the story that a post belongs to, found by words or among the latest."""
    story = story_for(request, pk, verb=VERB)
    moved = post_of(request, story, post)
    if request.method == "POST":
        target = None if "own" in request.POST else story_named(request, story, request.POST.get("target", ""))
        done = _("The post has been moved.")
        return corrected(
            request, story, lambda: post_move(post=moved, story=story, target=target, editor=user_of(request)), done
        )
    words = line_of(request.GET, "q").strip()
    found = stories_found(story.workspace_id, words, without=[story.pk])
    more = {"story": story, "post": moved, "q": words, "found": found}
    return page(request, "desk/correct_move.html", _("Move a post"), more)


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def post_apart_page(request: HttpRequest, pk: int, post: int) -> HttpResponse:
    """Choose the posts that a post never belongs with."""
    story = story_for(request, pk, verb=VERB)
    one = post_of(request, story, post)
    others = posts_of(story).exclude(pk=one.pk)
    if request.method == "POST":
        chosen = list(others.filter(pk__in=numbers(request, "post")))
        done = _("They will not be put together again.")
        return corrected(
            request,
            story,
            lambda: posts_keep_apart(post=one, story=story, others=chosen, editor=user_of(request)),
            done,
        )
    more = {"story": story, "post": one, "others": others}
    return page(request, "desk/correct_apart.html", _("Never together"), more)


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def story_split_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the posts that make a story of their own."""
    story = story_for(request, pk, verb=VERB)
    if request.method == "POST":
        done = _("The chosen posts have a story of their own now.")
        chosen = numbers(request, "post")
        return corrected(request, story, lambda: story_split(story=story, posts=chosen, editor=user_of(request)), done)
    return page(request, "desk/correct_split.html", _("Split a story"), {"story": story, "posts": posts_of(story)})


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def stories_merge_page(request: HttpRequest) -> HttpResponse:
    """Choose the stories that are one, and which of them stays; from the list, or from a story's page."""
    form = request.POST if request.method == "POST" else request.GET
    chosen = chosen_stories(request, form.getlist("story"))
    if len({story.workspace_id for story in chosen}) > 1:
        messages.error(request, _("Stories of different workspaces can't be merged."))
        return redirect("admin:stories_story_changelist")
    if request.method == "POST" and "merge" in form:
        into = next((story for story in chosen if str(story.pk) == form.get("into")), None) or stays(chosen)
        try:
            stories_merge(into=into, others=[one for one in chosen if one != into], editor=user_of(request))
        except PultError as exc:
            messages.error(request, str(exc))
        else:
            messages.success(request, with_undo(_("Merged."), corrections_told(into)[0].entry))
            return redirect(sources_of(into))
    words = line_of(form, "q").strip()
    more = {
        "chosen": chosen,
        "stays": stays(chosen),
        "q": words,
        "found": stories_found(chosen[0].workspace_id, words, without=[story.pk for story in chosen]),
    }
    return page(request, "desk/correct_merge.html", _("Merge stories"), more)


def stays(stories: list[Story]) -> Story:
    """The story that the others go into where nobody says otherwise: what is furthest, else what has most voices."""
    order = {status: place for place, status in enumerate(MERGE_FIRST)}
    return min(
        stories, key=lambda story: (order.get(Story.Status(story.status), len(order)), -story.sources_count, story.pk)
    )


def chosen_stories(request: HttpRequest, values: list[str]) -> list[Story]:
    """The stories of a request, each checked; the first one named first.

    Raises:
        Http404: none is named, or one is not the user's.
    """
    wanted = list(dict.fromkeys(values))[:STORIES_MAX]
    if not wanted:
        raise Http404
    return [story_for(request, number_of(value) or 0, verb=VERB) for value in wanted]


def story_named(request: HttpRequest, story: Story, value: str) -> Story:
    """Another story of the same workspace, by its number in the form.

    Raises:
        Http404: there is none.
    """
    rows = Story.objects.filter(workspace=story.workspace_id)
    return require_workspace_object(user_of(request), rows, number_of(value), verb=VERB)


def posts_of(story: Story) -> Any:
    """The posts of a story with their sources, the earliest first."""
    return Post.objects.filter(membership__story=story).select_related("source").order_by("published_at", "pk")


def numbers(request: HttpRequest, name: str) -> list[int]:
    """The ticked rows of a form."""
    return [number for value in request.POST.getlist(name) if (number := number_of(value)) is not None]


def page(request: HttpRequest, template: str, title: str, more: dict[str, Any]) -> HttpResponse:
    """Render a page of corrections in the admin's frame."""
    story = more.get("story") or more["stays"]
    context = {**admin.site.each_context(request), "title": title, "zone": story.workspace.zone, **more}
    return render(request, template, context)
