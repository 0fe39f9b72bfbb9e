"""Alerts reach the chats that asked for them: once when they open, once when they are over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from apps.accounts.models import Alert, Workspace
from apps.accounts.services import alert_close, alert_raise
from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.notifications.models import AlertChat
from apps.notifications.services import WAITING_MAX
from tests.delivery.factories import WorkspaceFactory
from tests.notifications.factories import AlertChatFactory, ConnectedFactory
from tests.servers.bot_api import BotApiServer

pytestmark = pytest.mark.django_db(transaction=True)


def raised(workspace: Workspace, key: str = "source.failing:1", *, level: str = "warning") -> Alert:
    return alert_raise(workspace=workspace, key=key, message="“Port <news>” can't be collected", level=level, url="/x/")


def due_now() -> None:
    Delivery.objects.filter(state="ready").update(not_before=now())
    for delivery in Delivery.objects.filter(state="ready").select_related("lane"):
        delivery.lane.next_at = now()
        delivery.lane.save(update_fields=["next_at"])
    deliveries_send()


def texts(telegram: BotApiServer) -> list[str]:
    return [sent.source for sent in telegram.messages]


def test_an_alert_is_told_once_and_its_end_once(workspace: Workspace, telegram: BotApiServer) -> None:
    ConnectedFactory.create(workspace=workspace)
    raised(workspace)
    raised(workspace)
    due_now()
    alert_close(workspace=workspace, key="source.failing:1")
    alert_close(workspace=workspace, key="source.failing:1")
    due_now()
    opened, over = texts(telegram)
    assert "“Port &lt;news&gt;”" in opened
    assert '/x/">' in opened
    assert over.startswith("✅")
    assert "/x/" not in over


def test_what_passes_at_once_is_not_told(workspace: Workspace, telegram: BotApiServer) -> None:
    ConnectedFactory.create(workspace=workspace)
    raised(workspace)
    assert Delivery.objects.get().not_before > now() + timedelta(seconds=20)
    alert_close(workspace=workspace, key="source.failing:1")
    due_now()
    assert texts(telegram) == []
    assert Delivery.objects.get().outcome == "cancelled"


def test_a_trouble_that_comes_back_is_told_again(workspace: Workspace, telegram: BotApiServer) -> None:
    ConnectedFactory.create(workspace=workspace)
    for _time in range(2):
        raised(workspace)
        due_now()
        alert_close(workspace=workspace, key="source.failing:1")
        due_now()
    assert len(texts(telegram)) == 4


def test_a_chat_is_told_what_it_asked_for(workspace: Workspace) -> None:
    ConnectedFactory.create(workspace=workspace, level="error", name="Broken only")
    ConnectedFactory.create(workspace=workspace, name="Off", is_active=False)
    ConnectedFactory.create(workspace=WorkspaceFactory.create(), name="Other")
    AlertChatFactory.create(workspace=workspace, name="Waiting")
    raised(workspace)
    assert not Delivery.objects.exists()
    raised(workspace, "source.gone:1", level="error")
    assert Delivery.objects.get().destination == "Broken only"


def test_an_alert_undone_with_its_transaction_is_not_told(workspace: Workspace) -> None:
    ConnectedFactory.create(workspace=workspace)
    with transaction.atomic():
        raised(workspace)
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_a_chat_that_blocked_the_bot_is_switched_off_and_told_of_in_the_back_office(
    workspace: Workspace, telegram: BotApiServer
) -> None:
    chat = ConnectedFactory.create(workspace=workspace, chat_id=777)
    telegram.chats.add(777, kind="private", refuse="blocked")
    raised(workspace)
    due_now()
    chat.refresh_from_db()
    assert not chat.is_active
    assert chat.problem != ""
    standing = Alert.objects.filter(closed_at=None).values_list("key", flat=True)
    assert sorted(standing) == [f"alerts.chat:{chat.pk}", "source.failing:1"]
    assert Delivery.objects.count() == 1


def test_trouble_with_telling_is_not_told(workspace: Workspace) -> None:
    ConnectedFactory.create(workspace=workspace)
    raised(workspace)
    own = Delivery.objects.get()
    raised(workspace, f"delivery.unknown:{own.pk}")
    raised(workspace, "alerts.chat:1")
    assert Delivery.objects.count() == 1
    raised(workspace, "delivery.unknown:999999")
    assert Delivery.objects.count() == 2


def test_words_are_in_the_workspaces_language(telegram: BotApiServer) -> None:
    workspace = WorkspaceFactory.create(language="en")
    chat: AlertChat = ConnectedFactory.create(workspace=workspace)
    raised(workspace)
    assert "Open in Pult" in Delivery.objects.get(destination=chat.name).payload["html"]


def test_a_flood_of_alerts_becomes_one_line(workspace: Workspace) -> None:
    ConnectedFactory.create(workspace=workspace)
    for number in range(WAITING_MAX + 30):
        raised(workspace, f"source.failing:{number}")
    keys = list(Delivery.objects.order_by("pk").values_list("dedupe_key", flat=True))
    assert len(keys) == WAITING_MAX + 1
    assert ":many:" in keys[-1]


def test_a_long_alert_fits_a_message(workspace: Workspace) -> None:
    ConnectedFactory.create(workspace=workspace)
    alert_raise(workspace=workspace, key="source.failing:1", message="😀" * 5000)
    assert len(Delivery.objects.get().payload["html"].encode("utf-16-le")) // 2 < 4096
