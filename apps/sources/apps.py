"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.work import kinds


class SourcesConfig(AppConfig):
    """Sources, posts, filters and the collectors."""

    name = "apps.sources"
    verbose_name = _("Sources")

    def ready(self) -> None:
        """Make the app's work known."""
        kinds.register(
            name="poll",
            model="sources.Poll",
            task="apps.sources.tasks.polls_collect",
            on_dead="apps.sources.services.polls.poll_dead",
        )
        kinds.register(
            name="import_file",
            model="sources.ImportFile",
            task="apps.sources.tasks.imports_store",
            on_dead="apps.sources.services.imports.import_dead",
        )
