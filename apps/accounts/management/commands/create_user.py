"""Make a user with a role in a workspace."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from apps.accounts.members import member_set
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.passwords import given_or_generated


class Command(BaseCommand):
    """`manage.py create_user --role editor --workspace city --email anna@example.org`.

    A person who exists already gets the role; their password stays.
    """

    help = "Make a user with a role; without --password-stdin or PULT_PASSWORD a new password is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, where, as what."""
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=Membership.Role.values)
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--name", default="", help="Shown instead of the e-mail.")
        parser.add_argument("--password-stdin", action="store_true", help="Read the password from standard input.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the user, or give the present one the role."""
        email = address(options["email"])
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace “{options['workspace']}”; make it with create_workspace.")
        user = User.objects.filter(email=email).first()
        password, is_new = "", False
        if user is None:
            password, is_new = given_or_generated(
                environment=os.environ.get("PULT_PASSWORD", ""), stdin=sys.stdin if options["password_stdin"] else None
            )
            user = User.objects.create_user(email, password, name=options["name"], language=workspace.language)
        member_set(workspace=workspace, user=user, role=options["role"], actor=None)
        self.stdout.write(f"{email} is now {options['role']} of “{workspace.name}”.")
        if is_new:
            self.stdout.write(f"Password, shown this once: {password}")


def address(text: str) -> str:
    """The e-mail in its one spelling.

    Raises:
        CommandError: it is not an e-mail address.
    """
    email = User.objects.normalize_email(text)
    try:
        validate_email(email)
    except ValidationError as exc:
        raise CommandError(f"“{text}” is not an e-mail address.") from exc
    return email
