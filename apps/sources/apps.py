"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SourcesConfig(AppConfig):
    """Sources, posts, filters and the collectors."""

    name = "apps.sources"
    verbose_name = _("Sources")
