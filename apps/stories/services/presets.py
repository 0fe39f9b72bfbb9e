"""Presets: every change is a version, and any earlier one can be returned to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.stories.models import Preset, PresetVersion

FIELDS = (
    "name",
    "tone",
    "audience",
    "structure",
    "language",
    "length",
    "emoji",
    "source_credit",
    "forbidden_words",
    "instructions",
    "is_default",
    "drafts_from_sources",
    "drafts_max_age_hours",
)
# Returning to an earlier version changes how texts are written, not which preset stands first.
RETURNED = tuple(name for name in FIELDS if name not in {"name", "is_default"})


def values_of(preset: Preset) -> dict[str, Any]:
    """A preset's fields by name, as a version keeps them."""
    return {name: getattr(preset, name) for name in FIELDS}


@transaction.atomic
def preset_save(*, preset: Preset, editor: User | None) -> Preset:
    """Store a new or changed preset; where anything differs it is one version more, with who and when."""
    if preset._state.adding:
        preset.number = 1
        preset.save()
        _keep(preset, editor)
        audit_record(actor=editor, verb="preset.added", target=preset, details={"name": preset.name})
        return preset
    stored = Preset.objects.select_for_update().get(pk=preset.pk)
    changed = [name for name, value in values_of(stored).items() if getattr(preset, name) != value]
    preset.number = stored.number
    if not changed:
        return preset
    if not PresetVersion.objects.filter(preset=stored, number=stored.number).exists():
        _keep(stored, None)
    preset.number = stored.number + 1
    preset.save()
    _keep(preset, editor)
    details = {"number": preset.number, "fields": changed}
    audit_record(actor=editor, verb="preset.changed", target=preset, details=details)
    return preset


@transaction.atomic
def preset_return(*, preset: Preset, number: int, editor: User) -> Preset:
    """Make a preset as it was in an earlier version; that is a new version too. Its name and place stay.

    Raises:
        TransitionError: there is no such version.
    """
    held = Preset.objects.select_for_update().get(pk=preset.pk)
    kept = PresetVersion.objects.filter(preset=held, number=number).first()
    if kept is None:
        raise TransitionError(_("The preset has no version %(number)d.") % {"number": number})
    for name in RETURNED:
        if name in kept.values:
            setattr(held, name, kept.values[name])
    return preset_save(preset=held, editor=editor)


def preset_history(preset: Preset) -> list[PresetVersion]:
    """The versions of a preset, the newest first; one that was never changed has the present one."""
    rows = list(PresetVersion.objects.filter(preset=preset).select_related("editor"))
    if rows and rows[0].number == preset.number:
        return rows
    now = PresetVersion(preset=preset, number=preset.number, values=values_of(preset), created_at=preset.created_at)
    return [now, *rows]


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields in which two versions differ, in the form's order."""
    return [name for name in FIELDS if before.get(name) != after.get(name)]


def _keep(preset: Preset, editor: User | None) -> None:
    PresetVersion.objects.create(preset=preset, number=preset.number, values=values_of(preset), editor=editor)
