"""The files of stories' pictures: deleted once their row is gone, however it went; kept while anything needs them."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import transaction

from apps.stories.models import Illustrating, Illustration

GIVEN_UP = "given_up"


def picture_gone(instance: Illustration, **_told: Any) -> None:
    """Delete a picture's file after the transaction that deleted its row, unless another row has the same."""
    name = str(instance.file.name or "")
    if name:
        transaction.on_commit(partial(file_delete, name), robust=True)


def file_delete(name: str) -> None:
    """Delete a file that no picture shows any more."""
    if not Illustration.objects.filter(file=name).exists():
        Illustration(file=name).file.storage.delete(name)


def pictures_awaited(names: Collection[str]) -> set[str]:
    """Which of these files came for a making that has not made its pictures yet, and still may."""
    makings = Illustrating.objects.exclude(state=Illustrating.State.DONE).exclude(error_code=GIVEN_UP)
    answers = makings.filter(answer__isnull=False).values_list("answer", flat=True)
    return {filed["name"] for answer in answers for filed in (answer or {}).get("files", ())} & set(names)
