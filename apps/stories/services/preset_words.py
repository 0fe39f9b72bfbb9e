"""A preset's fields in the words of the prompt.

The prompts are written in Russian whatever the language of the text; so are the words put into them.
"""

from __future__ import annotations

from apps.stories.models import Preset

LENGTH_DEFAULT = 900
LENGTH_SHORTEST = 100
SHORT, MIDDLE = 600, 1500
NOTHING = "нет"
SOURCE = {"ru": "Источник", "uk": "Джерело", "en": "Source"}
TONE_DEFAULT = "спокойный, нейтральный"
AUDIENCE_DEFAULT = "широкий читатель"
STRUCTURE_DEFAULT = "сначала главное, затем подробности."
LANGUAGES = {
    "ru": "русский",
    "en": "английский",
    "uk": "украинский",
    "be": "белорусский",
    "kk": "казахский",
    "de": "немецкий",
    "fr": "французский",
    "es": "испанский",
    "it": "итальянский",
    "pt": "португальский",
    "pl": "польский",
    "cs": "чешский",
    "tr": "турецкий",
    "bg": "болгарский",
    "sr": "сербский",
    "hy": "армянский",
    "ka": "грузинский",
    "he": "иврит",
    "ar": "арабский",
    "zh": "китайский",
}
EMOJI = {
    Preset.Emoji.NONE: "не используй",
    Preset.Emoji.FEW: "не больше двух на весь текст, только в теле и только к месту",
    Preset.Emoji.FREE: "можно, в теле",
}
CREDIT = {
    Preset.Credit.NONE: "не нужно, кроме случаев, когда источники расходятся.",
    Preset.Credit.NAME: "последней строкой тела назови первоисточник: «Источник: …», имя — из поля from.",
    Preset.Credit.LINK: "последней строкой тела назови первоисточник с его адресом: «Источник: имя — адрес», имя — из "
    "поля from, адрес — из поля url, без изменений; где url нет, только имя.",
}


def language_words(language: str) -> str:
    """A language by its name."""
    return LANGUAGES.get(language, language)


def tone_words(preset: Preset | None) -> str:
    """How it should sound."""
    return one_line(preset.tone if preset else "") or TONE_DEFAULT


def audience_words(preset: Preset | None) -> str:
    """Who reads it."""
    return one_line(preset.audience if preset else "") or AUDIENCE_DEFAULT


def structure_words(preset: Preset | None) -> str:
    """In which order things are told."""
    return (preset.structure.strip() if preset else "") or STRUCTURE_DEFAULT


def emoji_words(preset: Preset | None) -> str:
    """Whether emoji may stand in it."""
    return EMOJI[Preset.Emoji(preset.emoji) if preset else Preset.Emoji.NONE]


def credit_words(preset: Preset | None) -> str:
    """How the sources are named."""
    return CREDIT[Preset.Credit(preset.source_credit) if preset else Preset.Credit.NONE]


def forbidden_words(preset: Preset | None) -> str:
    """The words that must not stand in it, on one line."""
    lines = preset.forbidden_words.splitlines() if preset else []
    return (
        ", ".join(f"«{one_line(line)}»" for line in lines if line.strip()) + "."
        if any(map(str.strip, lines))
        else NOTHING
    )


def length_words(max_chars: int) -> str:
    """How long it is, in words."""
    if max_chars <= SHORT:
        return "короткая заметка"
    return "заметка средней длины" if max_chars <= MIDDLE else "подробная заметка"


def one_line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def rules_words(preset: Preset | None, *, language: str, max_chars: int) -> dict[str, object]:
    """All that the rules ask of a preset, by the names of the prompt's variables."""
    return {
        "language": language_words(language),
        "tone": tone_words(preset),
        "audience": audience_words(preset),
        "length": length_words(max_chars),
        "max_chars": max_chars,
        "structure": structure_words(preset),
        "emoji": emoji_words(preset),
        "credit": credit_words(preset),
        "forbidden": forbidden_words(preset),
        "instructions": (preset.instructions.strip() if preset else "") or NOTHING,
    }
