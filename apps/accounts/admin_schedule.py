"""django-celery-beat's screens in the same frame, for superusers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as UnfoldModelAdmin
    from django.contrib.admin.widgets import AdminTextInputWidget as TextWidget
    from django.forms.widgets import Select as UnfoldAdminSelectWidget
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin
    from unfold.widgets import UnfoldAdminSelectWidget
    from unfold.widgets import UnfoldAdminTextInputWidget as TextWidget

for _model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(_model)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]
    """The choice of known tasks, in the frame's look."""

    template_name = "unfold/widgets/select.html"


class TaskForm(PeriodicTaskForm):  # type: ignore[misc]
    """django-celery-beat's form, in the frame's look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "task" in self.fields:
            self.fields["task"].widget = TextWidget()
        if "regtask" in self.fields:
            self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, UnfoldModelAdmin):  # type: ignore[misc, type-arg]
    """The heartbeat and what else runs by the clock."""

    form = TaskForm
    change_form_template = None
    date_hierarchy = None
    list_display = ("name", "enabled", "scheduler", "last_run_at", "total_run_count")
    list_filter = ("enabled",)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(UnfoldModelAdmin):  # type: ignore[type-arg]
    """Every so many seconds, minutes, hours."""


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BeatCrontabScheduleAdmin, UnfoldModelAdmin):  # type: ignore[misc, type-arg]
    """At set times."""
