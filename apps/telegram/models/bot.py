"""Bots."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.crypto import EncryptedTextField
from apps.telegram.ports import BotSnapshot

TOKEN_PATTERN = r"^\d{1,19}:[A-Za-z0-9_-]{20,100}$"  # noqa: S105 - the shape of a token, not one
TOKEN_WORDS = _("A token looks like 123456789:AAE…: digits, a colon and a long key. Copy all of it.")


class Bot(models.Model):
    """A Telegram bot that posts for a workspace. Its token is never shown again after it was saved.

    Attributes:
        receives: how it learns what it is told. Where several workspaces have the bot, the first row's word counts.
        hook_secret: what Telegram shows when it calls; made anew each time that it is asked to call.
        proxy: the way to the Bot API, empty for none.
    """

    class Receives(models.TextChoices):
        POLLING = "polling", _("Pult asks Telegram")
        WEBHOOK = "webhook", _("Telegram calls Pult")

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="bots", verbose_name=_("workspace"))
    name = models.CharField(_("name"), max_length=100, help_text=_("How it is called in Pult."))
    token = EncryptedTextField(_("token"), validators=[RegexValidator(TOKEN_PATTERN, TOKEN_WORDS)])
    bot_id = models.BigIntegerField(_("bot's id"), editable=False)
    username = models.CharField(_("username"), max_length=64, blank=True, editable=False)
    receives = models.CharField(
        _("hears by"), max_length=8, choices=Receives.choices, default=Receives.POLLING, editable=False
    )
    hook_secret = EncryptedTextField(blank=True, default="", editable=False)
    proxy = EncryptedTextField(_("proxy"), blank=True, default="", editable=False)
    is_active = models.BooleanField(_("active"), default=True, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("bot")
        verbose_name_plural = _("bots")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "bot_id"], name="telegram_bot_once_a_workspace"),
            models.UniqueConstraint(fields=["workspace", "name"], name="telegram_bot_name_once"),
            models.CheckConstraint(condition=Q(receives__in=["polling", "webhook"]), name="telegram_bot_receives"),
            models.CheckConstraint(condition=Q(bot_id__gt=0), name="telegram_bot_id_positive"),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(problem=""), name="telegram_active_bot_has_no_problem"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (@{self.username})" if self.username else self.name

    def snapshot(self) -> BotSnapshot:
        """The bot as coroutines get it."""
        return BotSnapshot(
            bot_id=self.bot_id, token=self.token, pk=self.pk or 0, username=self.username, proxy=self.proxy
        )
