"""The screens of channels; those of publications are registered with them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import shown_of, user_of
from apps.core.errors import PultError
from apps.publishing import services
from apps.publishing.admin_publications import PublicationAdmin
from apps.publishing.forms import ChannelForm
from apps.publishing.models import Channel, Publication
from apps.publishing.tags import tag
from apps.telegram.models import KnownChat
from apps.telegram.selectors import chats_offered

__all__ = ["ChannelAdmin", "PublicationAdmin"]

Status = Publication.Status
HOW_TO = _(
    "Telegram: add the bot to the channel as an administrator with the right to post; within seconds the channel "
    "stands in the list below. Choose it, or enter its @name. Preview page: give it a name; it opens at once at its "
    "address."
)


@admin.register(Channel)
class ChannelAdmin(AnyCaseSearch, WorkspaceModelAdmin[Channel]):
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
        named = (
            KnownChat.objects.filter(bot=models.OuterRef("bot"))
            .annotate(number=Cast("chat_id", models.CharField()))
            .filter(number=models.OuterRef("chat_id"))
            .values("username")[:1]
        )
        return (
            super()
            .get_queryset(request)
            .annotate(next_at=models.Subquery(soonest), out=models.Subquery(sent), chat_name=models.Subquery(named))
        )

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Only the fields of the kind; a new channel asks for the kind first."""
        in_telegram = ["bot", "known_chat", "chat_id"]
        of_kind = {Channel.Kind.TELEGRAM: in_telegram, Channel.Kind.PREVIEW: ["is_public"]}
        chosen = of_kind[Channel.Kind(obj.kind)] if obj else [*in_telegram, "is_public"]
        fields = ["kind", "name", *chosen, "footer", "about", "slug", "is_active"]
        workspace = [
            name
            for _title, options in super().get_fieldsets(request, obj)
            for name in options["fields"]
            if name == "workspace"
        ]
        first = {"fields": [*workspace, *fields]} if obj else {"fields": [*workspace, *fields], "description": HOW_TO}
        return [(None, first), *([(_("State"), {"fields": ["health", "page"]})] if obj else [])]

    def get_form(self, request: HttpRequest, obj: Channel | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which offers the chats that the user's own bots know."""
        form = super().get_form(request, obj, change=change, **kwargs)
        workspaces = [obj.workspace] if obj else shown_of(request)
        form.known_chats = chats_offered(workspaces, besides=obj.chat_id if obj else "")
        return form

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
        name = getattr(row, "chat_name", None)
        address = f"https://t.me/{name}" if name else row.get_absolute_url()
        if not address:
            return None
        return format_html('<a class="pult-link" href="{}" target="_blank" rel="noopener">{}</a>', address, _t("Open"))

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:  # noqa: ARG002
        """Only what the form asked is written: deliveries write the rest at the same time."""
        if not change:
            obj.save()
            return
        written = [name for name in form.cleaned_data if name in ChannelForm.Meta.fields]
        if {"bot", "chat_id", "known_chat"} & set(form.changed_data):
            known = form.cleaned_data.get("known_chat")
            kind = known.kind if known is not None and str(known.chat_id) == obj.chat_id else ""
            obj.problem, obj.checked_at, obj.chat_kind = "", None, kind
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
