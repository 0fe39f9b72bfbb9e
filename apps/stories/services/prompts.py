"""The exact prompt for a rewrite: rules, the editor's task, and the sources fenced as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.ai.ports import DraftText, Prompt, SourceText
from apps.ai.prompts import draft_block, prompt_in_use, quoted, sources_block
from apps.core.errors import TransitionError
from apps.sources.language import language_of
from apps.sources.models import Post
from apps.stories.models import Preset, Rewrite, Story, StoryVersion
from apps.stories.services.preset_words import (
    LENGTH_DEFAULT,
    LENGTH_SHORTEST,
    NOTHING,
    SOURCE,
    language_words,
    rules_words,
)

Kind = Rewrite.Kind
POSTS_AT_MOST = 20
CHARACTERS_AT_MOST = 30_000
SHORTER_SHARE = 0.6
RULES, TASK = "stories/rewrite", "stories/rewrite_request"
TASKS = {kind: TASK if kind == Kind.WRITE else f"stories/{kind.value}" for kind in Kind}


@dataclass(frozen=True)
class BuiltPrompt:
    """A prompt with what it was made of.

    Attributes:
        based_on: the number of the story's current version; None where it has none.
        posts: the posts in it, each with the text that stands there.
        prompt_number, request_number: of the workspace's versions of the two prompts; None is the file.
    """

    prompt: Prompt
    based_on: int | None
    posts: tuple[tuple[Post, str], ...]
    prompt_number: int | None
    request_number: int | None


def prompt_build(*, story: Story, preset: Preset | None, comment: str, kind: str = Kind.WRITE) -> BuiltPrompt:
    """The prompt that a writer would get for this story now.

    Raises:
        TransitionError: the story has no posts to write from, or no text to make shorter, calmer and so on.
        PromptError: one of the prompts can't be made.
    """
    posts, current = posts_of(story), story.current_version
    check_material(kind, posts, current)
    with_links = preset is not None and preset.source_credit == Preset.Credit.LINK
    sources = tuple(source_text(post, text, with_link=with_links) for post, text in posts)
    draft = None if kind == Kind.WRITE or current is None else draft_of(current)
    language = language_for(story, preset, kind=kind, draft=draft)
    max_chars = length_for(preset, kind=kind, draft=draft)
    rules, task = (prompt_in_use(name, story.workspace) for name in (RULES, TASKS[Kind(kind)]))
    given: dict[str, object] = {
        "story": quoted(story.title),  # of a story without a text it is the first line of a post
        "comment": comment.strip() or NOTHING,
        "sources": sources_block(sources) or NOTHING,
        "draft": draft_block(draft) if draft else "",
        "max_chars": max_chars,
        "language": language_words(language),
    }
    prompt = Prompt(
        system=rules.filled(**rules_words(preset, language=language, max_chars=max_chars)),
        user=task.filled(**{name: value for name, value in given.items() if name in task.variables}),
        sources=sources,
        language=language,
        max_chars=max_chars,
        kind=str(kind),
        draft=draft,
        credit=credit_line(preset, sources, language),
    )
    return BuiltPrompt(
        prompt=prompt,
        based_on=current.number if current else None,
        posts=tuple(posts),
        prompt_number=rules.number,
        request_number=task.number,
    )


def check_material(kind: str, posts: Sequence[object], current: StoryVersion | None) -> None:
    """Refuse to write from nothing.

    Raises:
        TransitionError: there are no posts, or no text for what works on the present one.
    """
    if kind == Kind.WRITE and not posts:
        raise TransitionError(_("The story has no posts to write from."))
    if kind != Kind.WRITE and (current is None or not (current.body.strip() or current.lead.strip())):
        raise TransitionError(_("The story has no text yet. Write a draft first."))


def posts_of(story: Story) -> list[tuple[Post, str]]:
    """The posts that a writer reads, each with its text: the earliest first, exact copies left out, capped."""
    rows = Post.objects.filter(membership__story=story).select_related("source").order_by("published_at", "pk")
    found: list[tuple[Post, str]] = []
    seen: set[str] = set()
    left = CHARACTERS_AT_MOST
    for post in rows[: POSTS_AT_MOST * 3]:
        text = post.text.strip() or post.title
        if text in seen:
            continue
        seen.add(text)
        text = text[:left]
        left -= len(text)
        found.append((post, text))
        if left <= 0 or len(found) == POSTS_AT_MOST:
            break
    return found


def source_text(post: Post, text: str, *, with_link: bool) -> SourceText:
    """A post as a writer reads it."""
    return SourceText(title=post.title, text=text, label=label_of(post), url=post.url if with_link else "")


def label_of(post: Post) -> str:
    """Who said it, in words."""
    return post.channel or post.source.name


def draft_of(version: StoryVersion) -> DraftText:
    """A version as the text to start from."""
    return DraftText(version.title, version.lead, version.body, tuple(version.tags))


def language_for(story: Story, preset: Preset | None, *, kind: str, draft: DraftText | None) -> str:
    """The language of the answer; a translation goes from English to the workspace's own, from others to English."""
    own = story.workspace.language
    if kind == Kind.TRANSLATE and draft is not None:
        if language_of(f"{draft.lead}\n{draft.body}") != "en":
            return "en"
        return own if own != "en" else "ru"
    if kind != Kind.WRITE and draft is not None:
        return language_of(f"{draft.lead}\n{draft.body}") or own
    return (preset.language.strip() if preset else "") or own


def length_for(preset: Preset | None, *, kind: str, draft: DraftText | None) -> int:
    """The longest text: the preset's own, and of what is made shorter about half of the present one."""
    most = preset.length if preset else LENGTH_DEFAULT
    if draft is None:
        return most
    present = len(draft.body) or len(draft.lead)
    if kind == Kind.SHORTER:
        return max(LENGTH_SHORTEST, min(most, int(present * SHORTER_SHARE)))
    return max(most, present)


def credit_line(preset: Preset | None, sources: tuple[SourceText, ...], language: str) -> str:
    """The line that names the first source, for a writer that reads no instructions; empty where none is wanted."""
    if preset is None or preset.source_credit == Preset.Credit.NONE or not sources or not sources[0].label:
        return ""
    first = sources[0]
    link = f" — {first.url}" if preset.source_credit == Preset.Credit.LINK and first.url else ""
    return f"{SOURCE.get(language, SOURCE['en'])}: {first.label}{link}"[:500]
