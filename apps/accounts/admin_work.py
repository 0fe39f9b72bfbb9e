"""The base of lists of work that nobody looks at while it goes well."""

from __future__ import annotations

from typing import Any, ClassVar

from apps.accounts import work_again
from apps.accounts.admin_base import M, WorkspaceModelAdmin
from apps.core.work.admin_page import WorkPageMixin


class WorkRowAdmin(WorkPageMixin, WorkspaceModelAdmin[M]):
    """Rows of one kind of work, newest first: how each stands, and “Try again” and “Give up”.

    Attributes:
        about: columns that say what a row is about, before how it stands.
    """

    about: tuple[str, ...] = ()
    audit_saves = False
    ordering = ("-id",)
    sortable_by = ()
    list_filter: ClassVar[Any] = ("state",)
    work_retry_service: Any = staticmethod(work_again.work_retry)
    work_give_up_service: Any = staticmethod(work_again.work_give_up)
    actions: Any = ("work_retry", "work_give_up")

    def get_list_display(self, request: Any) -> tuple[str, ...]:  # noqa: ARG002
        """What it is about, and how it stands."""
        return (*(self.about or ("created_at",)), *self.work_columns)

    def get_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """The same, with the history."""
        return (*self.about, *self.work_fields)

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """All of it."""
        return (*self.about, *super().get_readonly_fields(request, obj))
