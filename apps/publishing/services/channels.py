"""Changes of channels, and how they are."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert, User, Workspace
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.publishing.models import Channel
from apps.publishing.services.checks import check_soon, check_soon_after
from apps.publishing.slugs import slug_free
from apps.telegram.models import Bot

# Refusals that concern the channel, not the one text: they come again with the next publication.
CHANNEL_CODES = frozenset(
    {"blocked", "not_member", "chat_not_found", "no_rights", "chat_migrated", "token_revoked", "token_malformed"}
)

# What a webhook's receiver says of one text, a person has decided about it, or went wrong here; anything else would be
# said of the next as well.
TEXT_CODES = frozenset(
    {"http_400", "http_409", "http_413", "http_422", "publication_gone", "test_gone", "test_expired"}
    | {"given_up", "absent", "never_arrives", "bug", "worker_lost"}
)
# Telegram tells of each right that is switched by itself; what they come to is looked at once.
AFTER_A_WORD = timedelta(seconds=10)
# Refusals after which the bot's rights are looked at anew, besides those above.
RIGHTS_CODES = CHANNEL_CODES | {"no_rights_pin", "no_rights_media", "no_rights_topics", "not_changeable", "paid"}


def channel_create(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    slug: str = "",
    bot: Bot | None = None,
    chat_id: str = "",
    about: str = "",
    footer: str = "",
    is_public: bool = True,
    editor: User | None = None,
) -> Channel:
    """Make a channel; without an address one is made from its name.

    Raises:
        TransitionError: the name, the address or the chat is another channel's, or a Telegram channel lacks its chat.
        PermanentError: the bot is another workspace's.
    """
    if bot is not None and bot.workspace_id != workspace.pk:
        raise PermanentError(_("The bot belongs to another workspace."), code="other_workspace")
    channel = Channel(
        workspace=workspace,
        kind=kind,
        name=name,
        slug=slug or slug_free(name, lambda known: Channel.objects.filter(slug=known).exists()),
        bot=bot,
        chat_id=chat_id.strip(),
        about=about,
        footer=footer,
        is_public=is_public,
    )
    _made(channel, editor)
    return channel


def _made(channel: Channel, editor: User | None) -> None:
    try:
        with transaction.atomic():
            channel.save(force_insert=True)
            audit_record(actor=editor, verb="channel.created", target=channel)
            check_soon(channel, wait=timedelta())
    except IntegrityError as exc:
        text = _("The name, the address or the chat is already another channel's, or the bot and the chat are missing.")
        raise TransitionError(text) from exc


@transaction.atomic
def channel_changed(*, channel: Channel) -> None:
    """Note that the channel's page looks different from now on."""
    Channel.objects.filter(pk=channel.pk).update(page_version=F("page_version") + 1, page_changed_at=now())


def channel_failed(*, channel: Channel, problem: str, code: str) -> None:
    """Note a refusal that the next publication would meet as well; inside the transaction that records it."""
    if code in CHANNEL_CODES or (channel.kind == Channel.Kind.WEBHOOK and code not in TEXT_CODES):
        channel.problem = problem
        channel.save(update_fields=["problem"])
        alert_set(channel)
    if code in RIGHTS_CODES:
        check_soon_after(channel)


def channel_worked(*, channel: Channel) -> None:
    """Note that a publication has come out; inside the transaction that records it."""
    if channel.kind == Channel.Kind.WEBHOOK:  # nobody can be asked about it but by sending
        Channel.objects.filter(pk=channel.pk).update(checked_at=now())
    if channel.problem:
        channel.problem = ""
        channel.save(update_fields=["problem"])
        alert_set(channel)


def channel_right_changed(*, channel: Channel, can_post: bool, problem: str) -> bool:
    """Follow what Telegram says of the bot's right to post; inside the transaction that notes it.

    A right that is back ends the problem, whatever it was; False where nothing has changed.
    """
    said = "" if can_post else problem
    moved = Channel.objects.filter(pk=channel.pk).exclude(problem=said).update(problem=said)
    check_soon_after(channel, wait=AFTER_A_WORD)
    if not moved:
        return False
    channel.problem = said
    verb = "channel.right_back" if can_post else "channel.right_lost"
    audit_record(verb=verb, target=channel, details={"problem": said} if said else {})
    alert_set(channel)
    return True


def channel_chat_moved(*, channel: Channel, chat_id: int) -> None:
    """Post to the supergroup that the channel's group became; inside the transaction that notes it."""
    taken = Channel.objects.filter(bot=channel.bot, chat_id=str(chat_id), kind=Channel.Kind.TELEGRAM)
    if taken.exists():
        problem = _("The group has become a supergroup, which the channel “%(channel)s” posts to already.")
        channel_right_changed(channel=channel, can_post=False, problem=problem % {"channel": taken[0].name})
        return
    before = channel.chat_id
    moved = Channel.objects.filter(pk=channel.pk, chat_id=before).update(
        chat_id=str(chat_id), chat_kind="supergroup", problem=""
    )
    if moved:
        channel.chat_id, channel.chat_kind, channel.problem = str(chat_id), "supergroup", ""
        audit_record(verb="channel.chat_moved", target=channel, details={"from": before, "to": channel.chat_id})
        alert_set(channel)


def alert_set(channel: Channel) -> None:
    """Raise the channel's alert, or close it where nothing stands in the way any more."""
    key = f"publishing.channel:{channel.pk}"
    if not channel.problem:
        alert_close(workspace=channel.workspace, key=key)
        return
    with override(channel.workspace.language):
        words = _("Channel “%(channel)s”: %(problem)s")
    alert_raise(
        workspace=channel.workspace,
        key=key,
        level=Alert.Level.ERROR,
        message=words % {"channel": channel.name, "problem": channel.problem},
        url=channel_page(channel),
    )


def channel_page(channel: Channel) -> str:
    """Where the channel is put right."""
    return reverse("admin:publishing_channel_change", args=[channel.pk])
