"""Stories and the posts in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.sources.models import Post

if TYPE_CHECKING:
    from apps.stories.models.text import StoryVersion

TITLE_LENGTH = 300


class StoryQuerySet(models.QuerySet["Story"]):
    """Filters for stories."""

    def of(self, workspaces: Iterable[Workspace]) -> StoryQuerySet:
        """Only those of these workspaces."""
        return self.filter(workspace__in=workspaces)


class Story(models.Model):
    """Posts of several sources about one event, and the text that comes out of them."""

    class Status(models.TextChoices):
        NEW = "new", _("New")
        DRAFT = "draft", _("In work")
        REVIEW = "review", _("In review")
        APPROVED = "approved", _("Approved")
        PUBLISHED = "published", pgettext_lazy("status", "Published")
        ASIDE = "aside", pgettext_lazy("status", "Put aside")

    class Origin(models.TextChoices):
        STREAM = "stream", _("Collected posts")
        LINK = "link", _("A link")
        TEXT = "text", _("A pasted text")
        POSTS = "posts", _("Chosen posts")
        NOTHING = "nothing", _("Nothing")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="stories", verbose_name=_("workspace"), db_index=False
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.NEW)
    aside_from = models.CharField(_("put aside from"), max_length=10, choices=Status.choices, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    first_at = models.DateTimeField(_("first post"))
    last_at = models.DateTimeField(_("last post"))
    first_voice = models.CharField(_("first source"), max_length=200, blank=True, default="")
    posts_count = models.PositiveIntegerField(_("posts"), default=0)
    sources_count = models.PositiveIntegerField(_("sources"), default=0)
    # RESTRICT, not PROTECT: a story may go together with its versions.
    current_version = models.ForeignKey(
        "StoryVersion",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("current version"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    origin = models.CharField(
        _("made from"), max_length=8, choices=Origin.choices, default=Origin.STREAM, editable=False
    )
    is_locked = models.BooleanField(_("takes no more posts"), default=False, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("merged into")
    )
    rank = models.FloatField(_("rank"), default=0.0, editable=False)
    is_paid = models.BooleanField(_("paid for"), default=False)
    erid = models.CharField("erid", max_length=100, blank=True, default="")
    advertiser = models.CharField(_("advertiser"), max_length=200, blank=True, default="")
    sources_changed_at = models.DateTimeField(_("a source changed"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    objects = StoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("story")
        verbose_name_plural = _("stories")
        ordering = ("-last_at", "-id")
        indexes = [
            models.Index(fields=["workspace", "status", "-last_at"], name="story_queue"),
            models.Index(fields=["workspace", "-last_at"], name="story_fresh"),
            models.Index(fields=["workspace", "status", "-rank"], name="story_ranked"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["new", "draft", "review", "approved", "published", "aside"]),
                name="story_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "published"]) | Q(current_version__isnull=False),
                name="story_approved_has_version",
            ),
            models.CheckConstraint(
                condition=Q(origin__in=["stream", "link", "text", "posts", "nothing"]), name="story_origin_known"
            ),
            models.CheckConstraint(condition=Q(first_at__lte=models.F("last_at")), name="story_first_before_last"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_behind_sources(self) -> bool:
        """Whether a source changed or deleted its post after the current text was written."""
        version: StoryVersion | None = self.current_version
        changed = self.sources_changed_at
        return changed is not None and version is not None and version.created_at < changed


class StoryPost(models.Model):
    """A post's place in a story, with the reason why it is there."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("story"))
    # RESTRICT: a post leaves through `services.keeping` or stays, unless the whole workspace goes.
    post = models.OneToOneField(Post, on_delete=models.RESTRICT, related_name="membership", verbose_name=_("post"))
    score = models.FloatField(_("similarity"), default=0.0)
    reasons = models.JSONField(_("reasons"), default=dict, blank=True)
    is_pinned = models.BooleanField(_("pinned"), default=False)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("placed by"),
    )
    created_at = models.DateTimeField(_("joined"), default=now, editable=False)

    class Meta:
        verbose_name = _("post of a story")
        verbose_name_plural = _("posts of stories")
        ordering = ("post__published_at", "post_id")

    def __str__(self) -> str:
        return f"{self.post_id} → {self.story_id}"
