"""What an editor does on the workbench. Each view calls one service and comes back to the page with its answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import require_workspace_object
from apps.accounts.requests import user_of
from apps.ai.ports import Prompt
from apps.core.clock import now
from apps.core.errors import PermanentError, PultError
from apps.desk.story_page import story_page
from apps.desk.workbench import number_of, preset_of, story_for, workbench_page
from apps.publishing.models import Channel, Publication
from apps.publishing.services import publication_cancel, publication_schedule
from apps.stories.models import Story
from apps.stories.services import (
    VersionConflictError,
    rewrite_cancel,
    rewrite_preview,
    rewrite_request,
    story_approve,
    story_bring_back,
    story_put_aside,
    story_return,
    story_submit,
    version_save,
)


@require_POST
@admin.site.admin_view
def story_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the typed text as a version, then go on as the pressed button says: save, submit or approve."""
    then = request.POST.get("then", "save")
    story = story_for(request, pk, verb="story.approve" if then == "approve" else "story.submit")
    user = user_of(request)
    try:
        version = version_save(
            story=story,
            title=line_of(request.POST, "title"),
            lead=lines_of(request.POST, "lead"),
            body=lines_of(request.POST, "body"),
            tags=tags_of(line_of(request.POST, "tags")),
            editor=user,
            based_on=number_of(request.POST.get("based_on", "")),
        )
        if then == "approve":
            story_approve(story=story, editor=user)
            messages.success(request, _("Approved. Choose where and when it goes out."))
        elif then == "submit":
            story_submit(story=story, editor=user)
            messages.success(request, _("Handed over for review."))
        else:
            messages.success(request, _("Saved as version %(number)d.") % {"number": version.number})
    except VersionConflictError as exc:
        return typed_again(request, pk, problem=str(exc), based_on=exc.number)
    except PultError as exc:
        return typed_again(request, pk, problem=str(exc))
    return redirect("desk:story", pk)


def typed_again(request: HttpRequest, pk: int, *, problem: str, based_on: int | None = None) -> HttpResponse:
    """The page with the typed text still in it and what stood in its way.

    After a conflict `based_on` is the newer version that was told of, so that saving once more is a decision, not an
    accident; after anything else the text stays based on what the editor began from.
    """
    page = story_page(story_for(request, pk, verb="stories.view_story"))
    began = number_of(request.POST.get("based_on", "")) or 0
    text = {
        **{name: request.POST.get(name, "") for name in ("title", "lead", "body", "tags")},
        "based_on": began if based_on is None else based_on,
    }
    return workbench_page(request, page, text=text, conflict=problem, status=409)


@require_POST
@admin.site.admin_view
def story_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Put aside, bring back, return into work, cancel a rewrite, or cancel a publication."""
    story = story_for(request, pk, verb="story.put_aside")
    user = user_of(request)
    steps: dict[str, tuple[Callable[[], None], str]] = {
        "put_aside": (lambda: story_put_aside(story=story, editor=user), _("Put aside. It can be brought back.")),
        "return": (lambda: story_return(story=story, editor=user), _("Back in work.")),
        "bring_back": (lambda: story_bring_back(story=story, editor=user), _("Brought back.")),
        "cancel_rewrite": (lambda: cancel_rewrites(story, request), _("Writing is cancelled.")),
        "cancel_publication": (lambda: cancel_publication(story, request), _("The publication is cancelled.")),
    }
    name = "cancel_publication" if "cancel_publication" in request.POST else request.POST.get("step", "")
    if name in steps:
        step, done = steps[name]
        told(request, step, done)
    return redirect("desk:story", pk)


def cancel_rewrites(story: Story, request: HttpRequest) -> None:
    """Cancel the rewrite that is waiting or being written."""
    for rewrite in story.rewrites.live():
        rewrite_cancel(rewrite=rewrite, editor=user_of(request))


def cancel_publication(story: Story, request: HttpRequest) -> None:
    """Cancel the publication whose button was pressed."""
    pk = request.POST.get("cancel_publication", "")
    rows = Publication.objects.filter(story=story).select_related("channel", "workspace")
    publication = require_workspace_object(user_of(request), rows, pk, verb="publication.cancel")
    publication_cancel(publication=publication, editor=user_of(request))


@require_POST
@admin.site.admin_view
def story_rewrite(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a text with a preset, a comment and, where it was opened, the prompt as it stands on the page."""
    story = story_for(request, pk, verb="story.rewrite")
    preset = preset_of(story, request.POST.get("preset", ""))
    comment = line_of(request.POST, "comment")[:2000]

    def ask() -> None:
        rewrite_request(
            story=story,
            preset=preset,
            comment=comment,
            editor=user_of(request),
            prompt_override=shown_prompt(request.POST, rewrite_preview(story=story, preset=preset, comment=comment)),
        )

    told(request, ask, _("Writing. The text appears here when it is ready."))
    return redirect("desk:story", pk)


def shown_prompt(form: QueryDict, built: Prompt) -> Prompt | None:
    """The prompt that the editor had open, as edited; None where it stayed closed."""
    if "user_prompt" not in form:
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
def story_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the approved text in the ticked channels, now or at the typed time of the workspace's clock."""
    story = story_for(request, pk, verb="publication.schedule")
    channels = Channel.objects.filter(workspace=story.workspace_id, pk__in=keys_of(request.POST.getlist("channel")))
    try:
        at = moment_of(request.POST.get("at", ""), story)
    except PermanentError as exc:
        messages.error(request, str(exc))
        return redirect("desk:story", pk)
    if not channels:
        messages.error(request, _("Tick at least one channel."))
    for channel in channels:
        done = _("It goes out in “%(channel)s”.") if at is None else _("It is scheduled in “%(channel)s”.")
        told(
            request,
            lambda channel=channel: publication_schedule(  # type: ignore[misc]
                story=story, channel=channel, editor=user_of(request), at=at
            ),
            done % {"channel": channel.name},
        )
    return redirect("desk:story", pk)


def told(request: HttpRequest, step: Callable[[], object], done: str) -> None:
    """Do one step and say how it went."""
    try:
        step()
    except PultError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, done)


def moment_of(text: str, story: Story) -> datetime | None:
    """The typed time in the workspace's zone; None for an empty field.

    Raises:
        PermanentError: it is not a time, or it has passed.
    """
    if not text.strip():
        return None
    try:
        parsed = parse_datetime(text.strip())
    except ValueError:
        parsed = None
    if parsed is None:
        raise PermanentError(_("This is not a date and time; write it like 2030-01-31 14:30."))
    moment = parsed if parsed.tzinfo else parsed.replace(tzinfo=story.workspace.zone)
    if moment <= now():
        raise PermanentError(_("This time has already passed. Leave the field empty to publish now."))
    return moment


def keys_of(values: list[str]) -> list[int]:
    """The whole numbers among form values."""
    return [number for number in map(number_of, values) if number is not None]


def line_of(form: QueryDict, name: str) -> str:
    """A field's value without NUL, which PostgreSQL does not store."""
    return form.get(name, "").replace("\x00", "")


def lines_of(form: QueryDict, name: str) -> str:
    """A text area's value with plain line ends: browsers send CRLF."""
    return line_of(form, name).replace("\r\n", "\n")


def tags_of(text: str) -> list[str]:
    """Tags from one comma-separated line, without repeats."""
    return list(dict.fromkeys(tag.strip().lstrip("#") for tag in text.split(",") if tag.strip().lstrip("#")))
