"""Channels without a public name: the invitations to them, and what is asked of Telegram when a person presses."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.crypto import EncryptedTextField
from apps.core.work.models import WorkRow
from apps.sources.models.source import Source
from apps.telegram.models import Session


class Invitation(models.Model):
    """An invitation to a private channel, as one account of the workspace sees it.

    Attributes:
        link: the hash of the link: who has it may join, so it is encrypted and never shown again.
        digest: tells the same link again without reading it.
        code: why it leads nowhere, as in `reading_refusals.WORDS`.
        looks: how often it was looked whether the administrators have let the account in.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Being looked at")
        SEEN = "seen", _("Looked at")
        JOINING = "joining", _("Joining")
        WAITING = "waiting", _("Waits for the administrators")
        INSIDE = "inside", _("In the channel")
        REFUSED = "refused", _("Leads nowhere")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"))
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+", verbose_name=_("Telegram account"))
    link = EncryptedTextField(editable=False)
    digest = models.CharField(max_length=64, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED, editable=False)
    code = models.CharField(max_length=40, blank=True, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    title = models.CharField(_("title"), max_length=255, blank=True, editable=False)
    members = models.PositiveIntegerField(_("members"), null=True, blank=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, blank=True, editable=False)
    is_request = models.BooleanField(default=False, editable=False)
    is_paid = models.BooleanField(default=False, editable=False)
    chat_id = models.BigIntegerField(null=True, blank=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)
    source = models.ForeignKey(
        Source, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)
    told_at = models.DateTimeField(_("last answer"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["session", "digest"], name="sources_invitation_once"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "seen", "joining", "waiting", "inside", "refused"]),
                name="sources_invitation_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(_("Invitation"))


class AccountAsk(WorkRow):
    """One question to Telegram through an account; worked only by the process that owns the account's session.

    Attributes:
        found: how many channels came; `is_whole`: the account has no others.
        turn: how often a channel that shut the account out was tried again before.
    """

    class What(models.TextChoices):
        CHECK = "check", _("Look at an invitation")
        JOIN = "join", _("Join a channel")
        CHANNELS = "channels", _("List own channels")
        REGAIN = "regain", _("Try a closed channel again")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+", verbose_name=_("Telegram account"))
    what = models.CharField(_("what"), max_length=10, choices=What.choices, editable=False)
    invitation = models.ForeignKey(
        Invitation, on_delete=models.CASCADE, null=True, blank=True, related_name="asks", verbose_name=_("invitation")
    )
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    found = models.PositiveIntegerField(_("channels found"), default=0, editable=False)
    is_whole = models.BooleanField(default=False, editable=False)
    turn = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("question to Telegram")
        verbose_name_plural = _("questions to Telegram")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.CheckConstraint(
                condition=Q(what__in=["check", "join"], invitation__isnull=False, source__isnull=True)
                | Q(what="channels", invitation__isnull=True, source__isnull=True)
                | Q(what="regain", invitation__isnull=True, source__isnull=False),
                name="sources_accountask_has_its_object",
            ),
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(state__in=["ready", "leased"], invitation__isnull=False),
                name="sources_accountask_invitation_live_once",
            ),
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(state__in=["ready", "leased"], what="channels"),
                name="sources_accountask_channels_live_once",
            ),
            models.UniqueConstraint(
                fields=["session", "source"],
                condition=Q(state__in=["ready", "leased"], what="regain"),
                name="sources_accountask_regain_live_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} · {self.session}"
