"""The part of a source's form that says how long its posts are kept."""

from __future__ import annotations

from typing import Any

from apps.accounts.forms_keeping import KeepingFormPart
from apps.sources.models import Source
from apps.sources.services.retention import source_forecast


class SourceKeepingPart(KeepingFormPart):
    """`retention_days` of a source: empty is the workspace's, 0 is for ever."""

    instance: Source

    def removal_of(self, days: int | None) -> int:
        """How many of the source's posts this time of keeping would remove at once."""
        return source_forecast(self.instance, self.effective_days(days)).posts if self.instance.pk else 0

    def effective_days(self, days: int | None) -> int:
        """The source's own, else the workspace's."""
        if days is None and self.instance.workspace_id:
            return int(self.instance.workspace.retention_days)
        return days or 0

    def clean(self) -> dict[str, Any] | None:
        """Ask before posts go."""
        cleaned: dict[str, Any] | None = super().clean()
        if self.instance.pk:
            before = Source.objects.filter(pk=self.instance.pk).values_list("retention_days", flat=True).first()
            self.check_removal(before)
        return cleaned
