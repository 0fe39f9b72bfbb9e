"""The demo's feeds: RSS, Atom and JSON Feed that the project serves to itself, and the pages their entries lead to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import condition, require_safe

from apps.core.clock import now
from apps.desk.services.demo import demo_loaded_at
from apps.desk.services.demo_content import DemoFeed, DemoPost, demo_content

RSS_TYPE, ATOM_TYPE, JSON_TYPE = "application/rss+xml", "application/atom+xml", "application/feed+json"
XML = '<?xml version="1.0" encoding="utf-8"?>\n'


def _visible(name: str) -> tuple[DemoFeed, list[DemoPost], datetime]:
    """A feed, what it shows by now, and when the demo was loaded."""
    feed, loaded_at = demo_content().feeds.get(name), demo_loaded_at()
    if feed is None or loaded_at is None:
        raise Http404
    moment = now()
    return feed, [post for post in demo_content().posts_of(name) if post.published_at(loaded_at) <= moment], loaded_at


def _etag(_request: HttpRequest, name: str) -> str:
    _feed, posts, loaded_at = _visible(name)
    return f'"{loaded_at.timestamp():.0f}-{len(posts)}"'


@require_safe
@condition(etag_func=_etag)
def demo_feed(_request: HttpRequest, name: str) -> HttpResponse:
    """One feed of the demo, dated from the moment the demo was loaded."""
    feed, posts, loaded_at = _visible(name)
    content_type, written = WRITERS[feed.format]
    return HttpResponse(written(feed, posts, loaded_at), content_type=f"{content_type}; charset=utf-8")


@require_safe
def demo_post(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """The page that an entry of a demo feed leads to."""
    feed, posts, loaded_at = _visible(name)
    post = next((one for one in posts if one.key == key), None)
    if post is None:
        raise Http404
    context = {"feed": feed, "post": post, "published_at": post.published_at(loaded_at)}
    return render(request, "desk/demo_post.html", context)


def _address(feed: DemoFeed, post: DemoPost) -> str:
    return f"{settings.OWN_URL}/demo/feeds/{feed.slug}/{post.key}/"


def _rss(feed: DemoFeed, posts: list[DemoPost], loaded_at: datetime) -> str:
    items = "".join(
        f"<item><title>{escape(post.title)}</title><link>{escape(_address(feed, post))}</link>"
        f'<guid isPermaLink="false">{feed.slug}-{post.key}</guid>'
        f"<pubDate>{format_datetime(post.published_at(loaded_at))}</pubDate>"
        f"<description>{escape(f'<p>{escape(post.text)}</p>')}</description></item>\n"
        for post in posts
    )
    return (
        f'{XML}<rss version="2.0"><channel><title>{escape(feed.title)}</title><link>{escape(settings.OWN_URL)}</link>'
        f"<description>Выдуманное издание</description>\n{items}</channel></rss>\n"
    )


def _atom(feed: DemoFeed, posts: list[DemoPost], loaded_at: datetime) -> str:
    entries = "".join(
        f"<entry><id>urn:demo:{feed.slug}:{post.key}</id><title>{escape(post.title)}</title>"
        f"<link href={quoteattr(_address(feed, post))}/><updated>{post.published_at(loaded_at).isoformat()}</updated>"
        f"<content>{escape(post.text)}</content></entry>\n"
        for post in posts
    )
    return (
        f'{XML}<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:demo:{feed.slug}</id>'
        f"<title>{escape(feed.title)}</title><updated>{loaded_at.isoformat()}</updated>\n{entries}</feed>\n"
    )


def _json(feed: DemoFeed, posts: list[DemoPost], loaded_at: datetime) -> str:
    items = [
        {
            "id": f"{feed.slug}-{post.key}",
            "url": _address(feed, post),
            "title": post.title,
            "content_text": post.text,
            "date_published": post.published_at(loaded_at).isoformat(),
        }
        for post in posts
    ]
    page = {"version": "https://jsonfeed.org/version/1.1", "title": feed.title, "items": items}
    return json.dumps(page, ensure_ascii=False)


WRITERS: dict[str, tuple[str, Callable[[DemoFeed, list[DemoPost], datetime], str]]] = {
    "rss": (RSS_TYPE, _rss),
    "atom": (ATOM_TYPE, _atom),
    "json": (JSON_TYPE, _json),
}
