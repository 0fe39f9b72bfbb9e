"""A workspace's house rules: its words, and what the law wants marked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now


class HouseWord(models.Model):
    """How a workspace writes a word; the same on both sides means that it is right as it stands."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="house_words", verbose_name=_("workspace"), db_index=False
    )
    written = models.CharField(_("as it is written"), max_length=100)
    wanted = models.CharField(_("as it should be"), max_length=100)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("house word")
        verbose_name_plural = _("house dictionary")
        ordering = ("written",)
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "written"],
                name="houseword_once",
                violation_error_message=_("The house dictionary already has this word."),
            )
        ]

    def __str__(self) -> str:
        return self.written


class HouseStyle(models.Model):
    """What a workspace wants of proofreading beyond what is always right."""

    class Yo(models.TextChoices):
        LEAVE = "leave", _("Leave as it is written")
        CERTAIN = "certain", _("Put “ё” wherever it is certain")

    class Thousands(models.TextChoices):
        LEAVE = "leave", _("Leave as they are written")
        SPACE = "space", _("12 500, with a non-breaking space")
        THIN = "thin", _("12 500, with a thin non-breaking space")

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, related_name="house_style", verbose_name=_("workspace")
    )
    yo = models.CharField(_("letter “ё”"), max_length=7, choices=Yo.choices, default=Yo.LEAVE)
    thousands = models.CharField(_("large numbers"), max_length=5, choices=Thousands.choices, default=Thousands.LEAVE)
    spelling = models.BooleanField(_("look for unknown words"), default=True)

    class Meta:
        verbose_name = _("house style")
        verbose_name_plural = _("house style")
        constraints = [
            models.CheckConstraint(condition=Q(yo__in=["leave", "certain"]), name="housestyle_yo_known"),
            models.CheckConstraint(
                condition=Q(thousands__in=["leave", "space", "thin"]), name="housestyle_thousands_known"
            ),
        ]

    def __str__(self) -> str:
        return str(_("House style"))


class LegalList(models.Model):
    """Names that the law wants marked where they are mentioned."""

    class Kind(models.TextChoices):
        AGENTS = "agents", _("Foreign agents")
        BANNED = "banned", _("Banned organisations")
        PERSONS = "persons", _("Persons")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="legal_lists", verbose_name=_("workspace"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    footnote = models.TextField(
        _("footnote"), help_text=_("Put under the text; {name} stands for the name as the list gives it.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    imported_at = models.DateTimeField(_("imported"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("list of legal marks")
        verbose_name_plural = _("lists of legal marks")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="legallist_name_once",
                violation_error_message=_("The workspace already has a list with this name."),
            ),
            models.CheckConstraint(condition=Q(kind__in=["agents", "banned", "persons"]), name="legallist_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class LegalEntry(models.Model):
    """One name of a list, with other names it goes by (one a line), from a day and until another."""

    list = models.ForeignKey(
        LegalList, on_delete=models.CASCADE, related_name="entries", verbose_name=_("list"), db_index=False
    )
    name = models.CharField(_("name"), max_length=300)
    also = models.TextField(_("also known as"), blank=True, default="")
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("legal mark")
        verbose_name_plural = _("legal marks")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["list", "name"],
                name="legalentry_once",
                violation_error_message=_("The list already has this name."),
            ),
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(since__lte=models.F("until")),
                name="legalentry_in_order",
                violation_error_message=_("The last day is before the first."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
