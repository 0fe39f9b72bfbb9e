"""What writing needs from outside: a writer, what it is asked, and what it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext_noop

from apps.core.errors import PermanentError, PultError, RetryableError

# What a draft says of its writer; kept with the version, shown through gettext.
OFFLINE_DRAFT = gettext_noop("offline draft")


@dataclass(frozen=True)
class SourceText:
    """One post that a text is written from.

    Attributes:
        title: empty where the post has none.
        text: plain text.
        label: whose it is, for example the channel's name.
        url: its address, where the text is to link to it; else empty.
    """

    title: str
    text: str
    label: str = ""
    url: str = ""


@dataclass(frozen=True)
class DraftText:
    """A text that another is made from."""

    title: str
    lead: str
    body: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """What a writer is asked.

    Attributes:
        system: the instructions, exactly as sent.
        user: the request with the sources in it, exactly as sent.
        sources: the posts themselves, for a writer that reads no instructions.
        language: of the answer, ru or en.
        max_chars: of the body; None leaves it to the writer.
        kind: write, or what is to become of `draft`: shorter, calmer, numbers, translate.
        variant: which of several answers to the same prompt; they are to differ.
        draft: the text to start from, for a writer that reads no instructions.
        credit: the last line that names the sources, for the same.
    """

    system: str
    user: str
    sources: tuple[SourceText, ...]
    language: str = "ru"
    max_chars: int | None = None
    kind: str = "write"
    variant: int = 1
    draft: DraftText | None = None
    credit: str = ""


@dataclass(frozen=True)
class Usage:
    """What an answer took."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True)
class Draft:
    """A written text.

    Attributes:
        title, lead, body: plain text; paragraphs of the body are parted by an empty line.
        tags: words without a hash sign.
        writer: "openai", or `OFFLINE_DRAFT`.
        model: its name at the vendor; empty for the offline writer.
    """

    title: str
    lead: str
    body: str
    tags: tuple[str, ...]
    writer: str
    model: str = ""
    usage: Usage = field(default_factory=Usage)


class PaidError(PultError):
    """A failure after answers that are paid for all the same; the ledger takes its `usage`.

    Attributes:
        answer: what came last, as it came.
    """

    usage = Usage()
    writer = ""
    model = ""
    answer = ""


class PaidRetryableError(PaidError, RetryableError):
    """It may work later, and has cost something already."""


class PaidPermanentError(PaidError, PermanentError):
    """It will not work until a person changes something, and has cost something already."""


def paid(
    error: RetryableError | PermanentError, *, usage: Usage, writer: str, model: str, answer: str = ""
) -> PaidRetryableError | PaidPermanentError:
    """The same failure with what its answers took."""
    made: PaidRetryableError | PaidPermanentError
    if isinstance(error, RetryableError):
        made = PaidRetryableError(str(error), retry_after=error.retry_after, code=error.code)
    else:
        made = PaidPermanentError(str(error), code=error.code)
    made.usage, made.writer, made.model, made.answer = usage, writer, model, answer
    return made


class Writer(Protocol):
    """Writes a draft."""

    @property
    def label(self) -> str:
        """How it is named to a person."""
        ...

    async def write(self, prompt: Prompt) -> Draft:
        """Write one draft; no ORM in here.

        Raises:
            RetryableError: the vendor is busy, away or answered nonsense.
            PermanentError: the key, the model, the length or the content is refused.
            PaidError: either of them, where an answer came and is paid for.
        """
        ...
