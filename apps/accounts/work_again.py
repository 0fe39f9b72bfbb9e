"""A person's "try again" and "give up" for work that needs nothing beside it, whichever app's it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.bulk import rows_update
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells, kinds, verbs
from apps.core.work.history import entry, extended
from apps.core.work.models import WorkRow

GIVEN_UP = "given_up"
SUPERSEDED = "superseded"
# Codes of failed work that a person has decided about: it stays as a record and waits for nobody.
DECIDED = (GIVEN_UP, SUPERSEDED)


@transaction.atomic
def work_retry(row: WorkRow, *, by: User) -> None:
    """Try failed work again.

    Raises:
        TransitionError: it has not failed, or the same is waiting to be done already.
    """
    kind = kinds.of(row)
    try:
        with transaction.atomic():
            verbs.revive(row, by=by)
    except IntegrityError as exc:
        raise TransitionError(_("The same is waiting to be done already.")) from exc
    audit_record(actor=by, verb="work.retried", target=row, details={"kind": kind.name})
    if kind.task:
        bells.ring_on_commit(kind.name)


@transaction.atomic
def work_give_up(row: WorkRow, *, reason: str, by: User) -> None:
    """End work that was not started; its owner does what follows.

    Raises:
        TransitionError: it is under way, or has ended.
    """
    verbs.give_up(row, reason=reason, by=by)
    audit_record(actor=by, verb="work.given_up", target=row, details={"kind": kinds.of(row).name, "reason": reason})


@transaction.atomic
def work_let_go(rows: Sequence[WorkRow], *, reason: str, by: User, code: str = GIVEN_UP) -> int:
    """Leave failed rows of one kind as they are, for good: nobody is reminded of them; returns how many.

    What has not failed, or was decided meanwhile, is left alone. With the code `SUPERSEDED` other work stands for them.
    """
    if not rows:
        return 0
    table = type(rows[0])._base_manager.select_for_update(of=("self",)).order_by("pk")
    held = list(table.filter(pk__in=[row.pk for row in rows], state=WorkRow.State.DEAD).exclude(error_code__in=DECIDED))
    event = "given_up" if code == GIVEN_UP else "revived"
    for row in held:
        row.error_code = code
        row.history = list(extended(row.history, entry(event, at=now(), detail=reason, by=str(by))))
    rows_update(held, ["error_code", "history"])
    for _workspace, some in groupby(sorted(held, key=lambda row: row.workspace_id), lambda row: row.workspace_id):
        told = list(some)
        details = {"kind": kinds.of(told[0]).name, "reason": reason, "rows": len(told)}
        audit_record(actor=by, verb="work.let_go", target=told[-1], details=details)
    return len(held)
