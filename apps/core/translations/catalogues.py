"""The catalogues on disk: brought up to date, checked, compiled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings

from apps.core.translations.extraction import template_of

SOURCE_LANGUAGE = "en"
FIRST_WRITTEN = datetime(2026, 11, 21, tzinfo=UTC)


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language lies."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def languages() -> list[str]:
    """The languages of the site."""
    return [code for code, _name in settings.LANGUAGES]


def read(language: str) -> Catalog:
    """The catalogue of a language; an empty one where there is no file yet."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language, project="Pult", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def catalogues_updated() -> dict[str, int]:
    """Write into every catalogue what the code says now; how many texts each lacks.

    New texts come untranslated, those that the code no longer has go.
    """
    template = template_of(settings.BASE_DIR)
    missing = {}
    for language in languages():
        catalogue = read(language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.creation_date = FIRST_WRITTEN
        catalogue.revision_date = FIRST_WRITTEN
        catalogue.fuzzy = False
        catalogue.header_comment = f"# Pult, {language}. Written by `make translations`."
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, ignore_obsolete=True, include_lineno=False, sort_by_file=True)
        missing[language] = 0 if language == SOURCE_LANGUAGE else sum(not complete(one) for one in entries(catalogue))
    return missing


def problems(base: Path | None = None) -> list[str]:
    """What keeps the catalogues from being complete, a line each."""
    template = template_of(base or settings.BASE_DIR)
    wanted = {key(message): message for message in entries(template)}
    found = []
    for language in languages():
        catalogue = read(language)
        have = {key(message): message for message in entries(catalogue)}
        found += [f"{language}: not in the catalogue: {shown(wanted[one])}" for one in wanted if one not in have]
        for one, message in have.items():
            found += [
                f"{language}: {fault}: {shown(message)}" for fault in faults(message, catalogue, known=one in wanted)
            ]
    return found


def faults(message: Message, catalogue: Catalog, *, known: bool) -> Iterator[str]:
    """What is wrong with one entry."""
    if not known:
        yield "no longer in the code"
        return
    if message.fuzzy:
        yield "fuzzy"
    source = str(catalogue.locale) == SOURCE_LANGUAGE
    if not source and not complete(message):
        yield "not translated"
        return
    if any(forms(message.string)):
        for error in message.check(catalogue):
            yield str(error)


def entries(catalogue: Catalog) -> list[Message]:
    """The entries without the header."""
    return [message for message in catalogue if message.id]


def key(message: Message) -> tuple[str | None, tuple[str, ...]]:
    """What makes two entries the same: context, singular and plural."""
    return message.context, forms(message.id)


def forms(text: object) -> tuple[str, ...]:
    """The singular, and the plurals where there are any."""
    return tuple(str(one or "") for one in text) if isinstance(text, (tuple, list)) else (str(text or ""),)


def complete(message: Message) -> bool:
    """Every form has a translation."""
    return all(forms(message.string))


def shown(message: Message) -> str:
    """An entry as a line of a report: where it stands and what it says."""
    text = forms(message.id)[0]
    place = message.locations[0][0] if message.locations else "?"
    return f"{place}: {text[:80]!r}"


def catalogues_compiled() -> int:
    """Compile the catalogues that are newer than their compiled form, and say how many."""
    done = 0
    for language in languages():
        source = catalogue_path(language)
        target = source.with_suffix(".mo")
        if not source.exists() or (target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns):
            continue
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        with draft.open("wb") as file:
            write_mo(file, read(language))
        draft.replace(target)
        done += 1
    return done
