"""Telegram accounts of people that read channels, what they may still ask for, and the channels they know."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.crypto import EncryptedTextField
from apps.telegram.reading import SessionSnapshot


class Session(models.Model):
    """A person's Telegram account that reads channels for a workspace.

    Of the login only the encrypted session string stays. One process at a time owns it, by a lease that it renews:
    Telegram destroys a session that is used from two addresses.

    Attributes:
        code_way, code_next: how the code was sent and how it would be sent again, as in `login.WAYS`.
        resend_at: before that Telegram does not send the code again.
    """

    class State(models.TextChoices):
        NEW = "new", _("Not logged in")
        CODE = "code", _("Waits for the code")
        PASSWORD = "password", _("Waits for the password")
        ACTIVE = "active", _("Logged in")
        LOST = "lost", _("Login lost")
        LEAVING = "leaving", _("Logging out")
        OUT = "out", _("Logged out")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="telegram_sessions", verbose_name=_("workspace")
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("How it is called in Pult."))
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    api_id = models.PositiveIntegerField(
        _("api_id"), null=True, blank=True, help_text=_("From my.telegram.org. Empty: the one of the installation.")
    )
    api_hash = EncryptedTextField(_("api_hash"), blank=True, default="")
    proxy = EncryptedTextField(
        _("proxy"), blank=True, default="", help_text=_("socks5://, http:// or mtproto:// with host and port.")
    )
    string = EncryptedTextField(_("session"), blank=True, default="", editable=False)
    # These are kept only while a person logs in.
    code_hash = EncryptedTextField(blank=True, default="", editable=False)
    code_way = models.CharField(max_length=20, blank=True, default="", editable=False)
    code_next = models.CharField(max_length=20, blank=True, default="", editable=False)
    resend_at = models.DateTimeField(null=True, blank=True, editable=False)
    password_hint = EncryptedTextField(blank=True, default="", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW, editable=False)
    is_paused = models.BooleanField(_("paused"), default=False, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    user_id = models.BigIntegerField(_("Telegram id"), null=True, blank=True, editable=False)
    username = models.CharField(_("username"), max_length=64, blank=True, editable=False)
    lease_owner = models.CharField(max_length=64, blank=True, editable=False)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("Telegram account")
        verbose_name_plural = _("Telegram accounts")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="telegram_session_name_once"),
            models.UniqueConstraint(
                fields=["workspace", "user_id"],
                condition=Q(state="active", user_id__isnull=False),
                name="telegram_session_user_once",
            ),
            models.CheckConstraint(
                condition=Q(lease_owner="", lease_until__isnull=True)
                | (~Q(lease_owner="") & Q(lease_until__isnull=False)),
                name="telegram_session_lease_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["new", "code", "password", "active", "lost", "leaving", "out"]),
                name="telegram_session_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (@{self.username})" if self.username else self.name

    def snapshot(self) -> SessionSnapshot:
        """The account as coroutines get it, with the installation's api_id where it has none of its own."""
        own = bool(self.api_id and self.api_hash)
        return SessionSnapshot(
            pk=self.pk or 0,
            api_id=(self.api_id or 0) if own else settings.TELEGRAM_API_ID,
            api_hash=self.api_hash if own else settings.TELEGRAM_API_HASH,
            string=self.string,
            proxy=self.proxy,
            name=self.name,
            language=self.workspace.language,
        )


class Budget(models.Model):
    """How much of one kind of request an account may still make, and until when Telegram told it to wait."""

    class Operation(models.TextChoices):
        HISTORY = "history", _("Reading posts")
        RESOLVE = "resolve", _("Finding channels")
        MEDIA = "media", _("Fetching media")
        INVITE = "invite", _("Looking at invitations")
        JOIN = "join", _("Joining channels")
        DIALOGS = "dialogs", _("Listing own channels")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="budgets", verbose_name=_("account"))
    operation = models.CharField(_("operation"), max_length=10, choices=Operation.choices)
    arrives_at = models.DateTimeField(null=True, blank=True, editable=False)  # GCRA's theoretical arrival time
    spent = models.PositiveBigIntegerField(_("requests made"), default=0, editable=False)
    waits_until = models.DateTimeField(_("waits until"), null=True, blank=True, editable=False)
    floods = models.PositiveIntegerField(_("flood waits"), default=0, editable=False)
    last_flood_s = models.PositiveIntegerField(_("last flood wait, seconds"), default=0, editable=False)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ("session", "operation")
        constraints = [
            models.UniqueConstraint(fields=["session", "operation"], name="telegram_budget_once"),
            models.CheckConstraint(
                condition=Q(operation__in=["history", "resolve", "media", "invite", "join", "dialogs"]),
                name="telegram_budget_operation_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session} · {self.get_operation_display()}"


class Peer(models.Model):
    """A channel as one account knows it; an access hash is worth nothing to another account.

    Attributes:
        is_member: the account was in it when it was last seen so, which tells what it may read without a public name.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="peers", verbose_name=_("account"))
    chat_id = models.BigIntegerField(_("channel's id"))
    access_hash = models.BigIntegerField(editable=False)
    username = models.CharField(_("username"), max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=255, blank=True)
    kind = models.CharField(_("kind"), max_length=10, default="channel", editable=False)
    is_member = models.BooleanField(_("the account is in it"), default=False, editable=False)
    seen_at = models.DateTimeField(_("last seen"), default=now)

    class Meta:
        verbose_name = _("known channel")
        verbose_name_plural = _("known channels")
        ordering = ("title", "id")
        constraints = [models.UniqueConstraint(fields=["session", "chat_id"], name="telegram_peer_once")]
        indexes = [models.Index(fields=["session", "username"], name="telegram_peer_by_name")]

    def __str__(self) -> str:
        return self.title or self.username or str(self.chat_id)
