"""Make a key for secrets at rest."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Prints a new Fernet key; keeps nothing."""

    help = "Print a new key for FIELD_ENCRYPTION_KEYS. The key alone goes to standard output."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run."""
        self.stderr.write(
            "Put this key first in FIELD_ENCRYPTION_KEYS, before the present ones, restart, then run "
            "`manage.py fields_reencrypt`."
        )
        self.stdout.write(Fernet.generate_key().decode())
