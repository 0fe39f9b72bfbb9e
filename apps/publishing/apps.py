"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PublishingConfig(AppConfig):
    """Channels and publications."""

    name = "apps.publishing"
    verbose_name = _("Publishing")
