"""Addresses of the calendar."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.desk import calendar, calendar_place, calendar_queue, calendar_settings, calendar_steps


def calendar_urls() -> list[URLPattern]:
    """The calendar, the pages that it opens, and its steps."""
    return [
        path("calendar/", calendar.calendar, name="calendar"),
        path("calendar/<int:pk>/move/", calendar_steps.calendar_move, name="calendar_move"),
        path("calendar/channels/<int:pk>/place/", calendar_place.calendar_place, name="calendar_place"),
        path("calendar/channels/<int:pk>/pause/", calendar_queue.queue_stop, name="queue_stop"),
        path("calendar/channels/<int:pk>/resume/", calendar_queue.queue_resume_page, name="queue_resume"),
        path("calendar/channels/<int:pk>/undo/", calendar_queue.queue_undo_step, name="queue_undo"),
        path("calendar/channels/<int:pk>/schedule/", calendar_settings.channel_schedule, name="channel_schedule"),
    ]
