"""Files on the disk of this machine: each is seen whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.utils.crypto import get_random_string
from django.utils.deconstruct import deconstructible

PART = ".part"  # the end of a name under which a file is being written


@deconstructible
class WholeFiles(FileSystemStorage):
    """Django's storage on the disk, where a file comes under its name in one step.

    Two workers that store the same content under the same name never meet a half-written file,
    and a worker killed while writing leaves a `.part` that no row and no other writer knows of.
    """

    def _save(self, name: str, content: File[bytes]) -> str:
        part = super()._save(f"{name}.{get_random_string(12)}{PART}", content)  # type: ignore[misc]
        whole = Path(self.path(name))
        os.replace(self.path(part), whole)
        return name
