"""The screens of publications."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import user_of
from apps.publishing import services
from apps.publishing.admin_after import AfterMixin
from apps.publishing.admin_move import MoveMixin
from apps.publishing.admin_repeat import RepeatMixin
from apps.publishing.admin_statistics_one import StatisticsMixin
from apps.publishing.html import plain
from apps.publishing.models import Publication
from apps.publishing.selectors import history_shown, messages_shown
from apps.publishing.tags import tag

Status = Publication.Status
TONES = {
    Status.SCHEDULED: "waiting",
    Status.SENT: "done",
    Status.FAILED: "error",
    Status.UNKNOWN: "warning",
    Status.CANCELLED: "waiting",
    Status.WITHDRAWN: "warning",
    Status.DELETED: "waiting",
}


@admin.register(Publication)
class PublicationAdmin(
    StatisticsMixin, AfterMixin, RepeatMixin, MoveMixin, AnyCaseSearch, WorkspaceModelAdmin[Publication]
):
    """Publications: made on a story's page, moved and cancelled here."""

    audit_saves = False
    list_display = ("name", "when", "channel", "standing", "reason", "link")
    list_display_links = ("name",)
    list_filter = ("status", "channel")
    search_fields = ("title", "story__title")
    list_select_related = ("workspace", "channel", "story", "corrects", "repeats")
    ordering = ("-publish_at", "-id")
    actions = ("cancel", "move")
    actions_submit_line = ("row_cancel",)
    actions_detail: Any = ("numbers", *AfterMixin.actions_detail)
    empty_text = _("Here will be what is scheduled and what came out. Open an approved story and choose “Publish”.")
    fields = (
        *("name", "standing", "reason", "when", "channel", "story_link", "corrects_link", "repeats_link"),
        *("link", "text", "history", "delivery_link", "created_by", "created_at"),
    )

    class Media:
        css: ClassVar = {"all": ["desk/parts/publish.css"]}

    def get_readonly_fields(self, request: HttpRequest, obj: Publication | None = None) -> Any:  # noqa: ARG002
        """Nothing is edited here."""
        return self.fields

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Publications are made on a story's page."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The row, without the buttons that save."""
        hidden = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, {**hidden, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was asked and what came of it stays on record; it is cancelled instead."""
        return False

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may cancel this one."""
        row = obj if obj is None or isinstance(obj, Publication) else self.get_object(request, str(obj))
        waits = row is None or row.status in (Status.SCHEDULED, Status.FAILED)
        return waits and self.allows(request, "publication.cancel", row)

    @action(description=_("Cancel the publication"), permissions=["cancel"])  # type: ignore[untyped-decorator]
    def row_cancel(self, request: HttpRequest, obj: Publication) -> None:
        """Take back this one."""
        services.publication_cancel(publication=obj, editor=user_of(request))

    def save_model(self, request: HttpRequest, obj: Publication, form: Any, change: bool) -> None:  # noqa: ARG002
        """Nothing is saved: the pressed button is a service."""
        buttons: list[Any] = self.get_actions_submit_line(request, obj.pk)  # type: ignore[attr-defined]
        for button in buttons:
            if button.action_name in request.POST:
                each([obj], lambda row: button.method(request, row)).tell(request)  # noqa: B023

    def response_change(self, request: HttpRequest, obj: Publication) -> HttpResponse:  # noqa: ARG002
        """Back to the page, which shows how it stands now."""
        return HttpResponseRedirect(request.get_full_path())

    def log_change(self, request: HttpRequest, obj: Publication, message: Any) -> Any:  # noqa: ARG002
        """The services write the audit."""
        return None

    @admin.display(description=_("publication"), ordering="title")
    def name(self, row: Publication) -> str:
        """The title."""
        return row.title or plain(row.html, 80)

    @admin.display(description=_("when"), ordering="publish_at")
    def when(self, row: Publication) -> SafeString:
        """On the workspace's clock."""
        shown = date_format(row.local_time, "SHORT_DATETIME_FORMAT")
        return format_html('<time datetime="{}">{}</time>', row.publish_at.isoformat(timespec="seconds"), shown)

    @admin.display(description=_("status"), ordering="status")
    def standing(self, row: Publication) -> SafeString:
        """The status in a word and a colour."""
        return tag(TONES[Status(row.status)], row.get_status_display())

    @admin.display(description=_("link"), empty_value="—")
    def link(self, row: Publication) -> SafeString | None:
        """The message, where readers see it."""
        if not row.message_url:
            return None
        words = _t("Open")
        return format_html(
            '<a class="pult-link" href="{}" target="_blank" rel="noopener">{}</a>', row.message_url, words
        )

    @admin.display(description=_("story"))
    def story_link(self, row: Publication) -> SafeString:
        """The story it was made from."""
        return format_html(
            '<a class="pult-link" href="{}">{}</a>', reverse("desk:story", args=[row.story_id]), row.story
        )

    @admin.display(description=_("delivery"), empty_value="—")
    def delivery_link(self, row: Publication) -> SafeString | None:
        """How its sending went."""
        if row.delivery_id is None:
            return None
        address = reverse("admin:delivery_delivery_change", args=[row.delivery_id])
        return format_html('<a class="pult-link" href="{}">{}</a>', address, _t("Attempts and history"))

    @admin.display(description=_("correction of"), empty_value="—")
    def corrects_link(self, row: Publication) -> SafeString | None:
        """The publication that it puts right, or those that put it right."""
        if row.corrects:
            return self.linked([row.corrects])
        return self.linked(row.corrections.all()[:5], before=_t("corrected by") + " ")

    @admin.display(description=_("other headline of"), empty_value="—")
    def repeats_link(self, row: Publication) -> SafeString | None:
        """The publication that it stands beside, or those with another headline."""
        if row.repeats:
            return self.linked([row.repeats])
        return self.linked(row.repetitions.all()[:5], before=_t("with another headline:") + " ")

    def linked(self, rows: Iterable[Publication], *, before: str = "") -> SafeString | None:
        """Links to the pages of publications; None where there are none."""
        links = [
            (reverse("admin:publishing_publication_change", args=[one.pk]), one.title or str(one.pk)) for one in rows
        ]
        joined = format_html_join(", ", '<a class="pult-link" href="{}">{}</a>', links)
        return format_html("{}{}", before, joined) if links else None

    @admin.display(description=_("text"))
    def text(self, row: Publication) -> SafeString:
        """Its messages as readers see them."""
        context = {"channel": row.channel, "messages": messages_shown(row), "edited": row.edited_at is not None}
        moment = row.sent_at or row.publish_at
        context["time"] = date_format(moment.astimezone(row.workspace.zone), "H:i")
        return format_html('<div class="pub">{}</div>', SafeString(render_to_string("publishing/post.html", context)))

    @admin.display(description=_("what was live when"), empty_value="—")
    def history(self, row: Publication) -> SafeString | None:
        """Every text that readers saw, from when until when, and who asked for it."""
        revisions = history_shown(row)
        if not revisions:
            return None
        context = {"revisions": revisions, "zone": row.workspace.zone}
        return SafeString(render_to_string("publishing/history.html", context))

    @admin.action(description=_("Cancel"), permissions=["publication.cancel"])
    def cancel(self, request: HttpRequest, queryset: models.QuerySet[Publication]) -> None:
        """Take back what is not out."""
        user = user_of(request)
        rows = queryset.select_related("delivery")
        each(rows, lambda row: services.publication_cancel(publication=row, editor=user)).tell(request)
