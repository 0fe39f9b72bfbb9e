"""Sources, the posts they gave, and the work rows that collect and import them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow

INTERVAL_MIN_S = 60
INTERVAL_MAX_S = 24 * 60 * 60


class Source(models.Model):
    """A place that posts come from."""

    class Kind(models.TextChoices):
        FEED = "feed", _("Feed")
        EXPORT = "export", _("Telegram export")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="sources", verbose_name=_("workspace")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.FEED)
    name = models.CharField(_("name"), max_length=150)
    url = models.URLField(_("address"), max_length=1000, blank=True, help_text=_("RSS, Atom, RDF or JSON Feed."))
    is_active = models.BooleanField(_("active"), default=True)
    paused_reason = models.CharField(_("why paused"), max_length=300, blank=True)
    interval_s = models.PositiveIntegerField(
        _("collect every, seconds"),
        default=600,
        validators=[MinValueValidator(INTERVAL_MIN_S), MaxValueValidator(INTERVAL_MAX_S)],
    )
    include_words = models.TextField(
        _("only posts with one of these words"), blank=True, help_text=_("One word or phrase a line. Empty: all posts.")
    )
    exclude_words = models.TextField(
        _("no posts with any of these words"), blank=True, help_text=_("One word or phrase a line.")
    )
    min_length = models.PositiveIntegerField(_("shortest post, characters"), default=0)
    etag = models.CharField(max_length=300, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last success"), null=True, blank=True, editable=False)
    last_tried_at = models.DateTimeField(_("last attempt"), null=True, blank=True, editable=False)
    last_error = models.TextField(_("problem"), blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="source_name_once"),
            models.UniqueConstraint(fields=["workspace", "url"], condition=Q(kind="feed"), name="source_feed_url_once"),
            models.CheckConstraint(condition=Q(kind__in=["feed", "export"]), name="source_kind_known"),
            models.CheckConstraint(condition=~Q(kind="feed", url=""), name="source_feed_has_url"),
            models.CheckConstraint(
                condition=Q(interval_s__gte=INTERVAL_MIN_S, interval_s__lte=INTERVAL_MAX_S),
                name="source_interval_bounded",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def interval(self) -> timedelta:
        """The wait between two collections while all goes well."""
        return timedelta(seconds=self.interval_s)


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
    """One post of a source, as plain text; stored once, its later changes counted.

    Attributes:
        external_id: the source's own id of it (GUID, else address, else a hash of the content).
        channel: which voice of the source said it, where the source holds several (an export of several chats).
        revision: 1, and one more each time the source changed its text.
        dropped_by: the filter that dropped it, empty while it is kept; `filters.rule_words` says it in words.
        is_taken_back: a person kept it although a filter had dropped it; filters leave it alone from then on.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="posts", verbose_name=_("workspace")
    )
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="posts", verbose_name=_("source"))
    external_id = models.CharField(_("id at the source"), max_length=200)
    channel = models.CharField(_("channel"), max_length=200, blank=True)
    title = models.CharField(_("title"), max_length=500, blank=True)
    text = models.TextField(_("text"), blank=True)
    url = models.CharField(_("address"), max_length=1000, blank=True)
    author = models.CharField(_("author"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    published_at = models.DateTimeField(_("published"))
    collected_at = models.DateTimeField(_("collected"), default=now)
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    content_hash = models.CharField(max_length=32, editable=False)
    dropped_by = models.CharField(_("dropped by"), max_length=120, blank=True)
    is_taken_back = models.BooleanField(_("taken back by a person"), default=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ("-published_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="post_once"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="post_revision_positive"),
        ]
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="post_newest"),
            models.Index(fields=["workspace", "-published_at", "-id"], name="post_newest_in_workspace"),
            models.Index(fields=["source", "-published_at", "-id"], name="post_newest_of_source"),
            models.Index(fields=["source", "-collected_at"], name="post_collected_by_source"),
        ]

    def __str__(self) -> str:
        return self.title or self.text[:80]

    @property
    def voice(self) -> str:
        """Who said it: two posts of one voice are not two witnesses."""
        return f"{self.source_id}:{self.channel}"


class Poll(WorkRow):
    """One collection of a feed; the next one is made in the transaction that records this one."""

    class Outcome(models.TextChoices):
        FETCHED = "fetched", _("Collected")
        UNCHANGED = "unchanged", _("Nothing new")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Gone for good")

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="polls", verbose_name=_("source"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True, editable=False)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True, editable=False)
    added = models.PositiveIntegerField(_("new"), default=0, editable=False)
    changed = models.PositiveIntegerField(_("changed"), default=0, editable=False)
    dropped = models.PositiveIntegerField(_("dropped"), default=0, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["source"], condition=Q(state__in=["ready", "leased"]), name="sources_poll_live_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.get_state_display()}"


class ImportFile(WorkRow):
    """An uploaded export, stored by the thousand; repeating it adds nothing."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="imports", verbose_name=_("source"))
    file = models.FileField(_("file"), upload_to="imports/%Y/%m/")
    original_name = models.CharField(_("file name"), max_length=255, editable=False)
    size = models.PositiveBigIntegerField(_("size, bytes"), default=0, editable=False)
    read = models.PositiveIntegerField(_("read"), default=0, editable=False)
    skipped = models.PositiveIntegerField(_("skipped"), default=0, editable=False)
    added = models.PositiveIntegerField(_("new"), default=0, editable=False)
    changed = models.PositiveIntegerField(_("changed"), default=0, editable=False)
    dropped = models.PositiveIntegerField(_("dropped"), default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.original_name
