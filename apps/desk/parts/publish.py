"""The workbench's part `publish`: where and how a story goes out, looked at beforehand as the editor types."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib import admin
from django.http import HttpRequest, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST
from django_ratelimit.core import is_ratelimited
from redis.exceptions import RedisError

from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.story_form import keys_of, line_of, lines_of
from apps.desk.story_page import StoryPage
from apps.desk.story_request import story_for
from apps.publishing.layout import Message
from apps.publishing.models import Channel
from apps.publishing.preflight import Checked, preflight
from apps.publishing.services.files import Offered, files_chosen, files_offered
from apps.publishing.services.options import FLAGS, PostOptions, buttons_read, options_of
from apps.stories.legal import DraftText
from apps.stories.models import Story

log = structlog.get_logger(__name__)
CHARACTERS = 100_000
CHANNELS_MAX = 20
RATE = "120/m"
LABELS: dict[str, Promise] = {
    "silent": _lazy("Without sound"),
    "pin": _lazy("Pin it"),
    "protect": _lazy("No forwarding or saving"),
    "spoiler": _lazy("Hide pictures until touched"),
    "link_preview": _lazy("Show what the first link leads to"),
    "splits": _lazy("Split a long text into messages"),
}


def context(page: StoryPage, user: User) -> dict[str, Any]:  # noqa: ARG001 - every part is asked alike
    """The files that may go out, and what may be chosen beside the channels' own ways."""
    return {
        "files": [{"file": one, "url": url_of(page.story, one)} for one in files_offered(page.story)],
        "flags": list(LABELS.items()),
    }


def url_of(story: Story, one: Offered) -> str:
    """Where the workbench shows a picture; empty for other files."""
    picture = one.picture
    return reverse("desk:picture_file", args=[story.pk, picture.pk]) if picture else ""


def chosen_options(form: QueryDict, story: Story, channel: Channel) -> PostOptions:
    """What the form says, else as the channel does it.

    Raises:
        PermanentError: a line is no button.
    """
    chosen: dict[str, Any] = {name: form[name] == "1" for name in FLAGS if form.get(name) in {"0", "1"}}
    if typed := lines_of(form, "buttons").strip():
        chosen["buttons"] = buttons_read(typed)
    if "files_shown" in form:
        refs = form.getlist("files")
        usual = [one.ref for one in files_offered(story) if one.is_chosen]
        chosen["files"] = None if refs == usual else tuple(refs)
    return options_of(channel, **chosen)


@require_POST
@admin.site.admin_view
def story_preflight(request: HttpRequest, pk: int) -> JsonResponse:
    """Look at the typed text as it would go out in the ticked channels. JSON `{html, fit}`; 413 and 429 as words."""
    story = story_for(request, pk, verb="stories.view_story")
    form = request.POST
    text = DraftText(line_of(form, "title"), lines_of(form, "lead"), lines_of(form, "body"))
    if len(text.title) + len(text.lead) + len(text.body) > CHARACTERS:
        return JsonResponse({"detail": _("The text is too long to check.")}, status=413)
    if is_too_often(request):
        return JsonResponse({"detail": _("Checked too often; it goes on in a minute.")}, status=429)
    rows = Channel.objects.filter(workspace=story.workspace_id, pk__in=keys_of(form.getlist("channel")))
    channels = list(rows.select_related("bot", "workspace").order_by("kind", "name")[:CHANNELS_MAX])
    checks = []
    for channel in channels:
        try:
            options = chosen_options(form, story, channel)
            chosen = files_chosen(story, options.files)
        except PultError as exc:
            checks.append({"channel": channel, "problem": str(exc)})
            continue
        checked = preflight(story=story, text=text, channel=channel, options=options, chosen=chosen)
        checks.append(shown(story, checked, chosen))
    html = render_to_string("desk/story_preflight.html", {"checks": checks, "story": story}, request=request)
    return JsonResponse({"html": html, "fit": all(one.get("is_fit") for one in checks)})


def shown(story: Story, checked: Checked, chosen: list[Offered]) -> dict[str, Any]:
    """A check as its template shows it."""
    urls = {one.name: url_of(story, one) for one in chosen}
    return {
        "channel": checked.channel,
        "checked": checked,
        "is_fit": checked.is_fit,
        "over": bool(checked.limit) and checked.length > checked.limit,
        "messages": [message_shown(one, urls) for one in checked.messages],
    }


def message_shown(message: Message, urls: dict[str, str]) -> dict[str, Any]:
    """A message as its template shows it."""
    media = [{**one, "url": urls.get(one["name"], "")} for one in message.media]
    return {"html": message.html, "media": media, "buttons": message.buttons}


def is_too_often(request: HttpRequest) -> bool:
    """Count this question of a user and say whether it is one too many; without its cache it counts nothing."""
    try:
        return bool(
            is_ratelimited(
                request,
                group="desk.preflight",
                key=lambda _group, asked: str(user_of(asked).pk),
                rate=RATE,
                increment=True,
            )
        )
    except (RedisError, OSError) as exc:
        log.warning("preflight.limit_unavailable", error=str(exc))
        return False


urlpatterns: list[URLPattern] = [path("stories/<int:pk>/preflight/", story_preflight, name="story_preflight")]
