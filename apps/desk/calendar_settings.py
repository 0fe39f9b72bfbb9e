"""A channel's slots, quiet hours and least distance on one page."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from apps.accounts.models import validate_zone
from apps.accounts.requests import user_of
from apps.desk.calendar_steps import back_of, channel_for, frame, query_of
from apps.publishing.models import Channel, Slot
from apps.publishing.models.schedule import GAP_MAX
from apps.publishing.services import schedule_save
from apps.publishing.services.schedule_rules import schedule_of

SLOTS_MAX = 48
TIME = re.compile(r"(\d{1,2})[:.](\d{2})")


class TimesField(forms.CharField):
    """Times of a day in one line, such as “9:00 12:30, 18:00”."""

    def clean(self, value: Any) -> list[time]:
        """The times, each once, in order."""
        found = set()
        for word in re.split(r"[\s,;]+", str(super().clean(value))):
            if not word:
                continue
            parts = TIME.fullmatch(word)
            if parts is None or int(parts[1]) > 23 or int(parts[2]) > 59:
                words = _t("“%(word)s” is not a time; write times like 9:00 12:30 18:00.")
                raise forms.ValidationError(words % {"word": word[:20]})
            found.add(time(int(parts[1]), int(parts[2])))
        if len(found) > SLOTS_MAX:
            raise forms.ValidationError(_t("At most %d slots a day.") % SLOTS_MAX)
        return sorted(found)


class ScheduleForm(forms.Form):
    """The rules of a channel's time."""

    day_0 = TimesField(label=_("Monday"), required=False, max_length=400)
    day_1 = TimesField(label=_("Tuesday"), required=False, max_length=400)
    day_2 = TimesField(label=_("Wednesday"), required=False, max_length=400)
    day_3 = TimesField(label=_("Thursday"), required=False, max_length=400)
    day_4 = TimesField(label=_("Friday"), required=False, max_length=400)
    day_5 = TimesField(label=_("Saturday"), required=False, max_length=400)
    day_6 = TimesField(label=_("Sunday"), required=False, max_length=400)
    every = TimesField(label=_("Besides, every day"), required=False, max_length=400)
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False)
    quiet_until = forms.TimeField(label=_("until"), required=False)
    gap_minutes = forms.IntegerField(label=_("Least distance, minutes"), min_value=0, max_value=GAP_MAX, required=False)
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=50,
        validators=[validate_zone],
        help_text=_("Empty: the workspace’s."),
    )

    def clean(self) -> dict[str, Any]:
        """Quiet hours are a span or nothing."""
        given: dict[str, Any] = super().clean() or {}
        begin, end = given.get("quiet_from"), given.get("quiet_until")
        if (begin is None) != (end is None) or (begin is not None and begin == end):
            words = _t("Quiet hours need a beginning and another end; leave both empty for none.")
            self.add_error("quiet_from", words)
        return given

    def days(self) -> list[forms.BoundField]:
        """The seven lines of slots."""
        return [self[f"day_{number}"] for number in range(7)]


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def channel_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Show and save the rules of a channel's time."""
    channel = channel_for(request, pk, verb="channel.manage")
    form = ScheduleForm(request.POST) if request.method == "POST" else ScheduleForm(initial=known(channel))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        times = [(number, at) for number in range(7) for at in given[f"day_{number}"] + given["every"]]
        schedule_save(
            channel=channel,
            times=times,
            quiet_from=given["quiet_from"],
            quiet_until=given["quiet_until"],
            gap_minutes=given["gap_minutes"] or 0,
            time_zone=given["time_zone"],
            editor=user_of(request),
        )
        messages.success(request, _t("The schedule of “%(channel)s” is saved.") % {"channel": channel.name})
        return redirect(back_of(request, channel=channel))
    context = frame(request, _t("Schedule of “%(channel)s”") % {"channel": channel.name}) | {
        "channel": channel,
        "form": form,
        "zone": channel.workspace.time_zone,
        "back": query_of(request, channel=channel),
    }
    return render(request, "desk/calendar_settings.html", context, status=400 if form.errors else 200)


def known(channel: Channel) -> dict[str, Any]:
    """What is stored, as the form shows it."""
    row = schedule_of(channel)
    lines: dict[str, list[str]] = {f"day_{number}": [] for number in range(7)}
    for slot in Slot.objects.filter(channel=channel):
        lines[f"day_{slot.weekday}"].append(f"{slot.at:%H:%M}")
    return {
        **{name: " ".join(times) for name, times in lines.items()},
        "quiet_from": row.quiet_from and f"{row.quiet_from:%H:%M}",
        "quiet_until": row.quiet_until and f"{row.quiet_until:%H:%M}",
        "gap_minutes": row.gap_minutes,
        "time_zone": row.time_zone,
    }
