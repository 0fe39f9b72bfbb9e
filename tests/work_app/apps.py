"""The app's entry in Django."""

from django.apps import AppConfig

from apps.core.work import kinds


class WorkAppConfig(AppConfig):
    """Chores: plain rows and rows in lanes."""

    name = "tests.work_app"
    label = "work_app"

    def ready(self) -> None:
        """Make the two kinds known."""
        kinds.register(
            name="chore",
            model="work_app.Chore",
            task="tests.work_app.tasks.chores_do",
            on_dead="tests.work_app.hooks.dead",
            on_unknown="tests.work_app.hooks.unknown",
        )
        kinds.register(
            name="laned_chore",
            model="work_app.LanedChore",
            task="tests.work_app.tasks.laned_chores_do",
            on_dead="tests.work_app.hooks.dead",
            on_unknown="tests.work_app.hooks.unknown",
            lane_model="work_app.ChoreLane",
        )
