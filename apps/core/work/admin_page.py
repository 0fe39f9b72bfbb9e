"""The page of one work row: looked at, tried again, given up; written by workers alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.core.work.admin import WorkAdminMixin, found, tell
from apps.core.work.models import WorkRow

STUCK = (WorkRow.State.DEAD, WorkRow.State.UNKNOWN)
ENDED = (WorkRow.State.DONE, WorkRow.State.DEAD)


class WorkPageMixin(WorkAdminMixin):
    """A list and a page for rows that only workers write; mix it in before the admin's base class.

    The buttons stand under a row that stopped (try again) or has not ended (give up), where the class names the
    service. They are pressed in the page's form, so a page elsewhere can't press them.
    """

    actions_submit_line = ("work_row_retry", "work_row_give_up")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody adds them by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody deletes them by hand."""
        return False

    def has_work_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether “Try again” stands under this row (or key of a row)."""
        row = self.work_row(request, obj)
        fits = row is None or row.state in STUCK
        return self.work_retry_service is not None and fits and self.may_change(request, row)

    def has_work_give_up_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether “Give up” stands under this row (or key of a row)."""
        row = self.work_row(request, obj)
        fits = row is None or row.state not in ENDED
        return self.work_give_up_service is not None and fits and self.may_change(request, row)

    def may_change(self, request: HttpRequest, row: WorkRow | None) -> bool:
        """Whether the user's role lets it change rows of this kind."""
        may: bool = super().has_change_permission(request, row)  # type: ignore[misc]
        return may

    def work_row(self, request: HttpRequest, obj: Any) -> WorkRow | None:
        """The row itself, given it or its key."""
        if obj is None or isinstance(obj, WorkRow):
            return obj
        row: WorkRow | None = self.get_object(request, str(obj))  # type: ignore[attr-defined]
        return row

    @action(description=_("Try again"), permissions=["work_retry"])  # type: ignore[untyped-decorator]
    def work_row_retry(self, request: HttpRequest, obj: Any) -> None:
        """Try this one again through the owner's service."""
        service = found(type(self).work_retry_service)
        tell(request, [obj], lambda row: service(row, by=request.user))

    @action(description=_("Give up"), permissions=["work_give_up"])  # type: ignore[untyped-decorator]
    def work_row_give_up(self, request: HttpRequest, obj: Any) -> None:
        """Nothing yet: the reason is asked first, see `response_change`."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Nothing is saved, for a worker may be writing the row; a pressed “Try again” is a service."""
        if self.is_pressed(request, obj, "work_row_retry"):
            self.work_row_retry(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Back to the page, which shows how the row stands now; or the question why it is given up."""
        if self.is_pressed(request, obj, "work_row_give_up"):
            rows = self.get_queryset(request).filter(pk=obj.pk)  # type: ignore[attr-defined]
            return self.ask_reason(request, rows, missing=False)
        return HttpResponseRedirect(request.get_full_path())

    def is_pressed(self, request: HttpRequest, obj: Any, name: str) -> bool:
        """Whether this button was pressed and may be."""
        offered: list[Any] = self.get_actions_submit_line(request, obj.pk)  # type: ignore[attr-defined]
        return any(one.action_name.endswith(name) and one.action_name in request.POST for one in offered)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:  # noqa: ARG002
        """The services write the audit."""
        return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The row, without the buttons that save."""
        hidden = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        shown: Any = super()
        return shown.change_view(request, object_id, form_url, {**hidden, **(extra_context or {})})
