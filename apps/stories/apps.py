"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.work import kinds
from apps.sources import listeners


class StoriesConfig(AppConfig):
    """Stories, rewrites and versions."""

    name = "apps.stories"
    verbose_name = _("Stories")

    def ready(self) -> None:
        """Tell the apps below what to call."""
        kinds.register(
            name="grouping",
            model="stories.Grouping",
            task="apps.stories.tasks.groupings_group",
            on_dead="apps.stories.services.grouping.grouping_dead",
        )
        kinds.register(
            name="rewrite",
            model="stories.Rewrite",
            task="apps.stories.tasks.rewrites_write",
            on_dead="apps.stories.services.rewrites.rewrite_dead",
        )
        listeners.register_retiring("apps.stories.services.keeping.posts_retire")
        kinds.register(name="recount", model="stories.Recount", task="apps.stories.tasks.stories_recount")
        listeners.register_voices("apps.stories.services.recounts.voices_moved")
        listeners.register("apps.stories.services.grouping.posts_added")
        listeners.register_changed("apps.stories.services.grouping.posts_changed")
        listeners.register_changing("apps.stories.services.grouping.posts_changing")
        listeners.register_deleted("apps.stories.services.grouping.posts_deleted")
