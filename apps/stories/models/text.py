"""Texts of stories: what was asked for, what came of it, and who is writing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.stories.models.preset import Preset
from apps.stories.models.story import TITLE_LENGTH, Story


class Rewrite(WorkRow):
    """A text that has to be written from a story's sources; its prompts are exactly what the writer gets.

    Attributes:
        based_on: the version that was current when it was asked for; its text is in the prompt of a quick kind.
        prompt_number, request_number: which versions of the prompts were used; None is the file.
        revisions: [post, revision] of every source in the prompt.
        warnings: what looks like an instruction in them, as `{"post", "excerpt", "why"}`.
        answer: what the writer answered, kept as soon as it came and was paid for, so that no retry pays again.
        unusable: what came last and was no draft, for a person to read.
    """

    class Kind(models.TextChoices):
        WRITE = "write", _("Write")
        SHORTER = "shorter", _("Shorter")
        CALMER = "calmer", _("Calmer")
        NUMBERS = "numbers", _("With numbers")
        TRANSLATE = "translate", _("Translate")

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
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices, default=Kind.WRITE)
    batch = models.UUIDField(_("variants asked for together"), null=True, blank=True, editable=False)
    variant = models.PositiveSmallIntegerField(_("variant"), default=1)
    based_on = models.PositiveIntegerField(_("made from version"), null=True, blank=True)
    preset_number = models.PositiveIntegerField(_("version of the preset"), null=True, blank=True)
    prompt_number = models.PositiveIntegerField(_("version of the prompt"), null=True, blank=True)
    request_number = models.PositiveIntegerField(_("version of the task’s prompt"), null=True, blank=True)
    credit = models.CharField(_("source credit"), max_length=500, blank=True, default="", editable=False)
    asked_at = models.DateTimeField(_("sent to the writer"), null=True, blank=True, editable=False)
    answer = models.JSONField(_("finished answer"), null=True, blank=True, editable=False)
    unusable = models.TextField(_("answer that could not be used"), blank=True, default="", editable=False)
    revisions = models.JSONField(_("revisions of sources"), default=list, blank=True, editable=False)
    warnings = models.JSONField(_("warnings"), default=list, blank=True, editable=False)
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
                fields=["story", "variant"], condition=Q(state__in=["ready", "leased"]), name="rewrite_live_once"
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
    why = models.CharField(_("why"), max_length=200, blank=True, default="")
    input_tokens = models.PositiveIntegerField(_("tokens in"), null=True, blank=True)
    output_tokens = models.PositiveIntegerField(_("tokens out"), null=True, blank=True)
    cost_usd = models.DecimalField(_("cost, $"), max_digits=12, decimal_places=6, null=True, blank=True)
    seconds = models.FloatField(_("seconds"), null=True, blank=True)
    findings = models.JSONField(_("findings of the fact check"), default=list, blank=True, editable=False)
    warnings = models.JSONField(_("warnings"), default=list, blank=True, editable=False)
    findings_count = models.PositiveSmallIntegerField(_("not in the sources"), null=True, blank=True, editable=False)
    # The posts against which the fact check gave up, as `services.facts.sources_key` knows them.
    unchecked_against = models.CharField(max_length=32, blank=True, default="", editable=False)
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


class EditLock(models.Model):
    """Who has a story's text open for writing; it lapses when the page is not heard of for a while."""

    story = models.OneToOneField(Story, on_delete=models.CASCADE, related_name="edit_lock", verbose_name=_("story"))
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("editor")
    )
    taken_at = models.DateTimeField(_("since"), default=now, editable=False)
    seen_at = models.DateTimeField(_("last heard of"), default=now, editable=False)

    class Meta:
        verbose_name = _("lock of a text")
        verbose_name_plural = _("locks of texts")

    def __str__(self) -> str:
        return f"{self.story_id}: {self.editor}"


class UnsavedText(models.Model):
    """What an editor has typed and not saved as a version yet: one a story and editor, until saved or discarded."""

    story = models.ForeignKey(
        Story, on_delete=models.CASCADE, related_name="unsaved", verbose_name=_("story"), db_index=False
    )
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("editor")
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True)
    lead = models.TextField(_("lead"), blank=True)
    body = models.TextField(_("text"), blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    based_on = models.PositiveIntegerField(_("made from version"), default=0)
    saved_at = models.DateTimeField(_("kept at"), default=now, editable=False)

    class Meta:
        verbose_name = _("unsaved text")
        verbose_name_plural = _("unsaved texts")
        constraints = [models.UniqueConstraint(fields=["story", "editor"], name="unsaved_once")]

    def __str__(self) -> str:
        return self.title or str(self.pk)
