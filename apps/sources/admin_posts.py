"""The editor's screen of posts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import user_of
from apps.sources import services
from apps.sources.admin_copies import CopiesFilter, copy_note
from apps.sources.admin_display import moment, tag
from apps.sources.admin_post_page import PostPage, small_picture, wordless_note
from apps.sources.admin_post_screens import PostScreens
from apps.sources.filters import rule_words
from apps.sources.models import Post
from apps.sources.post_topics import TopicFilter, topics_line

TAKEN_BACK_MAX = 2000


class KeptFilter(admin.SimpleListFilter):
    """Posts by what the filters did."""

    title = _("filters")
    parameter_name = "kept"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """What may be asked for."""
        return [("yes", _("Kept")), ("no", _("Dropped"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:  # noqa: ARG002
        """The posts of that kind."""
        if self.value() == "yes":
            return queryset.filter(dropped_by="")
        return queryset.exclude(dropped_by="") if self.value() == "no" else queryset


class LanguageFilter(admin.SimpleListFilter):
    """Posts by language; a fixed list, so that a million posts are not searched for it."""

    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """The languages that are common here."""
        return [(code, code) for code in ("ru", "en", "uk", "be", "kk", "de", "fr", "es")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:  # noqa: ARG002
        """The posts in that language."""
        return queryset.filter(language=self.value()) if self.value() else queryset


@admin.register(Post)
class PostAdmin(PostPage, PostScreens, WorkspaceModelAdmin[Post]):
    """Posts as they came, dropped ones with the reason."""

    class Media:
        css = {"all": ("sources/admin.css",)}
        js = ("sources/live.js",)

    audit_saves = False
    list_display = ("excerpt", "source_name", "published", "language", "fate")
    list_display_links = ("excerpt",)
    list_filter = (KeptFilter, TopicFilter, CopiesFilter, "dropped_rule", LanguageFilter, "source")
    list_select_related = ("source", "copy_of__source")
    search_fields = ("title", "text")
    search_help_text = _("Words of the title or text")
    ordering = ("-published_at", "-id")
    sortable_by = ()
    actions = ("take_back", "remove")
    empty_text = _("What sources give appears here within a minute of collection. Add a source first.")
    fields = (
        *(
            "marks",
            "title",
            "text_shown",
            "gallery",
            "earlier",
            "same_text",
            "topics",
            "counts",
            "forwarded",
            "answers",
        ),
        *("source_name", "author", "link", "published_at", "collected_at", "language", "fate"),
        "external_id",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Posts come from sources only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """A deleted post would be collected again."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Shown, never edited."""
        hidden = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, {**hidden, **(extra_context or {})})

    @admin.display(description=_("post"))
    def excerpt(self, post: Post) -> SafeString:
        """The title and how the text begins, and whose copy it is."""
        words = Truncator(" ".join(post.text.split())).chars(140) or wordless_note(post)
        picture = small_picture(post)
        if not post.title:
            return format_html('<span class="pult-excerpt">{}{} {}</span>', picture, words, copy_note(post))
        return format_html(
            '<span class="pult-excerpt">{}<b>{}</b><span class="pult-excerpt__text">{}</span> {}</span>',
            picture,
            Truncator(post.title).chars(120),
            words,
            copy_note(post),
        )

    @admin.display(description=_("source"))
    def source_name(self, post: Post) -> str:
        """Who said it."""
        named = post.channel and post.channel != str(post.source)
        return f"{post.source} · {post.channel}" if named else str(post.source)

    @admin.display(description=_("published"))
    def published(self, post: Post) -> SafeString | None:
        """When it came out."""
        return moment(post.published_at)

    @admin.display(description=_("filters"))
    def fate(self, post: Post) -> SafeString:
        """Kept, or dropped and why."""
        if post.dropped_by:
            return format_html(
                '{} <span class="pult-quiet">{}</span>', tag("warning", _t("Dropped")), rule_words(post.dropped_by)
            )
        return tag("done", _t("Taken back") if post.is_taken_back else _t("Kept"))

    @admin.display(description=_("topics"))
    def topics(self, post: Post) -> SafeString | str:
        """What it is about."""
        return topics_line(post)

    @admin.display(description=_("address"), empty_value="–")
    def link(self, post: Post) -> SafeString | None:
        """The way to the original."""
        if not post.url:
            return None
        return format_html(
            '<a class="pult-link" href="{}" rel="noopener noreferrer" target="_blank">{}</a>', post.url, post.url
        )

    @admin.action(description=_("Take back"), permissions=["change"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        """Keep the chosen posts although a filter dropped them."""
        chosen = list(queryset.values_list("pk", flat=True)[:TAKEN_BACK_MAX])
        taken = services.posts_take_back(posts=chosen, actor=user_of(request))
        if taken:
            text = ngettext("%d post taken back.", "%d posts taken back.", taken)
            messages.success(request, text % taken)
        if taken < len(chosen):
            messages.warning(request, _t("The others were kept already."))
        if len(chosen) == TAKEN_BACK_MAX:
            messages.warning(request, _t("Not more at once: press again for the rest."))
