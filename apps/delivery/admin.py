"""The outbox as a screen: what waits for a person, why, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.core.work.admin import WorkAdminMixin
from apps.delivery import services
from apps.delivery.admin_display import attempt_line, payload_shown
from apps.delivery.admin_standing import HINTS, TONES, Outcome, StandingFilter, State
from apps.delivery.forms import SettleForm
from apps.delivery.models import Delivery
from apps.delivery.services.outbox import STOPPABLE


def retry(row: Delivery, *, by: Any) -> None:
    """Try a failed one again."""
    services.delivery_retry(delivery=row, by=by)


def give_up(row: Delivery, *, reason: str, by: Any) -> None:
    """Leave one unsent for good."""
    services.delivery_give_up(delivery=row, reason=reason, by=by)


@admin.register(Delivery)
class DeliveryAdmin(WorkAdminMixin, AnyCaseSearch, WorkspaceModelAdmin[Delivery]):
    """Deliveries; every button is a service, nothing is edited."""

    form = SettleForm
    audit_saves = False
    work_retry_service = staticmethod(retry)
    work_give_up_service = staticmethod(give_up)
    list_display = ("destination", "excerpt", "standing", "work_error", "when", "work_attempts", "there")
    list_filter = (StandingFilter, "state", "outcome", "sender", "kind", "priority")
    search_fields = ("destination", "dedupe_key", "vendor_id")
    list_select_related = ("workspace", "after")
    actions = ("work_retry", "it_is_there", "it_is_absent", "send_again", "work_give_up")
    actions_submit_line = ("row_there", "row_absent", "row_again", "row_retry", "row_give_up")
    ordering = ("-id",)
    empty_text = _("Everything that Pult sends passes through here. What stops and waits for you stays in this list.")
    readonly_fields = (
        "destination",
        "standing",
        "text",
        "sender",
        "dedupe_key",
        "vendor_id_shown",
        "there",
        "log",
        "made",
        "kind",
        "priority",
        "named",
        "payload_text",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        """The words for the buttons that can be pressed, then what it is and what happened."""
        asked, hint = [], HINTS.get(obj.state, "") if obj else ""
        if obj is not None and self.has_change_permission(request, obj):
            asked = ["vendor_id"] * (obj.state == State.UNKNOWN) + ["reason"] * self.can_give_up(obj)
        return [
            (None, {"fields": ["destination", "standing", "work_error", "text", "there", *asked], "description": hint}),
            (_("What happened"), {"fields": ["log", "work_history"]}),
            (
                _("Details"),
                {
                    "fields": [
                        *("sender", "kind", "priority", "named", "dedupe_key", "vendor_id_shown"),
                        *("work_due", "work_attempts", "made", "payload_text"),
                    ]
                },
            ),
        ]

    # Columns

    @admin.display(description=_("outcome"), ordering="outcome")
    def standing(self, row: Delivery) -> SafeString:
        """The outcome in a word and a colour; what is in work says so."""
        text = row.get_state_display() if row.state == State.LEASED else row.get_outcome_display()
        if row.is_late:
            text = _t("%(outcome)s, late") % {"outcome": text}
        return format_html('<span class="pult-tag pult-tag--{}">{}</span>', TONES[Outcome(row.outcome)], text)

    @admin.display(description=_("waits for"), empty_value="—")
    def named(self, row: Delivery) -> SafeString | None:
        """The one that it names: it leaves after that, or inside it."""
        if row.after is None:
            return None
        said = _t("Together with “%(one)s”") if row.is_joined else _t("After “%(one)s”")
        address = reverse("admin:delivery_delivery_change", args=[row.after_id])
        return format_html('<a class="pult-link" href="{}">{}</a>', address, said % {"one": row.after})

    @admin.display(description=_("everything that is sent"))
    def payload_text(self, row: Delivery) -> SafeString:
        """The whole payload, secrets hidden."""
        return format_html(
            '<pre style="white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>', payload_shown(row.payload)
        )

    @admin.display(description=_("link"), empty_value="—")
    def there(self, row: Delivery) -> SafeString | None:
        """Where a person sees it."""
        if not row.url:
            return None
        return format_html('<a class="pult-link" href="{}" target="_blank" rel="noopener">{}</a>', row.url, _t("Open"))

    @admin.display(description=_("id there"), empty_value="—")
    def vendor_id_shown(self, row: Delivery) -> str | None:
        """The other side's id."""
        return row.vendor_id or None

    @admin.display(description=_("content"))
    def text(self, row: Delivery) -> SafeString:
        """What is sent, as plain text."""
        shown = row.payload.get("html") or row.payload.get("text")
        if not isinstance(shown, str):
            shown = payload_shown(row.payload)
        return format_html('<div style="white-space: pre-wrap; overflow-wrap: anywhere">{}</div>', shown)

    @admin.display(description=_("content"))
    def excerpt(self, row: Delivery) -> str:
        """Its first words."""
        shown = row.payload.get("html") or row.payload.get("text") or ""
        return Truncator(" ".join(strip_tags(shown).split())).chars(45) if isinstance(shown, str) else ""

    @admin.display(description=_("when"), ordering="not_before")
    def when(self, row: Delivery) -> str:
        """When it is due, or when it ended or stopped."""
        moment = row.not_before if row.is_live else row.sent_at or row.finished_at or row.begun_at or row.created_at
        return date_format(moment.astimezone(row.workspace.zone), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("created"), ordering="id")
    def made(self, row: Delivery) -> str:
        """When it was put in, on the workspace's clock."""
        return date_format(row.created_at.astimezone(row.workspace.zone), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("attempts"), empty_value="—")
    def log(self, row: Delivery) -> SafeString | None:
        """Every try, newest first."""
        lines = [attempt_line(attempt) for attempt in row.attempt_log.all()[:50]]
        if not lines:
            return None
        items = format_html_join("", '<li><time datetime="{}">{}</time> {}</li>', lines)
        return format_html('<ol class="pult-history">{}</ol>', items)

    # Rights

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Deliveries are made by what publishes, answers, alerts."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """The outbox is its own record."""
        return False

    def has_settle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may say what became of this one."""
        return self.offered(request, obj, "delivery.settle", lambda row: row.state == State.UNKNOWN)

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may try this one again."""
        return self.offered(request, obj, "delivery.retry", lambda row: row.state == State.DEAD)

    def has_give_up_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may give this one up."""
        return self.offered(request, obj, "delivery.settle", self.can_give_up)

    def offered(self, request: HttpRequest, obj: Any, verb: str, fits: Callable[[Delivery], bool]) -> bool:
        """Whether a button stands under this row (or key of a row)."""
        row = obj if obj is None or isinstance(obj, Delivery) else self.get_object(request, str(obj))
        return self.allows(request, verb, row) and (row is None or fits(row))

    def can_give_up(self, row: Delivery) -> bool:
        """Whether the row can still be given up."""
        return Delivery.objects.filter(STOPPABLE, pk=row.pk).exists()

    # Actions on many

    @admin.action(description=_("It is there"), permissions=["delivery.settle"])
    def it_is_there(self, request: HttpRequest, queryset: models.QuerySet[Delivery]) -> None:
        """A person has looked: the chosen ones arrived."""
        user = user_of(request)
        each(queryset, lambda row: services.delivery_arrived(delivery=row, by=user)).tell(request)

    @admin.action(description=_("It is not there"), permissions=["delivery.settle"])
    def it_is_absent(self, request: HttpRequest, queryset: models.QuerySet[Delivery]) -> None:
        """A person has looked: the chosen ones are not there, and stay unsent."""
        user = user_of(request)
        each(queryset, lambda row: services.delivery_absent(delivery=row, by=user)).tell(request)

    @admin.action(description=_("Send again"), permissions=["delivery.settle"])
    def send_again(self, request: HttpRequest, queryset: models.QuerySet[Delivery]) -> None:
        """A person has looked: the chosen ones are not there, and leave again."""
        user = user_of(request)
        each(queryset, lambda row: services.delivery_send_again(delivery=row, by=user)).tell(request)

    # Buttons under one; they are pressed in its form, so a page elsewhere can't press them

    @action(description=_("It is there"), permissions=["settle"])  # type: ignore[untyped-decorator]
    def row_there(self, request: HttpRequest, obj: Delivery) -> None:
        """A person has looked: it arrived."""
        given = request.POST.get("vendor_id", "").strip()[:200]
        url = given if given.startswith(("https://", "http://")) else ""
        services.delivery_arrived(delivery=obj, by=user_of(request), vendor_id=given, url=url)

    @action(description=_("It is not there"), permissions=["settle"])  # type: ignore[untyped-decorator]
    def row_absent(self, request: HttpRequest, obj: Delivery) -> None:
        """A person has looked: it is not there, and stays unsent."""
        services.delivery_absent(delivery=obj, by=user_of(request))

    @action(description=_("Send again"), permissions=["settle"])  # type: ignore[untyped-decorator]
    def row_again(self, request: HttpRequest, obj: Delivery) -> None:
        """A person has looked: it is not there, and leaves again."""
        services.delivery_send_again(delivery=obj, by=user_of(request))

    @action(description=_("Try again"), permissions=["retry"])  # type: ignore[untyped-decorator]
    def row_retry(self, request: HttpRequest, obj: Delivery) -> None:
        """Try a failed one again."""
        services.delivery_retry(delivery=obj, by=user_of(request))

    @action(description=_("Give up"), permissions=["give_up"])  # type: ignore[untyped-decorator]
    def row_give_up(self, request: HttpRequest, obj: Delivery) -> None:
        """Leave it unsent for good, with the typed reason."""
        reason = request.POST.get("reason", "").strip()[:500]
        if not reason:
            raise PultError(_t("Say why, so that others understand it later."))
        services.delivery_give_up(delivery=obj, reason=reason, by=user_of(request))

    def save_model(self, request: HttpRequest, obj: Delivery, form: Any, change: bool) -> None:  # noqa: ARG002
        """Nothing is saved: the pressed button is a service, and a worker may be writing the row."""
        buttons: list[Any] = self.get_actions_submit_line(request, obj.pk)  # type: ignore[attr-defined]
        for button in buttons:
            if button.action_name in request.POST:
                try:
                    button.method(request, obj)
                except PultError as exc:
                    messages.error(request, str(exc))
                else:
                    messages.success(request, _t("Done."))

    def response_change(self, request: HttpRequest, obj: Delivery) -> HttpResponse:  # noqa: ARG002
        """Back to the page, which shows how it stands now."""
        return HttpResponseRedirect(request.get_full_path())

    def log_change(self, request: HttpRequest, obj: Delivery, message: Any) -> Any:  # noqa: ARG002
        """The services write the audit."""
        return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The row, without the buttons that save."""
        hidden = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, {**hidden, **(extra_context or {})})
