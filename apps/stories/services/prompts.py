"""The exact prompt for a rewrite: rules, the editor's task, and the sources fenced as data."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.ai.ports import Prompt, SourceText
from apps.ai.prompts import render, sources_block
from apps.core.errors import TransitionError
from apps.sources.models import Post
from apps.stories.models import Preset, Story

POSTS_AT_MOST = 20
CHARACTERS_AT_MOST = 30_000
LENGTH_DEFAULT = 900
SHORT, MIDDLE = 600, 1500

# The prompts are written in Russian whatever the language of the text; so are the words put into them.
LANGUAGES = {"ru": "русский", "en": "английский"}
NOTHING = "нет"
TONE_DEFAULT = "спокойный, нейтральный"


def prompt_build(*, story: Story, preset: Preset | None, comment: str) -> Prompt:
    """The prompt that a writer would get for this story now.

    Raises:
        TransitionError: the story has no posts to write from.
    """
    sources = sources_of(story)
    if not sources:
        raise TransitionError(_("The story has no posts to write from."))
    language = story.workspace.language
    max_chars = preset.length if preset else LENGTH_DEFAULT
    system = render(
        "stories/rewrite",
        language=LANGUAGES.get(language, language),
        tone=(preset.tone.strip() if preset else "") or TONE_DEFAULT,
        length=_length_words(max_chars),
        max_chars=max_chars,
        instructions=(preset.instructions.strip() if preset else "") or NOTHING,
    )
    user = render(
        "stories/rewrite_request",
        story=" ".join(story.title.split()),
        comment=comment.strip() or NOTHING,
        sources=sources_block(sources),
    )
    return Prompt(system=system, user=user, sources=sources, language=language, max_chars=max_chars)


def sources_of(story: Story) -> tuple[SourceText, ...]:
    """The posts of a story as a writer reads them: the earliest first, exact copies left out, capped."""
    posts = Post.objects.filter(membership__story=story).select_related("source").order_by("published_at", "pk")
    texts: list[SourceText] = []
    seen: set[str] = set()
    left = CHARACTERS_AT_MOST
    for post in posts[: POSTS_AT_MOST * 3]:
        text = post.text.strip() or post.title
        if text in seen:
            continue
        seen.add(text)
        text = text[:left]
        left -= len(text)
        texts.append(SourceText(title=post.title, text=text, label=label_of(post)))
        if left <= 0 or len(texts) == POSTS_AT_MOST:
            break
    return tuple(texts)


def label_of(post: Post) -> str:
    """Who said it, in words."""
    return post.channel or post.source.name


def _length_words(max_chars: int) -> str:
    if max_chars <= SHORT:
        return "короткая заметка"
    return "заметка средней длины" if max_chars <= MIDDLE else "подробная заметка"
