"""Close calls of grouping: what words said, what vectors said, what came of it; and the requests behind them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.admin_parts import ReadOnly
from apps.accounts.admin_work import WorkRowAdmin
from apps.stories.admin_quality import post_line, verdict
from apps.stories.models import CloseCall, SecondLook

TONES = {"": "waiting", "kept": "quiet", "joined": "done", "parted": "done", "held": "warning"}
WHY = {
    "late": _("the vectors came too late"),
    "moved": _("the posts stood elsewhere by then"),
    "editor": _("an editor had said otherwise"),
    "touched": _("a story had been worked on"),
    "full": _("the story takes no more posts"),
}


@admin.register(CloseCall)
class CloseCallAdmin(ReadOnly, WorkspaceModelAdmin[CloseCall]):
    """Pairs of posts whose likeness lay about what was needed, the newest first."""

    list_display = ("pair", "by_words", "by_vectors", "outcome", "created_at")
    list_display_links = None
    list_select_related = ("post__source", "other__source", "workspace")
    list_filter = ("verdict", "is_together")
    ordering = ("-id",)
    sortable_by = ()
    empty_text = _(
        "Where a workspace looks twice at close calls (see its settings), pairs of posts that were hardly put "
        "together, or hardly kept apart, stand here with what their vectors said."
    )

    class Media:
        css = {"all": ("stories/quality.css",)}

    @admin.display(description=_("posts"))
    def pair(self, row: CloseCall) -> SafeString:
        """The beginnings of both posts, one under the other."""
        return format_html(
            '<div class="pair"><span class="pair-post">{}</span><span class="pair-post">{}</span></div>',
            post_line(row.post),
            post_line(row.other),
        )

    @admin.display(description=_("by words"))
    def by_words(self, row: CloseCall) -> SafeString:
        """What grouping decided, how alike the two are, and what was needed."""
        score, needed = number_format(row.score, 2), number_format(row.needed, 2)
        return format_html('{} <span class="pair-score">{} / {}</span>', verdict(row.is_together), score, needed)

    @admin.display(description=_("by vectors"), empty_value="—")
    def by_vectors(self, row: CloseCall) -> SafeString | None:
        """How alike the vectors are, and how alike any two are."""
        if row.cosine is None or row.background is None:
            return None
        told = number_format(row.cosine, 2), number_format(row.background, 2)
        return format_html('{} <span class="pair-score">/ {}</span>', *told)

    @admin.display(description=_("outcome"))
    def outcome(self, row: CloseCall) -> SafeString:
        """What came of it, and why nothing did."""
        words = row.get_verdict_display() or _("waits for its vectors")
        tag = format_html('<span class="pult-tag pult-tag--{}">{}</span>', TONES[row.verdict], words)
        return format_html("{} {}", tag, WHY[row.why]) if row.why in WHY else tag


@admin.register(SecondLook)
class SecondLookAdmin(WorkRowAdmin[SecondLook]):
    """Requests for the vectors of close calls."""

    about = ("workspace",)
    list_select_related = ("workspace",)
    search_fields = ("error",)
    search_help_text = _("Words of a failure")
    empty_text = _("Where a workspace looks twice at close calls, each request for their vectors leaves a line here.")
