"""Sources: where posts come from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.crypto import EncryptedTextField
from apps.telegram.models import Session

if TYPE_CHECKING:
    from apps.sources.models.filter import FilterSet

INTERVAL_MIN_S = 60
INTERVAL_MAX_S = 24 * 60 * 60


class Source(models.Model):
    """A place that posts come from."""

    class Kind(models.TextChoices):
        FEED = "feed", _("Feed")
        TELEGRAM = "telegram", _("Telegram channel")
        PAGE = "page", _("Web page")
        EXPORT = "export", _("Telegram export")
        HAND = "hand", _("Added by hand")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="sources", verbose_name=_("workspace")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.FEED)
    name = models.CharField(_("name"), max_length=150)
    url = models.URLField(_("address"), max_length=1000, blank=True, help_text=_("RSS, Atom, RDF or JSON Feed."))
    is_active = models.BooleanField(_("active"), default=True)
    paused_reason = models.CharField(_("why paused"), max_length=300, blank=True)
    paused_code = models.CharField(max_length=40, blank=True, editable=False)  # of a channel that closed itself to us
    interval_s = models.PositiveIntegerField(
        _("collect every, seconds"),
        default=600,
        validators=[MinValueValidator(INTERVAL_MIN_S), MaxValueValidator(INTERVAL_MAX_S)],
    )
    is_adaptive = models.BooleanField(
        _("follow the source's own rhythm"),
        default=True,
        help_text=_("Collected more often while it posts often; “every” is the shortest wait."),
    )
    link_selector = models.CharField(
        _("links to collect"), max_length=300, blank=True, help_text=_("A CSS selector of the links to articles.")
    )
    retention_days = models.PositiveIntegerField(
        _("keep posts, days"),
        null=True,
        blank=True,
        help_text=_("Empty: as long as the workspace keeps them. 0: for ever."),
    )
    fetch_media = models.BooleanField(
        _("fetch pictures and files"), default=False, help_text=_("Off: each is fetched when an editor asks for it.")
    )
    filter_sets: models.ManyToManyField[FilterSet, Any] = models.ManyToManyField(
        "FilterSet", blank=True, related_name="sources", verbose_name=_("filter sets")
    )
    # What the last answers said
    hint_s = models.PositiveIntegerField(default=0, editable=False)  # ttl, max-age: the source asks not to come before
    rhythm_s = models.PositiveIntegerField(_("usual gap between posts, seconds"), null=True, blank=True, editable=False)
    last_post_at = models.DateTimeField(_("last post"), null=True, blank=True, editable=False)
    quiet_since = models.DateTimeField(_("quiet since"), null=True, blank=True, editable=False)
    quiet_at = models.DateTimeField(null=True, blank=True, editable=False)  # silence tells from here on, by its rhythm
    rhythm = models.JSONField(default=dict, blank=True, editable=False)  # `rhythm.Rhythm` as it was learnt
    learnt_at = models.DateTimeField(null=True, blank=True, editable=False)
    posts_a_day = models.FloatField(_("posts a day"), null=True, blank=True, editable=False)
    share_kept = models.FloatField(_("share kept"), null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)
    moved_to = models.CharField(max_length=1000, blank=True, editable=False)  # a permanent redirect, being confirmed
    moved_seen = models.PositiveSmallIntegerField(default=0, editable=False)
    moved_since = models.DateTimeField(null=True, blank=True, editable=False)
    # A channel of Telegram
    session = models.ForeignKey(
        Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("Telegram account")
    )
    chat_id = models.BigIntegerField(_("channel's id"), null=True, blank=True, editable=False)
    username = models.CharField(_("channel"), max_length=64, blank=True)
    read_to_id = models.BigIntegerField(default=0, editable=False)  # everything up to this message has been read
    backfill_from = models.DateTimeField(_("read back to"), null=True, blank=True)
    backfill_posts = models.PositiveIntegerField(_("read back, posts"), default=0)
    backfill_id = models.BigIntegerField(null=True, blank=True, editable=False)  # read back down to here; 0: all of it
    backfilled_posts = models.PositiveIntegerField(default=0, editable=False)
    backfilled_to = models.DateTimeField(null=True, blank=True, editable=False)
    described_at = models.DateTimeField(null=True, blank=True, editable=False)  # when its name was last asked for
    refused_by = models.JSONField(default=list, blank=True, editable=False)  # accounts that can't read it, by their key
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
            models.UniqueConstraint(
                fields=["workspace", "chat_id"],
                condition=Q(kind="telegram", chat_id__isnull=False),
                name="source_telegram_chat_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["feed", "telegram", "page", "export", "hand"]), name="source_kind_known"
            ),
            models.UniqueConstraint(fields=["workspace"], condition=Q(kind="hand"), name="source_hand_once"),
            models.CheckConstraint(condition=~Q(kind="page", url=""), name="source_page_has_url"),
            models.CheckConstraint(condition=~Q(kind="feed", url=""), name="source_feed_has_url"),
            models.CheckConstraint(
                condition=Q(interval_s__gte=INTERVAL_MIN_S, interval_s__lte=INTERVAL_MAX_S),
                name="source_interval_bounded",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def reads_back(self) -> bool:
        """Whether older messages of the channel are wanted that were not read yet."""
        if self.backfill_id == 0 or not (self.backfill_posts or self.backfill_from):
            return False
        is_deep = bool(self.backfill_posts) and self.backfilled_posts >= self.backfill_posts
        is_early = bool(self.backfill_from and self.backfilled_to and self.backfilled_to <= self.backfill_from)
        return not (is_deep or is_early)

    @property
    def interval(self) -> timedelta:
        """The wait between two collections while all goes well."""
        return timedelta(seconds=self.interval_s)


class Subscription(models.Model):
    """A WebSub subscription: the hub tells of new entries, and collecting goes on slowly for safety."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for")
        LIVE = "live", _("Live")
        REFUSED = "refused", _("Refused")
        ENDED = "ended", _("Ended")

    source = models.OneToOneField(
        Source, on_delete=models.CASCADE, related_name="subscription", verbose_name=_("source")
    )
    hub = models.CharField(_("hub"), max_length=1000)
    topic = models.CharField(_("topic"), max_length=1000)
    key = models.CharField(max_length=64, unique=True, editable=False)  # the unguessable end of its callback address
    secret = EncryptedTextField(editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    renew_at = models.DateTimeField(_("renewed at"), null=True, blank=True, editable=False)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True, editable=False)
    told_at = models.DateTimeField(_("last told"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "live", "refused", "ended"]), name="source_subscription_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.get_state_display()}"
