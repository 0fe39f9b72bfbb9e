"""The page of a post: its text as it was formatted, what it shows, how it fares, what it said before."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.core.work.models import WorkRow
from apps.sources import services
from apps.sources.admin_copies import CopyScreens
from apps.sources.admin_display import moment, tag
from apps.sources.media_answers import media_answer
from apps.sources.models import ChannelFetch, MediaFetch, Post, PostMedia
from apps.sources.parsers.entities import read
from apps.sources.rendering import changes_html, text_html
from apps.sources.services.fetching import is_fetchable

REVISIONS_SHOWN = 20
HIDDEN_EMPTY = frozenset(
    ("title", "author", "link", "forwarded", "answers", "counts", "gallery", "earlier", "marks", "same_text", "topics")
)


class PostPage(CopyScreens, WorkspaceModelAdmin[Post]):
    """What the page of one post shows, and what is done there to its pictures and files."""

    def get_urls(self) -> list[URLPattern]:
        """Also the bytes of pictures and files, and the way to have one fetched."""
        view = self.admin_site.admin_view
        return [
            path("media/<int:pk>/", view(self.media_view), name="sources_post_media"),
            path("media/<int:pk>/small/", view(self.small_view), name="sources_post_media_small"),
            path("media/<int:pk>/fetch/", view(self.fetch_view), name="sources_post_media_fetch"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        """Posts with their stored pictures."""
        return with_small_pictures(super().get_queryset(request))

    def get_fields(self, request: HttpRequest, obj: Post | None = None) -> Any:
        """Without the fields that have nothing to say."""
        fields = super().get_fields(request, obj)
        if obj is None:
            return fields
        return [name for name in fields if name not in HIDDEN_EMPTY or self._said(name, obj)]

    def _said(self, name: str, post: Post) -> Any:
        own = getattr(self, name, None)
        return own(post) if callable(own) else getattr(post, name)

    # Pictures and files

    def media_of(self, request: HttpRequest, pk: int) -> PostMedia:
        """The media of a post that this person may see."""
        rows = PostMedia.objects.select_related("stored", "post__source")
        media = rows.filter(pk=pk, post__in=self.get_queryset(request)).first()
        if media is None or not self.has_view_permission(request, media.post):
            raise Http404
        return media

    def media_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """The bytes themselves."""
        return media_answer(self.media_of(request, pk))

    def small_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """The small copy of a picture."""
        return media_answer(self.media_of(request, pk), small=True)

    def fetch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have it fetched, and go back to the post."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        media = self.media_of(request, pk)
        if not self.has_change_permission(request, media.post):
            raise Http404
        try:
            services.media_fetch_ask(media=media, actor=user_of(request))
        except PultError as exc:
            messages.warning(request, str(exc))
        else:
            messages.success(request, _t("The file is being fetched; look again in a moment."))
        return HttpResponseRedirect(reverse("admin:sources_post_change", args=[media.post_id]))

    # What is shown

    @admin.display(description=_("text"))
    def text_shown(self, post: Post) -> SafeString:
        """The whole text as its source formatted it; boilerplate is dimmed."""
        if not post.text:
            return format_html('<p class="pult-quiet">{}</p>', _t("No words."))
        text = text_html(post.text, read(post.entities), left_out=post.boilerplate)
        shown = format_html('<div class="pult-text">{}</div>', text)
        return format_html("{}{}", shown, self.boilerplate_note(post)) if post.boilerplate else shown

    @admin.display(description=_("pictures and files"))
    def gallery(self, post: Post) -> SafeString | str:
        """What the post shows, fetched or not."""
        media = list(post.media.select_related("stored").order_by("position", "pk"))
        if not media:
            return ""
        keys = [one.pk for one in media]
        fetching = {
            pk
            for model in (MediaFetch, ChannelFetch)
            for pk in model.objects.filter(media__in=keys, state__in=LIVE).values_list("media_id", flat=True)
        }
        parts = [
            {
                "media": one,
                "is_fetching": one.pk in fetching,
                "is_fetchable": one.pk not in fetching and is_fetchable(one, post.source),
                "words": state_words(one),
                "has_caption": bool(one.caption) and one.caption != post.text,
            }
            for one in media
        ]
        return render_to_string("sources/post_media.html", {"parts": parts, "is_live": bool(fetching)})

    @admin.display(description=_("forwarded from"))
    def forwarded(self, post: Post) -> SafeString | str:
        """Where it comes from."""
        if not post.forwarded_url:
            return post.forwarded_from
        return format_html(
            '<a class="pult-link" href="{}" rel="noopener noreferrer" target="_blank">{}</a>',
            post.forwarded_url,
            post.forwarded_from or post.forwarded_url,
        )

    @admin.display(description=_("answers"))
    def answers(self, post: Post) -> SafeString | str:
        """The post that this one answers, where it is here."""
        if post.reply_to is None:
            return ""
        said = Post.objects.filter(source=post.source_id, channel=post.channel)
        # The message may be a further part of an album.
        known = said.filter(message_id=post.reply_to).first() or said.filter(media__key=str(post.reply_to)).first()
        if known is None:
            return _t("message %(number)d, which is not here") % {"number": post.reply_to}
        address = reverse("admin:sources_post_change", args=[known.pk])
        return format_html('<a class="pult-link" href="{}">{}</a>', address, Truncator(str(known)).chars(80))

    @admin.display(description=_("at the source"))
    def counts(self, post: Post) -> SafeString | str:
        """Views, forwards and reactions, with when they were counted."""
        parts = []
        if post.views is not None:
            parts.append(ngettext("%(n)s view", "%(n)s views", post.views) % {"n": _n(post.views)})
        if post.forwards is not None:
            parts.append(ngettext("%(n)s forward", "%(n)s forwards", post.forwards) % {"n": _n(post.forwards)})
        liked = sorted(post.reactions.items(), key=lambda one: -one[1]) if isinstance(post.reactions, dict) else []
        parts += [f"{sign} {_n(count)}" for sign, count in liked]
        if not parts:
            return ""
        shown = format_html_join("", '<span class="pult-count">{}</span>', ((part,) for part in parts))
        return format_html('{} <span class="pult-quiet">{}</span>', shown, moment(post.counted_at) or "")

    @admin.display(description=_("since then"))
    def marks(self, post: Post) -> SafeString | str:
        """Whether the source changed or deleted it."""
        parts = []
        if post.deleted_at is not None:
            parts.append(format_html("{} {}", tag("warning", _t("Deleted at the source")), moment(post.deleted_at)))
        if post.changed_at is not None:
            times = post.revision - 1
            words = ngettext("Edited, %d time seen", "Edited, %d times seen", times) % times if times else _t("Edited")
            parts.append(format_html("{} {}", tag("waiting", words), moment(post.changed_at)))
        return format_html_join("", '<span class="pult-mark">{}</span>', ((part,) for part in parts))

    @admin.display(description=_("earlier texts"))
    def earlier(self, post: Post) -> SafeString | str:
        """What each change took away and brought, the latest first."""
        rows = list(post.revisions.order_by("-number")[:REVISIONS_SHOWN])
        if not rows:
            return ""
        later = (post.title, post.text)
        lines: list[tuple[object, ...]] = []
        for row in rows:
            before = "\n".join(filter(None, (row.title, row.text)))
            after = "\n".join(filter(None, later))
            lines.append(
                (SafeString("" if lines else " open"), _t("Changed"), moment(row.at), changes_html(before, after))
            )
            later = (row.title, row.text)
        return format_html_join(
            "",
            '<details class="pult-change"{}><summary>{} {}</summary><div class="pult-text">{}</div></details>',
            lines,
        )


LIVE = (WorkRow.State.READY, WorkRow.State.LEASED)
ABSENT_WORDS = {
    "not_included": _("The export was made without files."),
    "too_large": _("Too large for the export's settings."),
    "unavailable": _("Telegram could not give it when the export was made."),
}


def state_words(media: PostMedia) -> str:
    """Why there is no picture or file to see, in words."""
    if media.problem:
        return media.problem
    reason = media.remote.get("absent") if isinstance(media.remote, dict) else None
    return str(ABSENT_WORDS.get(str(reason), ""))


def with_small_pictures(posts: QuerySet[Post]) -> QuerySet[Post]:
    """Posts for a list, each with `pictures`: its stored media."""
    stored = PostMedia.objects.filter(state=PostMedia.State.STORED).select_related("stored").order_by("position", "pk")
    return posts.prefetch_related(Prefetch("media", queryset=stored, to_attr="pictures"))


def small_picture(post: Post) -> SafeString | str:
    """The first picture of a post, small, for a line of a list; ask with `with_small_pictures`."""
    for media in getattr(post, "pictures", ()):
        if media.stored is not None and media.stored.thumbnail:
            address = reverse("admin:sources_post_media_small", args=[media.pk])
            return format_html('<img class="pult-small" src="{}" alt="" loading="lazy">', address)
    return ""


def wordless_note(post: Post) -> SafeString:
    """What a post without words is, for a line of a list."""
    return format_html('<span class="pult-quiet">{}</span>', post.get_kind_display())


def _n(value: int) -> str:
    return number_format(value, force_grouping=True)
