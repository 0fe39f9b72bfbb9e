"""The screen of the ledger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.accounts.models import Membership
from apps.core.clock import now
from tests.accounts.factories import WorkspaceFactory, logged_in, member
from tests.ai.factories import SpendFactory

pytestmark = pytest.mark.django_db
LIST = "admin:ai_spend_changelist"


@pytest.fixture
def workspace():
    return WorkspaceFactory(ai_daily_budget_usd=Decimal(3))


def page(workspace, role: str, url: str | None = None):
    return logged_in(member(workspace, role)).get(url or reverse(LIST))


def test_an_owner_sees_rows_and_sums_of_own_workspaces_only(workspace):
    SpendFactory(workspace=workspace, cost_usd=Decimal("1.25"), target="stories.rewrite:7")
    SpendFactory(workspace=workspace, cost_usd=Decimal("0.75"))
    SpendFactory(cost_usd=Decimal(90), target="stories.rewrite:99")
    answer = page(workspace, Membership.Role.OWNER)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "stories.rewrite:7" in text
    assert "1.2500" in text
    assert "$2.0000" in text
    assert "$2.00 of $3.00 today" in text
    assert "stories.rewrite:99" not in text
    assert "90" not in [str(day.cost_usd) for day in answer.context["spend_days"]]


def test_a_request_on_its_way_is_shown_as_such(workspace):
    SpendFactory(workspace=workspace, cost_usd=Decimal(3), reserved_until=now() + timedelta(minutes=9))
    text = page(workspace, Membership.Role.MANAGER).content.decode()
    assert "on its way" in text
    assert "spend-budget--used" in text


def test_an_empty_ledger_says_what_will_be_here(workspace):
    text = page(workspace, Membership.Role.OWNER).content.decode()
    assert "Here will be every answer of a model" in text
    assert "spend-days" not in text


def test_a_row_can_be_read_and_not_changed(workspace):
    row = SpendFactory(workspace=workspace)
    url = reverse("admin:ai_spend_change", args=[row.pk])
    client = logged_in(member(workspace, Membership.Role.OWNER))
    assert client.get(url).status_code == 200
    assert client.post(url, {"cost_usd": "0"}).status_code == 403
    assert client.get(reverse("admin:ai_spend_add")).status_code == 403


def test_an_editor_does_not_see_money(workspace):
    SpendFactory(workspace=workspace)
    assert page(workspace, Membership.Role.EDITOR).status_code == 403


def test_the_list_takes_the_same_queries_however_long(workspace, django_assert_max_num_queries):
    client = logged_in(member(workspace, Membership.Role.OWNER))
    SpendFactory.create_batch(30, workspace=workspace)
    client.get(reverse(LIST))
    with django_assert_max_num_queries(20):
        client.get(reverse(LIST))
