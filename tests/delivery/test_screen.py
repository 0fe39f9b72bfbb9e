"""The outbox's screen: reason, payload without secrets, history, and what can be done, also with many."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.core.crypto import encrypt
from apps.core.errors import PermanentError, UnknownOutcomeError
from apps.delivery.admin_display import payload_shown
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_create
from apps.delivery.tasks import deliveries_send
from tests.delivery.factories import letter
from tests.delivery.letters import Box

LIST = "admin:delivery_delivery_changelist"


@pytest.fixture
def browser(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def page_of(browser: Client, delivery: Delivery) -> str:
    answer = browser.get(reverse("admin:delivery_delivery_change", args=[delivery.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_secrets_of_a_payload_are_hidden_however_deep() -> None:
    payload = {"html": "hello", "sealed_secret": "f1:x", "buttons": [[{"text": "Open", "sealed_url": "f1:y"}]]}
    shown = payload_shown({**payload, "headers": {"Authorization": "z", "bot_token": "q"}})
    assert "hello" in shown
    assert "Open" in shown
    for secret in ("f1:x", "f1:y", '"z"', '"q"'):
        assert secret not in shown


def test_the_page_of_a_webhook_shows_all_but_its_secret(workspace: Workspace, browser: Client) -> None:
    sealed = encrypt("made up")
    delivery = delivery_create(
        workspace=workspace,
        sender="webhook.post",
        destination="Our site",
        payload={"url": "https://site.example/hook", "sealed_secret": sealed, "data": {"title": "Fire"}},
        dedupe_key="hook:1",
        kind="webhook",
    )
    shown = page_of(browser, delivery)
    assert "https://site.example/…" in shown
    assert "site.example/hook" not in shown
    assert "Fire" in shown
    assert sealed not in shown
    assert "made up" not in shown


def test_the_page_says_why_it_failed_and_what_it_waits_for(workspace: Workspace, box: Box, browser: Client) -> None:
    box.troubles = [PermanentError("the chat is gone")]
    first = letter(workspace, "post", order_key="a")
    edit = letter(workspace, "edit", order_key="a", after=first)
    deliveries_send()
    shown = page_of(browser, first)
    assert "the chat is gone" in shown
    assert reverse("admin:delivery_delivery_change", args=[first.pk]) in page_of(browser, edit)


def test_many_are_tried_again_at_once(workspace: Workspace, box: Box, browser: Client) -> None:
    box.troubles = [PermanentError("no"), PermanentError("no")]
    rows = [letter(workspace, text) for text in ("a", "b")]
    deliveries_send()
    answer = browser.post(
        reverse(LIST), {"action": "work_retry", "_selected_action": [row.pk for row in rows]}, follow=True
    )
    assert answer.status_code == 200
    assert set(Delivery.objects.values_list("state", "outcome")) == {("ready", "")}
    deliveries_send()
    assert sorted(box.sent) == ["a", "b"]


def test_late_ones_are_found_and_named(workspace: Workspace, box: Box, browser: Client) -> None:
    delivery = letter(workspace)
    Delivery.objects.filter(pk=delivery.pk).update(is_late=True)
    letter(workspace, "another", key="another")
    shown = browser.get(reverse(LIST), {"standing": "late"}).content.decode()
    assert "late" in shown
    assert Delivery.objects.filter(is_late=True).count() == 1
    assert f"/{delivery.pk}/change/" in shown


def test_a_joined_one_names_the_message_that_it_is_in(workspace: Workspace, box: Box, browser: Client) -> None:
    box.troubles = [UnknownOutcomeError("cut")]
    first, second = (letter(workspace, text, sender="test.bundle", order_key="chat", kind="news") for text in "ab")
    deliveries_send()
    second.refresh_from_db()
    assert second.is_joined
    shown = page_of(browser, second)
    assert "Together with" in shown or "Вместе с" in shown
    assert reverse("admin:delivery_delivery_change", args=[first.pk]) in shown
