"""The work behind collection: what was collected and imported, when, and how it went."""

from __future__ import annotations

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.core.work.admin_page import WorkPageMixin
from apps.sources.admin_display import moment, number, tag
from apps.sources.models import ImportFile, Poll
from apps.sources.services import work

TONES = {"fetched": "done", "unchanged": "waiting", "failed": "warning", "gone": "error"}


@admin.register(Poll)
class PollAdmin(WorkPageMixin, WorkspaceModelAdmin[Poll]):
    """Collections of feeds, newest first."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    audit_saves = False
    work_retry_service = staticmethod(work.poll_retry)
    work_give_up_service = staticmethod(work.poll_give_up)
    list_display = ("source", "work_state", "result", "new", "finished", "work_due")
    list_filter = ("state", "outcome", "source")
    list_select_related = ("source",)
    ordering = ("-id",)
    sortable_by = ()
    actions = ("work_retry", "work_give_up")
    empty_text = _("Each collection of a feed leaves a line here. Add a feed to see the first one.")
    fields = ("source", "result", "status", "problem", "added", "changed", "dropped", *WorkPageMixin.work_fields)
    readonly_fields = fields

    @admin.display(description=_("outcome"), empty_value="–")
    def result(self, row: Poll) -> SafeString | None:
        """What the collection came to."""
        return tag(TONES[row.outcome], row.get_outcome_display()) if row.outcome else None

    @admin.display(description=_("new posts"))
    def new(self, row: Poll) -> SafeString:
        """How many posts it brought."""
        return number(row.added)

    @admin.display(description=_("finished"), empty_value="–")
    def finished(self, row: Poll) -> SafeString | None:
        """When it ended."""
        return moment(row.finished_at)


@admin.register(ImportFile)
class ImportFileAdmin(WorkPageMixin, WorkspaceModelAdmin[ImportFile]):
    """Imports of uploaded exports and how far they are."""

    class Media:
        css = {"all": ("sources/admin.css",)}
        js = ("sources/live.js",)

    audit_saves = False
    work_retry_service = staticmethod(work.import_retry)
    work_give_up_service = staticmethod(work.import_give_up)
    list_display = ("original_name", "source", "work_state", "progress", "new", "work_error", "finished")
    list_filter = ("state", "source")
    list_select_related = ("source",)
    ordering = ("-id",)
    sortable_by = ()
    actions = ("work_retry", "work_give_up")
    empty_text = _("Uploaded exports stand here with how far their import is. Upload one on the page of its source.")
    fields = (
        *("original_name", "source", "file_size", "progress", "skipped", "added", "changed", "dropped", "media"),
        *WorkPageMixin.work_fields,
    )
    readonly_fields = fields

    @admin.display(description=_("read"))
    def progress(self, row: ImportFile) -> SafeString:
        """How many posts were read so far, and how much of the file; renewed by itself while it goes on."""
        if row.state not in {ImportFile.State.READY, ImportFile.State.LEASED}:
            return number(row.read)
        share = min(100, 100 * row.bytes_read // max(row.size, 1))
        return format_html(
            '<span class="pult-progress" id="import-{}" data-live="tr, fieldset">{} · {}\u00a0%'
            '<progress max="100" value="{}"></progress></span>',
            row.pk,
            number_format(row.read, force_grouping=True),
            share,
            share,
        )

    @admin.display(description=_("new posts"))
    def new(self, row: ImportFile) -> SafeString:
        """How many posts it brought."""
        return number(row.added)

    @admin.display(description=_("finished"), empty_value="–")
    def finished(self, row: ImportFile) -> SafeString | None:
        """When it ended."""
        return moment(row.finished_at)

    @admin.display(description=_("size"))
    def file_size(self, row: ImportFile) -> str:
        """The size of the file."""
        return filesizeformat(row.size)
