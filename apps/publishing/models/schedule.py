"""When a channel publishes: its quiet hours, its least distance, its slots, and whether its queue is paused."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import validate_zone
from apps.core.clock import now
from apps.publishing.models.channel import Channel

GAP_MAX = 1440


class ChannelSchedule(models.Model):
    """The rules of a channel's time. A channel without one publishes at any time.

    Attributes:
        quiet_from, quiet_until: on the wall clock of `zone`; over midnight where the first is the later one.
        paused_at: since when nothing leaves of itself; what came due meanwhile is asked about before it goes on.
    """

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, related_name="schedule", verbose_name=_("channel")
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=50,
        blank=True,
        default="",
        validators=[validate_zone],
        help_text=_("Empty: the workspace’s."),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    gap_minutes = models.PositiveSmallIntegerField(
        _("least distance, minutes"),
        default=0,
        validators=[MaxValueValidator(GAP_MAX)],
        help_text=_("Between two publications of the channel; 0: any."),
    )
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("paused by"),
    )
    paused_reason = models.CharField(_("paused because"), max_length=200, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("channel’s schedule")
        verbose_name_plural = _("channels’ schedules")
        ordering = ("channel__name", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until")),
                name="schedule_quiet_is_a_span",
                violation_error_message=_("Quiet hours need a beginning and another end; leave both empty for none."),
            ),
            models.CheckConstraint(condition=Q(gap_minutes__lte=GAP_MAX), name="schedule_gap_within_a_day"),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=False) | Q(paused_by__isnull=True, paused_reason=""),
                name="schedule_pause_has_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.channel)

    @property
    def zone(self) -> ZoneInfo:
        """Whose wall clock the times are on."""
        return ZoneInfo(self.time_zone) if self.time_zone else self.channel.workspace.zone


class Slot(models.Model):
    """A time of the week at which a channel has a place for a publication."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="slots", verbose_name=_("channel"), db_index=False
    )
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices)
    at = models.TimeField(_("time"))

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ("weekday", "at")
        constraints = [
            models.UniqueConstraint(fields=["channel", "weekday", "at"], name="slot_once"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="slot_weekday_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.at:%H:%M}"


class QueueResume(models.Model):
    """A queue that went on after a pause, with what became of the overdue: kept so that it can be taken back.

    Attributes:
        paused_at, paused_by, paused_reason: the pause that it ended.
        planned: `publication` (its id), `was` (its time before), `to` (its new time; null where it was cancelled).
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="resumes", verbose_name=_("channel"), db_index=False
    )
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("when"), default=now)
    choice = models.CharField(_("choice"), max_length=10, blank=True, default="")
    paused_at = models.DateTimeField(_("paused since"))
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("paused by")
    )
    paused_reason = models.CharField(_("paused because"), max_length=200, blank=True, default="")
    planned = models.JSONField(_("overdue"), default=list, blank=True)
    undone_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("resumed queue")
        verbose_name_plural = _("resumed queues")
        ordering = ("-at", "-id")
        indexes = [models.Index(fields=["channel", "-at"], name="queue_resume_latest")]

    def __str__(self) -> str:
        return f"{self.channel} · {self.at:%Y-%m-%d %H:%M}"
