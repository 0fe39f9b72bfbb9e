"""The screens of channels and publications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.publishing import services
from apps.publishing.forms import ChannelForm
from apps.publishing.html import plain, sanitized
from apps.publishing.models import Channel, Publication

Status = Publication.Status
TONES = {
    Status.SCHEDULED: "waiting",
    Status.SENT: "done",
    Status.FAILED: "error",
    Status.UNKNOWN: "warning",
    Status.CANCELLED: "waiting",
}
HOW_TO = _(
    "Telegram: add the bot to the channel as an administrator with the right to post, then enter the channel's @name "
    "or its number and press “Check”. Preview page: give it a name; it opens at once at its address."
)


def tag(tone: str, text: str) -> SafeString:
    """A word in a colour."""
    return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, text)


@admin.register(Channel)
class ChannelAdmin(WorkspaceModelAdmin[Channel]):
    """Channels, how they are and what comes out next."""

    form = ChannelForm
    list_display = ("name", "kind", "health", "next_publication", "posts", "page")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "slug", "chat_id")
    list_select_related = ("workspace",)
    ordering = ("name", "id")
    actions = ("check_channels",)
    actions_detail = ("check_channel",)
    empty_text = _(
        "Here will be the places where stories come out: Telegram channels and preview pages. Add the first one; a "
        "preview page needs nothing but a name."
    )
    readonly_fields = ("health", "page")

    class Media:
        js = ("publishing/channel_form.js",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Channel]:
        """With what comes out next, in the same query."""
        waiting = Publication.objects.filter(channel=models.OuterRef("pk"), status=Status.SCHEDULED)
        soonest = waiting.order_by("publish_at").values("publish_at")[:1]
        sent = (
            Publication.objects.filter(channel=models.OuterRef("pk"), status=Status.SENT)
            .order_by()
            .values("channel")
            .annotate(count=models.Count("pk"))
            .values("count")
        )
        return super().get_queryset(request).annotate(next_at=models.Subquery(soonest), out=models.Subquery(sent))

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Only the fields of the kind; a new channel asks for the kind first."""
        of_kind = {Channel.Kind.TELEGRAM: ["bot", "chat_id"], Channel.Kind.PREVIEW: ["is_public"]}
        chosen = of_kind[Channel.Kind(obj.kind)] if obj else ["bot", "chat_id", "is_public"]
        fields = ["kind", "name", *chosen, "footer", "about", "slug", "is_active"]
        workspace = [
            name
            for _title, options in super().get_fieldsets(request, obj)
            for name in options["fields"]
            if name == "workspace"
        ]
        first = {"fields": [*workspace, *fields]} if obj else {"fields": [*workspace, *fields], "description": HOW_TO}
        return [(None, first), *([(_("State"), {"fields": ["health", "page"]})] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """A channel keeps its kind."""
        known = super().get_readonly_fields(request, obj)
        return [*known, "kind"] if obj else known

    @admin.display(description=_("state"))
    def health(self, row: Channel) -> SafeString:
        """Whether the next publication can come out, and what stands in its way."""
        if not row.is_active:
            return tag("waiting", _t("Off"))
        if row.problem:
            return format_html("{} {}", tag("error", _t("Broken")), row.problem)
        if row.kind == Channel.Kind.PREVIEW:
            return tag("done", _t("Works"))
        if row.checked_at is None:
            return tag("warning", _t("Not checked"))
        checked = date_format(row.checked_at.astimezone(row.workspace.zone), "SHORT_DATETIME_FORMAT")
        return format_html('<span title="{}">{}</span>', checked, tag("done", _t("Works")))

    @admin.display(description=_("next publication"), ordering="next_at", empty_value="—")
    def next_publication(self, row: Channel) -> str | None:
        """When, on the workspace's clock."""
        moment = getattr(row, "next_at", None)
        return date_format(moment.astimezone(row.workspace.zone), "SHORT_DATETIME_FORMAT") if moment else None

    @admin.display(description=_("published"), ordering="out")
    def posts(self, row: Channel) -> int:
        """How many came out."""
        return getattr(row, "out", 0) or 0

    @admin.display(description=_("link"), empty_value="—")
    def page(self, row: Channel) -> SafeString | None:
        """Where readers see it."""
        address = row.get_absolute_url()
        if not address:
            return None
        return format_html('<a class="pult-link" href="{}" target="_blank" rel="noopener">{}</a>', address, _t("Open"))

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:  # noqa: ARG002
        """Only what the form asked is written: deliveries write the rest at the same time."""
        if not change:
            obj.save()
            return
        written = [name for name in form.cleaned_data if name in ChannelForm.Meta.fields]
        if {"bot", "chat_id"} & set(form.changed_data):
            obj.problem, obj.checked_at, obj.chat_kind = "", None, ""
            written += ["problem", "checked_at", "chat_kind"]
        obj.save(update_fields=written)
        services.channel_changed(channel=obj)

    @admin.action(description=_("Check"), permissions=["channel.manage"])
    def check_channels(self, request: HttpRequest, queryset: models.QuerySet[Channel]) -> None:
        """Ask Telegram about each and say what to do."""
        for channel in queryset.select_related("bot"):
            self.checked(request, channel)

    @action(description=_("Check"), url_path="check", permissions=["change"])  # type: ignore[untyped-decorator]
    def check_channel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask Telegram about this one and come back to its page."""
        channel = self.get_object(request, object_id)
        if channel is not None and self.has_change_permission(request, channel):
            self.checked(request, channel)
        return HttpResponseRedirect(reverse("admin:publishing_channel_change", args=[object_id]))

    def checked(self, request: HttpRequest, channel: Channel) -> None:
        """Check one and tell."""
        try:
            found = services.channel_check(channel=channel, editor=user_of(request))
        except PultError as exc:
            messages.error(request, f"{channel.name}: {exc}")
            return
        if found.is_fit:
            text = _t("“%(channel)s” works: the next publication can come out.")
            messages.success(request, text % {"channel": channel.name})
        else:
            messages.error(request, f"{channel.name}: {found.problem}")


@admin.register(Publication)
class PublicationAdmin(WorkspaceModelAdmin[Publication]):
    """Publications: made on a story's page, moved and cancelled here."""

    audit_saves = False
    list_display = ("name", "when", "channel", "standing", "reason", "link")
    list_display_links = ("name",)
    list_filter = ("status", "channel")
    search_fields = ("title", "story__title")
    list_select_related = ("workspace", "channel", "story")
    ordering = ("-publish_at", "-id")
    actions = ("cancel", "move")
    actions_submit_line = ("row_cancel",)
    empty_text = _("Here will be what is scheduled and what came out. Open an approved story and choose “Publish”.")
    fields = (
        *("name", "standing", "reason", "when", "channel", "story_link", "link", "text", "delivery_link"),
        *("created_by", "created_at"),
    )

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

    @admin.display(description=_("text"))
    def text(self, row: Publication) -> SafeString:
        """The text as readers see it."""
        return format_html('<div style="white-space: pre-wrap">{}</div>', mark_safe(sanitized(row.html)))  # noqa: S308

    @admin.action(description=_("Cancel"), permissions=["publication.cancel"])
    def cancel(self, request: HttpRequest, queryset: models.QuerySet[Publication]) -> None:
        """Take back what is not out."""
        user = user_of(request)
        rows = queryset.select_related("delivery")
        each(rows, lambda row: services.publication_cancel(publication=row, editor=user)).tell(request)

    @admin.action(description=_("Move to another time"), permissions=["publication.schedule"])
    def move(self, request: HttpRequest, queryset: models.QuerySet[Publication]) -> HttpResponse | None:
        """Ask for the time, then move what is not out."""
        given = request.POST.get("move_to", "").strip()
        moment = typed_moment(given)
        if moment is None:
            return self.ask_time(request, queryset, wrong=bool(given))
        user = user_of(request)

        def act(row: Publication) -> None:
            zone = row.workspace.zone
            services.publication_move(publication=row, to=moment.replace(tzinfo=zone), editor=user)

        each(queryset.select_related("delivery", "workspace"), act).tell(request)
        return None

    def ask_time(self, request: HttpRequest, rows: models.QuerySet[Publication], *, wrong: bool) -> HttpResponse:
        """The page between choosing publications and moving them."""
        shown = list(rows.select_related("workspace", "channel")[:20])
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Move to another time"),
            "opts": self.opts,
            "rows": shown,
            "zones": sorted({row.workspace.time_zone for row in shown}),
            "value": f"{shown[0].local_time:%Y-%m-%dT%H:%M}" if shown else "",
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "checkbox": ACTION_CHECKBOX_NAME,
            "select_across": request.POST.get("select_across", "0"),
            "wrong": wrong,
        }
        return TemplateResponse(request, "publishing/move.html", context)


def typed_moment(text: str) -> datetime | None:
    """The typed time without a zone; None where it is not one."""
    try:
        parsed = parse_datetime(text)
    except ValueError:
        return None
    return parsed.replace(tzinfo=None) if parsed else None
