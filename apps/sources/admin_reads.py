"""The readings of Telegram channels: what each brought, and what it waited for."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.core.work.admin_page import WorkPageMixin
from apps.sources.admin_display import moment, number, tag
from apps.sources.admin_work import TONES
from apps.sources.models import ChannelRead
from apps.sources.services import work


@admin.register(ChannelRead)
class ChannelReadAdmin(WorkPageMixin, WorkspaceModelAdmin[ChannelRead]):
    """Readings of channels, newest first."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    audit_saves = False
    work_retry_service = staticmethod(work.read_retry)
    work_give_up_service = staticmethod(work.read_give_up)
    list_display = ("source", "work_state", "result", "new", "deletions", "finished", "work_due")
    list_filter = ("state", "outcome", "source")
    list_select_related = ("source",)
    ordering = ("-id",)
    sortable_by = ()
    actions = ("work_retry", "work_give_up")
    empty_text = _("Each reading of a Telegram channel leaves a line here. Add a channel to see the first one.")
    fields = ("source", "result", "problem", "added", "changed", "deleted", "dropped", *WorkPageMixin.work_fields)
    readonly_fields = fields

    @admin.display(description=_("outcome"), empty_value="–")
    def result(self, row: ChannelRead) -> SafeString | None:
        """What the reading came to."""
        return tag(TONES[row.outcome], row.get_outcome_display()) if row.outcome else None

    @admin.display(description=_("new posts"))
    def new(self, row: ChannelRead) -> SafeString:
        """How many posts it brought."""
        return number(row.added)

    @admin.display(description=_("deleted"))
    def deletions(self, row: ChannelRead) -> SafeString:
        """How many posts were found to be gone from the channel."""
        return number(row.deleted)

    @admin.display(description=_("finished"), empty_value="–")
    def finished(self, row: ChannelRead) -> SafeString | None:
        """When it ended."""
        return moment(row.finished_at)
