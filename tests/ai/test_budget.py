"""The ledger and the daily budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connections, transaction

from apps.ai.models import Spend
from apps.ai.ports import Usage
from apps.ai.selectors import budgets, spend_by_day
from apps.ai.services import RESERVED_FOR, budget_check, day_of, spend_record, spent_today, target_label
from apps.core.errors import PermanentError
from tests.accounts.factories import WorkspaceFactory
from tests.ai.factories import SpendFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)  # in Moscow
MILLION_IN = Usage(input_tokens=1_000_000)


@pytest.fixture(autouse=True)
def _openai(settings):
    settings.AI_WRITER = "openai"
    settings.AI_DAILY_BUDGET_USD = 5.0
    settings.AI_PRICE_INPUT_USD, settings.AI_PRICE_OUTPUT_USD = 1.0, 2.0


def refused(workspace, **options) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        budget_check(workspace=workspace, **options)
    return caught.value


def test_a_day_with_money_left_lets_a_request_through_and_writes_nothing():
    workspace = WorkspaceFactory()
    SpendFactory(workspace=workspace, at=NOON, cost_usd=Decimal("4.9"))
    budget_check(workspace=workspace, at=NOON)
    assert Spend.objects.count() == 1


def test_a_spent_day_refuses_with_a_sentence_that_says_when_it_begins_anew():
    workspace = WorkspaceFactory(name="Заречье")
    SpendFactory(workspace=workspace, at=NOON, cost_usd=Decimal("5"))
    error = refused(workspace, at=NOON)
    assert error.code == "budget_spent"
    assert str(error) == (
        "The AI budget of Заречье for today is used up: $5.00 of $5.00. "
        "It begins anew at 22.11 00:00 (Europe/Moscow); the limit is in the workspace's settings."
    )


def test_a_request_that_would_not_fit_is_refused():
    workspace = WorkspaceFactory()
    SpendFactory(workspace=workspace, at=NOON, cost_usd=Decimal("4.5"))
    assert refused(workspace, at=NOON, estimate=MILLION_IN).code == "budget_spent"
    budget_check(workspace=workspace, at=NOON, estimate=Usage(input_tokens=500_000))


def test_a_workspaces_own_budget_wins_and_zero_means_nothing():
    poor, rich = WorkspaceFactory(ai_daily_budget_usd=Decimal(0)), WorkspaceFactory(ai_daily_budget_usd=Decimal(50))
    SpendFactory(workspace=rich, at=NOON, cost_usd=Decimal(40))
    assert "$0.00 of $0.00" in str(refused(poor, at=NOON, estimate=Usage()))
    budget_check(workspace=rich, at=NOON)


def test_another_workspaces_spending_does_not_count():
    SpendFactory(at=NOON, cost_usd=Decimal(100))
    budget_check(workspace=WorkspaceFactory(), at=NOON)


def test_the_offline_writer_needs_no_budget(settings):
    settings.AI_WRITER = "offline"
    workspace = WorkspaceFactory(ai_daily_budget_usd=Decimal(0))
    budget_check(workspace=workspace, target="x", at=NOON)
    assert Spend.objects.count() == 0


def test_the_day_is_the_workspaces_own():
    early = WorkspaceFactory(time_zone="Asia/Vladivostok")  # where it is 19:00 at NOON
    late = WorkspaceFactory(time_zone="America/New_York")  # where it is 04:00
    for workspace in (early, late):
        SpendFactory(workspace=workspace, at=NOON + timedelta(hours=-6), cost_usd=Decimal(5))
    assert refused(early, at=NOON).code == "budget_spent"
    budget_check(workspace=late, at=NOON)
    assert "(Asia/Vladivostok)" in str(refused(early, at=NOON))


def test_a_day_has_23_or_25_hours_when_clocks_change():
    workspace = WorkspaceFactory(time_zone="Europe/Berlin")
    spring = datetime(2026, 3, 29, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    autumn = datetime(2026, 10, 25, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    lengths = [day_of(workspace, moment)[1] - day_of(workspace, moment)[0] for moment in (spring, autumn)]
    assert lengths == [timedelta(hours=23), timedelta(hours=25)]


def test_a_reservation_counts_until_it_is_settled():
    workspace = WorkspaceFactory()
    budget_check(workspace=workspace, target="rewrite:1", at=NOON, estimate=Usage(input_tokens=4_000_000))
    assert spent_today(workspace, at=NOON) == Decimal(4)
    assert (
        refused(workspace, target="rewrite:2", at=NOON, estimate=Usage(input_tokens=2_000_000)).code == "budget_spent"
    )
    usage = Usage(100, 50, Decimal("0.25"))
    spend_record(workspace=workspace, usage=usage, purpose="rewrite", model="m", target="rewrite:1", at=NOON)
    assert spent_today(workspace, at=NOON) == Decimal("0.25")
    budget_check(workspace=workspace, target="rewrite:2", at=NOON, estimate=Usage(input_tokens=2_000_000))


def test_asking_again_for_one_target_reserves_once():
    workspace = WorkspaceFactory()
    for _attempt in range(3):
        budget_check(workspace=workspace, target="rewrite:1", at=NOON, estimate=Usage(input_tokens=2_000_000))
    assert spent_today(workspace, at=NOON) == Decimal(2)
    assert Spend.objects.get().reserved_until == NOON + RESERVED_FOR


def test_a_reservation_that_nobody_settles_ends():
    workspace = WorkspaceFactory()
    budget_check(workspace=workspace, target="rewrite:1", at=NOON, estimate=Usage(input_tokens=5_000_000))
    later = NOON + RESERVED_FOR
    assert spent_today(workspace, at=later) == 0
    budget_check(workspace=workspace, target="rewrite:2", at=later, estimate=Usage(input_tokens=5_000_000))


def test_the_ledger_keeps_what_an_answer_took():
    workspace = WorkspaceFactory()
    usage = Usage(1200, 340, Decimal("0.001234"))
    row = spend_record(
        workspace=workspace,
        usage=usage,
        purpose="rewrite",
        model="gpt-5-mini",
        target=workspace,
        writer="openai",
        at=NOON,
    )
    kept = Spend.objects.get(pk=row.pk)
    assert (kept.input_tokens, kept.output_tokens, kept.cost_usd) == (1200, 340, Decimal("0.001234"))
    assert (kept.target, kept.writer, kept.model) == (f"accounts.workspace:{workspace.pk}", "openai", "gpt-5-mini")
    assert (kept.at, kept.reserved_until) == (NOON, None)


def test_an_answer_that_took_nothing_is_not_in_the_ledger():
    workspace = WorkspaceFactory()
    assert spend_record(workspace=workspace, usage=Usage(), purpose="rewrite", model="") is None
    assert Spend.objects.count() == 0


def test_a_target_is_named_shortly():
    assert target_label("x" * 300) == "x" * 200


def test_the_database_refuses_a_negative_cost_and_a_second_reservation():
    workspace = WorkspaceFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        SpendFactory(workspace=workspace, cost_usd=Decimal(-1))
    SpendFactory(workspace=workspace, target="one", reserved_until=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        SpendFactory(workspace=workspace, target="one", reserved_until=NOON)
    SpendFactory(workspace=workspace, target="one")


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_do_not_overspend():
    """Eight ask at once for two dollars of a five-dollar day: two are let through."""
    workspace = WorkspaceFactory()
    barrier, let_through, refusals = Barrier(8), [], []

    def worker(number: int) -> None:
        try:
            barrier.wait(timeout=20)
            budget_check(
                workspace=workspace, target=f"rewrite:{number}", at=NOON, estimate=Usage(input_tokens=2_000_000)
            )
            let_through.append(number)
        except PermanentError:
            refusals.append(number)
        finally:
            connections.close_all()

    threads = [Thread(target=worker, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(let_through), len(refusals)) == (2, 6)
    assert spent_today(workspace, at=NOON) == Decimal(4)


def test_sums_are_by_the_workspaces_days():
    workspace = WorkspaceFactory()
    for hour, cost in ((-13, "1"), (-11, "2"), (0, "4")):  # 23:00 the day before, 01:00, noon in Moscow
        SpendFactory(workspace=workspace, at=NOON + timedelta(hours=hour), cost_usd=Decimal(cost))
    SpendFactory(workspace=workspace, at=NOON, reserved_until=NOON + RESERVED_FOR)
    SpendFactory(workspace=workspace, at=NOON - timedelta(days=30))
    SpendFactory(at=NOON)
    days = spend_by_day([workspace], at=NOON + timedelta(hours=1))
    assert [(str(day.date), day.answers, day.tokens, day.cost_usd) for day in days] == [
        ("2026-11-21", 2, 2400, Decimal(6)),
        ("2026-11-20", 1, 1200, Decimal(1)),
    ]


def test_budgets_are_shown_where_something_was_spent():
    spending, idle = WorkspaceFactory(), WorkspaceFactory()
    SpendFactory(workspace=spending, at=NOON, cost_usd=Decimal(5))
    (shown,) = budgets([spending, idle], at=NOON)
    assert (shown.workspace, shown.spent_usd, shown.budget_usd, shown.is_used_up) == (
        spending,
        Decimal(5),
        Decimal(5),
        True,
    )
