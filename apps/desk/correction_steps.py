"""Corrections that take one press on the workbench; each calls one service and comes back with its answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import require_workspace_object
from apps.accounts.models import AuditEntry
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.story_request import number_of, story_for
from apps.sources.models import Post
from apps.stories.corrections_told import corrections_told
from apps.stories.models import Story
from apps.stories.services.corrections import post_move, post_pin, post_unpin, story_lock, story_unlock
from apps.stories.services.taking_back import correction_take_back
from apps.stories.services.watching import story_sources_seen

VERB = "story.correct"


@require_POST
@admin.site.admin_view
def story_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a post out, pin or let go of it, lock or unlock the story, take a correction back, or note changes seen."""
    story = story_for(request, pk, verb=VERB)
    user, form = user_of(request), request.POST
    for name, correct, done in (
        ("not_here", post_move, _("The post has a story of its own now.")),
        ("pin", post_pin, _("Pinned: only an editor takes it away from here.")),
        ("unpin", post_unpin, _("No longer pinned.")),
    ):
        if name in form:
            post = post_of(request, story, form[name])
            return corrected(request, story, partial(correct, post=post, story=story, editor=user), done)
    if "lock" in form:
        done = _("Locked: the story takes no more posts.")
        return corrected(request, story, lambda: story_lock(story=story, editor=user), done)
    if "unlock" in form:
        done = _("Unlocked: the story takes posts again.")
        return corrected(request, story, lambda: story_unlock(story=story, editor=user), done)
    if "take_back" in form:
        entry = entry_of(request, story, form["take_back"])
        done = _("Taken back.")
        return corrected(request, story, lambda: correction_take_back(entry=entry, editor=user), done, undo=False)
    if "seen" in form:
        story.sources_changed_at = moment_seen(form["seen"]) or story.sources_changed_at
        done = _("Noted: the text stays as it is.")
        return corrected(request, story, lambda: story_sources_seen(story=story, editor=user), done, undo=False)
    return redirect(sources_of(story))


def moment_seen(text: str) -> datetime | None:
    """The moment up to which the page showed changes; None where the form names none."""
    try:
        seen = parse_datetime(text)
    except ValueError:
        return None
    return seen if seen is not None and is_aware(seen) else None


def corrected(
    request: HttpRequest, story: Story, correct: Callable[[], object], done: str, *, undo: bool = True
) -> HttpResponse:
    """Make a correction, say how it went, with the button that takes it back, and return to the story's sources."""
    try:
        correct()
    except PultError as exc:
        messages.error(request, str(exc))
    else:
        told = corrections_told(story)[:1] if undo else []
        messages.success(request, with_undo(done, told[0].entry) if told else done)
    return redirect(sources_of(story))


def with_undo(done: str, entry: int) -> str:
    """The message with a button of the page's form of corrections."""
    return format_html(
        '{} <button class="pult-undo" form="wb-correct" name="take_back" value="{}">{}</button>', done, entry, _("Undo")
    )


def sources_of(story: Story) -> str:
    """The story's page with its sources open: on a phone they are a tab of their own."""
    return f"{reverse('desk:story', args=[story.pk])}#sources"


def post_of(request: HttpRequest, story: Story, pk: object) -> Post:
    """A post of the story's workspace, by its number in the address or the form.

    Raises:
        Http404: there is none.
    """
    number = number_of(str(pk))
    post = require_workspace_object(user_of(request), Post.objects.all(), number, verb=VERB)
    if post.workspace_id != story.workspace_id:
        raise Http404
    return post


def entry_of(request: HttpRequest, story: Story, pk: str) -> AuditEntry:
    """An audit entry of this story.

    Raises:
        Http404: there is none.
    """
    rows = AuditEntry.objects.filter(target_type=story._meta.label_lower, target_id=str(story.pk))
    return require_workspace_object(user_of(request), rows, number_of(pk), verb=VERB)
