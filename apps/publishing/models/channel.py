"""Places where stories come out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.crypto import EncryptedTextField
from apps.core.masking import address_masked
from apps.publishing.models.link_rules import LinkRules
from apps.stories.models import Preset
from apps.telegram.models import Bot


class Channel(LinkRules):
    """A place where stories come out.

    Attributes:
        hook_url, hook_secret: where a webhook is posted to, which may hold a secret itself, and what it is signed with;
            encrypted, and shown by `hook_shown` only.
    """

    class Kind(models.TextChoices):
        TELEGRAM = "telegram", _("Telegram")
        PREVIEW = "preview", _("Preview page")
        WEBHOOK = "webhook", _("Webhook")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="channels", verbose_name=_("workspace")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TELEGRAM)
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(
        _("address"),
        max_length=60,
        unique=True,
        help_text=_("Latin letters, digits and dashes; the preview page opens at /preview/ADDRESS/."),
    )
    about = models.CharField(_("about"), max_length=255, blank=True, default="")
    footer = models.TextField(
        _("footer"), blank=True, default="", max_length=500, help_text=_("Stands under every publication.")
    )
    signature = models.TextField(
        _("signature"),
        blank=True,
        default="",
        max_length=500,
        help_text=_("Stands above the footer. Both may have links and bold words in Telegram’s markup."),
    )
    with_picture = models.BooleanField(
        _("with the story’s picture"), default=True, help_text=_("The chosen picture goes out with the text.")
    )
    splits = models.BooleanField(
        _("split long texts"),
        default=False,
        help_text=_("A text of more than 4,096 characters becomes several messages; off: it is refused."),
    )
    link_preview = models.BooleanField(
        _("link preview"), default=True, help_text=_("Telegram shows what the first link of a text leads to.")
    )
    silent = models.BooleanField(_("silent"), default=False, help_text=_("Readers get no sound."))
    protect = models.BooleanField(
        _("protected"), default=False, help_text=_("Readers can neither forward nor save it.")
    )
    spoiler = models.BooleanField(
        _("picture hidden"), default=False, help_text=_("Pictures and videos are blurred until they are touched.")
    )
    pin = models.BooleanField(_("pin"), default=False, help_text=_("Each publication is pinned when it is out."))
    buttons = models.JSONField(_("buttons"), default=list, blank=True)
    preset = models.ForeignKey(
        Preset,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="channels",
        verbose_name=_("preset"),
        help_text=_("How texts for this channel should sound; empty: the workspace’s default."),
    )
    bot = models.ForeignKey(
        Bot, on_delete=models.RESTRICT, null=True, blank=True, related_name="channels", verbose_name=_("bot")
    )
    chat_id = models.CharField(
        _("chat"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("@name of a public channel or group, or its number such as -1001234567890."),
    )
    chat_kind = models.CharField(_("kind of chat"), max_length=20, blank=True, default="", editable=False)
    hook_url = EncryptedTextField(_("webhook’s address"), blank=True, default="", editable=False)
    hook_secret = EncryptedTextField(blank=True, default="", editable=False)
    is_public = models.BooleanField(
        _("open to all"), default=True, help_text=_("Anyone with the link may read the preview page.")
    )
    has_feed = models.BooleanField(
        _("feed open to all"),
        default=False,
        help_text=_("What comes out in this Telegram channel can also be read as Atom, RSS and JSON Feed."),
    )
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Off: publications wait until it is on."))
    problem = models.TextField(_("problem"), blank=True, default="", editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True, editable=False)
    chat_title = models.CharField(_("called in Telegram"), max_length=255, blank=True, default="", editable=False)
    chat_username = models.CharField(_("name in Telegram"), max_length=64, blank=True, default="", editable=False)
    rights = models.JSONField(_("what the bot may do"), default=dict, blank=True, editable=False)
    linked_chat = models.CharField(_("comments"), max_length=200, blank=True, default="", editable=False)
    posts_count = models.PositiveIntegerField(_("posts"), default=0, editable=False)
    page_version = models.PositiveBigIntegerField(default=0, editable=False)
    page_changed_at = models.DateTimeField(default=now, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="channel_name_once",
                violation_error_message=_("The workspace already has a channel with this name."),
            ),
            models.UniqueConstraint(
                fields=["bot", "chat_id"],
                condition=Q(kind="telegram"),
                name="channel_chat_once",
                violation_error_message=_("Another channel already posts to this chat through this bot."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="telegram", bot__isnull=False) & ~Q(chat_id="")
                    | Q(kind__in=["preview", "webhook"], bot__isnull=True, chat_id="")
                ),
                name="channel_fits_kind",
                violation_error_message=_("A Telegram channel needs a bot and a chat; others have neither."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The preview page, or the public address in Telegram; empty where there is none."""
        if self.kind == self.Kind.PREVIEW:
            return reverse("publishing:preview_channel", args=[self.slug])
        name = self.chat_username or (self.chat_id[1:] if self.chat_id.startswith("@") else "")
        return f"https://t.me/{name}" if name else ""

    @property
    def hook_shown(self) -> str:
        """The webhook's address as it may be shown; empty where there is none."""
        return address_masked(self.hook_url) if self.hook_url else ""

    @property
    def is_group(self) -> bool:
        """Whether Telegram's limit of messages a minute in a group holds here."""
        return self.chat_kind in {"group", "supergroup"}
