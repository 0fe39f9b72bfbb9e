"""What bots are told: raw updates, who asks for them, and the chats that they have shown."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.telegram.models.bot import Bot


class Update(WorkRow):
    """One update as Telegram gave it to a bot; it holds people's texts and is forgotten after some days."""

    bot = models.ForeignKey(
        Bot, on_delete=models.CASCADE, related_name="updates", db_index=False, verbose_name=_("bot")
    )
    update_id = models.BigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=40, blank=True, default="")
    payload = models.JSONField(_("content"), default=dict)

    class Meta(WorkRow.Meta):
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ("-id",)
        indexes = [
            *WorkRow.Meta.indexes,
            # the bot's last one, from which the next question's offset follows
            models.Index(fields=["bot", "-id"], name="telegram_update_last"),
            models.Index(
                fields=["finished_at"], name="telegram_update_finished", condition=Q(state__in=["done", "dead"])
            ),
        ]
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(fields=["bot", "update_id"], name="telegram_update_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind or '?'} {self.update_id}"


class Inbox(models.Model):
    """Who asks Telegram for a bot's updates, and what stands in the way. One process at a time holds it by a lease.

    Attributes:
        hook_url: the webhook that Pult has set or was about to set, so that it may take it away.
    """

    bot = models.OneToOneField(Bot, on_delete=models.CASCADE, related_name="inbox", verbose_name=_("bot"))
    lease_owner = models.CharField(max_length=64, blank=True, default="", editable=False)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True, editable=False)
    heard_at = models.DateTimeField(_("last heard"), null=True, blank=True, editable=False)
    hook_url = models.CharField(max_length=300, blank=True, default="", editable=False)
    problem = models.TextField(_("problem"), blank=True, default="", editable=False)
    problem_code = models.CharField(max_length=60, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")

    def __str__(self) -> str:
        return str(self.bot)


class KnownChat(models.Model):
    """A chat that a bot has been told of: where it may post. Private talks are not kept here.

    Attributes:
        can_post: None where Telegram has not said yet.
        status_at, status_update_id: the event that the status is from, so that an older one never overwrites it.
    """

    class Kind(models.TextChoices):
        CHANNEL = "channel", _("Channel")
        GROUP = "group", _("Group")
        SUPERGROUP = "supergroup", _("Supergroup")

    class Status(models.TextChoices):
        UNKNOWN = "", _("Not known")
        CREATOR = "creator", _("Owner")
        ADMINISTRATOR = "administrator", _("Administrator")
        MEMBER = "member", _("Member")
        RESTRICTED = "restricted", _("Restricted")
        LEFT = "left", _("Not in the chat")
        KICKED = "kicked", _("Removed")

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="known_chats", verbose_name=_("bot"))
    chat_id = models.BigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    title = models.CharField(_("title"), max_length=255, blank=True, default="")
    username = models.CharField(_("username"), max_length=64, blank=True, default="")
    status = models.CharField(_("status"), max_length=14, choices=Status.choices, default="", blank=True)
    can_post = models.BooleanField(_("may post"), null=True)
    status_at = models.DateTimeField(_("status since"), null=True, blank=True)
    status_update_id = models.BigIntegerField(default=0)
    last_seen_at = models.DateTimeField(_("last seen"), default=now)

    class Meta:
        verbose_name = _("known chat")
        verbose_name_plural = _("known chats")
        ordering = ("title", "id")
        constraints = [
            models.UniqueConstraint(fields=["bot", "chat_id"], name="telegram_known_chat_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["channel", "group", "supergroup"]), name="telegram_known_chat_kind"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["", "creator", "administrator", "member", "restricted", "left", "kicked"]),
                name="telegram_known_chat_status",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} (@{self.username})" if self.username else self.title or str(self.chat_id)

    @property
    def is_open(self) -> bool:
        """Whether, as far as is known, the bot may post here."""
        return self.status not in {self.Status.LEFT, self.Status.KICKED} and self.can_post is not False
