"""What rewrites cost: every answer that was paid for is in the ledger once, whatever became of its row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest

from apps.accounts.models import Workspace
from apps.ai.adapters import openai as adapter
from apps.ai.models import Spend
from apps.ai.ports import Draft, Prompt
from apps.ai.services import budget_check, spent_today, target_label
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work import drain
from apps.stories import services
from apps.stories.models import Rewrite, StoryVersion
from apps.stories.services import writing
from apps.stories.tasks import REWRITES, rewrites_write
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer
from tests.stories.factories import StoryFactory, StoryPostFactory, UserFactory, WorkspaceFactory
from tests.stories.writers import FakeWriter

pytestmark = pytest.mark.django_db(transaction=True)
State = Rewrite.State


@pytest.fixture
def server(settings, monkeypatch) -> Iterator[OpenAiServer]:
    """The installation's endpoint, with prices."""
    monkeypatch.setattr(adapter, "HABITS", {})
    with openai_api.running() as running:
        settings.AI_WRITER, settings.AI_API_URL, settings.AI_API_KEY = "openai", running.base_url, "sk-test"
        settings.AI_PRICE_INPUT_USD, settings.AI_PRICE_OUTPUT_USD = 1.0, 2.0
        settings.AI_MODEL, settings.AI_DAILY_BUDGET_USD = "gpt-4o-mini", 5.0
        yield running


def asked_for(workspace: Workspace | None = None) -> Rewrite:
    """A rewrite that waits for its turn."""
    story = StoryFactory.create(workspace=workspace or WorkspaceFactory.create())
    StoryPostFactory.create(story=story)
    return services.rewrite_request(story=story, editor=UserFactory.create())


def due_again() -> None:
    """Let the pause after a failure be over."""
    Rewrite.objects.filter(state=State.READY).update(not_before=now() - timedelta(seconds=1))


def test_malformed_answers_are_in_the_ledger_once_for_each_try(server: OpenAiServer) -> None:
    rewrite = asked_for()
    server.faults.add("garbled", times=4)
    for tries in (1, 2):
        rewrites_write()
        assert Rewrite.objects.get().error_code == "malformed_output"
        assert Spend.objects.count() == tries
        due_again()
    rewrites_write()
    assert Rewrite.objects.get().state == State.DONE
    rows = list(Spend.objects.order_by("pk"))
    single = rows[2].input_tokens
    assert [row.input_tokens for row in rows] == [2 * single, 2 * single, single]
    assert {(row.target, row.writer, row.reserved_until) for row in rows} == {(target_label(rewrite), "openai", None)}
    assert {row.model for row in rows} == {"gpt-4o-mini"}
    assert all(row.cost_usd > 0 for row in rows)
    assert len(server.log) == 5


def test_malformed_answers_count_until_the_row_dies(server: OpenAiServer) -> None:
    rewrite = asked_for()
    server.faults.add("garbled")
    for _try in range(20):
        rewrites_write()
        due_again()
    rewrite.refresh_from_db()
    assert (rewrite.state, rewrite.error_code) == (State.DEAD, "malformed_output")
    assert len(server.log) == 2 * (REWRITES.attempts_max or 0)
    assert Spend.objects.filter(reserved_until__isnull=True).count() == REWRITES.attempts_max
    assert not Spend.objects.filter(reserved_until__isnull=False).exists()


def test_malformed_answers_end_at_the_budget(server: OpenAiServer, settings) -> None:
    settings.AI_PRICE_INPUT_USD, settings.AI_PRICE_OUTPUT_USD = 100.0, 200.0
    asked_for(WorkspaceFactory.create(ai_daily_budget_usd=Decimal("1.60")))
    server.faults.add("garbled")
    for _try in range(20):
        rewrites_write()
        due_again()
    assert Rewrite.objects.get().error_code == "budget_spent"
    assert sum(spend.cost_usd for spend in Spend.objects.all()) > Decimal("0.4")
    assert 0 < len(server.log) < 2 * (REWRITES.attempts_max or 0)


def test_a_refusal_is_paid_for_too(server: OpenAiServer) -> None:
    rewrite = asked_for()
    server.faults.add("refusal")
    rewrites_write()
    rewrite.refresh_from_db()
    assert (rewrite.state, rewrite.error_code) == (State.DEAD, "refused")
    (spend,) = Spend.objects.all()
    assert (spend.reserved_until, spend.cost_usd > 0) == (None, True)


def test_a_failure_that_cost_nothing_is_not_in_the_ledger(server: OpenAiServer) -> None:
    asked_for()
    server.faults.add("500")
    rewrites_write()
    assert Rewrite.objects.get().error_code == "vendor_down"
    assert not Spend.objects.filter(reserved_until__isnull=True).exists()


@pytest.mark.parametrize("error", [PermanentError("no such key", code="bad_key"), RuntimeError("a bug")])
def test_what_fails_for_good_frees_its_reservation(server: OpenAiServer, error: Exception) -> None:
    rewrite = asked_for()
    with patch.object(writing, "writer_for", lambda _workspace: FakeWriter(error=error)):
        for _try in range(3):
            rewrites_write()
            due_again()
    rewrite.refresh_from_db()
    assert rewrite.state == State.DEAD
    assert not Spend.objects.exists()
    assert server.log == []


def test_another_rewrites_reservation_stays(server: OpenAiServer) -> None:
    rewrite = asked_for()
    budget_check(workspace=rewrite.workspace, target="stories.rewrite:0")
    server.faults.add("error", status=403)
    rewrites_write()
    assert [spend.target for spend in Spend.objects.all()] == ["stories.rewrite:0"]


class CancelledMeanwhile(FakeWriter):
    """A writer during whose work the editor cancels."""

    reserved: Decimal = Decimal(0)

    async def write(self, prompt: Prompt) -> Draft:
        """Answer all the same."""
        loop = drain.current().loop
        assert loop is not None
        await loop.ask_sync(self.cancel)
        return await super().write(prompt)

    def cancel(self) -> None:
        """What the editor does."""
        rewrite = Rewrite.objects.get()
        services.rewrite_cancel(rewrite=rewrite, editor=UserFactory.create())
        self.reserved = spent_today(rewrite.workspace)


def test_a_rewrite_cancelled_while_it_is_written_is_paid_for_and_thrown_away(server: OpenAiServer) -> None:
    rewrite, writer = asked_for(), CancelledMeanwhile()
    with patch.object(writing, "writer_for", lambda _workspace: writer):
        rewrites_write()
    rewrite.refresh_from_db()
    assert (rewrite.state, rewrite.error_code) == (State.DEAD, "given_up")
    assert not StoryVersion.objects.exists()
    assert writer.reserved > 0
    assert [(spend.cost_usd, spend.reserved_until) for spend in Spend.objects.all()] == [(Decimal("0.0123"), None)]


def test_a_rewrite_cancelled_while_it_waits_frees_its_reservation(server: OpenAiServer) -> None:
    rewrite = asked_for()
    busy = FakeWriter(error=RetryableError("busy", retry_after=600))
    with patch.object(writing, "writer_for", lambda _workspace: busy):
        rewrites_write()
    assert Spend.objects.filter(reserved_until__isnull=False).count() == 1
    services.rewrite_cancel(rewrite=rewrite, editor=UserFactory.create())
    assert not Spend.objects.exists()
