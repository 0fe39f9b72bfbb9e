"""The screens of channels; those of publications are registered with them."""

from __future__ import annotations

from datetime import timedelta
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
from apps.publishing import health_shown, services
from apps.publishing.admin_checks import ChannelCheckAdmin
from apps.publishing.admin_digests import DigestAdmin
from apps.publishing.admin_experiments import ExperimentAdmin
from apps.publishing.admin_guide import GuideMixin
from apps.publishing.admin_looks import AccountLookAdmin, MessageLookAdmin
from apps.publishing.admin_publications import PublicationAdmin
from apps.publishing.admin_trials import TrialMixin, test_shown
from apps.publishing.forms import ChannelForm
from apps.publishing.models import Channel, Publication
from apps.telegram.models import KnownChat
from apps.telegram.selectors import chats_offered

__all__ = [
    "AccountLookAdmin",
    "ChannelAdmin",
    "ChannelCheckAdmin",
    "DigestAdmin",
    "ExperimentAdmin",
    "MessageLookAdmin",
    "PublicationAdmin",
]

Status = Publication.Status
HOW_TO = _(
    "Telegram: add the bot to the channel as an administrator with the right to post; within seconds the channel "
    "stands in the list below. Choose it, or enter its @name. Preview page: give it a name; it opens at once at its "
    "address. Webhook: a program of yours is posted every publication as signed JSON."
)


@admin.register(Channel)
class ChannelAdmin(GuideMixin, TrialMixin, AnyCaseSearch, WorkspaceModelAdmin[Channel]):
    """Channels, how they are and what comes out next."""

    form = ChannelForm
    list_display = ("name", "kind", "health", "next_publication", "posts", "page")
    list_filter = ("kind", "is_active")
    search_fields = ("name", "slug", "chat_id")
    list_select_related = ("workspace",)
    ordering = ("name", "id")
    actions = ("check_channels",)
    actions_detail = ("check_channel", "test_channel")
    readonly_fields = ("health", "page", "in_telegram", "bot_may", "looked_at", "tested", "posts_to")

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
        hook = ["hook_address", "hook_key"]
        of_kind = {Channel.Kind.TELEGRAM: in_telegram, Channel.Kind.PREVIEW: ["is_public"], Channel.Kind.WEBHOOK: hook}
        chosen = of_kind[Channel.Kind(obj.kind)] if obj else [*in_telegram, "is_public", *hook]
        fields = ["kind", "name", *chosen, "preset", "signature", "footer", "about", "slug", "is_active"]
        goes_out = ["with_picture", *([] if obj and obj.kind == Channel.Kind.WEBHOOK else ["spoiler"]), "buttons"]
        if obj is None or obj.kind == Channel.Kind.TELEGRAM:
            goes_out += ["splits", "link_preview", "silent", "protect", "pin", "has_feed"]
        workspace = [
            name
            for _title, options in super().get_fieldsets(request, obj)
            for name in options["fields"]
            if name == "workspace"
        ]
        first = {"fields": [*workspace, *fields]} if obj else {"fields": [*workspace, *fields], "description": how_to()}
        ways = (_("How publications go out"), {"fields": goes_out})
        links = (_("Links"), {"fields": ["short_links", "utm_source", "utm_medium", "utm_campaign"]})
        if obj is None:
            return [(None, first), ways, links]
        asked = {
            Channel.Kind.TELEGRAM: ["in_telegram", "bot_may", "looked_at", "tested"],
            Channel.Kind.WEBHOOK: ["posts_to", "tested"],
        }.get(Channel.Kind(obj.kind), [])
        return [(_("State"), {"fields": ["health", *asked, "page"]}), (_("Channel"), first), ways, links]

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
        return health_shown.health_shown(row)

    @admin.display(description=_("in Telegram"), empty_value="—")
    def in_telegram(self, row: Channel) -> SafeString | str | None:
        """What the chat is called there."""
        return health_shown.in_telegram(row)

    @admin.display(description=_("what the bot may do"), empty_value="—")
    def bot_may(self, row: Channel) -> SafeString | None:
        """Its rights, with what to do about those that lack."""
        return health_shown.rights_listed_html(row)

    @admin.display(description=_("last and next check"), empty_value="—")
    def looked_at(self, row: Channel) -> str | None:
        """When Telegram was asked, and will be."""
        return health_shown.looked_at(row)

    @admin.display(description=_("posts to"), empty_value="—")
    def posts_to(self, row: Channel) -> str:
        """The webhook's host and tail."""
        return row.hook_shown

    @admin.display(description=_("test message"), empty_value="—")
    def tested(self, row: Channel) -> SafeString | None:
        """What became of the last one."""
        return test_shown(row)

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
            services.check_soon(obj, wait=timedelta())
            return
        written = [name for name in form.cleaned_data if name in ChannelForm.Meta.fields]
        if {"bot", "chat_id", "known_chat"} & set(form.changed_data):
            known = form.cleaned_data.get("known_chat")
            kind = known.kind if known is not None and str(known.chat_id) == obj.chat_id else ""
            obj.problem, obj.checked_at, obj.chat_kind = "", None, kind
            obj.rights, obj.linked_chat, obj.chat_title, obj.chat_username = {}, "", "", ""
            written += ["problem", "checked_at", "chat_kind", "rights", "linked_chat", "chat_title", "chat_username"]
        if {"hook_address", "hook_key"} & set(form.changed_data):
            obj.problem, obj.checked_at = "", None
            written += ["hook_url", "hook_secret", "problem", "checked_at"]
        obj.save(update_fields=written)
        if {"bot", "chat_id", "known_chat", "is_active"} & set(form.changed_data):
            services.check_soon(obj, wait=timedelta())
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
            for words in found.lacking:
                messages.warning(request, f"{channel.name}: {words}")
        else:
            messages.error(request, f"{channel.name}: {found.problem}")


def how_to() -> SafeString:
    """What the form asks, with the way to the guide."""
    link = format_html(
        '<a class="pult-link" href="{}">{}</a>',
        reverse("admin:publishing_channel_guide"),
        _t("How to add a Telegram channel, step by step"),
    )
    return format_html("{} {}", HOW_TO, link)
