"""What people do to filters: write the rules of a source, a set or a workspace, and apply them to what is here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.errors import TransitionError
from apps.sources import filters
from apps.sources.filters.chains import Owner
from apps.sources.models import FilterRule, FilterSet, Source

RULES_MAX = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as an editor typed it.

    Attributes:
        key: the id of the row that it was before; None for a new one.
    """

    kind: str
    effect: str = FilterRule.Effect.DROP
    value: str = ""
    is_active: bool = True
    key: int | None = None


def draft_checked(draft: Draft) -> Draft:
    """The rule with its value tidied.

    Raises:
        ValueError: it can't be understood; the text tells the editor how to write it.
    """
    if draft.kind not in FilterRule.Kind.values or draft.effect not in FilterRule.Effect.values:
        raise ValueError(_("Choose what the rule looks at and what it does."))
    value = filters.value_checked(draft.kind, draft.effect, draft.value)
    return Draft(draft.kind, draft.effect, value, draft.is_active, draft.key)


@transaction.atomic
def rules_save(*, owner: Owner, drafts: Sequence[Draft], actor: User | None = None) -> None:
    """Make these the rules of a source, a set or a workspace, in this order; posts that are here stay as they are.

    Rows that stay keep their ids, so that posts go on naming the rule that dropped them.

    Raises:
        ValidationError: a rule can't be understood, or there are too many.
        TransitionError: somebody else has changed the rules meanwhile.
    """
    if len(drafts) > RULES_MAX:
        raise ValidationError(_("Too many rules: %(max)s at most.") % {"max": RULES_MAX})
    fields = filters.owner_fields(owner)
    type(owner)._default_manager.select_for_update().only("pk").get(pk=owner.pk)
    known = {rule.pk: rule for rule in FilterRule.objects.filter(**fields)}
    if any(draft.key is not None and draft.key not in known for draft in drafts):
        raise TransitionError(_("Somebody has removed one of these rules meanwhile. Open the page again."))
    for place, draft in enumerate(drafts):
        try:
            checked = draft_checked(draft)
        except ValueError as exc:
            raise ValidationError(str(exc)) from exc
        rule = known.pop(draft.key) if draft.key in known else FilterRule(**fields)
        rule.place, rule.kind, rule.effect = place, checked.kind, checked.effect
        rule.value, rule.is_active = checked.value, checked.is_active
        rule.save()
    for gone in known.values():
        _slow_settled(gone)
        gone.delete()
    for draft in drafts:
        if draft.key is not None:
            alert_close(workspace=_workspace(owner), key=_slow_key(draft.key))
    audit_record(verb="filters.changed", target=owner, actor=actor, details={"rules": len(drafts)})


@transaction.atomic
def filters_save(
    *, owner: Owner, drafts: Sequence[Draft], links: Iterable[FilterSet | Source], actor: User | None = None
) -> None:
    """A whole screen: the rules, and the sets of a source or the sources of a set; errors as `rules_save` has."""
    rules_save(owner=owner, drafts=drafts, actor=actor)
    if not isinstance(owner, Workspace):
        links_set(owner=owner, links=links, actor=actor)


@transaction.atomic
def links_set(*, owner: Source | FilterSet, links: Iterable[FilterSet | Source], actor: User | None = None) -> None:
    """Have a source's posts go through these sets and no other, or a set serve these sources and no other.

    Raises:
        ValidationError: one of them belongs to another workspace.
    """
    chosen = {one.pk: one for one in links}
    if any(one.workspace_id != owner.workspace_id for one in chosen.values()):
        raise ValidationError(_("A filter set serves the sources of its own workspace only."))
    related: Any = getattr(owner, "filter_sets" if isinstance(owner, Source) else "sources")
    if set(related.values_list("pk", flat=True)) == chosen.keys():
        return
    related.set(chosen)
    details = {"names": [one.name for one in chosen.values()][:100]}
    audit_record(verb="filters.attached", target=owner, actor=actor, details=details)


def slow_rules_tell(*, workspace: Workspace, keys: Iterable[int]) -> None:
    """Raise an alert for each rule whose expression took too long; it dropped nothing."""
    for rule in FilterRule.objects.filter(workspace=workspace, pk__in=set(keys)):
        alert_raise(
            workspace=workspace,
            key=_slow_key(rule.pk),
            message=_(
                "The regular expression “%(expression)s” takes too long, so it drops nothing. Write it more simply: "
                "no repetition inside a repetition."
            )
            % {"expression": rule.value[:80]},
            url=_address(rule),
        )


def _address(rule: FilterRule) -> str:
    if rule.source_id is not None:
        return reverse("admin:sources_source_filters", args=[rule.source_id])
    if rule.filter_set_id is not None:
        return reverse("admin:sources_filterset_filters", args=[rule.filter_set_id])
    return reverse("admin:sources_filterset_workspace", args=[rule.workspace_id])


def _slow_settled(rule: FilterRule) -> None:
    alert_close(workspace=rule.workspace, key=_slow_key(rule.pk))


def _slow_key(key: int) -> str:
    return f"sources.rule_slow:{key}"


def _workspace(owner: Owner) -> Workspace:
    return owner if isinstance(owner, Workspace) else owner.workspace
