"""The admin with Pult's own site."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class PultAdminConfig(SimpleAdminConfig):
    """Makes `apps.accounts.site.PultAdminSite` the site that every admin registers with.

    The admins' modules are loaded with the addresses (`config.urls`), not at every start: beat, bots and readers have
    no use for them, and they cost a process 40 MB.
    """

    default_site = "apps.accounts.site.PultAdminSite"

    def ready(self) -> None:
        """Django's own checks, of admins that have been loaded."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(admins_checked, checks.Tags.admin)


def admins_checked(**options: Any) -> list[checks.CheckMessage]:
    """Load the admins, then check them."""
    import_module(settings.ROOT_URLCONF)
    found: list[checks.CheckMessage] = check_admin_app(**options)
    return found
