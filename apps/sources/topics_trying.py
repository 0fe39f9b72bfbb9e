"""Which of the latest posts the words of a topic would find, before they are saved."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.accounts.models import Workspace
from apps.sources.models import Post
from apps.sources.services.topics import words_checked
from apps.sources.topics import TopicIndex, TopicWords, words_of
from apps.sources.trying import POSTS, excerpt_at

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A post that the words find, with the place where they do."""

    post: Post
    excerpt: tuple[tuple[str, bool], ...]


@dataclass(slots=True)
class TopicTrial:
    """What the words find among the latest posts.

    Attributes:
        posts: how many were looked at.
        kept: how many posts found passed the filters.
        left_out: posts with the words that the exceptions leave out.
        shown: the posts found or left out, newest first, `SHOWN` at most.
    """

    posts: int = 0
    found: int = 0
    kept: int = 0
    left_out: int = 0
    shown: list[Found] = field(default_factory=list)


def topic_try(*, workspace: Workspace, words: str, but_not: str, show_left_out: bool = False) -> TopicTrial:
    """Look for the words in the latest `POSTS` posts of the workspace.

    Raises:
        ValueError: the words can't be understood; the text tells the editor how to write them.
    """
    words, but_not = words_checked(words), words_checked(but_not, is_needed=False)
    index, any_index = TopicIndex((TopicWords(0, words, but_not),)), TopicIndex((TopicWords(0, words),))
    told = ("title", "text", "boilerplate", "published_at", "dropped_by", "channel", "source__name")
    rows = Post.objects.filter(workspace=workspace).select_related("source").only(*told)
    trial = TopicTrial()
    for post in rows.order_by("-published_at", "-pk")[:POSTS]:
        trial.posts += 1
        if not any_index.of(post.title, post.told):
            continue
        is_found = bool(index.of(post.title, post.told))
        trial.found += is_found
        trial.kept += is_found and not post.dropped_by
        trial.left_out += not is_found
        if is_found != show_left_out and len(trial.shown) < SHOWN:
            spans = any_index.spans(post.title, post.told)
            trial.shown.append(Found(post, excerpt_at(words_of(post.title, post.told), spans)))
    return trial
