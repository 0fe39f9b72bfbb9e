"""The part of an admin that shows how work stands and lets a person try it again or give it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.errors import PultError
from apps.core.work.models import WorkRow

Service = Callable[..., object]
TONES = {"ready": "waiting", "leased": "active", "done": "done", "dead": "error", "unknown": "warning"}
EVENTS = {
    "retry": _("It did not work and will be tried again"),
    "fault": _("An error in Pult; it will be tried again"),
    "lost": _("The worker died on it"),
    "deferred": _("Put off"),
    "released": _("Put back: the worker stopped"),
    "dead": _("Failed"),
    "unknown": _("The outcome is unknown"),
    "revived": _("Tried again"),
    "given_up": _("Given up"),
    "cancelled": _("Cancelled"),
    "arrived": _("It had been carried out"),
    "absent": _("It had not been carried out"),
    "moved": _("Moved to another time"),
    "let_go": _("What it waited for has been sent"),
    "parted": _("What it would have left with was not sent"),
    "sent_with": _("Sent together with another"),
}
WORDS = {
    "the worker died on it": _("the worker died on it"),
    "no answer before the lease ran out": _("no answer came in time"),
}


class WorkAdminMixin:
    """Columns, detail and actions for a work row; mix it in before the admin's base class.

    Attributes:
        work_retry_service: called `(row, by=user)`; a callable or its dotted path. Without it there is no such action.
        work_give_up_service: called `(row, reason=text, by=user)`, likewise.
        work_columns: to add to `list_display`.
        work_fields: to show in the detail; never editable.
    """

    work_retry_service: Service | str | None = None
    work_give_up_service: Service | str | None = None
    work_columns = ("work_state", "work_attempts", "work_due", "work_error")
    work_fields = ("work_state", "work_attempts", "work_due", "work_error", "created_at", "finished_at", "work_history")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        """What a worker writes is never edited by hand."""
        known: Iterable[Any] = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        return (*known, *(name for name in (*self.work_fields, "not_before") if name not in known))

    @admin.display(description=_("state"), ordering="state")
    def work_state(self, row: WorkRow) -> SafeString:
        """The state in a word and a colour."""
        tone = TONES[row.state]
        return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, row.get_state_display())

    @admin.display(description=_("attempts"), ordering="attempts")
    def work_attempts(self, row: WorkRow) -> int:
        """How often a worker started it."""
        return row.attempts

    @admin.display(description=_("due"), ordering="not_before", empty_value="—")
    def work_due(self, row: WorkRow) -> Any:
        """When it is next looked at; nothing for what has ended."""
        return row.not_before if row.is_live else None

    @admin.display(description=_("error"), empty_value="—")
    def work_error(self, row: WorkRow) -> str | None:
        """The last failure in words."""
        return words(row.error) or None

    @admin.display(description=_("history"), empty_value="—")
    def work_history(self, row: WorkRow) -> SafeString | None:
        """What happened to it, newest first."""
        if not row.history:
            return None
        return format_html(
            '<ol class="pult-history">{}</ol>',
            format_html_join(
                "", '<li><time datetime="{}">{}</time> {}</li>', (told(one) for one in reversed(row.history))
            ),
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The admin's actions, without those that the owning app gives no service for."""
        known: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        if self.work_retry_service is None:
            known.pop("work_retry", None)
        if self.work_give_up_service is None:
            known.pop("work_give_up", None)
        return known

    @admin.action(description=_("Try again"), permissions=["change"])
    def work_retry(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Try the chosen rows again, each through the owner's service."""
        service = found(type(self).work_retry_service)
        tell(request, queryset, lambda row: service(row, by=request.user))

    @admin.action(description=_("Give up"), permissions=["change"])
    def work_give_up(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Ask for the reason, then give the chosen rows up, each through the owner's service."""
        reason = request.POST.get("work_reason", "").strip()
        if not reason:
            return self.ask_reason(request, queryset, missing="work_reason" in request.POST)
        service = found(type(self).work_give_up_service)
        tell(request, queryset, lambda row: service(row, reason=reason, by=request.user))
        return None

    def ask_reason(self, request: HttpRequest, rows: models.QuerySet[Any], *, missing: bool) -> HttpResponse:
        """The page between choosing rows and giving them up."""
        model_admin: Any = self
        context = {
            **model_admin.admin_site.each_context(request),
            "title": _t("Give up"),
            "opts": model_admin.opts,
            "rows": rows[:20],
            "count": rows.count(),
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME) or [row.pk for row in rows[:1]],
            "list_address": list_address(request, model_admin.opts),
            "checkbox": ACTION_CHECKBOX_NAME,
            "select_across": request.POST.get("select_across", "0"),
            "missing": missing,
        }
        return TemplateResponse(request, "core/work_give_up.html", context)


def list_address(request: HttpRequest, opts: Any) -> str:
    """Where the list's actions are done, with the filters that its rows were chosen under."""
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return request.get_full_path() if request.path == address else address


def found(service: Service | str | None) -> Service:
    """The owner's service, from itself or its dotted path.

    Raises:
        LookupError: the admin class names none.
    """
    if service is None:
        raise LookupError("this admin names no service for the action")
    if isinstance(service, str):
        loaded: Service = import_string(service)
        return loaded
    return service


def tell(request: HttpRequest, rows: Iterable[Any], act: Callable[[Any], object]) -> None:
    """Call a service for each row and say how many were done, how many refused, and why the first was."""
    done, refusals = 0, []
    for row in rows:
        try:
            act(row)
        except PultError as refusal:
            refusals.append(str(refusal))
        else:
            done += 1
    if done:
        messages.success(request, ngettext("Done: %d.", "Done: %d.", done) % done)
    if refusals:
        text = _t("Refused: %(count)d. %(reason)s") % {"count": len(refusals), "reason": refusals[0]}
        messages.warning(request, text)


def words(error: str) -> str:
    """An error as a person reads it; core's own stored words are translated."""
    return str(WORDS.get(error, error))


def told(one: dict[str, Any]) -> tuple[str, str, str]:
    """An event of the history: its time for machines, for people, and what happened."""
    at = parse_datetime(one["at"])
    shown = date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else one["at"]
    parts = [str(EVENTS.get(one["event"], one["event"]))]
    if one.get("times", 1) > 1:
        parts[0] += f" ×{one['times']}"
    if one.get("by"):
        parts.append(str(one["by"]))
    detail = words(one.get("detail", ""))
    text = " · ".join(parts)
    return one["at"], shown, f"{text}: {detail}" if detail else text
