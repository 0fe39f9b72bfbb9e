"""The filters that editors write."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.sources.models.source import Source


class FilterSet(models.Model):
    """Filter rules under one name, for any number of sources."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="filter_sets", verbose_name=_("workspace")
    )
    name = models.CharField(_("name"), max_length=150)

    class Meta:
        verbose_name = _("filter set")
        verbose_name_plural = _("filter sets")
        ordering = ("name", "id")
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="filter_set_name_once")]

    def __str__(self) -> str:
        return self.name


class FilterRule(models.Model):
    """One rule: what it looks at, and whether what it finds is kept or dropped.

    `drop` drops what matches, `require` drops what does not match, `keep` keeps what matches, whatever rules follow.

    It belongs to one source, or to a set, or, with neither, to the whole workspace. Rules of the workspace come first,
    then those of the sets, then the source's own, each by their place; the first that decides wins.
    """

    class Kind(models.TextChoices):
        WORDS = "words", _("Words")
        PATTERN = "pattern", _("Regular expression")
        LANGUAGE = "language", _("Language")
        LENGTH = "length", _("Length")
        MEDIA = "media", _("Media")
        AUTHOR = "author", _("Author")
        FORWARDED = "forwarded", _("Forwarded")
        ADVERT = "advert", _("Advertisement")

    class Effect(models.TextChoices):
        DROP = "drop", _("Drop")
        REQUIRE = "require", _("Keep only")
        KEEP = "keep", _("Always keep")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="filter_rules", verbose_name=_("workspace")
    )
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, null=True, blank=True, related_name="rules", verbose_name=_("source")
    )
    filter_set = models.ForeignKey(
        FilterSet, on_delete=models.CASCADE, null=True, blank=True, related_name="rules", verbose_name=_("filter set")
    )
    place = models.PositiveIntegerField(_("place"), default=0)
    kind = models.CharField(_("looks at"), max_length=10, choices=Kind.choices, default=Kind.WORDS)
    effect = models.CharField(_("effect"), max_length=10, choices=Effect.choices, default=Effect.DROP)
    value = models.TextField(_("what"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("filter rule")
        verbose_name_plural = _("filter rules")
        ordering = ("workspace", "source", "filter_set", "place", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(source__isnull=True) | Q(filter_set__isnull=True), name="filter_rule_one_owner"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["words", "pattern", "language", "length", "media", "author", "forwarded", "advert"]
                ),
                name="filter_rule_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(effect__in=["drop", "require", "keep"]), name="filter_rule_effect_known"
            ),
        ]

    def __str__(self) -> str:
        what = f"{self.get_effect_display()} · {self.get_kind_display()}"
        return f"{what}: {' '.join(self.value[:80].split())}" if self.value else what
