"""The app's entry in Django."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


def failures_counted(using: str, **_told: object) -> None:
    """Mend the index of failed work after migrations."""
    import_string("apps.desk.failures.index.index_ensure")(using=using)


class DeskConfig(AppConfig):
    """Screens that span apps; no business rows."""

    name = "apps.desk"
    verbose_name = _("Desk")

    def ready(self) -> None:
        """Be told of migrations; an app without models of its own is not, so by those of accounts."""
        sender = apps.get_app_config("accounts")
        post_migrate.connect(failures_counted, sender=sender, dispatch_uid="desk.failures")
