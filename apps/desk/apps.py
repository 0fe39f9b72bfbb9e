"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """Screens that span apps; no business rows."""

    name = "apps.desk"
    verbose_name = _("Desk")
