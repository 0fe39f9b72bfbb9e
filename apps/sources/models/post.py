"""Posts: what sources said, stored once."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.sources.models.source import Source
from apps.sources.near.boilerplate import without


class PostQuerySet(models.QuerySet["Post"]):
    """Filters of posts."""

    def kept(self) -> Self:
        """Those that passed the filters of their source."""
        return self.filter(dropped_by="")

    def dropped(self) -> Self:
        """Those that a filter of their source dropped."""
        return self.exclude(dropped_by="")

    def since(self, moment: datetime) -> Self:
        """Those collected at `moment` or later."""
        return self.filter(collected_at__gte=moment)


class Post(models.Model):
    """One post of a source; stored once, its later changes counted.

    Attributes:
        kind: what it mainly is; an album is one post of several media.
        entities: formatting as `ports.Entity` tells it, in characters of `text`.
        external_id: the source's own id of it (GUID, else address, else a hash of the content).
        channel: which voice of the source said it, where the source holds several (an export of several chats).
        revision: 1, and one more each time the source changed its text.
        dropped_by: why a filter dropped it, empty while it is kept; `filters.rule_words` says it in words.
        dropped_rule: the rule that did, while there is one.
        boilerplate: [start, end] pairs of `text` that comparison leaves out (signatures of the channel).
        copy_of: the first seen post that says nearly the same.
        is_used: a story holds it, so retention leaves it alone.
        deleted_at: when the source was found to have deleted it.
        is_taken_back: a person kept it although a filter had dropped it; filters leave it alone from then on.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        PHOTO = "photo", _("Photo")
        VIDEO = "video", _("Video")
        VOICE = "voice", _("Voice")
        AUDIO = "audio", _("Audio")
        DOCUMENT = "document", _("File")
        STICKER = "sticker", _("Sticker")
        POLL = "poll", _("Poll")
        ALBUM = "album", _("Album")
        OTHER = "other", _("Other")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="posts", verbose_name=_("workspace"), db_index=False
    )
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="posts", verbose_name=_("source"), db_index=False
    )
    external_id = models.CharField(_("id at the source"), max_length=200)
    channel = models.CharField(_("channel"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TEXT)
    title = models.CharField(_("title"), max_length=500, blank=True)
    text = models.TextField(_("text"), blank=True)
    entities = models.JSONField(default=list, blank=True, editable=False)
    boilerplate = models.JSONField(default=list, blank=True, editable=False)
    url = models.CharField(_("address"), max_length=1000, blank=True)
    author = models.CharField(_("author"), max_length=200, blank=True)
    forwarded_from = models.CharField(_("forwarded from"), max_length=200, blank=True)
    forwarded_url = models.CharField(_("address of the original"), max_length=1000, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    message_id = models.BigIntegerField(_("message"), null=True, blank=True, editable=False)
    album_id = models.BigIntegerField(null=True, blank=True, editable=False)
    reply_to = models.BigIntegerField(_("answers the message"), null=True, blank=True, editable=False)
    views = models.PositiveBigIntegerField(_("views"), null=True, blank=True, editable=False)
    forwards = models.PositiveBigIntegerField(_("forwards"), null=True, blank=True, editable=False)
    reactions = models.JSONField(_("reactions"), default=dict, blank=True, editable=False)
    counted_at = models.DateTimeField(_("counted"), null=True, blank=True, editable=False)
    published_at = models.DateTimeField(_("published"))
    collected_at = models.DateTimeField(_("collected"), default=now)
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    content_hash = models.CharField(max_length=32, editable=False)
    dropped_by = models.CharField(_("dropped by"), max_length=120, blank=True)
    # Without a constraint: a rule may be deleted while posts that it dropped are being stored.
    dropped_rule = models.ForeignKey(
        "FilterRule",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="dropped",
        verbose_name=_("dropped by the rule"),
    )
    is_taken_back = models.BooleanField(_("taken back by a person"), default=False)
    copy_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="copies",
        verbose_name=_("copy of"),
        db_index=False,
    )
    is_used = models.BooleanField(_("used in a story"), default=False, editable=False)
    deleted_at = models.DateTimeField(_("deleted at the source"), null=True, blank=True, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ("-published_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="post_once"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="post_revision_positive"),
            models.CheckConstraint(condition=~Q(copy_of=models.F("id")), name="post_not_its_own_copy"),
        ]
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="post_newest"),
            models.Index(fields=["workspace", "-published_at", "-id"], name="post_newest_in_workspace"),
            models.Index(fields=["source", "-published_at", "-id"], name="post_newest_of_source"),
            models.Index(fields=["source", "-collected_at"], name="post_collected_by_source"),
            models.Index(fields=["copy_of"], name="post_copies", condition=Q(copy_of__isnull=False)),
            models.Index(fields=["dropped_rule"], name="post_dropped_rule", condition=Q(dropped_rule__isnull=False)),
            models.Index(
                fields=["workspace", "-published_at", "-id"],
                name="post_copies_in_workspace",
                condition=Q(copy_of__isnull=False),
            ),
            models.Index(fields=["workspace", "language", "-published_at", "-id"], name="post_newest_by_language"),
            # Numbers over a period are counted from this index alone.
            models.Index(
                fields=["workspace", "published_at", "source", "language", "kind", "dropped_by", "is_used"],
                name="post_numbers",
            ),
            models.Index(fields=["workspace", "published_at", "views", "forwards", "id"], name="post_reach"),
            models.Index(
                fields=["workspace", "-published_at", "-id"], name="post_newest_dropped", condition=~Q(dropped_by="")
            ),
            models.Index(
                fields=["source", "message_id"], name="post_message_of_source", condition=Q(message_id__isnull=False)
            ),
            models.Index(
                fields=["source", "album_id"], name="post_album_of_source", condition=Q(album_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.text[:80]

    @property
    def told(self) -> str:
        """Its text without what its voice puts around every post."""
        return without(self.text, self.boilerplate)

    @property
    def voice(self) -> str:
        """Who said it: two posts of one voice are not two witnesses."""
        return f"{self.source_id}:{self.channel}"


class Revision(models.Model):
    """What a post said before its source changed it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="revisions", verbose_name=_("post"))
    number = models.PositiveIntegerField(_("revision"))
    title = models.CharField(_("title"), max_length=500, blank=True)
    text = models.TextField(_("text"), blank=True)
    entities = models.JSONField(default=list, blank=True, editable=False)
    at = models.DateTimeField(_("until"), default=now)

    class Meta:
        verbose_name = _("earlier text")
        verbose_name_plural = _("earlier texts")
        ordering = ("post", "-number")
        constraints = [models.UniqueConstraint(fields=["post", "number"], name="post_revision_once")]

    def __str__(self) -> str:
        return f"{self.post} · {self.number}"


class Tombstone(models.Model):
    """An item that was removed here and must not come back.

    Attributes:
        address: what is equal for the addresses of its page, or a hash of that; feeds give new ids to old entries.
        title_hash: of its title alone.
        channel, album_id: of the album whose late parts must stay out too.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="tombstones", verbose_name=_("source"))
    external_id = models.CharField(_("id at the source"), max_length=200)
    address = models.CharField(max_length=200, blank=True, editable=False)
    title_hash = models.CharField(max_length=32, blank=True, editable=False)
    channel = models.CharField(_("channel"), max_length=200, blank=True, editable=False)
    album_id = models.BigIntegerField(null=True, blank=True, editable=False)
    at = models.DateTimeField(_("removed"), default=now)  # or since then last offered by its source
    reason = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("removed post")
        verbose_name_plural = _("removed posts")
        ordering = ("-at", "-id")
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="post_tombstone_once")]
        indexes = [
            models.Index(fields=["source", "at"], name="post_tombstone_age"),
            models.Index(fields=["source", "address"], name="post_tombstone_address", condition=~Q(address="")),
            models.Index(
                fields=["source", "album_id"], name="post_tombstone_album", condition=Q(album_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class PastCount(models.Model):
    """How many posts of a source came out in an hour and are kept no longer; numbers of the past need them."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="past", verbose_name=_("source"))
    hour = models.DateTimeField(_("hour"))  # its beginning, UTC
    language = models.CharField(_("language"), max_length=8, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Post.Kind.choices, default=Post.Kind.TEXT)
    posts = models.PositiveIntegerField(_("posts"), default=0)
    kept = models.PositiveIntegerField(_("kept"), default=0)

    class Meta:
        verbose_name = _("count of the past")
        verbose_name_plural = _("counts of the past")
        ordering = ("source", "hour", "id")
        constraints = [models.UniqueConstraint(fields=["source", "hour", "language", "kind"], name="past_count_once")]

    def __str__(self) -> str:
        return f"{self.source_id} · {self.hour:%Y-%m-%d %H}"
