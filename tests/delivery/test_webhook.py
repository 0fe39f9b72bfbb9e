"""Signed webhooks: proven by their signature, known again by their key, refused where they must not go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Alert, Workspace
from apps.core.clock import now
from apps.core.crypto import encrypt
from apps.core.work import claims, kinds, verbs
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import delivery_create
from apps.delivery.tasks import deliveries_send
from apps.delivery.webhook import Signing, idempotency_key, signature
from tests.delivery.receiver import SECRET, Receiver, receiving


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.0/8"]
    settings.HTTP_HOST_INTERVAL_S = 0
    with receiving() as one:
        yield one


def hook(workspace: Workspace, url: str, *, secret: str = SECRET, key: str = "hook:1") -> Delivery:
    return delivery_create(
        workspace=workspace,
        sender="webhook.post",
        destination="Our site",
        payload={
            "url": url,
            "sealed_secret": encrypt(secret),
            "event": "publication.sent",
            "data": {"title": "Пожар в порту"},
        },
        dedupe_key=key,
    )


def due_now() -> None:
    Delivery.objects.filter(state="ready").update(not_before=now())
    Lane.objects.update(next_at=now())


def test_it_arrives_signed_and_is_recorded(workspace: Workspace, receiver: Receiver) -> None:
    delivery = hook(workspace, receiver.url)
    deliveries_send()
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.vendor_id) == ("sent", "m-1")
    assert receiver.told == {
        idempotency_key(delivery.pk): {"event": "publication.sent", "data": {"title": "Пожар в порту"}}
    }
    assert (len(receiver.keys), receiver.forged) == (1, 0)


def test_another_secret_is_found_out(workspace: Workspace, receiver: Receiver) -> None:
    delivery = hook(workspace, receiver.url, secret="another")
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error_code) == ("dead", "http_401")
    assert (receiver.told, receiver.forged) == ({}, 1)


@pytest.mark.parametrize("answer", [(503, {}), (429, {"Retry-After": "60"}), "cut"])
def test_what_may_be_repeated_is_repeated_with_the_same_key(
    workspace: Workspace, receiver: Receiver, answer: object
) -> None:
    receiver.answers = [answer]
    delivery = hook(workspace, receiver.url)
    deliveries_send()
    due_now()  # a short pause is sat out by the drain itself, a long one is not
    deliveries_send()
    delivery.refresh_from_db()
    assert delivery.outcome == "sent"
    assert [row.outcome for row in delivery.attempt_log.order_by("pk")] == ["retry", "sent"]
    assert receiver.keys == [idempotency_key(delivery.pk)] * 2
    assert len(receiver.told) == 1
    assert not Alert.objects.exists()


def test_retry_after_is_obeyed(workspace: Workspace, receiver: Receiver) -> None:
    receiver.answers = [(429, {"Retry-After": "600"})]
    delivery = hook(workspace, receiver.url)
    deliveries_send()
    delivery.refresh_from_db()
    assert delivery.not_before > now() + timedelta(seconds=500)


def test_killed_on_its_way_is_repeated_and_not_in_doubt(workspace: Workspace, receiver: Receiver) -> None:
    delivery = hook(workspace, receiver.url)
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=1)).rows
    verbs.begin(row)
    past = now() - timedelta(seconds=1)
    Delivery.objects.update(not_before=past)
    claims.settle_begun(kinds.get("delivery"))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome) == ("ready", "")
    due_now()
    deliveries_send()
    assert list(receiver.told) == [idempotency_key(delivery.pk)]
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("answer", "code"), [((404, {}), "http_404"), ((410, {}), "http_410"), ((302, {"Location": "/else"}), "redirected")]
)
def test_other_answers_are_refusals(workspace: Workspace, receiver: Receiver, answer: object, code: str) -> None:
    receiver.answers = [answer]
    delivery = hook(workspace, receiver.url)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.error_code) == ("failed", code)
    assert receiver.told == {}


def test_private_addresses_are_refused(workspace: Workspace, receiver: Receiver, settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = []
    delivery = hook(workspace, receiver.url)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.error_code) == ("failed", "address_refused")
    assert receiver.keys == []


def test_without_a_secret_nothing_leaves(workspace: Workspace, receiver: Receiver) -> None:
    delivery = hook(workspace, receiver.url, secret="")
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.error_code) == ("failed", "no_secret")
    assert receiver.keys == []


def test_the_signature_is_over_time_and_body() -> None:
    assert signature("s", "1", b"{}") != signature("s", "2", b"{}") != signature("s", "2", b"{ }")
    assert "s3cret" not in repr(Signing("s3cret"))
