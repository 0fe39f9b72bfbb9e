"""The admin's screens of channels, publications and deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, UnknownOutcomeError
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, Publication
from tests.delivery.conftest import box  # noqa: F401 - a fixture
from tests.delivery.factories import WorkspaceFactory, letter, member
from tests.delivery.letters import Box
from tests.publishing.factories import bot_of, preview_channel, scheduled, telegram_channel
from tests.servers.bot_api import BotApiServer

CHANNELS, PUBLICATIONS = "/admin/publishing/channel/", "/admin/publishing/publication/"
DELIVERIES = "/admin/delivery/delivery/"


@pytest.fixture
def as_manager(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def words(answer: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def act(
    client: Client, address: str, action: str, *rows: Channel | Publication | Delivery, **more: str
) -> HttpResponse:
    return client.post(address, {"action": action, "_selected_action": [row.pk for row in rows], "index": 0, **more})


@pytest.mark.parametrize("address", [CHANNELS, PUBLICATIONS, DELIVERIES])
def test_list_asks_the_same_however_long_it_is(
    workspace: Workspace, editor: User, as_manager: Client, address: str
) -> None:
    bot_of(workspace)

    def grow(start: int, count: int) -> None:
        for number in range(start, start + count):
            channel = preview_channel(workspace, f"Channel {number}")
            scheduled(channel, editor, f"Story {number}")
            telegram_channel(workspace, f"Telegram {number}", chat_id=f"-100{number}")
        deliveries_send()

    grow(0, 2)
    queries(as_manager, address)
    few = queries(as_manager, address)
    grow(2, 8)
    assert queries(as_manager, address) == few


@pytest.mark.parametrize("address", [CHANNELS, PUBLICATIONS, DELIVERIES])
def test_empty_list_says_what_will_be_there(as_manager: Client, address: str) -> None:
    assert "will be" in as_manager.get(address).content.decode() or address == DELIVERIES


def test_other_workspaces_rows_are_not_reachable(editor: User, as_manager: Client) -> None:
    other = WorkspaceFactory.create()
    publication = scheduled(preview_channel(other, "Foreign"), member(other), "Secret story")
    for address, row in (
        (CHANNELS, publication.channel),
        (PUBLICATIONS, publication),
        (DELIVERIES, publication.delivery),
    ):
        assert row is not None
        html = as_manager.get(address).content.decode()
        assert "Foreign" not in html
        assert "Secret story" not in html
        assert as_manager.get(f"{address}{row.pk}/change/").status_code == 404
    act(as_manager, PUBLICATIONS, "cancel", publication)
    act(as_manager, DELIVERIES, "work_give_up", publication.delivery, work_reason="x")  # type: ignore[arg-type]
    publication.refresh_from_db()
    assert publication.status == "scheduled"


def channel_form(**fields: str) -> dict[str, str]:
    return {"kind": "preview", "name": "", "slug": "", "about": "", "footer": "", "is_active": "on", **fields}


def test_preview_channel_needs_only_a_name(workspace: Workspace, as_manager: Client) -> None:
    answer = as_manager.post(f"{CHANNELS}add/", channel_form(name="Новый канал", is_public="on", chat_id="rubbish!"))
    assert answer.status_code == 302
    made = Channel.objects.get()
    assert (made.workspace, made.kind, made.slug) == (workspace, "preview", "novyy-kanal")
    assert (made.bot, made.chat_id) == (None, "")
    assert AuditEntry.objects.filter(verb="channel.added", workspace=workspace).count() == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [("https://t.me/port_news", "@port_news"), ("@port_news", "@port_news"), ("-1001234567890", "-1001234567890")],
)
def test_telegram_channel_takes_names_links_and_numbers(
    workspace: Workspace, as_manager: Client, given: str, kept: str
) -> None:
    bot = bot_of(workspace)
    form = channel_form(kind="telegram", name="Port", bot=str(bot.pk), chat_id=given)
    assert as_manager.post(f"{CHANNELS}add/", form).status_code == 302
    assert Channel.objects.get().chat_id == kept


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"chat_id": "-1001"}, "Choose the bot"),
        ({"bot": "own", "chat_id": ""}, "Choose the chat, or enter"),
        ({"bot": "own", "chat_id": "port news"}, "neither @name"),
        ({"bot": "foreign", "chat_id": "-1001"}, "Select a valid choice"),
    ],
)
def test_unfit_telegram_channel_is_refused_in_words(
    workspace: Workspace, as_manager: Client, fields: dict[str, str], said: str
) -> None:
    bots = {"own": bot_of(workspace).pk, "foreign": bot_of(WorkspaceFactory.create(), "77:" + "b" * 35).pk}
    if "bot" in fields:
        fields = {**fields, "bot": str(bots[fields["bot"]])}
    answer = as_manager.post(f"{CHANNELS}add/", channel_form(kind="telegram", name="Port", **fields))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Channel.objects.exists()


def test_saving_a_channel_writes_only_what_was_asked(workspace: Workspace, editor: User, as_manager: Client) -> None:
    channel = preview_channel(workspace)
    before = channel.page_version
    scheduled(channel, editor)
    deliveries_send()
    answer = as_manager.post(
        f"{CHANNELS}{channel.pk}/change/", channel_form(name="Renamed", slug="showcase", is_public="on")
    )
    assert answer.status_code == 302
    channel.refresh_from_db()
    assert (channel.name, channel.kind, channel.posts_count) == ("Renamed", "preview", 1)
    assert channel.page_version == before + 2
    html = as_manager.get(f"{CHANNELS}{channel.pk}/change/").content.decode()
    assert 'name="chat_id"' not in html
    assert 'name="kind"' not in html


def test_check_says_what_to_do(workspace: Workspace, as_manager: Client, telegram: BotApiServer) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(language="en")
    channel = telegram_channel(workspace)
    telegram.chats.add(-1001234567890, refuse="not_found")
    answer = act(as_manager, CHANNELS, "check_channels", channel)
    assert "does not find the chat" in words(answer)
    assert "does not find the chat" in as_manager.get(CHANNELS).content.decode()
    telegram.chats.add(-1001234567890, kind="channel")
    answer = as_manager.get(f"{CHANNELS}{channel.pk}/check/")
    assert answer.status_code == 302
    assert "works" in words(answer)


def test_viewer_may_look_but_not_act(workspace: Workspace, editor: User, client: Client) -> None:
    publication = scheduled(preview_channel(workspace), editor)
    client.force_login(member(workspace, "viewer"))
    for address in (CHANNELS, PUBLICATIONS, DELIVERIES):
        assert client.get(address).status_code == 200
    act(client, PUBLICATIONS, "cancel", publication)
    client.post(f"{PUBLICATIONS}{publication.pk}/change/", {"publishing_publication_row_cancel": "1"})
    client.get(f"{CHANNELS}{publication.channel_id}/check/")
    publication.refresh_from_db()
    assert publication.status == "scheduled"
    assert client.get(f"{CHANNELS}add/").status_code == 403
    publication.channel.refresh_from_db()
    assert publication.channel.checked_at is None


def test_publications_are_cancelled_from_the_list_and_the_page(
    workspace: Workspace, editor: User, as_manager: Client
) -> None:
    channel = preview_channel(workspace)
    first, second = scheduled(channel, editor, "One"), scheduled(channel, editor, "Two")
    assert "Done: 1" in words(act(as_manager, PUBLICATIONS, "cancel", first))
    page = f"{PUBLICATIONS}{second.pk}/change/"
    assert "Cancel the publication" in as_manager.get(page).content.decode()
    answer = as_manager.post(page, {"publishing_publication_row_cancel": "1"})
    assert answer.status_code == 302
    for row in (first, second):
        row.refresh_from_db()
        assert row.status == "cancelled"
    assert "Cancel the publication" not in as_manager.get(page).content.decode()
    assert "Refused: 1" in words(act(as_manager, PUBLICATIONS, "cancel", first))


def test_publications_move_on_the_workspaces_clock(workspace: Workspace, editor: User, as_manager: Client) -> None:
    publication = scheduled(preview_channel(workspace), editor, at=now() + timedelta(days=1))
    asked = act(as_manager, PUBLICATIONS, "move", publication)
    assert "Asia/Yekaterinburg" in asked.content.decode()
    wrong = act(as_manager, PUBLICATIONS, "move", publication, move_to="2030-02-31T10:00")
    assert "This is not a date and time" in wrong.content.decode()
    assert "Done: 1" in words(act(as_manager, PUBLICATIONS, "move", publication, move_to="2030-03-01T10:30"))
    publication.refresh_from_db()
    assert publication.publish_at.isoformat() == "2030-03-01T05:30:00+00:00"
    assert publication.delivery is not None
    publication.delivery.refresh_from_db()
    assert publication.delivery.not_before == publication.publish_at


@pytest.fixture
def stopped(workspace: Workspace, box: Box) -> Callable[[str], Delivery]:  # noqa: F811
    """A delivery that failed, or whose outcome is unknown."""

    def make(how: str) -> Delivery:
        error = PermanentError("the address is wrong") if how == "failed" else UnknownOutcomeError("cut")
        box.troubles = [error]
        made = letter(workspace, f"<b>{how}</b> letter")
        deliveries_send()
        made.refresh_from_db()
        return made

    return make


def press(client: Client, row: Delivery, button: str, **fields: str) -> str:
    answer = client.post(f"{DELIVERIES}{row.pk}/change/", {f"delivery_delivery_{button}": "1", **fields})
    assert answer.status_code == 302
    row.refresh_from_db()
    return words(answer)


def test_unknown_delivery_shows_its_buttons_and_settles(stopped: Callable[[str], Delivery], as_manager: Client) -> None:
    row = stopped("unknown")
    html = as_manager.get(f"{DELIVERIES}{row.pk}/change/").content.decode()
    assert "It is there" in html
    assert "Send again" in html
    assert "row_absent" in html
    assert "row_give_up" not in html
    assert "Try again" not in html.replace("“Try again”", "")
    assert "&lt;b&gt;unknown&lt;/b&gt; letter" in html
    press(as_manager, row, "row_there", vendor_id="https://t.me/port/5")
    assert (row.outcome, row.vendor_id, row.url) == ("sent", "https://t.me/port/5", "https://t.me/port/5")


def test_it_is_not_there_button(stopped: Callable[[str], Delivery], as_manager: Client, box: Box) -> None:  # noqa: F811
    row = stopped("unknown")
    press(as_manager, row, "row_give_up", reason="too late")
    assert row.state == "unknown"
    press(as_manager, row, "row_absent")
    deliveries_send()
    assert (row.state, row.outcome, row.error_code) == ("done", "failed", "absent")
    assert box.sent == []


def test_send_again_button(stopped: Callable[[str], Delivery], as_manager: Client, box: Box) -> None:  # noqa: F811
    row = stopped("unknown")
    press(as_manager, row, "row_again")
    deliveries_send()
    assert len(box.sent) == 1


def test_failed_delivery_is_tried_again_or_given_up(stopped: Callable[[str], Delivery], as_manager: Client) -> None:
    row = stopped("failed")
    assert "the address is wrong" in as_manager.get(f"{DELIVERIES}?standing=attention").content.decode()
    assert "Say why" in press(as_manager, row, "row_give_up")
    assert row.state == "dead"
    press(as_manager, row, "row_there")
    assert row.state == "dead"
    press(as_manager, row, "row_give_up", reason="old news")
    assert (row.state, row.outcome, row.error) == ("done", "failed", "old news")
    assert "the address is wrong" not in as_manager.get(f"{DELIVERIES}?standing=attention").content.decode()


def test_actions_on_many_deliveries(stopped: Callable[[str], Delivery], as_manager: Client) -> None:
    failed = stopped("failed")
    assert "Done: 1" in words(act(as_manager, DELIVERIES, "work_retry", failed))
    unknown = stopped("unknown")
    assert "Done: 1" in words(act(as_manager, DELIVERIES, "it_is_there", unknown))
    assert "Refused: 1" in words(act(as_manager, DELIVERIES, "send_again", unknown))
    gone = stopped("unknown1")
    assert "Nobody knows" in words(act(as_manager, DELIVERIES, "work_give_up", gone, work_reason="no"))
    assert "Done: 1" in words(act(as_manager, DELIVERIES, "it_is_absent", gone))
    other = stopped("unknown2")
    assert "Done: 1" in words(act(as_manager, DELIVERIES, "send_again", other))
    assert "Why?" in act(as_manager, DELIVERIES, "work_give_up", other).content.decode()
    assert "Done: 1" in words(act(as_manager, DELIVERIES, "work_give_up", other, work_reason="no"))
    other.refresh_from_db()
    assert (other.state, other.error) == ("done", "no")


def test_saving_the_page_writes_nothing(stopped: Callable[[str], Delivery], as_manager: Client) -> None:
    row = stopped("failed")
    as_manager.post(f"{DELIVERIES}{row.pk}/change/", {"state": "ready", "outcome": "sent", "_save": "1"})
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("dead", "failed")
    assert as_manager.post(f"{DELIVERIES}{row.pk}/delete/").status_code == 403
    assert as_manager.get(f"{DELIVERIES}add/").status_code == 403


@pytest.mark.parametrize("standing", ["attention", "unknown", "failed", "waiting", "sent", "ended", "odd"])
def test_every_standing_can_be_listed(as_manager: Client, workspace: Workspace, standing: str) -> None:
    assert as_manager.get(f"{DELIVERIES}?standing={standing}").status_code == 200
