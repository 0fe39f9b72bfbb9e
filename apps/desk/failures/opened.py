"""Which kinds of failed work a role opens, whose job each is, and what a person may do with a row of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from apps.accounts.access import permitted
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of
from apps.core.work import kinds
from apps.core.work.models import WorkRow

State = WorkRow.State
PLATFORM = "platform"
# The jobs as an editor names them, in the order of the filter.
JOBS: dict[str, StrOrPromise] = {
    "collecting": _("Collecting"),
    "stories": _("Stories and AI"),
    "sending": _("Publishing and sending"),
    "telegram": _("Bots and accounts"),
    "avito": _("Avito bridge"),
    "library": _("Library"),
    "tutor": _("Tutor"),
    PLATFORM: _("Pult itself"),
}
JOB_OF_APP = {
    "sources": "collecting",
    "stories": "stories",
    "ai": "stories",
    "publishing": "sending",
    "delivery": "sending",
    "telegram": "telegram",
    "notifications": "telegram",
    "avito": "avito",
    "books": "library",
    "tutor": "tutor",
}


@dataclass(frozen=True)
class Opened:
    """A kind of work that this user's role opens.

    Attributes:
        model_admin: its list in the admin, which names the owner's services.
        workspaces: where the user sees its rows.
        changes: ids of the workspaces where the user may act on them.
    """

    kind: kinds.Kind
    model_admin: Any
    workspaces: Sequence[Workspace]
    changes: frozenset[int]

    @property
    def words(self) -> str:
        """One row of it, in words."""
        return str(self.kind.model._meta.verbose_name)

    @property
    def address(self) -> str:
        """The list of its rows."""
        opts = self.kind.model._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")

    @property
    def job(self) -> str:
        """Whose job it is."""
        return job_of(self.kind.model._meta.app_label)

    @property
    def is_delivery(self) -> bool:
        """Whether a person has to look elsewhere before a row in doubt is settled."""
        return self.kind.model_label == "delivery.Delivery"

    def deeds(self, state: str, workspace_id: int) -> tuple[str, ...]:
        """What this user may do with rows of that state there: retry, give_up; there and again for sends in doubt."""
        if workspace_id not in self.changes:
            return ()
        if state == State.UNKNOWN and self.is_delivery:
            return ("there", "again")
        cls = type(self.model_admin)
        retry = ("retry",) if cls.work_retry_service is not None else ()
        may_end = state == State.DEAD or cls.work_give_up_service is not None
        return (*retry, "give_up") if may_end else retry


def job_of(app_label: str) -> str:
    """The job that an app serves."""
    return JOB_OF_APP.get(app_label, PLATFORM)


def job_of_address(url: str) -> str:
    """The job whose screen an address of the admin is."""
    parts = url.strip("/").split("/")
    return job_of(parts[1]) if len(parts) > 1 else PLATFORM


def opened(request: HttpRequest) -> dict[str, Opened]:
    """The kinds with a list that the role opens in the workspaces shown, by name."""
    found = {}
    user, shown = user_of(request), shown_of(request)
    for kind in kinds.known():
        opts = kind.model._meta
        model_admin = admin.site._registry.get(kind.model)
        workspaces = permitted(user, f"{opts.app_label}.view_{opts.model_name}", shown)
        if model_admin is None or not workspaces or not hasattr(model_admin, "work_retry_service"):
            continue
        changes = permitted(user, f"{opts.app_label}.change_{opts.model_name}", workspaces)
        found[kind.name] = Opened(kind, model_admin, workspaces, frozenset(each.pk for each in changes))
    return found
