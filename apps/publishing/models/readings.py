"""How often publications were seen: readings at fixed ages, the work that takes them, and what bots are told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.publishing.models.publication import Publication
from apps.telegram.models import Session


class PublicationReading(models.Model):
    """What was known of a publication's first message at an age; what nobody told is empty, never 0.

    Attributes:
        age_h: the age that it stands for, in hours; `taken_at` tells when it was really counted.
        clicks: of people, on its short links; empty where it has none.
        origin: who told views, forwards and reactions; empty where only clicks are known.
    """

    class Origin(models.TextChoices):
        NONE = "", _("Nobody")
        SOURCE = "source", _("The channel’s source")
        ACCOUNT = "account", _("A Telegram account")
        BOT = "bot", _("The bot")
        PAGE = "page", _("The preview page")

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="readings", verbose_name=_("publication"), db_index=False
    )
    age_h = models.PositiveSmallIntegerField(_("age, hours"))
    taken_at = models.DateTimeField(_("counted"))
    views = models.PositiveBigIntegerField(_("views"), null=True, blank=True)
    forwards = models.PositiveBigIntegerField(_("forwards"), null=True, blank=True)
    reactions = models.PositiveBigIntegerField(_("reactions"), null=True, blank=True)
    clicks = models.PositiveBigIntegerField(_("clicks"), null=True, blank=True)
    origin = models.CharField(_("told by"), max_length=7, choices=Origin.choices, blank=True, default="")

    class Meta:
        verbose_name = _("reading of a publication")
        verbose_name_plural = _("readings of publications")
        ordering = ("publication", "age_h")
        constraints = [
            models.UniqueConstraint(fields=["publication", "age_h"], name="publication_reading_once"),
        ]

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.age_h}"


class MessageLook(WorkRow):
    """Looking how a publication fares at an age; the next one is made in the transaction that records this one."""

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="looks", verbose_name=_("publication"), db_index=False
    )
    age_h = models.PositiveSmallIntegerField(_("age, hours"), editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("look at a publication")
        verbose_name_plural = _("looks at publications")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(fields=["publication", "age_h"], name="message_look_once"),
        ]


class AccountLook(WorkRow):
    """The same, asked of Telegram by an account; worked only by the process that owns its session."""

    publication = models.ForeignKey(
        Publication,
        on_delete=models.CASCADE,
        related_name="account_looks",
        verbose_name=_("publication"),
        db_index=False,
    )
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+", verbose_name=_("Telegram account"))
    age_h = models.PositiveSmallIntegerField(_("age, hours"), editable=False)
    problem = models.TextField(_("problem"), blank=True, default="", editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("look by an account")
        verbose_name_plural = _("looks by accounts")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(fields=["publication", "age_h"], name="account_look_once"),
        ]


class MessageReactions(models.Model):
    """The reactions under a publication's first message as its bot was last told; a later word wins."""

    publication = models.OneToOneField(
        Publication, on_delete=models.CASCADE, related_name="reactions_told", verbose_name=_("publication")
    )
    total = models.PositiveBigIntegerField(_("reactions"), default=0)
    by_kind = models.JSONField(_("by kind"), default=dict, blank=True)
    told_at = models.DateTimeField(_("told"), default=now)
    update_id = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("reactions under a publication")
        verbose_name_plural = _("reactions under publications")
        constraints = [models.CheckConstraint(condition=Q(total__gte=0), name="message_reactions_counted")]

    def __str__(self) -> str:
        return f"{self.publication_id} · {self.total}"
