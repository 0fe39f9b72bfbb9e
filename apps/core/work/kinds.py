"""The registry of work: one kind per concrete table, named by dotted paths so that nothing is imported early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core import checks
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from apps.core.work.lanes import Lane
    from apps.core.work.models import WorkRow

Hook = Callable[["WorkRow"], None]


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    Attributes:
        name: the name of its bell.
        model_label: "app.Model" of its rows.
        task: dotted path of the Celery task that drains it; empty where `process` does.
        on_dead, on_unknown: dotted paths of what the owner does in the transaction that makes a row so.
        on_back: likewise, where a row whose request had begun is put back, for that certainly was not carried out.
        lane_label: "app.Model" of its lanes, where rows with one order key wait for each other.
        process: the management command whose process drains it and looks by itself; no bell is rung for it.
        ahead: how long before its time a row in a lane may be claimed; its work awaits `drain.current().its_time()`.
    """

    name: str
    model_label: str
    task: str
    on_dead: str = ""
    on_unknown: str = ""
    on_back: str = ""
    lane_label: str = ""
    process: str = ""
    ahead: timedelta = timedelta()

    @cached_property
    def model(self) -> type[WorkRow]:
        """The table of its rows."""
        found: Any = apps.get_model(self.model_label)
        model: type[WorkRow] = found
        return model

    @cached_property
    def lane_model(self) -> type[Lane] | None:
        """The table of its lanes, where it has any."""
        found: Any = apps.get_model(self.lane_label) if self.lane_label else None
        model: type[Lane] | None = found
        return model

    def tell_dead(self, row: WorkRow) -> None:
        """Let the owner react to a row that has just died, in the same transaction."""
        if self.on_dead:
            import_string(self.on_dead)(row)

    def tell_unknown(self, row: WorkRow) -> None:
        """Let the owner react to a row whose outcome is unknown, in the same transaction."""
        if self.on_unknown:
            import_string(self.on_unknown)(row)

    def tell_back(self, row: WorkRow) -> None:
        """Let the owner react to a begun row that is put back, in the same transaction."""
        if self.on_back:
            import_string(self.on_back)(row)


_kinds: dict[str, Kind] = {}


def register(
    *,
    name: str,
    model: str,
    task: str = "",
    on_dead: str = "",
    on_unknown: str = "",
    on_back: str = "",
    lane_model: str = "",
    process: str = "",
    ahead: timedelta = timedelta(),
) -> Kind:
    """Make a kind known; call it in the owning app's `AppConfig.ready()`.

    Raises:
        ValueError: the name or the model is taken by another kind, or not exactly one of task and process drains it.
    """
    if bool(task) == bool(process):
        raise ValueError(f"work kind {name} is drained either by a task or by a process of its own")
    made = Kind(name, model, task, on_dead, on_unknown, on_back, lane_model, process, ahead)
    for known in _kinds.values():
        if (known.name == name or known.model_label == model) and known != made:
            raise ValueError(f"work kind {name} ({model}) collides with {known.name} ({known.model_label})")
    return _kinds.setdefault(name, made)


def unregister(name: str) -> None:
    """Forget a kind."""
    _kinds.pop(name, None)


def known() -> tuple[Kind, ...]:
    """Every kind, in the order of registration."""
    return tuple(_kinds.values())


def get(name: str) -> Kind:
    """The kind of this name.

    Raises:
        LookupError: nothing is registered under it.
    """
    kind = _kinds.get(name)
    if kind is None:
        raise LookupError(f"no work kind is called {name!r}; known: {', '.join(sorted(_kinds)) or 'none'}")
    return kind


def of(row: WorkRow) -> Kind:
    """The kind that a row belongs to.

    Raises:
        LookupError: its model is not registered.
    """
    label = row._meta.label_lower
    for kind in _kinds.values():
        if kind.model_label.lower() == label:
            return kind
    raise LookupError(f"{row._meta.label} is not registered as a kind of work")


def check_indexes(**_options: Any) -> list[checks.CheckMessage]:
    """Every kind's table has the indexes that claims live on; a child's own Meta drops the abstract model's."""
    found: list[checks.CheckMessage] = []
    for kind in _kinds.values():
        for model in filter(None, (kind.model, kind.lane_model)):
            present = {index.name for index in model._meta.indexes}
            stem = f"{model._meta.app_label}_{model._meta.model_name}"
            missing = sorted({f"{stem}_due", f"{stem}_fair"} - present)
            if missing:
                found.append(
                    checks.Error(
                        f"{model._meta.label} lacks the indexes {', '.join(missing)}.",
                        hint="Subclass the abstract model's Meta and extend its `indexes`.",
                        obj=model,
                        id="core.E012",
                    )
                )
    return found
