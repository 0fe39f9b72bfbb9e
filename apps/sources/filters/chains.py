"""Which rules a source's posts go through, read from the rows: the workspace's, those of its sets, its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.sources.filters.candidate import Rule, Rules
from apps.sources.models import FilterRule, FilterSet, Source

Owner = Workspace | FilterSet | Source


def rules_of(source: Source) -> Rules:
    """The active rules of a source in the order in which they are asked; one query."""
    return tuple(_rule(row) for row in sorted(_rows_of(source), key=_order))


def rules_owned(owner: Owner) -> list[FilterRule]:
    """The rules of a source, a set or a workspace by their place, those that are switched off included."""
    return list(FilterRule.objects.filter(**owner_fields(owner)).order_by("place", "id"))


def owner_fields(owner: Owner) -> dict[str, object]:
    """The fields of a rule of this owner."""
    if isinstance(owner, Source):
        return {"workspace_id": owner.workspace_id, "source": owner, "filter_set": None}
    if isinstance(owner, FilterSet):
        return {"workspace_id": owner.workspace_id, "source": None, "filter_set": owner}
    return {"workspace_id": owner.pk, "source": None, "filter_set": None}


@dataclass(slots=True)
class Chains:
    """The rules of many sources of one workspace, read at once; some may be replaced by what is not saved yet."""

    workspace: Sequence[Rule] = ()
    sets: dict[int, Sequence[Rule]] = field(default_factory=dict)  # by the set's id, in the order of their names
    sources: dict[int, Sequence[Rule]] = field(default_factory=dict)
    attached: dict[int, set[int]] = field(default_factory=dict)  # a source's id to the ids of its sets

    def of(self, source_id: int) -> Rules:
        """The rules of one source in the order in which they are asked."""
        own_sets = self.attached.get(source_id, set())
        from_sets = [rule for pk, rules in self.sets.items() if pk in own_sets for rule in rules]
        return (*self.workspace, *from_sets, *self.sources.get(source_id, ()))

    def linked(self, owner: Owner, links: Sequence[int]) -> None:
        """Count with these sets of a source, or these sources of a set, by their ids."""
        if isinstance(owner, Source):
            self.attached[owner.pk] = set(links)
        elif isinstance(owner, FilterSet):
            for sets in self.attached.values():
                sets.discard(owner.pk)
            for source_id in links:
                self.attached.setdefault(source_id, set()).add(owner.pk)

    def replaced(self, owner: Owner, rules: Sequence[Rule]) -> None:
        """Put these in the place of the owner's."""
        if isinstance(owner, Source):
            self.sources[owner.pk] = rules
        elif isinstance(owner, FilterSet):
            self.sets[owner.pk] = rules
        else:
            self.workspace = rules


def chains_of(workspace: Workspace | int) -> Chains:
    """The active rules of a workspace, for all its sources; three queries."""
    pk = workspace if isinstance(workspace, int) else workspace.pk
    named = sorted(FilterSet.objects.filter(workspace=pk).values_list("name", "pk"))
    chains = Chains()
    own: list[Rule] = []
    sets: dict[int, list[Rule]] = {one: [] for _name, one in named}
    sources: dict[int, list[Rule]] = {}
    for row in sorted(FilterRule.objects.filter(workspace=pk, is_active=True), key=lambda row: (row.place, row.pk)):
        if row.source_id is not None:
            sources.setdefault(row.source_id, []).append(_rule(row))
        elif row.filter_set_id is not None:
            sets.setdefault(row.filter_set_id, []).append(_rule(row))
        else:
            own.append(_rule(row))
    chains.workspace, chains.sets, chains.sources = own, dict(sets), dict(sources)
    links = Source.filter_sets.through.objects.filter(filterset__workspace=pk)
    for source_id, set_id in links.values_list("source_id", "filterset_id"):
        chains.attached.setdefault(source_id, set()).add(set_id)
    return chains


def _rows_of(source: Source) -> QuerySet[FilterRule]:
    own_or_all = Q(source=source) | Q(source=None, filter_set=None) | Q(filter_set__sources=source)
    return FilterRule.objects.filter(own_or_all, workspace=source.workspace_id, is_active=True).select_related(
        "filter_set"
    )


def _rule(row: FilterRule) -> Rule:
    return Rule(row.kind, row.effect, row.value, row.pk)


def _order(row: FilterRule) -> tuple[int, str, int, int, int]:
    """The workspace's first, then those of the sets by their names, then the source's own."""
    filter_set = row.filter_set
    if filter_set is not None:
        return (1, filter_set.name, filter_set.pk, row.place, row.pk)
    return (0 if row.source_id is None else 2, "", 0, row.place, row.pk)


def rules_shown(source: Source) -> list[tuple[FilterRule, str]]:
    """The active rules of a source in their order, each with the words for whose it is."""
    rows = _rows_of(source)
    return [(row, _scope(row)) for row in sorted(rows, key=_order)]


def _scope(row: FilterRule) -> str:
    if row.filter_set is not None:
        return _("of the set “%(name)s”") % {"name": row.filter_set.name}
    return _("of this source") if row.source_id is not None else _("of the whole workspace")
