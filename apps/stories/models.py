"""Stories, the posts in them, what groups them, and the texts written from them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import Post

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
    created_at = models.DateTimeField(_("joined"), default=now, editable=False)

    class Meta:
        verbose_name = _("post of a story")
        verbose_name_plural = _("posts of stories")
        ordering = ("post__published_at", "post_id")

    def __str__(self) -> str:
        return f"{self.post_id} → {self.story_id}"


class Grouping(WorkRow):
    """A post that has to find its story."""

    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="grouping", verbose_name=_("post"))

    class Meta(WorkRow.Meta):
        verbose_name = _("grouping")
        verbose_name_plural = _("groupings")

    def __str__(self) -> str:
        return str(_("grouping of post %(post)s") % {"post": self.post_id})


class Recount(WorkRow):
    """Stories to be counted anew, because voices joined or left a family; `voices` are [source, channel] pairs."""

    voices = models.JSONField(_("voices"), default=list, blank=True, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("recount of stories")
        verbose_name_plural = _("recounts of stories")


class PostTerms(models.Model):
    """What a grouped post is about: hashes of its lemmas with their weights. `id` grows in the order of grouping."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="terms", verbose_name=_("post"))
    published_at = models.DateTimeField(_("published"))
    terms = models.BinaryField(_("terms"))

    class Meta:
        verbose_name = _("terms of a post")
        verbose_name_plural = _("terms of posts")
        indexes = [
            models.Index(fields=["workspace", "published_at"], name="postterms_window"),
            models.Index(fields=["workspace", "id"], name="postterms_order"),
        ]

    def __str__(self) -> str:
        return str(_("terms of post %(post)s") % {"post": self.post_id})


class Window(models.Model):
    """A workspace's grouping: the lock that one batch at a time holds, and how far the stream has come."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")
    stamp = models.UUIDField(_("stamp of the last batch"), default=uuid.uuid4)
    posts = models.PositiveBigIntegerField(_("posts grouped"), default=0)

    class Meta:
        verbose_name = _("grouping window")
        verbose_name_plural = _("grouping windows")

    def __str__(self) -> str:
        return str(_("grouping window of workspace %(workspace)s") % {"workspace": self.workspace_id})


class TermCounts(models.Model):
    """In how many posts each term was, up to a point of the stream; what came later is counted from PostTerms."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")
    upto_id = models.PositiveBigIntegerField(_("terms counted up to"), default=0)
    documents = models.PositiveIntegerField(_("posts counted"), default=0)
    counts = models.BinaryField(_("counts"), default=b"")

    class Meta:
        verbose_name = _("counts of terms")
        verbose_name_plural = _("counts of terms")

    def __str__(self) -> str:
        return str(_("counts of terms of workspace %(workspace)s") % {"workspace": self.workspace_id})


class Preset(models.Model):
    """How a workspace wants its texts: instructions, tone, length."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="presets", verbose_name=_("workspace"), db_index=False
    )
    name = models.CharField(_("name"), max_length=100)
    instructions = models.TextField(
        _("instructions"), blank=True, help_text=_("What to keep, what to leave out, how to begin.")
    )
    tone = models.CharField(_("tone"), max_length=100, blank=True, help_text=_("For example: calm, neutral."))
    length = models.PositiveIntegerField(
        _("length, characters"),
        default=900,
        validators=[MinValueValidator(100), MaxValueValidator(20_000)],
        help_text=_("The longest text with this preset. A Telegram caption takes 1,024, a message 4,096."),
    )
    is_default = models.BooleanField(_("default"), default=False, help_text=_("Chosen where nobody chooses another."))
    drafts_from_sources = models.PositiveSmallIntegerField(
        _("write by itself from sources"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Write a draft by itself, once, when a story has this many sources. Empty: only when asked."),
    )
    drafts_max_age_hours = models.PositiveIntegerField(
        _("only for stories not older than, hours"),
        null=True,
        blank=True,
        default=72,
        help_text=_("Counted from the story's last post. Empty: of any age, imported history too."),
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("preset")
        verbose_name_plural = _("presets")
        ordering = ("-is_default", "name")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="preset_name_once",
                violation_error_message=_("The workspace already has a preset with this name."),
            ),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(is_default=True),
                name="preset_default_once",
                violation_error_message=_("The workspace already has a default preset. Unmark that one first."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rewrite(WorkRow):
    """A text that has to be written from a story's sources; its prompts are exactly what the writer gets."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="rewrites", verbose_name=_("story"))
    preset = models.ForeignKey(
        Preset, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("preset")
    )
    comment = models.TextField(_("comment"), blank=True, default="")
    system_prompt = models.TextField(_("prompt: rules"), blank=True, default="")
    user_prompt = models.TextField(_("prompt: task and sources"), blank=True, default="")
    prompt_edited = models.BooleanField(_("prompt edited by hand"), default=False)
    sources = models.JSONField(_("sources"), default=list, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    max_chars = models.PositiveIntegerField(_("length, characters"), null=True, blank=True)
    automatic = models.BooleanField(_("by itself"), default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )

    class Meta(WorkRow.Meta):
        verbose_name = _("rewrite")
        verbose_name_plural = _("rewrites")
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["story"], condition=Q(state__in=["ready", "leased"]), name="rewrite_live_once"
            ),
            models.UniqueConstraint(fields=["story"], condition=Q(automatic=True), name="rewrite_automatic_once"),
        ]

    def __str__(self) -> str:
        return str(_("rewrite of “%(story)s”") % {"story": self.story})

    @property
    def version(self) -> StoryVersion | None:
        """The version it made, once it has."""
        return getattr(self, "made_version", None)


class StoryVersion(models.Model):
    """A text of a story, by a writer or by an editor; never changed once made."""

    story = models.ForeignKey(
        Story, on_delete=models.CASCADE, related_name="versions", verbose_name=_("story"), db_index=False
    )
    number = models.PositiveIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True)
    lead = models.TextField(_("lead"), blank=True)
    body = models.TextField(_("text"), blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    writer = models.CharField(_("writer"), max_length=100, blank=True)
    model = models.CharField(_("model"), max_length=100, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    rewrite = models.OneToOneField(
        Rewrite,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="made_version",
        verbose_name=_("rewrite"),
    )
    based_on = models.PositiveIntegerField(_("made from version"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["story", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    @property
    def byline(self) -> str:
        """Who wrote it, for lists of versions."""
        author: User | None = self.author
        return str(author) if author else self.writer
