"""A message that tries a channel: it goes through the outbox like all others, and takes itself away where it can."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import User
from apps.accounts.services import alert_close, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work.lanes import Priority
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_cancel, delivery_create
from apps.delivery.services.outcomes import dead_key
from apps.publishing.models import Channel, ChannelTest
from apps.publishing.services import ways
from apps.publishing.services.channels import channel_failed, channel_worked

SECONDS = 20
# Later nobody waits for it any more, and it would come as a surprise to readers.
EXPIRES = timedelta(minutes=10)
KEPT = 5
Result = ChannelTest.Result
Outcome = Delivery.Outcome


@transaction.atomic
def channel_test(*, channel: Channel, editor: User | None) -> ChannelTest:
    """Send a test message to a channel; asking again before it has ended gives the same one.

    Raises:
        PermanentError: nothing leaves to such a channel.
    """
    sender = ways.TEST.get(Channel.Kind(channel.kind))
    if sender is None:
        raise PermanentError(_("A preview page is here; nothing has to be tried."), code="no_test")
    Channel.objects.select_for_update().get(pk=channel.pk)
    live = ChannelTest.objects.filter(channel=channel, ended_at=None).first()
    if live is not None:
        return live
    _earlier_forget(channel, editor)
    test = ChannelTest.objects.create(channel=channel, asked_by=editor, seconds=SECONDS)
    test.delivery = delivery_create(
        workspace=channel.workspace,
        sender=sender,
        kind="test",
        destination=channel.name,
        payload=_payload(channel, test),
        dedupe_key=f"channel-test:{test.pk}",
        # A lane of its own: publications that wait do not hold it up, nor does it them.
        order_key=f"channel:{channel.pk}:test",
        priority=Priority.URGENT,
    )
    test.save(update_fields=["delivery"])
    audit_record(actor=editor, verb="channel.tested", target=channel)
    return test


def _payload(channel: Channel, test: ChannelTest) -> dict[str, object]:
    with override(channel.workspace.language):
        words = _("A test message from Pult. It deletes itself in %(seconds)s seconds.") % {"seconds": test.seconds}
    return {"html": words, "silent": True, "link_preview": False}


def _earlier_forget(channel: Channel, editor: User | None) -> None:
    """Take back what failed before, so that nobody's “try again” sends it later, and keep the last few."""
    known = list(ChannelTest.objects.filter(channel=channel).order_by("-pk"))
    for test in known:
        failed = test.delivery
        if failed is not None and failed.state == Delivery.State.DEAD:
            delivery_cancel(delivery=failed, by=editor, reason=_("tried anew"))
    ChannelTest.objects.filter(pk__in=[test.pk for test in known[KEPT - 1 :]]).delete()


def test_of(delivery: Delivery) -> ChannelTest | None:
    """The test that a delivery belongs to: its message, or the taking away of it."""
    rows = ChannelTest.objects.select_related("channel__workspace", "channel__bot")
    return rows.filter(Q(delivery=delivery) | Q(removal=delivery)).first()


def test_followed(delivery: Delivery) -> None:
    """Take over what became of a test; inside the transaction that records it."""
    test = test_of(delivery)
    if test is None:
        return
    if delivery.pk == test.delivery_id:
        _message_followed(test, delivery)
    else:
        _removal_followed(test, delivery)


def _message_followed(test: ChannelTest, delivery: Delivery) -> None:
    channel = test.channel
    match delivery.outcome:
        case Outcome.SENT:
            channel_worked(channel=channel)
            if channel.kind == Channel.Kind.TELEGRAM:
                _removal_make(test, delivery)
                _said(test, Result.SENT)
            else:
                _said(test, Result.ARRIVED, ends=True)
        case Outcome.FAILED:
            channel_failed(channel=channel, problem=delivery.error, code=delivery.error_code)
            # Whoever asked sees it on the page; the channel has an alert of its own where it is broken.
            alert_close(workspace=delivery.workspace, key=dead_key(delivery))
            _said(test, Result.FAILED, delivery.error, ends=True)
        case Outcome.CANCELLED:
            _said(test, Result.FAILED, delivery.error or _("It was taken back."), ends=True)
        case Outcome.UNKNOWN:
            _said(test, Result.UNKNOWN, delivery.error)
        case _:
            _said(test, Result.WAITING)


def _removal_make(test: ChannelTest, delivery: Delivery) -> None:
    """Have the message deleted when it has stood long enough; it waits for the message's number."""
    if test.removal_id is not None:
        return
    test.removal = delivery_create(
        workspace=delivery.workspace,
        sender="telegram.test",
        kind="test",
        destination=test.channel.name,
        payload={"do": "delete", "chat_id": test.channel.chat_id},
        dedupe_key=f"channel-test:{test.pk}:removal",
        order_key=f"channel:{test.channel_id}:test",
        not_before=(delivery.sent_at or now()) + timedelta(seconds=test.seconds),
        after=delivery,
    )
    test.save(update_fields=["removal"])


def _removal_followed(test: ChannelTest, delivery: Delivery) -> None:
    match delivery.outcome:
        case Outcome.SENT:
            _said(test, Result.DELETED, ends=True)
        case Outcome.FAILED | Outcome.CANCELLED:
            _said(test, Result.LEFT, delivery.error, ends=True)


def _said(test: ChannelTest, result: ChannelTest.Result, problem: str = "", *, ends: bool = False) -> None:
    """Note what is known; one that has ended is not begun again, for another may be on its way."""
    test.result, test.problem = result, problem
    if ends and test.ended_at is None:
        test.ended_at = now()
    test.save(update_fields=["result", "problem", "ended_at"])
