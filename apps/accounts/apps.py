"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users, workspaces, roles, audit and alerts."""

    name = "apps.accounts"
    verbose_name = _("Accounts")
