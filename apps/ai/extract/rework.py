"""A text made shorter, or its numbers brought forward, by choosing among whole sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.ai.extract.compose import Note, central, gathered, same
from apps.ai.extract.sentences import sentences
from apps.ai.extract.words import stems

# A number that tells something: not the number of a list's entry, not part of a word such as B-52.
NUMBER = re.compile(r"(?<![\w-])\d+(?:[.,:]\d+)*(?!\w)|\d+%")
PARAGRAPH_SENTENCES = 3


def shortened(draft: Note, *, max_chars: int) -> Note | None:
    """The text without its last sentences, so that the body fits; None where no whole sentence can go.

    News tells the main things first, so what stands later goes first. A text without a body loses the end of its lead.
    """
    blocks = [sentences(block) for block in draft.body.split("\n\n") if block.strip()]
    count = sum(map(len, blocks))
    if not count:
        lead = sentences(draft.lead)
        return Note(draft.title, " ".join(lead[:-1]), "", draft.tags) if len(lead) > 1 else None
    room, fit = max_chars, 0
    for sentence in [sentence for block in blocks for sentence in block]:
        room -= len(sentence) + 1
        if room < 0:
            break
        fit += 1
    # One sentence at least goes, and the last one only where a lead is left.
    keep = max(min(fit, count - 1), 0 if draft.lead.strip() else 1)
    return Note(draft.title, draft.lead, first_of(blocks, keep), draft.tags) if keep < count else None


def first_of(blocks: Sequence[Sequence[str]], keep: int) -> str:
    """The first so many sentences, in their paragraphs."""
    kept = []
    for block in blocks:
        if keep > 0:
            kept.append(" ".join(block[:keep]))
        keep -= len(block)
    return "\n\n".join(kept)


def with_numbers(draft: Note, posts: Sequence[tuple[str, str]], *, max_chars: int) -> Note | None:
    """The text with sentences that hold numbers first, those of the posts among them; None where no post has a number.

    What the posts say most in common stands first. The rest of the text follows as far as it fits.
    """
    every = gathered(posts)
    scores = central(every)
    ranked = sorted(range(len(every)), key=lambda number: (-scores[number], number))
    told = [every[number] for number in ranked if NUMBER.search(every[number].text)]
    if not told:
        return None
    lead = stems(draft.lead)
    own = [sentence for block in draft.body.split("\n\n") for sentence in sentences(block)]
    numbered = [sentence for sentence in own if NUMBER.search(sentence)]
    plain = [sentence for sentence in own if not NUMBER.search(sentence)]
    chosen: list[str] = []
    left = max_chars
    for sentence in [*numbered, *(found.text for found in told), *plain]:
        words = stems(sentence)
        if same(words, lead) or any(same(words, stems(taken)) for taken in chosen) or len(sentence) > left:
            continue
        chosen.append(sentence)
        left -= len(sentence) + 1
    blocks = [chosen[start : start + PARAGRAPH_SENTENCES] for start in range(0, len(chosen), PARAGRAPH_SENTENCES)]
    body = "\n\n".join(" ".join(block) for block in blocks)
    return Note(draft.title, draft.lead, body or draft.body, draft.tags)
