"""Who is told of posts: apps above register dotted paths in their `AppConfig.ready()`.

Listeners run inside the transaction that stores the posts, so what they write is stored with them or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

if TYPE_CHECKING:  # apps above register before the models are loaded
    from apps.sources.models import Post, Voice

Listener = Callable[[Sequence["Post"]], None]
VoiceListener = Callable[[Sequence["Voice"]], None]
TopicListener = Callable[[int, int | None], None]

_added: list[str] = []
_changed: list[str] = []
_changing: list[str] = []
_retiring: list[str] = []
_deleted: list[str] = []
_voices: list[str] = []
_topics: list[str] = []


def register(path: str) -> None:
    """Have the function at this dotted path called with kept posts that are new, or newly kept."""
    if path not in _added:
        _added.append(path)


def register_changed(path: str) -> None:
    """Have the function at this dotted path called with kept posts whose text the source changed."""
    if path not in _changed:
        _changed.append(path)


def register_changing(path: str) -> None:
    """Have the function at this dotted path called with the ids of posts that `changed` or `deleted` will be told of.

    It comes before the posts are written: whoever writes rows of its own then locks them now, since those who hold
    such rows may be waiting for the posts.
    """
    if path not in _changing:
        _changing.append(path)


def register_deleted(path: str) -> None:
    """Have the function at this dotted path called with kept posts that their source was found to have deleted."""
    if path not in _deleted:
        _deleted.append(path)


def register_retiring(path: str) -> None:
    """Have the function at this dotted path asked before posts are removed.

    It gets their ids and answers with those that must stay; of the others it lets go of whatever it holds.
    """
    if path not in _retiring:
        _retiring.append(path)


def tell_retiring(posts: Sequence[int]) -> set[int]:
    """Ask what must stay of these posts; call it in the transaction that removes the others."""
    held: set[int] = set()
    for path in _retiring if posts else ():
        asked: Callable[[Sequence[int]], set[int]] = import_string(path)
        held |= asked([post for post in posts if post not in held])
    return held


def register_voices(path: str) -> None:
    """Have the function at this dotted path called with voices that joined or left a family."""
    if path not in _voices:
        _voices.append(path)


def register_topics(path: str) -> None:
    """Have the function at this dotted path called when other posts are about a topic, or its weight is another.

    It gets the workspace's id and the topic's; None for a topic that is being removed.
    """
    if path not in _topics:
        _topics.append(path)


def tell_topics(workspace_id: int, topic_id: int | None) -> None:
    """Tell of a topic that changed; call it in the transaction of the change."""
    for path in _topics:
        listener: TopicListener = import_string(path)
        listener(workspace_id, topic_id)


def tell_added(posts: Sequence[Post]) -> None:
    """Tell of new kept posts."""
    _tell(_added, posts)


def tell_changed(posts: Sequence[Post]) -> None:
    """Tell of kept posts that changed."""
    _tell(_changed, posts)


def tell_changing(posts: Collection[int]) -> None:
    """Tell that these posts are about to be changed or marked as deleted; call it before any of them is written."""
    for path in _changing if posts else ():
        begin: Callable[[Collection[int]], None] = import_string(path)
        begin(posts)


def tell_deleted(posts: Sequence[Post]) -> None:
    """Tell of kept posts that are gone from their source."""
    _tell(_deleted, posts)


def tell_voices(voices: Sequence[Voice]) -> None:
    """Tell of voices that count as others than before."""
    if voices:
        for path in _voices:
            listener: VoiceListener = import_string(path)
            listener(voices)


def _tell(paths: list[str], posts: Sequence[Post]) -> None:
    if posts:
        for path in paths:
            _listener(path)(posts)


@cache
def _listener(path: str) -> Listener:
    listener: Listener = import_string(path)
    return listener
