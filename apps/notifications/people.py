"""People's own talks with a workspace's bot: how they are connected, and who is speaking there."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_create
from apps.notifications.models import PersonChat, person_code_new
from apps.telegram.inbound import Inbound
from apps.telegram.models import Bot

SENDER = "telegram.person"


@transaction.atomic
def person_chat_begin(*, user: User, workspace: Workspace) -> PersonChat:
    """The person's talk with the workspace's bot, connected or with a link that will connect it.

    A talk that could not be written to is connected anew.

    Raises:
        TransitionError: the workspace has no bot that works.
    """
    known = PersonChat.objects.filter(workspace=workspace, user=user, bot__is_active=True, problem="").first()
    if known is not None:
        return known
    bot = Bot.objects.filter(workspace=workspace, is_active=True).order_by("pk").first()
    if bot is None:
        raise TransitionError(_("The workspace has no bot yet. Add one under “Bots” first."))
    gone = {"bot": bot, "chat_id": None, "name": "", "connected_at": None, "problem": "", "code": person_code_new()}
    chat, is_new = PersonChat.objects.update_or_create(workspace=workspace, user=user, defaults=gone)
    audit_record(verb="person_chat.begun" if is_new else "person_chat.renewed", target=chat, actor=user)
    return chat


@transaction.atomic
def person_chat_disconnect(*, chat: PersonChat, actor: User) -> None:
    """Write nothing more to the person in Telegram; a new link can connect another talk.

    Raises:
        TransitionError: it is not connected.
    """
    gone = {"chat_id": None, "name": "", "connected_at": None, "problem": "", "code": person_code_new()}
    if PersonChat.objects.filter(pk=chat.pk, chat_id__isnull=False).update(**gone) != 1:
        raise TransitionError(_("It is not connected."))
    chat.refresh_from_db()
    audit_record(verb="person_chat.disconnected", target=chat, actor=actor)


def chat_of(user: User, workspace: Workspace) -> PersonChat | None:
    """The connected talk of a person with a bot that works; None where there is none."""
    chats = PersonChat.objects.filter(workspace=workspace, user=user, chat_id__isnull=False, problem="")
    return chats.filter(bot__is_active=True).select_related("bot").first()


def person_of(update: Inbound, bot: Bot) -> User | None:
    """Who has written or pressed a button in their own talk with this bot; None where nobody is known by it."""
    chat_id = update.chat.get("id")
    # In a private talk the chat's number is the person's: a forwarded message or a group speaks for nobody.
    if update.chat.get("type") != "private" or not isinstance(chat_id, int) or update.sender.get("id") != chat_id:
        return None
    found = PersonChat.objects.filter(bot=bot, chat_id=chat_id).select_related("user").first()
    return found.user if found is not None and found.user.is_active else None


def person_connected(update: Inbound, bot: Bot) -> bool:
    """Connect the talk in which a person opened their link; whether it was such a message."""
    words, chat_id = update.text.split(), update.chat.get("id")
    if update.kind != "message" or len(words) != 2 or words[0] != "/start" or not words[1].startswith("me-"):
        return False
    if update.chat.get("type") != "private" or not isinstance(chat_id, int):
        return True  # in a group the link would speak for everybody there
    chat = PersonChat.objects.select_for_update().filter(bot=bot, code=words[1], chat_id=None).first()
    if chat is None:
        return Bot.objects.filter(bot_id=bot.bot_id).exclude(pk=bot.pk).exists()
    name = str(update.chat.get("first_name") or chat_id)[:255]
    try:
        with transaction.atomic():
            PersonChat.objects.filter(pk=chat.pk).update(
                chat_id=chat_id, name=name, connected_at=now(), problem="", code=person_code_new()
            )
    except IntegrityError:
        return True  # this talk is another person's already
    chat.refresh_from_db()
    audit_record(verb="person_chat.connected", target=chat, details={"name": name})
    with translation.override(chat.user.language):
        words_back = _("Connected: “%(workspace)s” will ask you here.") % {"workspace": chat.workspace.name}
    person_tell(chat=chat, html=escape(words_back), key=f"person_chat:{chat.pk}:{update.update_id}")
    return True


def person_tell(
    *,
    chat: PersonChat,
    html: str,
    key: str,
    sender: str = SENDER,
    more: dict[str, object] | None = None,
) -> Delivery:
    """Put a message for a connected person into the outbox, once by its key; one person's keep their order."""
    return delivery_create(
        workspace=chat.workspace,
        sender=sender,
        destination=str(chat),
        payload={
            "bot": chat.bot_id,
            "chat_id": str(chat.chat_id),
            "html": html,
            "person_chat": chat.pk,
            **(more or {}),
        },
        dedupe_key=key,
        order_key=f"person:{chat.pk}",
    )
