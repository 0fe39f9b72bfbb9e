"""The outbox: deliveries in their lanes, the attempts made, and the questions whether something arrived."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.core.work import lanes
from apps.core.work.models import WorkRow
from apps.telegram.models import Session


class Lane(lanes.Lane):
    """Deliveries that must leave one after the other."""

    class Meta(lanes.Lane.Meta):
        verbose_name = _("lane")
        verbose_name_plural = _("lanes")
        indexes = [
            *lanes.Lane.Meta.indexes,
            models.Index(fields=["id"], name="lane_paused", condition=~Q(paused_reason="")),
        ]


class Delivery(lanes.LanedRow):
    """One thing that has to leave, once.

    Attributes:
        kind: what it is, in the words of whoever asked for it ("post", "alert"); texts of one kind may leave together.
        after: the one that must have been sent before this one may leave, such as the message that it changes.
        is_joined: it leaves inside `after`, as one message with it, and shares what becomes of it.
        is_late: others of its lane that stand behind it left before it.
        went_to: where its last request went, as the sender says; empty as long as none has left.
    """

    class Outcome(models.TextChoices):
        WAITING = "", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        UNKNOWN = "unknown", _("Unknown")
        CANCELLED = "cancelled", _("Cancelled")

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("lane"))
    sender = models.CharField(_("way"), max_length=60)
    kind = models.CharField(_("kind"), max_length=40, blank=True, default="")
    after = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        db_index=False,
        related_name="followers",
        verbose_name=_("waits for"),
    )
    is_joined = models.BooleanField(_("leaves together with another"), default=False, editable=False)
    is_late = models.BooleanField(_("late"), default=False, editable=False)
    destination = models.CharField(_("to"), max_length=200)
    payload = models.JSONField(_("content"), default=dict)
    dedupe_key = models.CharField(_("key"), max_length=200)
    went_to = models.CharField(max_length=64, blank=True, default="", editable=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default="", blank=True)
    vendor_id = models.CharField(_("id there"), max_length=200, blank=True, default="")
    url = models.CharField(_("link"), max_length=500, blank=True, default="")
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta(lanes.LanedRow.Meta):
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-id",)
        indexes = [
            *lanes.LanedRow.Meta.indexes,
            models.Index(fields=["after"], name="delivery_after", condition=Q(after__isnull=False)),
            models.Index(fields=["finished_at", "id"], name="delivery_ended", condition=Q(state="done")),
        ]
        constraints = [
            *lanes.LanedRow.Meta.constraints,
            models.CheckConstraint(
                condition=Q(is_held=False, is_joined=False) | Q(after__isnull=False), name="delivery_held_by_another"
            ),
            models.CheckConstraint(condition=~Q(after=models.F("id")), name="delivery_not_after_itself"),
            models.UniqueConstraint(fields=["workspace", "dedupe_key"], name="delivery_asked_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["", "sent", "failed", "unknown", "cancelled"]), name="delivery_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome="sent", sent_at__isnull=False) | (~Q(outcome="sent") & Q(sent_at__isnull=True)),
                name="delivery_sent_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.destination} · {self.dedupe_key}"


class Attempt(models.Model):
    """One try to send or to look up, or a person's word on it."""

    class Kind(models.TextChoices):
        SEND = "send", _("Sending")
        LOOK_UP = "look_up", _("Looking up")
        PERSON = "person", _("A person")

    class Outcome(models.TextChoices):
        SENT = "sent", _("Sent")
        RETRY = "retry", _("Later again")
        FAILED = "failed", _("Refused")
        UNKNOWN = "unknown", _("Unknown")
        ABSENT = "absent", _("Not there")

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="attempt_log", verbose_name=_("delivery")
    )
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices, default=Kind.SEND)
    at = models.DateTimeField(_("when"), default=now)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    detail = models.TextField(_("detail"), blank=True, default="")
    duration_ms = models.PositiveIntegerField(_("took, ms"), null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["send", "look_up", "person"]), name="attempt_kind_known"),
            models.CheckConstraint(
                condition=Q(outcome__in=["sent", "retry", "failed", "unknown", "absent"]), name="attempt_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_outcome_display()}"


class LookUp(WorkRow):
    """The question whether a delivery with an unknown outcome arrived."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="look_ups", verbose_name=_("delivery")
    )

    class Meta(WorkRow.Meta):
        verbose_name = _("look-up")
        verbose_name_plural = _("look-ups")
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["delivery"], condition=Q(state__in=["ready", "leased"]), name="look_up_live_once"
            ),
        ]

    def __str__(self) -> str:
        return str(_("look-up of delivery %(delivery)s") % {"delivery": self.delivery_id})


class ChannelLook(WorkRow):
    """Reading a channel through an account to see whether a delivery stands there.

    It is worked only by the process that owns the account's session.

    Attributes:
        refusal: why the account may not read the channel; another is tried then.
    """

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="channel_looks", verbose_name=_("delivery")
    )
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+", verbose_name=_("Telegram account"))
    refusal = models.TextField(_("problem"), blank=True, default="", editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("look into a channel")
        verbose_name_plural = _("looks into channels")
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["delivery"], condition=Q(state__in=["ready", "leased"]), name="channel_look_live_once"
            ),
        ]

    def __str__(self) -> str:
        return str(_("look for delivery %(delivery)s") % {"delivery": self.delivery_id})
