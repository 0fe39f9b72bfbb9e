"""Make a superuser."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.accounts.management.commands.create_user import address
from apps.accounts.models import User
from apps.accounts.passwords import given_or_generated
from apps.accounts.services import audit_record


class Command(BaseCommand):
    """`manage.py create_admin --email root@example.org`: may do everything everywhere.

    A person who exists becomes a superuser; with `--new-password` a lost password is replaced as well.
    """

    help = "Make a superuser; the password comes from PULT_PASSWORD or --password-stdin, else a new one is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="", help="Shown instead of the e-mail.")
        parser.add_argument("--password-stdin", action="store_true", help="Read the password from standard input.")
        parser.add_argument("--new-password", action="store_true", help="Replace the password of a present user.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the superuser, or raise a present user."""
        email = address(options["email"])
        user = User.objects.filter(email=email).first()
        fresh = user is None or options["new_password"]
        password, is_new = "", False
        if fresh:
            password, is_new = given_or_generated(
                environment=os.environ.get("PULT_PASSWORD", ""), stdin=sys.stdin if options["password_stdin"] else None
            )
        if user is None:
            user = User.objects.create_superuser(email, password, name=options["name"])
        else:
            user.is_staff = user.is_superuser = user.is_active = True
            if fresh:
                user.set_password(password)
            user.save(update_fields=["is_staff", "is_superuser", "is_active", "password"])
        audit_record(verb="user.made_admin", target=user)
        self.stdout.write(f"{email} is now an administrator.")
        if is_new:
            self.stdout.write(f"Password, shown this once: {password}")
