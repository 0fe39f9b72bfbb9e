"""Files of the storage that no row knows of: left by a worker that was killed between a file and its row.

Only folders that an app has registered are looked through, and beginnings of files (`.part`) everywhere. What is
younger than a day is left alone: its row may be about to be made.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta

import structlog
from django.apps import apps
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db.models import FileField
from django.utils.module_loading import import_string

from apps.core.clock import now

log = structlog.get_logger(__name__)
PART = ".part"
OLD = timedelta(days=1)
ROUND_S = 20.0
AT_ONCE = 200
GATE = "core.stray_files"
Users = Callable[[Collection[str]], set[str]]

_folders: dict[str, str] = {}


def register(folder: str, *, also_used: str) -> None:
    """Have this folder looked through; a name is used where a row's file field has it, or `also_used` says so.

    Args:
        also_used: dotted path of what tells which of some names are used otherwise; call this in `AppConfig.ready()`.
    """
    _folders[folder] = also_used


def sweep_daily() -> int:
    """Sweep, unless somebody has done so within a day; how many files went."""
    return sweep() if cache.add(GATE, 1, int(OLD.total_seconds())) else 0


def sweep() -> int:
    """Delete old strays, for `ROUND_S` at most; how many. Folders come in any order, so that each has its turn."""
    ends, gone = time.monotonic() + ROUND_S, 0
    folders = [path for top in _folders_of("") for path in _tree(top)]
    random.shuffle(folders)
    for folder in folders:
        if time.monotonic() > ends:
            break
        gone += _swept(folder)
    if gone:
        log.info("core.strays_deleted", files=gone)
    return gone


def _swept(folder: str) -> int:
    """Delete the old strays of one folder."""
    known = _folders.get(folder.partition("/")[0])
    names = [f"{folder}/{name}" for name in _listed(folder)[1] if known or name.endswith(PART)]
    gone = 0
    for start in range(0, len(names), AT_ONCE):
        old = [name for name in names[start : start + AT_ONCE] if _is_old(name)]
        used = _in_rows(old)
        if known and old:
            users: Users = import_string(known)
            used |= users(old)
        for name in old:
            if name not in used:
                default_storage.delete(name)
                gone += 1
    return gone


def _in_rows(names: Collection[str]) -> set[str]:
    """Which of these names stand in a file field of any row."""
    used: set[str] = set()
    for model in apps.get_models() if names else ():
        for field in model._meta.get_fields():
            if isinstance(field, FileField):
                found = model._base_manager.filter(**{f"{field.name}__in": names})
                used.update(map(str, found.values_list(field.name, flat=True)))
    return used


def _is_old(name: str) -> bool:
    try:
        return bool(default_storage.get_modified_time(name) < now() - OLD)
    except FileNotFoundError:  # somebody else has deleted it
        return False


def _tree(folder: str) -> Iterator[str]:
    yield folder
    for below in _folders_of(folder):
        yield from _tree(below)


def _folders_of(folder: str) -> list[str]:
    return [f"{folder}/{name}".lstrip("/") for name in _listed(folder)[0] if name]


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    return list(folders), [str(name) for name in files if name]
