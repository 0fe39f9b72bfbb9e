"""Chores."""

from __future__ import annotations

from django.db import models

from apps.core.work.lanes import Lane, LanedRow
from apps.core.work.models import WorkRow


class Chore(WorkRow):
    """A row that does what its word says."""

    word = models.CharField(max_length=40, default="ok")

    class Meta(WorkRow.Meta):
        pass


class ChoreLane(Lane):
    """An order key."""

    class Meta(Lane.Meta):
        pass


class LanedChore(LanedRow):
    """A chore that waits for those before it."""

    lane = models.ForeignKey(ChoreLane, on_delete=models.CASCADE)
    word = models.CharField(max_length=40, default="ok")

    class Meta(LanedRow.Meta):
        pass


class Trace(models.Model):
    """What was done: one row an effect."""

    chore = models.BigIntegerField()
    what = models.CharField(max_length=40)
    by = models.CharField(max_length=40, default="")

    def __str__(self) -> str:
        return f"{self.chore} {self.what}"
