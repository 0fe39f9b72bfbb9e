"""Entries of legal lists as matching reads them: who is a person, and by which names an organisation goes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from apps.core.morphology import folded
from apps.stories.legal.forms import first_name_gender, patronymic_gender

WORD = re.compile(r"[^\W_]++(?:[-’'][^\W_]++)*+")
QUOTED = re.compile(r"[«\"“„]([^«»\"“”„]{2,200}+)[»\"”“]")
BRACKETED = re.compile(r"\(([^()]{2,200}+)\)")
PERSONS = "persons"
FORMS_OF_LAW = re.compile(
    r"^(?:ооо|оао|зао|пао|ао|ано|нко|нп|ноу|роо|моо|"
    r"обществ\w+ с ограниченной ответственностью|автономн\w+ некоммерческ\w+ организаци\w+|"
    r"(?:межрегиональн\w+ |региональн\w+ |международн\w+ |общероссийск\w+ )?"
    r"(?:общественн\w+|некоммерческ\w+) (?:организаци\w+|движени\w+))\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Entry:
    """One name of a legal list.

    Attributes:
        kind: of its list: "agents", "banned" or "persons".
        also: other names it goes by.
        footnote: what the law wants under the text; `{name}` stands for the name.
        since, until: the first and the last day on which the mark is due; None where there is no bound.
    """

    pk: int
    name: str
    kind: str = "agents"
    also: tuple[str, ...] = ()
    footnote: str = "{name}"
    since: date | None = None
    until: date | None = None

    @property
    def note(self) -> str:
        """The footnote with the name in it, on one line."""
        return " ".join(self.footnote.replace("{name}", self.name).split())

    def is_due(self, on: date) -> bool:
        """Whether the mark is due on this day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True)
class PersonName:
    """A person's name, folded; `patronymic` may be empty."""

    surname: str
    first: str
    patronymic: str
    gender: str


@dataclass(frozen=True)
class OrganisationName:
    """One of the names of an organisation.

    Attributes:
        words: folded; `first` is the first of them as it is written.
        is_given: the list gives this name itself; False for a part that was taken out of it.
    """

    words: tuple[str, ...]
    first: str
    is_given: bool


Name = PersonName | OrganisationName


@lru_cache(maxsize=20_000)
def names_of(name: str, also: tuple[str, ...], kind: str) -> tuple[Name, ...]:
    """All names by which an entry may be mentioned."""
    found: dict[Name, None] = {}
    for one in (name, *also):
        person = person_name(one, kind)
        for made in (person,) if person else organisation_names(one):
            found.setdefault(made)
    return tuple(found)


def person_name(name: str, kind: str) -> PersonName | None:
    """The name as a person's, surname first or last; None where it is none."""
    if QUOTED.search(name):
        return None
    words = [folded(word) for word in WORD.findall(BRACKETED.sub(" ", name))]
    if not 2 <= len(words) <= 4:
        return None
    genders = [patronymic_gender(word) for word in words]
    if len(words) >= 3 and any(genders[1:]):
        at = next(at for at in range(1, len(words)) if genders[at])
        if at == len(words) - 1 and genders[at] and len(words) >= 3:
            return PersonName(words[0], words[1], words[2], genders[at])
        return PersonName(words[-1], words[0], words[at], genders[at])
    if len(words) == 4 or kind == "banned":
        return None
    known = [first_name_gender(word) for word in words]
    if known[0] and not known[1]:
        return PersonName(words[-1], words[0], "", known[0])
    if known[1] or kind == PERSONS:
        return PersonName(words[0], words[1], "", known[1])
    return None


def organisation_names(name: str) -> list[OrganisationName]:
    """The whole name, what it says in brackets and between quotation marks, and the last with the word before it."""
    bare = BRACKETED.sub(" ", name)
    made = [organisation(bare, is_given=True), *(organisation(one, is_given=False) for one in BRACKETED.findall(name))]
    made.append(organisation(FORMS_OF_LAW.sub("", " ".join(bare.split())), is_given=True))
    for quoted in QUOTED.finditer(bare):
        before = WORD.findall(bare[: quoted.start()])
        made.append(organisation(quoted.group(1), is_given=False))
        if before:
            made.append(organisation(f"{before[-1]} {quoted.group(1)}", is_given=True))
    return [one for one in made if one is not None]


def organisation(name: str, *, is_given: bool) -> OrganisationName | None:
    """A name as its words; None where it has none."""
    words = WORD.findall(name)
    return OrganisationName(tuple(map(folded, words)), words[0], is_given) if words and len(name) > 1 else None
