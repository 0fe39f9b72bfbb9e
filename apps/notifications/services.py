"""Telling of alerts in Telegram: once when one opens, once when it is over, and nothing of what passes at once."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _

from apps.accounts.alerts import Event
from apps.accounts.models import Alert, User
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_cancel, delivery_create
from apps.notifications.models import AlertChat, code_new
from apps.telegram.inbound import Inbound
from apps.telegram.models import Bot
from apps.telegram.routers import ChatChange

SENDER = "telegram.alert"
PATIENCE = timedelta(seconds=30)  # an alert that is over by then is not told at all
TEXT_MAX = 1500  # characters; Telegram counts some of them twice, and takes 4,096
WAITING_MAX = 20  # with so many before it, one line stands for all that follow


def alert_told(alert: Alert, event: Event) -> None:
    """Put an alert's news into the outbox for every chat of its workspace that wants it."""
    if is_own(alert):
        return
    for chat in AlertChat.objects.filter(workspace=alert.workspace_id, is_active=True, chat_id__isnull=False):
        if chat.level == AlertChat.Level.ERROR and alert.level != Alert.Level.ERROR:
            continue
        if event == "closed" and not _was_told(alert, chat):
            continue
        if event == "opened" and _is_crowded(chat):
            _many_told(chat)
            continue
        message_put(
            chat,
            html=alert_html(alert, event),
            key=f"alert:{alert.pk}:{event}:{chat.pk}",
            wait=PATIENCE if event == "opened" else timedelta(),
        )


def is_own(alert: Alert) -> bool:
    """Whether it is about telling alerts: telling of that would never end."""
    if alert.key.startswith("alerts.chat:"):
        return True
    about, _colon, pk = alert.key.partition(":")
    if about not in {"delivery.dead", "delivery.unknown"} or not pk.isdigit():
        return False
    return Delivery.objects.filter(pk=int(pk), sender=SENDER).exists()


def _was_told(alert: Alert, chat: AlertChat) -> bool:
    """Whether the chat knows of the alert; one that still waits is taken back, and nothing need be said."""
    opened = Delivery.objects.filter(
        workspace=alert.workspace_id, dedupe_key=f"alert:{alert.pk}:opened:{chat.pk}"
    ).first()
    if opened is None:
        return False
    try:
        delivery_cancel(delivery=opened, reason=_("over before it was told"))
    except TransitionError:
        return opened.outcome != Delivery.Outcome.CANCELLED
    return False


def _is_crowded(chat: AlertChat) -> bool:
    """Whether so much waits for the chat that one more message would help nobody."""
    waiting = Delivery.objects.filter(
        workspace=chat.workspace_id, lane__key=f"alerts:{chat.pk}", state=Delivery.State.READY
    )
    return waiting[:WAITING_MAX].count() >= WAITING_MAX


def _many_told(chat: AlertChat) -> None:
    """Say once an hour that there is more than is told."""
    with translation.override(chat.workspace.language):
        words = _("There are more alerts than are told here. All of them stand in Pult.")
    url = f"{settings.BASE_URL}{reverse('admin:accounts_alert_changelist')}"
    html = format_html('🔴 <b>{}</b>\n{}\n<a href="{}">Pult</a>', chat.workspace.name, words, url)
    message_put(chat, html=html, key=f"alert_chat:{chat.pk}:many:{now():%Y%m%d%H}", wait=PATIENCE)


def alert_html(alert: Alert, event: Event) -> str:
    """The words of an alert in the workspace's language, as Telegram's HTML."""
    with translation.override(alert.workspace.language):
        sign = "✅" if event == "closed" else "🔴" if alert.level == Alert.Level.ERROR else "🟡"
        told = _("Over: %(message)s") if event == "closed" else "%(message)s"
        text = told % {"message": alert.message[:TEXT_MAX]}
        html = format_html("{} <b>{}</b>\n{}", sign, alert.workspace.name, text)
        if event == "opened" and alert.url.startswith("/"):
            html += format_html('\n<a href="{}{}">{}</a>', settings.BASE_URL, alert.url, _("Open in Pult"))
        return html


def message_put(chat: AlertChat, *, html: str, key: str, wait: timedelta = timedelta()) -> Delivery:
    """Put a message for a connected chat into the outbox, once by its key; those of one chat keep their order."""
    return delivery_create(
        workspace=chat.workspace,
        sender=SENDER,
        destination=str(chat),
        payload={"bot": chat.bot_id, "chat_id": str(chat.chat_id), "html": html, "alert_chat": chat.pk},
        dedupe_key=key,
        order_key=f"alerts:{chat.pk}",
        not_before=now() + wait,
        kind="alert",
    )


def chat_connected(update: Inbound, bot: Bot) -> bool:
    """Connect the chat in which a connecting link was opened, and say so there; whether it was such a message."""
    code = code_in(update, bot)
    chat_id = update.chat.get("id")
    if not code or not isinstance(chat_id, int):
        return False
    chat = AlertChat.objects.select_for_update().filter(bot=bot, code=code, chat_id=None).first()
    if chat is None:
        return Bot.objects.filter(bot_id=bot.bot_id).exclude(pk=bot.pk).exists()
    title = str(update.chat.get("title") or update.chat.get("first_name") or chat_id)[:255]
    if AlertChat.objects.filter(workspace=chat.workspace_id, chat_id=chat_id).exclude(pk=chat.pk).exists():
        return True  # told already under another name
    AlertChat.objects.filter(pk=chat.pk).update(
        chat_id=chat_id,
        chat_title=title,
        connected_at=now(),
        is_active=chat.is_active or bool(chat.problem),  # one that a person has switched off stays so
        problem="",
        code=code_new(),
    )
    chat.refresh_from_db()
    alert_close(workspace=chat.workspace, key=chat_key(chat))
    audit_record(verb="alert_chat.connected", target=chat, details={"chat": title})
    with translation.override(chat.workspace.language):
        html = escape(_("Alerts of “%(workspace)s” will be told here.") % {"workspace": chat.workspace.name})
    message_put(chat, html=html, key=f"alert_chat:{chat.pk}:connected:{update.update_id}")
    return True


def code_in(update: Inbound, bot: Bot) -> str:
    """The code of a connecting link in a message `/start code`; empty where it is none."""
    words = update.text.split()
    if update.kind != "message" or len(words) != 2:
        return ""
    command, at, name = words[0].partition("@")
    is_start = command == "/start" and (not at or name.lower() == bot.username.lower())
    return words[1] if is_start and words[1].startswith("alerts-") else ""


def chat_followed(change: ChatChange) -> None:
    """Follow a group that got a new id."""
    if change.moved_from:
        AlertChat.objects.filter(bot=change.chat.bot_id, chat_id=change.moved_from).update(chat_id=change.chat.chat_id)


def chat_key(chat: AlertChat) -> str:
    """The key of the alert that alerts can't be told in a chat."""
    return f"alerts.chat:{chat.pk}"


@transaction.atomic
def chat_failed(*, chat: AlertChat, problem: str) -> None:
    """Tell nothing more in a chat that can't be written to, and say so in the back office."""
    if AlertChat.objects.filter(pk=chat.pk, is_active=True).update(is_active=False, problem=problem) != 1:
        return
    audit_record(verb="alert_chat.lost", target=chat, details={"problem": problem})
    alert_raise(
        workspace=chat.workspace,
        key=chat_key(chat),
        message=_("Alerts are not told in “%(chat)s” any more: %(problem)s") % {"chat": chat, "problem": problem},
    )


@transaction.atomic
def chat_disconnect(*, chat: AlertChat, actor: User) -> None:
    """Tell nothing more in the chat, and have a new link for another one.

    Raises:
        TransitionError: it is not connected.
    """
    gone = {"chat_id": None, "chat_title": "", "connected_at": None, "problem": "", "code": code_new()}
    if AlertChat.objects.filter(pk=chat.pk, chat_id__isnull=False).update(**gone) != 1:
        raise TransitionError(_("It is not connected."))
    chat.refresh_from_db()
    alert_close(workspace=chat.workspace, key=chat_key(chat))
    audit_record(verb="alert_chat.disconnected", target=chat, actor=actor)


@transaction.atomic
def chat_try(*, chat: AlertChat, actor: User) -> Delivery:
    """Send a word for trying.

    Raises:
        TransitionError: the chat is not connected, or is switched off.
    """
    if chat.chat_id is None:
        raise TransitionError(_("Open the link in Telegram first: it connects the chat."))
    if not chat.is_active:
        raise TransitionError(_("It is switched off."))
    with translation.override(chat.workspace.language):
        html = escape(_("A word for trying: alerts of “%(workspace)s” come here.") % {"workspace": chat.workspace.name})
    audit_record(verb="alert_chat.tried", target=chat, actor=actor)
    return message_put(chat, html=html, key=f"alert_chat:{chat.pk}:tried:{now().timestamp():.3f}")


@transaction.atomic
def chat_save(*, chat: AlertChat, actor: User, changed: tuple[str, ...] = ()) -> None:
    """Store a validated chat, new or changed; another bot has to be connected anew."""
    is_new = chat.pk is None
    if not is_new and "bot" in changed:
        chat.chat_id, chat.chat_title, chat.connected_at, chat.code = None, "", None, code_new()
    if not is_new and "is_active" in changed and chat.is_active:
        chat.problem = ""
    try:
        with transaction.atomic():
            chat.save()
    except IntegrityError as exc:
        raise TransitionError(_("There is a chat of this name already.")) from exc
    if chat.is_active:
        alert_close(workspace=chat.workspace, key=chat_key(chat))
    verb = "alert_chat.added" if is_new else "alert_chat.changed"
    audit_record(verb=verb, target=chat, actor=actor, details={"fields": list(changed)} if changed else {})
