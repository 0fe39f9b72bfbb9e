"""How a workspace wants its texts."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Workspace
from apps.core.clock import now


class Preset(models.Model):
    """How a workspace wants its texts: instructions, tone, length."""

    class Emoji(models.TextChoices):
        NONE = "none", pgettext_lazy("emoji", "None")
        FEW = "few", pgettext_lazy("emoji", "One or two")
        FREE = "free", pgettext_lazy("emoji", "Freely")

    class Credit(models.TextChoices):
        NONE = "none", pgettext_lazy("credit", "None")
        NAME = "name", pgettext_lazy("credit", "The source’s name")
        LINK = "link", pgettext_lazy("credit", "A link to the source")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="presets", verbose_name=_("workspace"), db_index=False
    )
    name = models.CharField(_("name"), max_length=100)
    instructions = models.TextField(
        _("instructions"), blank=True, help_text=_("What to keep, what to leave out, how to begin.")
    )
    tone = models.CharField(_("tone"), max_length=100, blank=True, help_text=_("For example: calm, neutral."))
    audience = models.CharField(
        _("audience"), max_length=200, blank=True, default="", help_text=_("For example: residents of one city.")
    )
    structure = models.TextField(
        _("structure"),
        blank=True,
        default="",
        help_text=_("First what happened, then why, then what is next."),
    )
    language = models.CharField(
        _("language"), max_length=8, blank=True, default="", help_text=_("Empty: the workspace’s own.")
    )
    emoji = models.CharField(_("emoji"), max_length=4, choices=Emoji.choices, default=Emoji.NONE)
    source_credit = models.CharField(_("source credit"), max_length=4, choices=Credit.choices, default=Credit.NONE)
    forbidden_words = models.TextField(
        _("forbidden words"), blank=True, default="", help_text=_("One a line; caught in every form.")
    )
    number = models.PositiveIntegerField(_("version"), default=1, editable=False)
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


class PresetVersion(models.Model):
    """A preset as it was: `values` are its fields by name."""

    preset = models.ForeignKey(
        Preset, on_delete=models.CASCADE, related_name="history", verbose_name=_("preset"), db_index=False
    )
    number = models.PositiveIntegerField(_("number"))
    values = models.JSONField(_("values"), default=dict)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("editor"),
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("version of a preset")
        verbose_name_plural = _("versions of presets")
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["preset", "number"], name="presetversion_number_once")]

    def __str__(self) -> str:
        return f"{self.number}. {self.preset}"
