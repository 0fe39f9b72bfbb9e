"""Pictures and files of posts: what a post shows, the bytes once each, and the work of fetching them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models.post import Post
from apps.sources.models.source import Source


class MediaFile(models.Model):
    """The bytes of a picture or file, kept once a workspace however many posts show them."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"))
    sha256 = models.CharField(_("content hash"), max_length=64)
    file = models.FileField(_("file"), upload_to="media/%Y/%m/")
    mime = models.CharField(_("type"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("size, bytes"), default=0)
    width = models.PositiveIntegerField(_("width, pixels"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height, pixels"), null=True, blank=True)
    thumbnail = models.FileField(upload_to="thumbnails/%Y/%m/", blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("media file")
        verbose_name_plural = _("media files")
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="media_file_once")]

    def __str__(self) -> str:
        return self.sha256[:12]


class PostMedia(models.Model):
    """One picture, video, voice, file, poll or sticker of a post, fetched or not.

    Attributes:
        remote: what its collector needs to fetch it (an address, a message and file reference, a path in an export).
        about: what else is known: width, height, duration in seconds, a poll's question and options, a sticker's emoji.
    """

    class State(models.TextChoices):
        REMOTE = "remote", _("Not fetched")
        STORED = "stored", _("Fetched")
        FAILED = "failed", _("Can't be fetched")
        REMOVED = "removed", _("Removed")

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="media", verbose_name=_("post"))
    key = models.CharField(max_length=200)  # its identity within the post: a message's id, an address
    position = models.PositiveSmallIntegerField(_("place"), default=0)
    kind = models.CharField(_("kind"), max_length=10, choices=Post.Kind.choices, default=Post.Kind.PHOTO)
    mime = models.CharField(_("type"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("size, bytes"), null=True, blank=True)
    name = models.CharField(_("file name"), max_length=255, blank=True)
    caption = models.TextField(_("caption"), blank=True)
    remote = models.JSONField(default=dict, blank=True, editable=False)
    about = models.JSONField(default=dict, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.REMOTE, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    stored = models.ForeignKey(
        MediaFile, on_delete=models.RESTRICT, null=True, blank=True, related_name="shown_by", verbose_name=_("file")
    )

    class Meta:
        verbose_name = _("media of a post")
        verbose_name_plural = _("media of posts")
        ordering = ("post", "position", "id")
        constraints = [
            models.UniqueConstraint(fields=["post", "key"], name="post_media_once"),
            models.CheckConstraint(
                condition=Q(state="stored", stored__isnull=False) | ~Q(state="stored") & Q(stored__isnull=True),
                name="post_media_stored_has_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.post_id}"


class MediaFetch(WorkRow):
    """One fetching of a picture or file from the web."""

    media = models.ForeignKey(PostMedia, on_delete=models.CASCADE, related_name="fetches", verbose_name=_("media"))
    received = models.PositiveBigIntegerField(_("received, bytes"), default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("fetching of media")
        verbose_name_plural = _("fetchings of media")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["media"], condition=Q(state__in=["ready", "leased"]), name="sources_media_fetch_live_once"
            ),
        ]


class ChannelFetch(WorkRow):
    """One fetching of a file of a Telegram message; worked only by the process that owns the account's session."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+", verbose_name=_("source"))
    media = models.ForeignKey(
        PostMedia, on_delete=models.CASCADE, related_name="channel_fetches", verbose_name=_("media")
    )
    received = models.PositiveBigIntegerField(_("received, bytes"), default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("fetching from Telegram")
        verbose_name_plural = _("fetchings from Telegram")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["media"], condition=Q(state__in=["ready", "leased"]), name="sources_channel_fetch_live_once"
            ),
        ]
