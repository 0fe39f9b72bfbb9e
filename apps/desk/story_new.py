"""A story by hand: one page with the four ways to begin one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import permitted, scoped
from apps.accounts.models import User, Workspace
from apps.accounts.requests import chosen_of, user_of, workspaces_of
from apps.core.errors import PultError
from apps.desk.story_form import keys_of, line_of, lines_of
from apps.desk.story_request import number_of
from apps.sources.models import Post
from apps.stories.models import Story
from apps.stories.services.by_hand import (
    POSTS_MOST,
    story_from_link,
    story_from_nothing,
    story_from_posts,
    story_from_text,
)

VERB = "stories.add_story"


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def story_new(request: HttpRequest) -> HttpResponse:
    """Begin a story; `?post=1&post=2` begins it with these posts chosen."""
    user = user_of(request)
    workspaces = permitted(user, VERB, workspaces_of(request))
    if not workspaces:
        raise PermissionDenied
    form = request.POST if request.method == "POST" else request.GET
    posts = posts_of(workspaces, keys_of(form.getlist("post")))
    workspace = workspace_of(request, workspaces, posts)
    problem = ""
    if request.method == "POST":
        try:
            return redirect("desk:story", begun(request, workspace, posts, user).pk)
        except PultError as exc:
            problem = str(exc)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("New story"),
        "is_fullwidth": True,
        "workspaces": workspaces,
        "workspace": workspace,
        "posts": posts,
        "zone": workspace.zone,
        "problem": problem,
        "way": form.get("way", "posts" if posts else ""),
        "typed": {name: form.get(name, "") for name in ("title", "url", "text")},
    }
    return render(request, "desk/story_new.html", context, status=409 if problem else 200)


def begun(request: HttpRequest, workspace: Workspace, posts: list[Post], editor: User) -> Story:
    """Begin a story in the way that the form names.

    Raises:
        PultError: something is missing or stands in the way.
    """
    form = request.POST
    title = line_of(form, "title")
    ways: dict[str, Callable[[], Story]] = {
        "nothing": lambda: story_from_nothing(workspace=workspace, title=title, editor=editor),
        "link": lambda: story_from_link(workspace=workspace, address=line_of(form, "url"), editor=editor),
        "text": lambda: story_from_text(workspace=workspace, title=title, text=lines_of(form, "text"), editor=editor),
        "posts": lambda: story_from_posts(
            workspace=workspace, posts=[post.pk for post in posts], title=title, editor=editor
        ),
    }
    return ways.get(form.get("way", ""), ways["nothing"])()


def posts_of(workspaces: list[Workspace], keys: list[int]) -> list[Post]:
    """The chosen posts of these workspaces, the earliest first; of several workspaces only those of the first."""
    rows = scoped(Post.objects.select_related("source"), workspaces).filter(pk__in=keys[:POSTS_MOST])
    found = list(rows.order_by("published_at", "pk"))
    return [post for post in found if post.workspace_id == found[0].workspace_id]


def workspace_of(request: HttpRequest, workspaces: list[Workspace], posts: list[Post]) -> Workspace:
    """Where the story is begun: where its posts are, else where the form says, else the chosen workspace."""
    asked = posts[0].workspace_id if posts else number_of(request.POST.get("workspace", ""))
    chosen = chosen_of(request)
    wanted = asked if asked is not None else (chosen.pk if chosen else None)
    return next((one for one in workspaces if one.pk == wanted), workspaces[0])
