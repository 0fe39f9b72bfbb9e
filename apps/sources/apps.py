"""The app's entry in Django."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from apps.accounts import forecasts
from apps.core.startup import on_demand
from apps.core.work import kinds

# What waits to be worked: `process` names who drains a kind that no Celery worker does.
KINDS: tuple[dict[str, Any], ...] = (
    {
        "name": "poll",
        "model": "sources.Poll",
        "task": "apps.sources.tasks.polls_collect",
        "on_dead": "apps.sources.services.polls.poll_dead",
    },
    {
        "name": "channel_read",
        "model": "sources.ChannelRead",
        "process": "run_telegram_reader",
        "on_dead": "apps.sources.services.reads.read_dead",
    },
    {
        "name": "import_file",
        "model": "sources.ImportFile",
        "task": "apps.sources.tasks.imports_store",
        "on_dead": "apps.sources.services.imports.import_dead",
    },
    {
        "name": "media_fetch",
        "model": "sources.MediaFetch",
        "task": "apps.sources.tasks.media_fetch",
        "on_dead": "apps.sources.services.fetching.fetch_dead",
    },
    {
        "name": "channel_fetch",
        "model": "sources.ChannelFetch",
        "process": "run_telegram_reader",
        "on_dead": "apps.sources.services.fetching.fetch_dead",
    },
    {
        "name": "account_ask",
        "model": "sources.AccountAsk",
        "process": "run_telegram_reader",
        "on_dead": "apps.sources.services.asking.ask_dead",
    },
    {
        "name": "health_check",
        "model": "sources.HealthCheck",
        "task": "apps.sources.tasks.health_look",
        "on_dead": "apps.sources.services.upkeep.round_dead",
    },
    {
        "name": "retention",
        "model": "sources.Retention",
        "task": "apps.sources.tasks.retention_clear",
        "on_dead": "apps.sources.services.upkeep.round_dead",
    },
    {
        "name": "copy_check",
        "model": "sources.CopyCheck",
        "task": "apps.sources.tasks.copies_recheck",
        "on_dead": "apps.sources.services.failed_work.copy_check_dead",
    },
    {
        "name": "topic_read",
        "model": "sources.TopicRead",
        "task": "apps.sources.tasks.topics_read",
        "on_dead": "apps.sources.services.topic_reads.topic_read_dead",
    },
    {
        "name": "topic_removal",
        "model": "sources.TopicRemoval",
        "task": "apps.sources.tasks.topics_clear",
        "on_dead": "apps.sources.services.topic_removal.topic_removal_dead",
    },
    {
        "name": "kinship_review",
        "model": "sources.KinshipReview",
        "task": "apps.sources.tasks.kinships_review",
        "on_dead": "apps.sources.services.failed_work.kinship_review_dead",
    },
    {
        "name": "hub_ask",
        "model": "sources.HubAsk",
        "task": "apps.sources.tasks.hubs_ask",
        "on_dead": "apps.sources.services.hub_work.ask_dead",
    },
    {
        "name": "hub_push",
        "model": "sources.HubPush",
        "task": "apps.sources.tasks.pushes_read",
        "on_dead": "apps.sources.services.failed_work.hub_push_dead",
    },
)


def words_ensured(using: str, **_told: object) -> None:
    """Mend the index of words after migrations."""
    import_string("apps.sources.search.index_ensure")(using=using)


class SourcesConfig(AppConfig):
    """Sources, posts, filters and the collectors."""

    name = "apps.sources"
    verbose_name = _("Sources")

    def ready(self) -> None:
        """Make the app's work known."""
        post_migrate.connect(words_ensured, sender=self, dispatch_uid="sources.words")
        forecasts.register_removal("apps.sources.services.retention.workspace_removal")
        on_demand.register(
            "reader",
            command="run_telegram_reader",
            needed="apps.telegram.session_lists.sessions_any",
        )
        for kind in KINDS:
            kinds.register(**kind)
