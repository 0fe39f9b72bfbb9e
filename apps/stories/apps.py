"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoriesConfig(AppConfig):
    """Stories, rewrites and versions."""

    name = "apps.stories"
    verbose_name = _("Stories")
