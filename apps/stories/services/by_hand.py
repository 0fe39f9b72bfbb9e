"""Stories by hand: from nothing, from a link, from a pasted text, from chosen posts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.core import http
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import bells, verbs
from apps.sources.models import Post
from apps.sources.ports import Item
from apps.sources.services.by_hand import address_checked, page_read, post_by_hand, source_by_hand
from apps.stories.models import TITLE_LENGTH, PageFetch, Story, StoryPost
from apps.stories.ranking import rank_of
from apps.stories.services.correcting import Correction, stories_brought_up
from apps.stories.services.corrections import members_of
from apps.stories.services.counting import stories_hold
from apps.stories.services.placing import title_of

Origin = Story.Origin
TEXT_LENGTH = 100_000
POSTS_MOST = 50
SETTLED = (Story.Status.APPROVED, Story.Status.PUBLISHED)


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What fetching a page needs."""

    url: str


@transaction.atomic
def story_from_nothing(*, workspace: Workspace, title: str, editor: User) -> Story:
    """Begin a story without sources.

    Raises:
        TransitionError: it has no title.
    """
    story = _begun(workspace, title, Origin.NOTHING)
    _told(story, editor)
    return story


@transaction.atomic
def story_from_text(*, workspace: Workspace, title: str, text: str, editor: User) -> Story:
    """Begin a story from a pasted text, which becomes a post that the story's texts are checked against.

    Raises:
        TransitionError: the text is empty or too long.
    """
    pasted = text.strip()
    if not pasted:
        raise TransitionError(_("Paste the text first."))
    if len(pasted) > TEXT_LENGTH:
        raise TransitionError(
            _("The text is longer than %(most)d characters. Paste the part that matters.") % {"most": TEXT_LENGTH}
        )
    named = " ".join(title.split())[:TITLE_LENGTH]
    source = source_by_hand(workspace=workspace, actor=editor)
    story = _begun(workspace, named or _("A pasted text"), Origin.TEXT)
    post = post_by_hand(source=source, item=Item(external_id=f"text:{story.pk}", title=named, text=pasted))
    _joined(story, post, editor, rename=not named)
    _told(story, editor)
    return story


@transaction.atomic
def story_from_link(*, workspace: Workspace, address: str, editor: User) -> Story:
    """Begin a story from a page, which is fetched in the background and becomes a post.

    Raises:
        PermanentError: the address is none, or leads where nothing must be fetched.
        TransitionError: there is no address.
    """
    if not address.strip():
        raise TransitionError(_("Give the link first."))
    url = address_checked(address)[:1000]
    story = _begun(workspace, _words_of(url), Origin.LINK)
    PageFetch.objects.create(workspace=workspace, story=story, url=url, requested_by=editor, not_before=now())
    _told(story, editor, url=url)
    bells.ring_on_commit("page_fetch")
    return story


@transaction.atomic
def story_from_posts(*, workspace: Workspace, posts: Collection[int], title: str, editor: User) -> Story:
    """Begin a story from chosen posts; those that are in other stories are moved out of them, as a correction.

    Raises:
        TransitionError: no post or too many are chosen, one is not there any more, or a story that is approved or
            published would lose its last post.
    """
    if not posts:
        raise TransitionError(_("Choose the posts first."))
    if len(posts) > POSTS_MOST:
        raise TransitionError(_("A story is begun from at most %(most)d posts.") % {"most": POSTS_MOST})
    chosen = list(Post.objects.filter(workspace=workspace, pk__in=posts).order_by("published_at", "pk"))
    if len(chosen) < len(set(posts)):
        raise TransitionError(_("A chosen post is not there any more. Choose again."))
    stories_hold(workspace.pk, ())  # from here on grouping places none of them
    placed = dict(StoryPost.objects.filter(post__in=chosen).values_list("post_id", "story_id"))
    held = stories_hold(workspace.pk, placed.values())
    named = " ".join(title.split())[:TITLE_LENGTH]
    story = _begun(workspace, named or title_of(chosen[0]) or _("Untitled"), Origin.POSTS)
    fresh = [post for post in chosen if post.pk not in placed]
    StoryPost.objects.bulk_create([StoryPost(story=story, post=post, placed_by=editor) for post in fresh])
    _told(story, editor, posts=len(chosen))
    correction = Correction(verb="story.split", editor=editor, main=story)
    for source in held.values():
        _moved(correction, source, story, [post for post, at in placed.items() if at == source.pk])
    if correction.moves:
        words = {"posts": len(placed), "from": ", ".join(one.title for one in held.values()), "to": story.title}
        correction.finish(words=words)
    else:
        stories_brought_up([story.pk])
    story.refresh_from_db()
    return story


def page_plan(row: PageFetch) -> PagePlan:
    """What to fetch."""
    return PagePlan(row.url)


async def page_fetch(plan: PagePlan, client: http.Session) -> Item:
    """Fetch and read the page; failures are in words for the editor who waits."""
    return await page_read(plan.url, client)


def page_record(row: PageFetch, item: Item) -> None:
    """Make the page a post of its story."""
    source = source_by_hand(workspace=row.workspace, actor=row.requested_by)
    key = hashlib.sha256(row.url.encode()).hexdigest()[:16]
    own = Item(
        external_id=f"page:{row.story_id}:{key}",
        title=item.title,
        text=item.text,
        url=item.url or row.url,
        author=item.author,
        published_at=item.published_at,
        markup=item.markup,
        channel=(urlsplit(item.url or row.url).hostname or "").removeprefix("www."),
        media=item.media,
    )
    post = post_by_hand(source=source, item=own)
    story = stories_hold(row.workspace_id, {row.story_id}).get(row.story_id)
    if story is None:
        raise PermanentError(_("The story is not there any more."))
    is_unnamed = story.current_version_id is None and story.title == _words_of(row.url)
    _joined(story, post, row.requested_by, rename=is_unnamed)
    audit_record(actor=row.requested_by, verb="story.page_read", target=story, details={"url": row.url})


@transaction.atomic
def page_retry(*, story: Story, editor: User) -> None:
    """Fetch a story's page once more after it failed.

    Raises:
        TransitionError: nothing has failed.
    """
    row = PageFetch.objects.filter(story=story).order_by("-pk").first()
    if row is None or row.state != PageFetch.State.DEAD:
        raise TransitionError(_("The page is not waiting for another try."))
    verbs.revive(row, by=editor)
    audit_record(actor=editor, verb="story.fetch_retried", target=story, details={"url": row.url})
    bells.ring_on_commit("page_fetch")


@transaction.atomic
def page_cancel(*, story: Story, editor: User) -> None:
    """Stop fetching a story's page.

    Raises:
        TransitionError: it has ended already.
    """
    row = PageFetch.objects.live().filter(story=story).first()
    if row is None:
        raise TransitionError(_("The page is not being fetched any more."))
    verbs.give_up(row, reason=_("Cancelled."), by=editor, tell=False)
    audit_record(actor=editor, verb="story.fetch_cancelled", target=story, details={"url": row.url})


def fetch_of(story: Story) -> PageFetch | None:
    """The fetching that a story waits for, or that failed; None where there is nothing to tell."""
    if story.origin != Origin.LINK:
        return None
    row = PageFetch.objects.filter(story=story).order_by("-pk").first()
    return None if row is None or row.state == PageFetch.State.DONE else row


def _begun(workspace: Workspace, title: str, origin: str) -> Story:
    named = " ".join(title.split())[:TITLE_LENGTH]
    if not named:
        raise TransitionError(_("Give the story a title first."))
    moment = now()
    return Story.objects.create(
        workspace=workspace,
        title=named,
        origin=origin,
        first_at=moment,
        last_at=moment,
        rank=rank_of(moment).value,
        language=workspace.language if origin == Origin.NOTHING else "",
    )


def _joined(story: Story, post: Post, editor: User | None, *, rename: bool) -> None:
    """Put a post that is nowhere yet into the story, before grouping sees it."""
    StoryPost.objects.create(story=story, post=post, placed_by=editor, is_pinned=True)
    change = {"language": post.language}
    if rename and (named := title_of(post)):
        change["title"] = named
    Story.objects.filter(pk=story.pk).update(**change)
    stories_brought_up([story.pk])
    story.refresh_from_db()


def _moved(correction: Correction, source: Story, story: Story, posts: list[int]) -> None:
    others = [post for post in members_of(source) if post not in posts]
    if not others and (source.status in SETTLED or source.published_at is not None):
        raise TransitionError(
            _("“%(story)s” is approved or published: its last post stays. Leave out one of its posts.")
            % {"story": source.title}
        )
    correction.move(posts, source, story)
    if not others:
        correction.put_aside(source, into=story)


def _told(story: Story, editor: User, **details: object) -> None:
    audit_record(actor=editor, verb="story.made_by_hand", target=story, details={"from": story.origin, **details})


def _words_of(url: str) -> str:
    """What a story is called until its page has been read: the address without its ornaments."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"[:TITLE_LENGTH] or url[:TITLE_LENGTH]
