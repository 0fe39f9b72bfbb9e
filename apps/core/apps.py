"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """Work rows, errors, http, crypto, clock, checks, health: what every app stands on."""

    name = "apps.core"
    verbose_name = _("Core")
