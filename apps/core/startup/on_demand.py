"""Programs that a group starts only once they are needed, such as the one that asks Telegram for updates.

An app registers its program in its `ready()`. Whoever makes it needed leaves a note, an empty file in PULT_VAR/run;
the supervisor, which knows neither Django nor the database, starts the program when it sees the note. Where no
supervisor looks, as on servers where the program always runs, the note does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OnDemand:
    """A program of the group.

    Attributes:
        name: its prefix in the log.
        command: the management command that it is.
        needed: dotted path of a function that looks into the database and says whether it is needed.
    """

    name: str
    command: str
    needed: str

    @property
    def note(self) -> Path:
        """The file that starts it."""
        folder: Path = settings.PULT_VAR
        return folder / "run" / f"{self.name}-wanted"


_programs: dict[str, OnDemand] = {}


def register(name: str, *, command: str, needed: str) -> None:
    """Make a program known."""
    _programs[name] = OnDemand(name, command, needed)


def known() -> tuple[OnDemand, ...]:
    """Every program, in the order of registration."""
    return tuple(_programs.values())


def want(name: str) -> None:
    """Leave the note that the program is needed from now on; call it on commit. Best effort: the next start looks."""
    note = _programs[name].note
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except OSError as error:
        log.warning("startup.note_failed", program=name, error=str(error))


def look() -> None:
    """Set every note as the database says."""
    for program in known():
        if import_string(program.needed)():
            want(program.name)
        else:
            program.note.unlink(missing_ok=True)
