"""The reason why a post was dropped: as it is stored, and in words. It outlives the rule."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.sources.filters.candidate import Effect, Kind

DROPPED_BY_MAX = 120


def reason_of(kind: str, effect: str, detail: str) -> str:
    """What `Post.dropped_by` stores: the kind, the effect, and what was found or missed."""
    return f"{kind}:{effect}:{' '.join(detail.split())}"[:DROPPED_BY_MAX]


def rule_words(stored: str) -> str:
    """What `Post.dropped_by` stored, for a person."""
    kind, _colon, rest = stored.partition(":")
    effect, _colon, detail = rest.partition(":")
    if kind not in Kind.values or effect not in Effect.values:
        return stored
    if effect == Effect.REQUIRE:
        return _missed(kind, detail)
    return _found(kind, detail)


def _found(kind: str, detail: str) -> str:
    if kind == Kind.WORDS:
        return _("Has “%(what)s”") % {"what": detail}
    if kind == Kind.PATTERN:
        return _("Matches an expression: “%(what)s”") % {"what": detail}
    if kind == Kind.LANGUAGE:
        return _("Its language: %(what)s") % {"what": detail}
    if kind == Kind.LENGTH:
        return _("Its length: %(what)s characters") % {"what": detail}
    if kind == Kind.MEDIA:
        return _("Carries: %(what)s") % {"what": media_words(detail)}
    if kind == Kind.AUTHOR:
        return _("By %(what)s") % {"what": detail}
    if kind == Kind.FORWARDED:
        return _("Forwarded from %(what)s") % {"what": detail}
    return _("Advertisement: %(what)s") % {"what": detail}


def _missed(kind: str, detail: str) -> str:
    if kind == Kind.WORDS:
        return _("Has none of: %(what)s") % {"what": detail}
    if kind == Kind.PATTERN:
        return _("Does not match “%(what)s”") % {"what": detail}
    if kind == Kind.LANGUAGE:
        return _("In none of the languages: %(what)s") % {"what": detail}
    if kind == Kind.LENGTH:
        return _("Its length is not %(what)s") % {"what": detail}
    if kind == Kind.MEDIA:
        return _("Carries none of: %(what)s") % {"what": media_words(detail)}
    if kind == Kind.AUTHOR:
        return _("By none of: %(what)s") % {"what": detail} if detail else _("Has no author")
    if kind == Kind.FORWARDED:
        return _("Forwarded from none of: %(what)s") % {"what": detail} if detail else _("Not forwarded")
    return _("Not marked as an advertisement")


def media_words(codes: str) -> str:
    """Codes of media, such as "photo, none", in words."""
    words = media_choices()
    return ", ".join(words.get(code, code) for code in codes.split(", "))


def media_choices() -> dict[str, str]:
    """What a rule on media may ask for, with its words."""
    return {
        "photo": _("photo"),
        "video": _("video"),
        "voice": _("voice message"),
        "audio": _("audio"),
        "document": _("file"),
        "sticker": _("sticker"),
        "poll": _("poll"),
        "any": _("anything"),
        "none": _("nothing, only text"),
    }
