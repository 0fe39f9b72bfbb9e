"""Nothing is proven absent too early, in another channel, or by a single character; and nothing leaves too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.core.work import claims, drain, kinds, lanes, verbs
from apps.core.work.models import WorkRow
from apps.delivery import tasks, telegram_doing, telegram_limits
from apps.delivery.models import ChannelLook, Delivery, LookUp
from apps.delivery.ports import CannotTell, Receipt
from apps.delivery.services import delivery_create
from apps.delivery.services.looking import FILES_SETTLE, LEASE_MORE, SETTLED_AFTER, lasts, look_ask
from apps.delivery.services.sending import look_up_plan
from apps.delivery.tasks import deliveries_send
from apps.delivery.telegram_match import is_alike
from apps.publishing.models import Channel
from apps.telegram.channel_accounts import Way, way_to
from apps.telegram.limits import UPLOAD_BYTES_S
from apps.telegram.models import KnownChat, Peer, Session
from apps.telegram.plain import plain, said
from apps.telegram.reading import ChannelRef
from tests.publishing.factories import scheduled
from tests.publishing.looks import CHAT, ago, due_now, in_doubt, look, mirrored, open_alerts, reader_of, standing
from tests.servers.bot_api import BotApiServer
from tests.sources.channels import Telegram


def test_request_is_awaited_as_long_as_its_lease_and_its_files_may_last(settings: Settings) -> None:
    settings.TELEGRAM_TIMEOUT_S = 20.0
    text, video = {"html": "Text"}, {"size": 3 * UPLOAD_BYTES_S}
    ahead = kinds.get("delivery").ahead
    assert timedelta(seconds=20) + LEASE_MORE >= tasks.LEASE + ahead
    assert lasts(text) == timedelta(seconds=20) + LEASE_MORE + SETTLED_AFTER
    assert lasts({"media": [video, {"size": None}]}) == lasts(text) + FILES_SETTLE + timedelta(seconds=3)
    assert lasts({"media": [{"file_id": "f", **video}]}) == lasts(text)  # it is there already


def test_file_that_may_still_be_carried_on_is_not_proven_absent(
    channel: Channel, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = delivery_create(
        workspace=channel.workspace,
        sender="telegram.answer",
        destination="Port news",
        payload={
            "bot": channel.bot_id,
            "chat_id": "-1001234567890",
            "html": "Video",
            "media": [{"kind": "video", "storage_name": "v", "name": "v.mp4", "size": 20 * UPLOAD_BYTES_S}],
        },
        dedupe_key="video",
    )
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=1)).rows
    verbs.begin(row, went_to="-1001234567890")
    verbs.unknown(row, error="cut", code="cut")
    ago(delivery, 60)
    look(reading)
    assert standing(delivery)[0] == "unknown"
    ago(delivery, 120)
    look(reading)
    assert standing(delivery)[0] == "ready"


def held_up(monkeypatch: pytest.MonkeyPatch, seconds_left: float) -> None:
    """Let the lease run down between `begin` and the request, as where a machine is stopped for a while."""

    @asynccontextmanager
    async def paced(_bot: int, _places: int) -> AsyncIterator[None]:
        drain.current().row.not_before = now() + timedelta(seconds=seconds_left)
        yield

    monkeypatch.setattr(telegram_limits, "paced", paced)


def test_process_that_was_held_up_after_it_began_sends_nothing(
    channel: Channel, editor: User, telegram: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_up(monkeypatch, -3)
    delivery = Delivery.objects.get(publication=scheduled(channel, editor))
    deliveries_send()
    assert standing(delivery)[:2] == ("ready", "")
    assert (delivery.error_code, open_alerts()) == ("late", set())
    assert telegram.log.of("sendMessage") == []
    monkeypatch.undo()
    due_now()
    deliveries_send()
    assert (standing(delivery)[:2], len(telegram.messages)) == (("done", "sent"), 1)


def test_request_ends_before_its_lease(
    channel: Channel, editor: User, telegram: BotApiServer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.TELEGRAM_TIMEOUT_S, seen = 20.0, list[float]()

    async def carry_out(*_args: object, request_timeout: float, **_more: object) -> Receipt:
        seen.append(request_timeout)
        return Receipt("1")

    monkeypatch.setattr(telegram_doing, "carry_out", carry_out)
    held_up(monkeypatch, 9)
    scheduled(channel, editor)
    deliveries_send()
    assert [7.5 < one <= 8 for one in seen] == [True]


def test_name_that_has_moved_does_not_lead_to_another_channel(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram
) -> None:
    account = reader_of(workspace, reading, knows=False)
    other = reading.channel("port_sport", chat_id=77)
    Peer.objects.create(session=account, chat_id=77, access_hash=1, username="port_news")
    KnownChat.objects.create(bot=channel.bot, chat_id=-1001234567890, kind="channel", username="port_news")
    delivery = in_doubt(telegram, channel, editor)
    mirrored(telegram, reading)
    reading.channels[CHAT].username, other.username = "", "port_news"
    ago(delivery)
    look(reading)
    assert standing(delivery)[0] == "unknown"
    assert (reading.count("resolve"), reading.count("older")) == (1, 0)
    assert ChannelLook.objects.get().refusal == "The name “port_news” leads to another channel."
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    assert len(telegram.log.of("sendMessage")) == 1


def test_channel_that_was_written_to_by_its_name_is_found_anew(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    Peer.objects.update(chat_id=78)  # the name was another channel's once
    delivery = in_doubt(telegram, channel, editor)
    assert not ChannelLook.objects.exists()  # by its number nobody knows it
    Delivery.objects.filter(pk=delivery.pk).update(went_to="@port_news")
    delivery.refresh_from_db()
    assert look_ask(delivery)
    mirrored(telegram, reading)
    look(reading)
    assert standing(delivery)[:2] == ("done", "sent")
    assert reading.count("resolve") == 1


def test_way_to_a_channel_of_known_number_is_not_that_of_its_old_name(
    workspace: Workspace, reading: Telegram, account: Session
) -> None:
    asked: dict[str, Any] = {"workspace_id": workspace.pk, "username": "port_news"}
    assert way_to(chat_id=CHAT, **asked) == Way(account.pk, ChannelRef(CHAT, CHAT ^ account.pk))
    assert way_to(chat_id=None, **asked) == Way(account.pk, ChannelRef(CHAT, CHAT ^ account.pk))
    assert way_to(chat_id=79, **asked) == Way(account.pk, None)


def test_text_that_telegram_wrote_a_little_differently_is_left_to_a_person(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    text = telegram.messages[0].text
    ago(delivery)
    mirrored(telegram, reading).edit(1, text=text[:-1] + "…", date=now() - timedelta(seconds=39))
    look(reading)
    assert standing(delivery)[0] == "unknown"
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    assert len(telegram.log.of("sendMessage")) == 1


def test_words_are_compared_without_what_telegram_drops() -> None:
    assert plain("<b>А\u030a б</b>\u202e\n\nв\u0333\u033f\u00a0г") == said("А бв г", ()) == plain("Абв\u2028г")
    written = plain('<a href="https://port.example/a b">port.example/a b</a>')
    assert (written.text, written.links) == ("port.example/ab", ())


@pytest.mark.parametrize(
    ("said", "wanted", "alike"),
    [
        ("Пожарвпорту", "Пожарвпорту.", True),
        ("Пожарвпорту", "Открылимост", False),
        ("", "Пожар", False),
        ("апрож", "пожар", False),  # the same letters
    ],
)
def test_texts_are_alike_where_most_of_them_is_the_same(said: str, wanted: str, alike: bool) -> None:
    assert is_alike(said, wanted) == alike


def test_account_that_was_paused_gives_way_to_another(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    other = reader_of(workspace, reading)
    delivery = in_doubt(telegram, channel, editor)
    Session.objects.filter(pk=account.pk).update(is_paused=True)
    assert look_ask(delivery)
    assert look_ask(delivery)
    assert list(ChannelLook.objects.order_by("pk").values_list("session", "state")) == [
        (account.pk, "done"),
        (other.pk, "ready"),
    ]
    Session.objects.filter(pk=other.pk).update(state="lost")
    assert not look_ask(delivery)
    assert not ChannelLook.objects.live().exists()


def test_what_was_settled_while_the_lane_was_awaited_is_not_told(
    channel: Channel,
    editor: User,
    telegram: BotApiServer,
    reading: Telegram,
    account: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivery, hold = in_doubt(telegram, channel, editor), lanes.hold
    reading.channels[CHAT].banned = {account.pk}

    def awaited(row: WorkRow) -> object:
        if isinstance(row, Delivery):
            monkeypatch.setattr(lanes, "hold", hold)
            verbs.arrived(Delivery.objects.get(pk=delivery.pk))
        return hold(row)

    monkeypatch.setattr(lanes, "hold", awaited)
    look(reading)
    assert standing(delivery)[0] == "done"
    assert open_alerts() == set()
    assert LookUp.objects.live().exists()  # it ends by itself


def test_question_about_one_that_is_settled_meanwhile_is_not_asked(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    question = LookUp.objects.select_related("delivery").get(delivery=delivery)
    with pytest.raises(drain.Defer):
        look_up_plan(question)
    mirrored(telegram, reading)
    look(reading)
    settled = LookUp.objects.select_related("delivery").get(pk=question.pk)
    assert look_up_plan(settled) == CannotTell()
    assert standing(delivery)[:2] == ("done", "sent")
