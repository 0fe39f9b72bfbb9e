"""The editor's screen of sources: how each stands, and its form."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.files import File
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.admin_channels import ChannelScreens
from apps.sources.admin_display import filters_shown
from apps.sources.admin_feeds import FeedScreens
from apps.sources.admin_filters import FilterScreens
from apps.sources.admin_health import HealthScreens, StandingFilter
from apps.sources.admin_pages import PageScreens
from apps.sources.admin_private import PrivateScreens
from apps.sources.admin_signatures import signatures_shown
from apps.sources.admin_source_actions import SourceActions
from apps.sources.forms import SourceForm, is_export
from apps.sources.models import Source

# What is asked of a source of each kind, beside its name.
KIND_FIELDS: dict[str, tuple[str, ...]] = {
    Source.Kind.FEED: ("url", "interval_s", "is_adaptive", "fetch_media"),
    Source.Kind.PAGE: ("url", "link_selector", "interval_s", "is_adaptive", "fetch_media"),
    Source.Kind.TELEGRAM: ("channel", "interval_s", "backfill_posts", "backfill_from", "fetch_media", "upload"),
    Source.Kind.EXPORT: ("upload",),
    Source.Kind.HAND: (),
}
# What is told of a source of each kind, below what is asked.
KIND_FACTS: dict[str, tuple[str, ...]] = {
    Source.Kind.FEED: ("told_by", "moving"),
    Source.Kind.PAGE: ("articles",),
    Source.Kind.TELEGRAM: ("account", "read_so_far"),
}
PLACE_FIELDS = ("url", "link_selector", "channel")  # where the posts are stands first, whatever the kind
ALL_FIELDS = tuple(dict.fromkeys((*PLACE_FIELDS, *(name for names in KIND_FIELDS.values() for name in names))))


def shown_for(field: str) -> str:
    """When the adding form shows a field, as its script reads it: for the kinds that ask for it."""
    kinds = [f"kind === '{kind}'" for kind, names in KIND_FIELDS.items() if field in names]
    return " || ".join(["typeof kind === 'undefined'", *kinds])


@admin.register(Source)
class SourceAdmin(
    AnyCaseSearch,
    HealthScreens,
    ChannelScreens,
    FilterScreens,
    FeedScreens,
    PageScreens,
    PrivateScreens,
    SourceActions,
):
    """Sources: how each stands, and what to do about it."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    form = SourceForm
    audit_saves = False
    actions_list: Any = ("find_feeds", "web_page", "private_channel", "feeds_opml")
    list_display = ("name", "health", "last_post", "a_day", "kept", "kind")
    list_display_links = ("name",)
    list_filter = (StandingFilter, "kind")
    search_fields = ("name", "url", "username")
    conditional_fields = {field: shown_for(field) for field in ALL_FIELDS}
    empty_text = _("Channels, feeds, pages and exports stand here. Add one: its posts become stories.")

    def get_fieldsets(self, request: HttpRequest, obj: Source | None = None) -> Any:
        """What a source of this kind needs; on adding, what the chosen kind needs."""
        fields = ["kind", "name", *ALL_FIELDS]
        if obj is not None:
            fields = ["health", "name", "kind", *KIND_FIELDS.get(obj.kind, ()), *KIND_FACTS.get(obj.kind, ())]
        sets: list[Any] = [(None, {"fields": fields})]
        if obj is not None:
            sets.append((_("Filters"), {"fields": ["filters"]}))
            sets.append((_("Signature"), {"fields": ["signature_lines"]}))
            sets.append((_("Keeping posts"), {"fields": ["holdings", "retention_days", "removal_agreed"]}))
        return self.with_workspace(request, obj, sets)

    def with_workspace(self, request: HttpRequest, obj: Source | None, sets: list[Any]) -> list[Any]:
        """The workspace first, where it is asked or worth showing."""
        if any("workspace" in options["fields"] for _title, options in super().get_fieldsets(request, obj)):
            sets[0][1]["fields"].insert(0, "workspace")
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> Any:
        """A source keeps its kind."""
        facts = [name for names in KIND_FACTS.values() for name in names]
        told = ["health", "filters", "signature_lines", "holdings", *facts]
        return [*super().get_readonly_fields(request, obj), *told, *(["kind"] if obj is not None else [])]

    @admin.display(description=_("rules"))
    def filters(self, source: Source) -> SafeString:
        """The rules that its posts go through, and the way to change them."""
        return filters_shown(source)

    @admin.display(description=_("left out when posts are compared"))
    def signature_lines(self, source: Source) -> SafeString:
        """What its voices put around their posts."""
        return signatures_shown(source) or format_html("{}", _("No line recurs yet."))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """One button that saves, beside what can be done to the source."""
        hidden = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, {**hidden, **(extra_context or {})})

    # Saving

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form; an uploaded file is stored before its transaction begins, and deleted where no import owns it."""
        upload = request.FILES.get("upload")
        row = self.row(request, object_id)
        may = self.has_change_permission(request, row) if object_id else self.has_add_permission(request)
        if not (isinstance(upload, File) and upload.size and is_export(upload) and may):
            return super().changeform_view(request, object_id, form_url, extra_context)
        kept = services.upload_keep(file=upload, name=upload.name or "")
        setattr(request, "kept_upload", kept)  # noqa: B010 - no attribute of Django's
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        finally:
            services.upload_settle(kept)

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        """Store through the services; an uploaded export waits for its import; then the pressed button."""
        services.source_save(source=obj, changed=form.stored_fields(), actor=user_of(request))
        upload = getattr(request, "kept_upload", None)
        if upload is not None:
            try:
                services.upload_import(upload=upload, source=obj, actor=user_of(request))
            except PultError as exc:
                messages.error(request, str(exc))
            else:
                messages.success(request, _("The file is being imported; “Imports” shows how far it is."))

        unfolds: Any = self
        for button in unfolds.get_actions_submit_line(request, obj.pk) if change else ():
            if button.action_name in request.POST:
                button.method(request, obj)
