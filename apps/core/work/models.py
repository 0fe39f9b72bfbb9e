"""The one abstract model behind everything that happens later."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.core.work.fields import Among, RequestIdField

LIVE = ("ready", "leased")
HELD = ("leased", "dead", "unknown")

RowT_co = TypeVar("RowT_co", bound="WorkRow", covariant=True)


class WorkQuerySet(models.QuerySet[RowT_co]):
    """Facts about many work rows. The words are written into the SQL so that the partial indexes are used."""

    def live(self) -> Self:
        """Rows that are still to be worked, or are being worked."""
        return self.filter(Among("state", LIVE))

    def due(self, at: datetime) -> Self:
        """Live rows whose time has come; a lease that ran out is due again."""
        return self.live().filter(not_before__lte=at)

    def in_flight(self, at: datetime) -> Self:
        """Rows under a lease that has not run out."""
        return self.filter(Among("state", HELD), Among("state", ("leased",)), not_before__gt=at)

    def expired(self, at: datetime) -> Self:
        """Rows whose lease has run out."""
        return self.filter(Among("state", HELD), Among("state", ("leased",)), not_before__lte=at)

    def dead(self) -> Self:
        """Rows that ended badly and wait for a person."""
        return self.filter(Among("state", HELD), Among("state", ("dead",)))

    def unknown(self) -> Self:
        """Rows whose request may or may not have been carried out."""
        return self.filter(Among("state", HELD), Among("state", ("unknown",)))


class WorkRow(models.Model):
    """Something that must happen later, at least once or exactly once.

    A concrete kind subclasses it and its Meta: `class Meta(WorkRow.Meta): indexes = [*WorkRow.Meta.indexes, ...]`.
    """

    class State(models.TextChoices):
        READY = "ready", _("Waiting")
        LEASED = "leased", _("In work")
        DONE = "done", _("Done")
        DEAD = "dead", _("Failed")
        UNKNOWN = "unknown", _("Outcome unknown")

    workspace = models.ForeignKey(
        "accounts.Workspace",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        verbose_name=_("workspace"),
    )
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.READY, editable=False)
    not_before = models.DateTimeField(_("due"), default=now)
    token = models.UUIDField(null=True, editable=False)
    begun_at = models.DateTimeField(_("request begun"), null=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    faults = models.PositiveSmallIntegerField(_("faults"), default=0, editable=False)
    error = models.TextField(_("error"), blank=True, default="", editable=False)
    error_code = models.CharField(_("error code"), max_length=60, blank=True, default="", editable=False)
    history = models.JSONField(_("history"), default=list, blank=True, editable=False)
    request_id = RequestIdField(_("request"), max_length=64, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    objects = WorkQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["not_before", "id"],
                name="%(app_label)s_%(class)s_due",
                condition=Q(state__in=["ready", "leased"]),
            ),
            models.Index(
                fields=["workspace", "not_before", "id"],
                name="%(app_label)s_%(class)s_fair",
                condition=Q(state__in=["ready", "leased"]),
            ),
            models.Index(
                fields=["state", "not_before"],
                name="%(app_label)s_%(class)s_held",
                condition=Q(state__in=["leased", "dead", "unknown"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["ready", "leased", "done", "dead", "unknown"]),
                name="%(app_label)s_%(class)s_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="leased", token__isnull=False)
                | Q(state="unknown")
                | Q(state__in=["ready", "done", "dead"], token__isnull=True),
                name="%(app_label)s_%(class)s_token_of_claim",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["leased", "unknown", "done", "dead"]) | Q(begun_at__isnull=True),
                name="%(app_label)s_%(class)s_ready_not_begun",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "dead"], finished_at__isnull=False)
                | Q(state__in=["ready", "leased", "unknown"], finished_at__isnull=True),
                name="%(app_label)s_%(class)s_finished_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_live(self) -> bool:
        """Still to be worked, or being worked."""
        return self.state in LIVE

    @property
    def was_due_at(self) -> datetime:
        """When the row was due before the present claim moved its time."""
        due: datetime = self.__dict__.get("_was_due_at", self.not_before)
        return due

    def remember_due(self, due: datetime) -> None:
        """Keep the time that a claim is about to overwrite."""
        self.__dict__["_was_due_at"] = due


def rows_of(row: WorkRow) -> models.QuerySet[Any]:
    """All rows of the table that a row lives in."""
    return type(row)._base_manager.all()
