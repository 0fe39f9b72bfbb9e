"""Legal lists from tables: what an import would change, and the import itself. The same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.stories.legal.tables import Problem, Row, table_rows
from apps.stories.models import LegalEntry, LegalList
from apps.stories.services.legal import today_of

BATCH = 500
SHOWN = 20


@dataclass
class ListPlan:
    """What a table changes in a list: numbers, and the first names of each sort.

    Attributes:
        gone: entries that the table does not have any more; their mark is due until yesterday.
        problems: lines that cannot be read, the first of them in words.
    """

    added: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    problems_count: int = 0
    added_names: list[str] = field(default_factory=list)
    changed_names: list[str] = field(default_factory=list)
    gone_names: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.added or self.changed or self.gone)


def legal_list_plan(legal_list: LegalList, content: bytes) -> ListPlan:
    """What importing a file would change; nothing is written. Memory does not grow with the list.

    Raises:
        TableError: the file is no table with the columns that are needed.
    """
    plan, seen = ListPlan(), set[int]()
    for batch in batches(table_rows(content)):
        sort_batch(legal_list, batch, plan, seen)
    note_gone(legal_list, plan, seen)
    return plan


@transaction.atomic
def legal_list_import(*, legal_list: LegalList, content: bytes, editor: User) -> ListPlan:
    """Bring a list up to date with a file: new entries, changed ones, and an end for those that are gone.

    Raises:
        TableError: the file is no table with the columns that are needed.
    """
    LegalList.objects.select_for_update().get(pk=legal_list.pk)
    plan, seen = ListPlan(), set[int]()
    for batch in batches(table_rows(content)):
        added, changed = sort_batch(legal_list, batch, plan, seen)
        made = LegalEntry.objects.bulk_create([entry_of(legal_list, row) for row in added])
        seen.update(entry.pk for entry in made)
        LegalEntry.objects.bulk_update(changed, ("also", "since", "until"))
    gone = note_gone(legal_list, plan, seen)
    yesterday = today_of(legal_list.workspace) - timedelta(days=1)
    for keys in batched_keys(gone):
        rows = LegalEntry.objects.filter(pk__in=keys)
        rows.filter(since__gt=yesterday).delete()
        rows.update(until=yesterday)
    legal_list.imported_at = now()
    legal_list.save(update_fields=("imported_at",))
    details = {name: getattr(plan, name) for name in ("added", "changed", "gone", "problems_count")}
    audit_record(actor=editor, verb="legal_list.imported", target=legal_list, details=details)
    return plan


def sort_batch(
    legal_list: LegalList, batch: list[Row | Problem], plan: ListPlan, seen: set[int]
) -> tuple[list[Row], list[LegalEntry]]:
    """Count a batch into the plan; the rows that are new, and the known entries with their new values.

    An entry whose line cannot be read stays as it is: it is not gone.
    """
    rows = [one for one in batch if isinstance(one, Row)]
    problems = [one for one in batch if isinstance(one, Problem)]
    plan.problems_count += len(problems)
    plan.problems += problems[: SHOWN - len(plan.problems)]
    unread = [one.name for one in problems if one.name]
    seen.update(legal_list.entries.filter(name__in=unread).values_list("pk", flat=True) if unread else ())
    known = {one.name: one for one in legal_list.entries.filter(name__in=[row.name for row in rows])}
    added: list[Row] = []
    changed: list[LegalEntry] = []
    for row in rows:
        entry = known.get(row.name)
        if entry is None:
            added.append(row)
            continue
        seen.add(entry.pk)
        values = ("\n".join(row.also), row.since, row.until)
        if (entry.also, entry.since, entry.until) == values:
            plan.same += 1
        else:
            entry.also, entry.since, entry.until = values
            changed.append(entry)
    plan.added += len(added)
    plan.changed += len(changed)
    plan.added_names += [row.name for row in added[: SHOWN - len(plan.added_names)]]
    plan.changed_names += [entry.name for entry in changed[: SHOWN - len(plan.changed_names)]]
    return added, changed


def note_gone(legal_list: LegalList, plan: ListPlan, seen: set[int]) -> list[int]:
    """Count the entries that are still due and that the file did not have; their keys."""
    gone: list[int] = []
    for pk, name in due(legal_list).values_list("pk", "name").iterator(chunk_size=BATCH):
        if pk not in seen:
            gone.append(pk)
            plan.gone_names += [name][: SHOWN - len(plan.gone_names)]
    plan.gone = len(gone)
    return gone


def due(legal_list: LegalList) -> QuerySet[LegalEntry]:
    """The entries whose mark has no end in the past."""
    today = today_of(legal_list.workspace)
    return LegalEntry.objects.filter(Q(until__isnull=True) | Q(until__gte=today), list=legal_list).order_by("name")


def entry_of(legal_list: LegalList, row: Row) -> LegalEntry:
    """A row as a new entry."""
    return LegalEntry(list=legal_list, name=row.name, also="\n".join(row.also), since=row.since, until=row.until)


def batches(rows: Iterable[Row | Problem]) -> Iterator[list[Row | Problem]]:
    """Rows by the batch, so that a long file is not held at once."""
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def batched_keys(keys: list[int]) -> Iterator[list[int]]:
    """Keys by the batch: a database takes only so many in one question."""
    for at in range(0, len(keys), BATCH):
        yield keys[at : at + BATCH]
