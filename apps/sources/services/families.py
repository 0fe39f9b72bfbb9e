"""Families: voices of one publisher count as one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.core.errors import PermanentError
from apps.sources import listeners
from apps.sources.models import Family, Voice

NAME_MAX = 150


def families_of(workspace_id: int) -> dict[tuple[int, str], int]:
    """The family of each voice that has one, by source and channel."""
    told = Voice.objects.filter(source__workspace=workspace_id, family__isnull=False)
    return {(source, channel): family for source, channel, family in told.values_list("source", "channel", "family")}


@transaction.atomic
def family_create(*, workspace: Workspace, name: str, voices: Collection[Voice], actor: User) -> Family:
    """Make a family of these voices; one that was in another family leaves it.

    Raises:
        PermanentError: fewer than two voices, one of another workspace, or the name is taken.
    """
    _check(workspace.pk, voices)
    family = _named(workspace.pk, name)
    members_set(family, voices)
    audit_record(actor=actor, verb="family.created", target=family, details=_told(voices))
    return family


@transaction.atomic
def family_change(*, family: Family, name: str, voices: Collection[Voice], actor: User) -> None:
    """Give a family this name and these voices.

    Raises:
        PermanentError: fewer than two voices, one of another workspace, or the name is taken.
    """
    _check(family.workspace_id, voices)
    name = name.strip()[:NAME_MAX]
    if Family.objects.filter(workspace=family.workspace_id, name=name).exclude(pk=family.pk).exists():
        raise PermanentError(_("The workspace already has a family with this name."))
    Family.objects.filter(pk=family.pk).update(name=name)
    family.name = name
    members_set(family, voices)
    audit_record(actor=actor, verb="family.changed", target=family, details=_told(voices))


@transaction.atomic
def family_remove(*, family: Family, actor: User) -> None:
    """Dissolve a family: each of its voices counts by itself again."""
    voices = list(family.voices.select_related("source"))
    audit_record(actor=actor, verb="family.removed", target=family, details=_told(voices))
    members_set(family, ())
    family.delete()


def members_set(family: Family, voices: Iterable[Voice]) -> None:
    """Make these voices, and no others, the family's; whoever counts voices is told of all that moved.

    A family that is left with a single voice is no family any more.
    """
    wanted = {voice.pk for voice in voices}
    moved = list(Voice.objects.select_for_update().filter(family=family).exclude(pk__in=wanted).order_by("pk"))
    moved += Voice.objects.select_for_update().filter(pk__in=wanted).exclude(family=family).order_by("pk")
    left = {voice.family_id for voice in moved if voice.family_id is not None and voice.family_id != family.pk}
    Voice.objects.filter(family=family).exclude(pk__in=wanted).update(family=None)
    Voice.objects.filter(pk__in=wanted).update(family=family)
    for other in Family.objects.filter(pk__in=left):
        alone = list(other.voices.all()[:2])
        if len(alone) < 2:
            moved += alone
            other.delete()
    listeners.tell_voices(list({voice.pk: voice for voice in moved}.values()))


def family_named(workspace_id: int, name: str) -> Family:
    """A new family; where the name is taken, with a number after it."""
    taken = set(Family.objects.filter(workspace=workspace_id).values_list("name", flat=True))
    name = name.strip()[: NAME_MAX - 5]
    free = next(tried for tried in (name, *(f"{name} {n}" for n in range(2, len(taken) + 3))) if tried not in taken)
    return Family.objects.create(workspace_id=workspace_id, name=free)


def _named(workspace_id: int, name: str) -> Family:
    try:
        with transaction.atomic():
            return Family.objects.create(workspace_id=workspace_id, name=name.strip()[:NAME_MAX])
    except IntegrityError as exc:
        raise PermanentError(_("The workspace already has a family with this name.")) from exc


def _check(workspace_id: int, voices: Collection[Voice]) -> None:
    if len({voice.pk for voice in voices}) < 2:
        raise PermanentError(_("A family has at least two voices."))
    if any(voice.source.workspace_id != workspace_id for voice in voices):
        raise PermanentError(_("A family has voices of one workspace only."))


def _told(voices: Iterable[Voice]) -> dict[str, list[str]]:
    return {"voices": [str(voice) for voice in voices]}
