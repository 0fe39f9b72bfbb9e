"""A workspace's own versions of the prompts: kept, chosen, and left again for the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.ai.models import PromptVersion
from apps.ai.prompts import prompt_check, prompt_file, prompt_names, tidy
from apps.core.errors import TransitionError


class PromptConflictError(TransitionError):
    """Somebody saved another version of the prompt while this one was being written."""


@dataclass(frozen=True)
class PromptState:
    """How a prompt stands in a workspace.

    Attributes:
        number: of the version in use; None is the file.
        versions: how many there are.
        changed_at: when the version in use was saved; None for the file.
    """

    name: str
    number: int | None
    versions: int
    changed_at: datetime | None = None
    changed_by: str = ""


@transaction.atomic
def prompt_save(
    *, workspace: Workspace, name: str, text: str, note: str = "", editor: User, based_on: int | None = None
) -> PromptVersion:
    """Keep a workspace's own text of a prompt as a version, and use it from now on; the same text again is no version.

    Args:
        based_on: number of the version that was in use when the editor began, None for the file.

    Raises:
        PromptError: the text can't be a prompt, or there is no such one.
        PromptConflictError: another version came into use meanwhile.
    """
    _require_known(name)
    prompt_check(name, text)
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
    current = PromptVersion.objects.filter(workspace=workspace, name=name, is_current=True).first()
    plain = tidy(text)
    if current is not None and tidy(current.text) == plain:
        return current
    if (current.number if current else None) != based_on:
        raise PromptConflictError(
            _("Another version of this prompt came into use meanwhile. Compare it with yours and save again.")
        )
    last = PromptVersion.objects.filter(workspace=workspace, name=name).aggregate(last=Max("number"))["last"] or 0
    PromptVersion.objects.filter(workspace=workspace, name=name, is_current=True).update(is_current=False)
    version = PromptVersion.objects.create(
        workspace=workspace,
        name=name,
        number=last + 1,
        text=plain,
        note=note.strip()[:200],
        editor=editor,
        is_current=True,
    )
    audit_record(actor=editor, verb="prompt.saved", target=version, details={"name": name, "number": version.number})
    return version


@transaction.atomic
def prompt_return(*, workspace: Workspace, name: str, number: int | None, editor: User) -> None:
    """Use an earlier version of a prompt again, or the file where `number` is None.

    Raises:
        TransitionError: there is no such version.
        PromptError: it does not fit the prompt's variables any more.
    """
    _require_known(name)
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
    rows = PromptVersion.objects.filter(workspace=workspace, name=name)
    chosen = None if number is None else rows.filter(number=number).first()
    if number is not None and chosen is None:
        raise TransitionError(_("The prompt has no version %(number)d.") % {"number": number})
    if chosen is not None:
        prompt_check(name, chosen.text)
    rows.filter(is_current=True).update(is_current=False)
    if chosen is not None:
        rows.filter(pk=chosen.pk).update(is_current=True)
    audit_record(actor=editor, verb="prompt.returned", target=workspace, details={"name": name, "number": number or 0})


def prompt_history(workspace: Workspace, name: str) -> list[PromptVersion]:
    """A workspace's versions of a prompt, the newest first."""
    return list(PromptVersion.objects.filter(workspace=workspace, name=name).select_related("editor"))


def prompt_states(workspace: Workspace) -> list[PromptState]:
    """Every prompt with the version that the workspace uses; two queries."""
    counts: dict[str, int] = {}
    current: dict[str, PromptVersion] = {}
    for row in PromptVersion.objects.filter(workspace=workspace).select_related("editor").defer("text"):
        counts[row.name] = counts.get(row.name, 0) + 1
        if row.is_current:
            current[row.name] = row
    return [
        PromptState(
            name=name,
            number=current[name].number if name in current else None,
            versions=counts.get(name, 0),
            changed_at=current[name].created_at if name in current else None,
            changed_by=str(current[name].editor or "") if name in current else "",
        )
        for name in prompt_names()
    ]


def _require_known(name: str) -> None:
    """Raises PromptError where there is no file of this name."""
    prompt_file(name)
