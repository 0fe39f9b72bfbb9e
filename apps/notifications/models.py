"""The chats in which people are told."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.telegram.models import Bot


def code_new() -> str:
    """The unguessable end of a connecting link; Telegram takes up to 64 letters, digits, - and _."""
    return f"alerts-{secrets.token_urlsafe(18)}"


class AlertChat(models.Model):
    """A talk or group in which a workspace's bot tells of alerts; connected by a link that is opened there."""

    class Level(models.TextChoices):
        ALL = "all", _("Everything that needs attention")
        ERROR = "error", _("Only what is broken")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="alert_chats", verbose_name=_("workspace")
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("Whose chat it is: “Duty”, “Nadia”."))
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="alert_chats", verbose_name=_("bot"))
    level = models.CharField(_("what is told"), max_length=10, choices=Level.choices, default=Level.ALL)
    is_active = models.BooleanField(_("active"), default=True)
    code = models.CharField(max_length=64, unique=True, default=code_new, editable=False)
    chat_id = models.BigIntegerField(_("chat"), null=True, blank=True, editable=False)
    chat_title = models.CharField(_("chat"), max_length=255, blank=True, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    connected_at = models.DateTimeField(_("connected"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("alerts chat")
        verbose_name_plural = _("alerts in Telegram")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="alert_chat_name_once"),
            models.UniqueConstraint(
                fields=["workspace", "chat_id"], condition=Q(chat_id__isnull=False), name="alert_chat_once"
            ),
            models.CheckConstraint(condition=Q(level__in=["all", "error"]), name="alert_chat_level_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def private_link(self) -> str:
        """Opened by a person, it connects the talk with the bot."""
        return f"https://t.me/{self.bot.username}?start={self.code}"

    @property
    def group_link(self) -> str:
        """Opened by a person, it adds the bot to a group of theirs and connects it."""
        return f"https://t.me/{self.bot.username}?startgroup={self.code}"


def person_code_new() -> str:
    """The unguessable end of a person's connecting link."""
    return f"me-{secrets.token_urlsafe(18)}"


class PersonChat(models.Model):
    """A person's own talk with a workspace's bot; connected by a link that only that person is shown."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="person_chats", verbose_name=_("workspace"), db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person_chats", verbose_name=_("person")
    )
    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="person_chats", verbose_name=_("bot"))
    code = models.CharField(max_length=64, unique=True, default=person_code_new, editable=False)
    chat_id = models.BigIntegerField(_("chat"), null=True, blank=True, editable=False)
    name = models.CharField(_("name in Telegram"), max_length=255, blank=True, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    connected_at = models.DateTimeField(_("connected"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("person in Telegram")
        verbose_name_plural = _("people in Telegram")
        ordering = ("user", "id")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="person_chat_once"),
            # who presses a button is known by the talk alone
            models.UniqueConstraint(
                fields=["bot", "chat_id"], condition=Q(chat_id__isnull=False), name="person_chat_talk_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def link(self) -> str:
        """Opened by the person, it connects their talk with the bot."""
        return f"https://t.me/{self.bot.username}?start={self.code}"
