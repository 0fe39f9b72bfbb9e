"""What posts' screens show of near-copies and of boilerplate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.sources.admin_display import moment
from apps.sources.models import Post
from apps.sources.near.verdict import alike
from apps.sources.services.copies import text_of

COPIES_SHOWN = 50


class CopiesFilter(admin.SimpleListFilter):
    """Posts by whether another said the same before."""

    title = _("copies")
    parameter_name = "copies"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """What may be asked for."""
        return [("no", _("Originals")), ("yes", _("Copies"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:  # noqa: ARG002
        """The posts of that kind."""
        if self.value() == "yes":
            return queryset.filter(copy_of__isnull=False)
        return queryset.filter(copy_of=None) if self.value() == "no" else queryset


class CopyScreens:
    """What a post's screens say of its copies and of what is left out when it is compared."""

    def boilerplate_note(self, post: Post) -> SafeString:
        """Why some lines are dimmed, and the way to all such lines."""
        return format_html(
            '<p class="pult-quiet">{} <a class="pult-link" href="{}">{}</a></p>',
            _t("Dimmed lines recur in many posts of this voice and are left out when posts are compared."),
            f"{reverse('admin:sources_signature_changelist')}?voice__source__id__exact={post.source_id}",
            _t("All such lines"),
        )

    @admin.display(description=_("the same text"), empty_value="–")
    def same_text(self, post: Post) -> SafeString | None:
        """The original and all its copies, the earliest first, with how much of the text is the same."""
        original = post.copy_of or post
        copies = list(original.copies.select_related("source").order_by("published_at", "pk")[: COPIES_SHOWN + 1])
        if not copies:
            return None
        lines = format_html_join("", "<li>{}</li>", ((line,) for line in _lines(post, original, copies[:COPIES_SHOWN])))
        more = format_html('<p class="pult-quiet">{}</p>', _t("and more")) if len(copies) > COPIES_SHOWN else ""
        return format_html('<ul class="pult-copies">{}</ul>{}', lines, more)


def _lines(post: Post, original: Post, copies: Iterable[Post]) -> Iterable[SafeString]:
    text = text_of(original)
    for one in (original, *copies):
        if one.pk == original.pk:
            note = _t("the original: it was here first")
        else:
            share = alike(text, text_of(one))
            note = _t("%(share)d %% the same") % {"share": round(share * 100)} if share else _t("changed since")
        name = format_html("<b>{}</b>", voice_name(one)) if one.pk == post.pk else link_to(one)
        yield format_html('{} {} <span class="pult-quiet">· {}</span>', name, moment(one.published_at), note)


def copy_note(post: Post) -> SafeString | str:
    """Whose copy a post is, for a line of a list; its `copy_of` and that one's source have been read with it."""
    if post.copy_of is None:
        return ""
    return format_html(
        '<span class="pult-quiet">{} {}</span>', _t("the same as %(voice)s,") % {"voice": voice_name(post.copy_of)},
        moment(post.copy_of.published_at),
    )  # fmt: skip


def voice_name(post: Post) -> str:
    """Who said it, as lists name it."""
    return post.channel or str(post.source)


def link_to(post: Post) -> SafeString:
    """The way to a post, by its voice."""
    address = reverse("admin:sources_post_change", args=[post.pk])
    return format_html('<a class="pult-link" href="{}">{}</a>', address, voice_name(post))
