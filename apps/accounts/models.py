"""Users, workspaces, memberships, audit entries and alerts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.verbs import verb_words
from apps.core.clock import now
from apps.core.crypto import EncryptedTextField


class UserManager(BaseUserManager["User"]):
    """Makes users known by e-mail, by Telegram id, or by both."""

    def create_user(
        self, email: str | None = None, password: str | None = None, *, telegram_id: int | None = None, **fields: Any
    ) -> User:
        """Make a user; an absent password is an unusable one."""
        user = self.model(email=self.normalize_email(email) or None, telegram_id=telegram_id, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """The one spelling of an address: trimmed, in lower case."""
        return (email or "").strip().lower()

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user who may do everything everywhere."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person: an editor, an owner, a client, a reader."""

    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)
    telegram_id = models.BigIntegerField(_("Telegram id"), unique=True, null=True, blank=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=150, blank=True)
    language = models.CharField(
        _("language"), max_length=5, choices=[("ru", _("Russian")), ("en", _("English"))], default="ru"
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the back office"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(telegram_id__isnull=False), name="user_has_an_identity"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email or f"Telegram {self.telegram_id}"

    def get_full_name(self) -> str:
        """The name as the admin's frame shows it."""
        return self.name


def validate_zone(value: str) -> None:
    """Accept only a name of the IANA time zone database."""
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone, for example Europe/Moscow."), params={"value": value})


class Workspace(models.Model):
    """A team's own space; every row belongs to one."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("address"), unique=True)
    time_zone = models.CharField(_("time zone"), max_length=50, default="Europe/Moscow", validators=[validate_zone])
    language = models.CharField(
        _("language"), max_length=5, choices=[("ru", _("Russian")), ("en", _("English"))], default="ru"
    )
    ai_api_url = models.URLField(_("AI endpoint"), blank=True, help_text=_("Empty: the one of the installation."))
    ai_api_key = EncryptedTextField(_("AI key"), blank=True, default="")
    ai_model = models.CharField(_("AI model"), max_length=100, blank=True)
    ai_embedding_model = models.CharField(
        _("model of vectors"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("Empty: the one of the installation."),
    )
    ai_second_look = models.BooleanField(
        _("look twice at close calls"),
        default=False,
        help_text=_(
            "Posts whose place in a story was a close call are compared by their meaning too: their beginnings go to "
            "the AI endpoint, and each costs a little. Off: posts are grouped here, by their words alone."
        ),
    )
    ai_daily_budget_usd = models.DecimalField(
        _("AI budget a day, $"),
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("Empty: the one of the installation."),
    )
    retention_days = models.PositiveIntegerField(
        _("keep posts, days"),
        default=0,
        help_text=_("0: for ever. What a worked story uses is always kept. A source can have a time of its own."),
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its screens and schedules."""
        return ZoneInfo(self.time_zone)


class Membership(models.Model):
    """What a user may do in a workspace."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MANAGER = "manager", _("Manager")
        EDITOR = "editor", _("Editor")
        VIEWER = "viewer", _("Viewer")
        CLIENT = "client", _("Client")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user"))
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("workspace")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(_("since"), default=now, editable=False)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace"], name="membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "manager", "editor", "viewer", "client"]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class AuditEntry(models.Model):
    """Who did what to which row, written in the transaction of the change."""

    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="audit_entries",
        verbose_name=_("workspace"),
    )
    actor = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    verb = models.CharField(_("what"), max_length=60)
    target_type = models.CharField(_("kind"), max_length=60, blank=True)
    target_id = models.CharField(_("id"), max_length=40, blank=True)
    target_label = models.CharField(_("target"), max_length=200, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    at = models.DateTimeField(_("when"), default=now)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["workspace", "-id"], name="audit_by_workspace"),
            models.Index(fields=["target_type", "target_id"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"{verb_words(self.verb)}: {self.target_label}" if self.target_label else verb_words(self.verb)


class Alert(models.Model):
    """Something that a person must know; open until it is closed."""

    class Level(models.TextChoices):
        WARNING = "warning", _("Needs attention")
        ERROR = "error", _("Broken")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="alerts", verbose_name=_("workspace")
    )
    key = models.CharField(_("key"), max_length=120)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices, default=Level.WARNING)
    message = models.TextField(_("message"))
    url = models.CharField(_("where to act"), max_length=300, blank=True)
    times = models.PositiveIntegerField(_("times"), default=1)
    opened_at = models.DateTimeField(_("since"), default=now)
    last_at = models.DateTimeField(_("last"), default=now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ("-last_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key"], condition=Q(closed_at__isnull=True), name="alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return self.message
