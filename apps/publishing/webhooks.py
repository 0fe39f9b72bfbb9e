"""The way out to programs: publications, their changes and tests as signed JSON; see `apps/delivery/webhook.py`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core import http
from apps.core.errors import PermanentError
from apps.delivery.models import Delivery
from apps.delivery.ports import Parcel, Receipt
from apps.delivery.webhook import Signing, WebhookPost
from apps.publishing.html import lines
from apps.publishing.models import Channel, Publication, PublicationChange, PublicationPart
from apps.publishing.senders import channel_of, tried
from apps.publishing.services import channel_failed, channel_worked, publication_followed
from apps.publishing.services.changes import change_followed
from apps.publishing.services.trials import test_followed

PUBLISHED, CHANGED, DELETED, TRIED = "publication.published", "publication.changed", "publication.deleted", "test"
SALT = "publishing.hook_file"
LINK_MAX = 200
# Of these nobody may have the files: they never came out, or are gone.
NOT_THERE = (Publication.Status.CANCELLED, Publication.Status.FAILED, Publication.Status.DELETED)


@dataclass(frozen=True)
class HookTo(Signing):
    """Where it is posted to, what it is signed with, and what is told."""

    url: str = field(default="", repr=False)
    event: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class WebhookChannelPost(WebhookPost):
    """Posts to a channel's address as it is now, so that a mended channel works at the next try."""

    def session_key(self, parcel: Parcel) -> Hashable:
        """Requests to one host share connections."""
        return str(urlsplit(parcel.prepared.url).netloc)

    async def send(self, parcel: Parcel, session: http.Session) -> Receipt:
        """Post what was prepared. A receiver without ids of its own gets ours, so that changes find what they change.

        Raises:
            RetryableError, PermanentError: as the base says.
        """
        to: HookTo = parcel.prepared
        told = {"url": to.url, "event": to.event, "data": to.data}
        receipt = await super().send(replace(parcel, payload=told), session)
        return receipt if receipt.vendor_id else Receipt(vendor_id=f"pult-{parcel.delivery_id}")


class WebhookPublication(WebhookChannelPost):
    """Posts a publication."""

    def prepare(self, delivery: Delivery) -> HookTo:
        """Read where it goes and what is told.

        Raises:
            PermanentError: it has no address, code no_address, or the publication is gone.
            Defer: the channel is switched off.
        """
        channel_of(delivery)
        part = PublicationPart.objects.select_related("publication__channel").get(delivery=delivery)
        return hook_to(part.publication.channel, PUBLISHED, told_of(part))

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Follow it in the publication and the channel."""
        publication = publication_followed(delivery)
        if publication is not None:
            channel_followed(publication.channel, delivery, outcome)


class WebhookChange(WebhookChannelPost):
    """Posts that a publication reads otherwise now, or is gone."""

    def prepare(self, delivery: Delivery) -> HookTo:
        """Read where it goes and what has changed.

        Raises:
            PermanentError: it has no address, or the publication is gone.
        """
        found = PublicationChange.objects.select_related("part__publication__channel").filter(delivery=delivery).first()
        if found is None:
            raise PermanentError(_("The publication is not there any more."), code="publication_gone")
        part, channel = found.part, found.part.publication.channel
        if found.do == PublicationChange.Do.DELETE:
            return hook_to(channel, DELETED, {"id": part.publication_id, "channel": channel.slug})
        return hook_to(channel, CHANGED, told_of(part, html=found.html))

    def recorded(self, delivery: Delivery, outcome: str) -> None:  # noqa: ARG002
        """Follow it in the publication."""
        change_followed(delivery)


class WebhookTest(WebhookChannelPost):
    """Posts that somebody tries the channel."""

    def prepare(self, delivery: Delivery) -> HookTo:
        """Read where it goes.

        Raises:
            PermanentError: it has no address, or comes too late.
        """
        channel = tried(delivery)
        return hook_to(channel, TRIED, {"channel": channel.slug, "name": channel.name})

    def recorded(self, delivery: Delivery, outcome: str) -> None:  # noqa: ARG002
        """Follow it in the test."""
        test_followed(delivery)


def channel_followed(channel: Channel, delivery: Delivery, outcome: str) -> None:
    """Let the channel's health follow what became of a delivery to it."""
    if outcome == Delivery.Outcome.SENT:
        channel_worked(channel=channel)
    elif outcome == Delivery.Outcome.FAILED:
        channel_failed(channel=channel, problem=delivery.error, code=delivery.error_code)


def hook_to(channel: Channel, event: str, data: Mapping[str, Any]) -> HookTo:
    """Where a channel's requests go.

    Raises:
        PermanentError: it has no address or no secret.
    """
    if not (channel.hook_url and channel.hook_secret):
        words = _("The channel has no address or no secret to sign with. Set them in the channel.")
        raise PermanentError(words, code="no_address")
    return HookTo(secret=channel.hook_secret, url=channel.hook_url, event=event, data=data)


def told_of(part: PublicationPart, *, html: str = "") -> dict[str, Any]:
    """A publication as a program is told of it; the same at every try."""
    publication: Publication = part.publication
    shown = html or part.html
    return {
        "id": publication.pk,
        "channel": publication.channel.slug,
        "story": publication.story_id,
        "corrects": publication.corrects_id,
        "title": publication.title,
        "text": lines(shown),
        "html": shown,
        "publish_at": publication.publish_at.isoformat(timespec="seconds"),
        "buttons": part.buttons,
        "files": [file_told(part, number, one) for number, one in enumerate(part.media)],
    }


def file_told(part: PublicationPart, number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    """One of its files, with an address at which it can be fetched without a log-in."""
    kept = {name: one.get(name) for name in ("kind", "name", "mime", "size", "width", "height", "alt")}
    return {**kept, "url": f"{settings.OWN_URL.rstrip('/')}{file_address(part, number)}"}


def file_address(part: PublicationPart, number: int) -> str:
    """Where one of its files is; nobody can guess it, and it ends with the publication."""
    signed = signing.Signer(salt=SALT).sign(f"{part.pk}.{number}")
    return reverse("publishing:hook_file", args=[signed])


@require_safe
def hook_file(request: HttpRequest, signed: str) -> HttpResponse | FileResponse:  # noqa: ARG001
    """A file of a publication, for whoever was told its address, as long as the publication stands."""
    try:
        named = signing.Signer(salt=SALT).unsign(signed[:LINK_MAX])
    except signing.BadSignature as exc:
        raise Http404 from exc
    pk, _dot, number = named.partition(".")
    parts = PublicationPart.objects.filter(pk=int(pk), deleted_at=None)
    part = parts.exclude(publication__status__in=NOT_THERE).first()
    if part is None or int(number) >= len(part.media):
        raise Http404
    one = part.media[int(number)]
    try:
        file = default_storage.open(one["storage_name"], "rb")
    except FileNotFoundError as exc:
        raise Http404 from exc
    answer = FileResponse(file, content_type=one["mime"] or "application/octet-stream", as_attachment=True)
    answer["Content-Disposition"] = "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(answer, private=True, no_cache=True)
    return answer
