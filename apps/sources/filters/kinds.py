"""What each kind of rule makes of its value: the check when it is typed, and the test of a post."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import regex
from django.utils.translation import gettext as _

from apps.core.morphology import folded
from apps.sources.filters.adverts import advert_in
from apps.sources.filters.candidate import Candidate, Effect, Hit, Kind
from apps.sources.filters.repeats import is_too_large
from apps.sources.filters.words import typed_terms
from apps.sources.language import LANGUAGES

VALUE_MAX = 20_000
TERMS_MAX = 1000
PATTERN_MAX = 500
PATTERN_TIMEOUT_S = 0.05  # of one post; what a sane expression takes is a thousandth of it
LENGTH_MAX = 1_000_000
MEDIA = ("photo", "video", "voice", "audio", "document", "sticker", "poll")
ANY, NOTHING = "any", "none"
LENGTH = re.compile(r"(?:(?P<sign>[<>≤≥]=?)\s*(?P<bound>\d+)|(?P<least>\d+)\s*(?:-|–|—|\.\.)\s*(?P<most>\d+))")
NAMES = re.compile(r"[\n,;]+")
PLACE = re.compile(r"^(?:https?://)?(?:www\.)?t(?:elegram)?\.me/(?:s/)?|^@", re.IGNORECASE)

Test = Callable[[Candidate], Hit | None]


class SlowError(Exception):
    """A regular expression ran out of its time."""


def value_checked(kind: str, effect: str, value: str) -> str:
    """The value of a rule, tidied for storing.

    Raises:
        ValueError: it can't be understood; the text tells the editor how to write it.
    """
    if len(value) > VALUE_MAX:
        raise ValueError(_("Too long: %(max)s characters at most.") % {"max": VALUE_MAX})
    checked = _CHECKS[kind](value.strip())
    if effect == Effect.KEEP and kind == Kind.LENGTH and not checked:
        raise ValueError(_("Say which length."))
    return checked


def test_of(kind: str, value: str) -> Test:
    """The test of one rule, for every kind but words, which are looked up together."""
    return _TESTS[kind](value)


def length_bounds(value: str) -> tuple[int, int]:
    """The least and the most characters that a stored length matches."""
    found = LENGTH.fullmatch(value)
    if found is None:
        raise ValueError(_("Write < 100, > 3000 or 100-3000: characters with spaces."))
    if found["sign"]:
        bound, inclusive = int(found["bound"]), found["sign"] not in "<>"
        if found["sign"][0] in "<≤":
            return 0, bound if inclusive else bound - 1
        return (bound if inclusive else bound + 1), LENGTH_MAX
    least, most = int(found["least"]), int(found["most"])
    if least > most:
        raise ValueError(_("The first number has to be the smaller one."))
    return least, most


# Checks: what an editor typed, tidied, or a ValueError in words


def _words_checked(value: str) -> str:
    terms = typed_terms(value)
    if not terms:
        raise ValueError(_("Write at least one word."))
    if len(terms) > TERMS_MAX:
        raise ValueError(_("Too many words for one rule: %(max)s at most. Make a second rule.") % {"max": TERMS_MAX})
    for typed, _exact in terms:
        if "*" in typed and any(letter.isalpha() for letter in typed):
            raise ValueError(
                _("“%(word)s”: leave the asterisk out. All forms of a word are found by themselves.") % {"word": typed}
            )
    return value


def _pattern_checked(value: str) -> str:
    if not value:
        raise ValueError(_("Write a regular expression."))
    if len(value) > PATTERN_MAX:
        raise ValueError(_("Too long: %(max)s characters at most.") % {"max": PATTERN_MAX})
    if is_too_large(value):
        raise ValueError(
            _(
                "This expression repeats what is already repeated too many times, so reading it could take forever. "
                "Write smaller counts, or fewer repeats inside one another."
            )
        )
    try:
        pattern = pattern_of(value)
        matches_nothing = pattern.search("", timeout=PATTERN_TIMEOUT_S) is not None
    except regex.error as exc:
        raise ValueError(_("This is no regular expression: %(why)s.") % {"why": exc}) from exc
    except TimeoutError:
        matches_nothing = False
    except (OverflowError, RecursionError, MemoryError) as exc:
        raise ValueError(_("This regular expression is too large.")) from exc
    if matches_nothing:
        raise ValueError(_("This expression also matches an empty text, so it would match every post."))
    return value


def _languages_checked(value: str) -> str:
    return _chosen(value, LANGUAGES, _("Write codes of languages, such as ru, en, uk."))


def _length_checked(value: str) -> str:
    tidy = " ".join(value.split())
    length_bounds(tidy)
    return tidy


def _media_checked(value: str) -> str:
    return _chosen(value, {*MEDIA, ANY, NOTHING}, _("Choose what the post carries."))


def _names_checked(value: str) -> str:
    return ", ".join(dict.fromkeys(tidy for name in NAMES.split(value) if (tidy := " ".join(name.split()))))


def _advert_checked(_value: str) -> str:
    return ""


def _chosen(value: str, known: frozenset[str] | set[str], sentence: str) -> str:
    chosen = dict.fromkeys(re.findall(r"[\w-]+", value.lower()))
    if not chosen:
        raise ValueError(sentence)
    if unknown := [name for name in chosen if name not in known]:
        raise ValueError(_("“%(name)s” is not known here. %(how)s") % {"name": unknown[0], "how": sentence})
    return ", ".join(chosen)


# Tests of a post


@lru_cache(maxsize=2000)
def pattern_of(value: str) -> regex.Pattern[str]:
    """A compiled expression: letters of either case, ^ and $ at each line."""
    return regex.compile(value, regex.IGNORECASE | regex.MULTILINE)


def _pattern_test(value: str) -> Test:
    if is_too_large(value):  # saved before that was checked
        return _too_slow
    pattern = pattern_of(value)

    def test(candidate: Candidate) -> Hit | None:
        try:
            found = pattern.search(candidate.words, timeout=PATTERN_TIMEOUT_S)
        except TimeoutError as exc:
            raise SlowError from exc
        return Hit(" ".join(found.group().split()), (found.span(),)) if found else None

    return test


def _too_slow(_candidate: Candidate) -> Hit | None:
    raise SlowError


def _language_test(value: str) -> Test:
    codes = set(value.split(", "))
    return lambda candidate: Hit(candidate.language) if candidate.language in codes else None


def _length_test(value: str) -> Test:
    least, most = length_bounds(value)

    def test(candidate: Candidate) -> Hit | None:
        length = len(candidate.title) + len(candidate.text)
        return Hit(value) if least <= length <= most else None

    return test


def _media_test(value: str) -> Test:
    wanted = set(value.split(", "))

    def test(candidate: Candidate) -> Hit | None:
        carried = {kind for kind in (candidate.kind, *candidate.media) if kind not in {"text", "album", "other"}}
        if not carried and candidate.kind == "text":
            return Hit(NOTHING) if NOTHING in wanted else None
        if ANY in wanted:
            return Hit(ANY)
        seen = next((kind for kind in MEDIA if kind in carried & wanted), "")
        return Hit(seen) if seen else None

    return test


def _author_test(value: str) -> Test:
    names = _names(value)
    return lambda candidate: _named(names, candidate.author, candidate.author)


def _forwarded_test(value: str) -> Test:
    names = _names(value)

    def test(candidate: Candidate) -> Hit | None:
        said = f"{candidate.forwarded_from} {PLACE.sub('', candidate.forwarded_url)}"
        return _named(names, said, candidate.forwarded_from or candidate.forwarded_url)

    return test


def _names(value: str) -> tuple[re.Pattern[str], ...]:
    tidy = (PLACE.sub("", folded(name)).strip("/ ") for name in NAMES.split(value))
    return tuple(re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in tidy if name)


def _named(names: tuple[re.Pattern[str], ...], said: str, shown: str) -> Hit | None:
    if not said.strip():
        return None
    text = folded(said)
    return Hit(shown) if not names or any(name.search(text) for name in names) else None


_CHECKS: dict[str, Callable[[str], str]] = {
    Kind.WORDS: _words_checked,
    Kind.PATTERN: _pattern_checked,
    Kind.LANGUAGE: _languages_checked,
    Kind.LENGTH: _length_checked,
    Kind.MEDIA: _media_checked,
    Kind.AUTHOR: _names_checked,
    Kind.FORWARDED: _names_checked,
    Kind.ADVERT: _advert_checked,
}
_TESTS: dict[str, Callable[[str], Test]] = {
    Kind.PATTERN: _pattern_test,
    Kind.LANGUAGE: _language_test,
    Kind.LENGTH: _length_test,
    Kind.MEDIA: _media_test,
    Kind.AUTHOR: _author_test,
    Kind.FORWARDED: _forwarded_test,
    Kind.ADVERT: lambda _value: advert_in,
}
