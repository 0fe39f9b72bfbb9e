"""The writer without a model: it only reuses sentences of the posts, and says so."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from apps.ai.extract.compose import DEFAULT_CHARS, Note, compose
from apps.ai.extract.rework import shortened, with_numbers
from apps.ai.ports import OFFLINE_DRAFT, Draft, Prompt
from apps.core.errors import PermanentError


class OfflineWriter:
    """Puts a note together from the sentences that most posts share; the same posts give the same note."""

    @property
    def label(self) -> str:
        """How it is named to a person."""
        return _("offline draft")

    async def write(self, prompt: Prompt) -> Draft:
        """Write one draft; the instructions of the prompt are not read, only its posts, its draft and the limit.

        Raises:
            PermanentError: codes no_sources (the posts hold no text), needs_model (calmer, translate), one_variant (the
                posts give no other text), no_shorter, no_numbers.
        """
        posts = [(source.title, source.text) for source in prompt.sources]
        note = rework(prompt, posts) if prompt.draft is not None else fresh(prompt, posts)
        if prompt.credit and prompt.credit not in note.body:
            note = replace(note, body=f"{note.body}\n\n{prompt.credit}".strip())
        return Draft(title=note.title, lead=note.lead, body=note.body, tags=note.tags, writer=OFFLINE_DRAFT)


def fresh(prompt: Prompt, posts: list[tuple[str, str]]) -> Note:
    """A note of the posts' own sentences."""
    note = compose(posts, max_chars=prompt.max_chars, variant=prompt.variant)
    if note is not None:
        return note
    if prompt.variant > 1 and compose(posts, max_chars=prompt.max_chars) is not None:
        raise one_variant()
    raise PermanentError(_("The posts hold no text to write from."), code="no_sources")


def rework(prompt: Prompt, posts: list[tuple[str, str]]) -> Note:
    """The present text made shorter or with its numbers first; the same draft gives the same text."""
    assert prompt.draft is not None  # noqa: S101
    if prompt.kind in {"calmer", "translate"}:
        raise PermanentError(
            _(
                "The offline writer only puts sentences together: it can neither rephrase nor translate. Give the "
                "workspace the address and the key of a model in its settings, or change the text by hand."
            ),
            code="needs_model",
        )
    if prompt.variant > 1:
        raise one_variant()
    draft = Note(prompt.draft.title, prompt.draft.lead, prompt.draft.body, prompt.draft.tags)
    if prompt.kind == "shorter":
        note = shortened(draft, max_chars=prompt.max_chars or DEFAULT_CHARS)
        if note is None:
            raise PermanentError(_("The text has no sentence to leave out. Shorten it by hand."), code="no_shorter")
        return note
    note = with_numbers(draft, posts, max_chars=prompt.max_chars or DEFAULT_CHARS)
    if note is None:
        raise PermanentError(_("The posts hold no numbers to bring into the text."), code="no_numbers")
    return note


def one_variant() -> PermanentError:
    """The refusal of a further variant that would say the same again."""
    return PermanentError(
        _("The offline writer finds no other text in these posts. Use the ones there are, or set up a model."),
        code="one_variant",
    )
