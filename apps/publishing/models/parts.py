"""The messages of a publication, what is changed in them later, and what was live when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.publishing.models.publication import Publication


class PublicationPart(models.Model):
    """One message of a publication, or one album.

    Attributes:
        html: its text, or its caption where it has files; as it stands now.
        media: its files: kind, storage_name, name, size, mime, spoiler, width, height, alt.
        message_ids: Telegram's, several of an album, separated by commas.
        chat_id: the chat where they stand, whichever the channel posts to now.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        MEDIA = "media", _("Picture or file")
        ALBUM = "album", _("Album")

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="parts", verbose_name=_("publication"), db_index=False
    )
    position = models.PositiveSmallIntegerField(_("place"))
    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices, default=Kind.TEXT)
    html = models.TextField(_("text"), blank=True, default="")
    media = models.JSONField(_("files"), default=list, blank=True)
    buttons = models.JSONField(_("buttons"), default=list, blank=True)
    delivery = models.OneToOneField(
        Delivery, on_delete=models.RESTRICT, null=True, editable=False, related_name="publication_part"
    )
    message_ids = models.CharField(_("messages"), max_length=200, blank=True, default="")
    url = models.CharField(_("link"), max_length=500, blank=True, default="")
    chat_id = models.CharField(_("chat"), max_length=64, blank=True, default="", editable=False)
    deleted_at = models.DateTimeField(_("deleted there"), null=True, blank=True)

    class Meta:
        verbose_name = _("part of a publication")
        verbose_name_plural = _("parts of publications")
        ordering = ("publication", "position")
        constraints = [
            models.UniqueConstraint(fields=["publication", "position"], name="publication_part_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["text", "media", "album"]), name="publication_part_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id}/{self.position}"


class PublicationRevision(models.Model):
    """What readers saw from when until when. Without `live_from` it is on its way."""

    class Kind(models.TextChoices):
        PUBLISHED = "published", _("Published")
        EDITED = "edited", _("Edited")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        DELETED = "deleted", _("Deleted there")

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="revisions", verbose_name=_("publication"), db_index=False
    )
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("what"), max_length=9, choices=Kind.choices)
    html = models.TextField(_("text"), blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")
    live_from = models.DateTimeField(_("from"), null=True, blank=True)
    live_until = models.DateTimeField(_("until"), null=True, blank=True)
    dropped_at = models.DateTimeField(_("given up"), null=True, blank=True)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("revision of a publication")
        verbose_name_plural = _("revisions of publications")
        ordering = ("publication", "number")
        constraints = [
            models.UniqueConstraint(fields=["publication", "number"], name="publication_revision_number_once"),
            models.UniqueConstraint(
                fields=["publication"],
                condition=Q(live_from__isnull=False, live_until__isnull=True),
                name="publication_revision_live_once",
            ),
            models.UniqueConstraint(
                fields=["publication"],
                condition=Q(live_from__isnull=True, dropped_at__isnull=True),
                name="publication_revision_pending_once",
            ),
            models.CheckConstraint(
                condition=Q(live_until__isnull=True) | Q(live_from__isnull=False, live_until__gte=F("live_from")),
                name="publication_revision_is_a_span",
            ),
            models.CheckConstraint(
                condition=Q(dropped_at__isnull=True) | Q(live_from__isnull=True),
                name="publication_revision_dropped_was_never_live",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["published", "edited", "withdrawn", "deleted"]),
                name="publication_revision_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.number}"


class PublicationChange(models.Model):
    """Something done to a message that is out: its text or caption replaced, deleted, pinned, unpinned."""

    class Do(models.TextChoices):
        EDIT = "edit", _("Text replaced")
        CAPTION = "caption", _("Caption replaced")
        DELETE = "delete", _("Deleted there")
        PIN = "pin", _("Pinned")
        UNPIN = "unpin", _("Unpinned")

    part = models.ForeignKey(
        PublicationPart, on_delete=models.CASCADE, related_name="changes", verbose_name=_("message")
    )
    revision = models.ForeignKey(
        PublicationRevision, on_delete=models.CASCADE, null=True, blank=True, related_name="changes"
    )
    do = models.CharField(_("what"), max_length=7, choices=Do.choices)
    html = models.TextField(_("text"), blank=True, default="")
    delivery = models.OneToOneField(
        Delivery, on_delete=models.RESTRICT, null=True, editable=False, related_name="publication_change"
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of a publication")
        verbose_name_plural = _("changes of publications")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(do__in=["edit", "caption", "delete", "pin", "unpin"]), name="publication_change_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_do_display()} · {self.part}"
