"""The app's entry in Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from apps.core import stray_files
from apps.core.work import kinds
from apps.sources import listeners
from apps.telegram import routers

# What waits to be worked.
KINDS: tuple[dict[str, Any], ...] = (
    {
        "name": "grouping",
        "model": "stories.Grouping",
        "task": "apps.stories.tasks.groupings_group",
        "on_dead": "apps.stories.services.grouping.grouping_dead",
    },
    {
        "name": "rewrite",
        "model": "stories.Rewrite",
        "task": "apps.stories.tasks.rewrites_write",
        "on_dead": "apps.stories.services.writing.rewrite_dead",
    },
    {
        "name": "illustrating",
        "model": "stories.Illustrating",
        "task": "apps.stories.tasks.illustrations_draw",
        "on_dead": "apps.stories.services.illustrating.illustrating_dead",
        "on_unknown": "apps.stories.services.illustrating.illustrating_unknown",
    },
    {"name": "page_fetch", "model": "stories.PageFetch", "task": "apps.stories.tasks.pages_fetch"},
    {
        "name": "recount",
        "model": "stories.Recount",
        "task": "apps.stories.tasks.stories_recount",
        "on_dead": "apps.stories.services.failed_work.recount_dead",
    },
    {
        "name": "ranking",
        "model": "stories.Ranking",
        "task": "apps.stories.tasks.stories_rank",
        "on_dead": "apps.stories.services.failed_work.ranking_dead",
    },
    {
        "name": "second_look",
        "model": "stories.SecondLook",
        "task": "apps.stories.tasks.close_calls_look",
        "on_dead": "apps.stories.services.close_calls.second_look_dead",
    },
    {
        "name": "quality_check",
        "model": "stories.QualityCheck",
        "task": "apps.stories.tasks.quality_measure",
        "on_dead": "apps.stories.services.quality_rounds.quality_dead",
    },
)


def picture_gone(**told: object) -> None:
    """A picture's row was deleted: by an editor, or with its story or workspace."""
    import_string("apps.stories.picture_files.picture_gone")(**told)


class StoriesConfig(AppConfig):
    """Stories, rewrites and versions."""

    name = "apps.stories"
    verbose_name = _("Stories")

    def ready(self) -> None:
        """Tell the apps below what to call."""
        for kind in KINDS:
            kinds.register(**kind)
        post_delete.connect(picture_gone, sender="stories.Illustration", dispatch_uid="stories.picture_gone")
        stray_files.register("illustrations", also_used="apps.stories.picture_files.pictures_awaited")
        routers.register("apps.stories.services.approval_talk.approval_heard")
        listeners.register_retiring("apps.stories.services.keeping.posts_retire")
        listeners.register_topics("apps.stories.services.ranking.topics_moved")
        listeners.register_voices("apps.stories.services.recounts.voices_moved")
        listeners.register("apps.stories.services.grouping.posts_added")
        listeners.register_changed("apps.stories.services.grouping.posts_changed")
        listeners.register_changing("apps.stories.services.grouping.posts_changing")
        listeners.register_deleted("apps.stories.services.grouping.posts_deleted")
