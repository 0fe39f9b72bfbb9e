"""What can be done on the screen of failures: over one, over the chosen, over all alike; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry
from apps.accounts.work_again import work_let_go
from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.desk.failures import acts
from apps.sources.models import CopyCheck, Poll, Source
from apps.stories.models import Grouping
from tests.accounts.factories import AlertFactory, WorkspaceFactory, member
from tests.accounts.rows import Rows
from tests.desk.failed import LIST, client_of, dead, doubtful, in_english, press, rows, shown, told

__all__ = ["in_english", "rows"]
pytestmark = pytest.mark.django_db


def states(model: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = list(model.objects.order_by("pk").values_list("state", "error_code"))
    return found


def test_one_is_tried_again(rows: Rows) -> None:
    dead(rows, "grouping", error_code="late")
    client = client_of(rows)
    (line,) = shown(client)
    answer = press(client, only=f"retry:{line.key}")
    assert told(answer) == ["Done: 1."]
    assert states(Grouping) == [("ready", "late")]
    assert answer.context["shown"] == []


def test_all_alike_are_tried_again_at_once(rows: Rows) -> None:
    dead(rows, "delivery", 5, error_code="chat_not_found", outcome="failed")
    client = client_of(rows)
    (line,) = shown(client)
    assert line.often == "5 alike"
    press(client, do="retry", chosen=[line.key])
    assert {state for state, _code in states(Delivery)} == {"ready"}
    assert AuditEntry.objects.filter(verb="delivery.retried").count() == 5


def test_the_chosen_of_several_kinds_and_no_others(rows: Rows) -> None:
    first, second = dead(rows, "delivery", 2, error_code="x", outcome="failed")
    (grouping,) = dead(rows, "grouping")
    press(client_of(rows), do="retry", chosen=[f"delivery#{second.pk}", f"grouping#{grouping.pk}"])
    first.refresh_from_db()
    second.refresh_from_db()
    grouping.refresh_from_db()
    assert (first.state, second.state, grouping.state) == ("dead", "ready", "ready")


def test_pressing_twice_does_nothing_the_second_time(rows: Rows) -> None:
    dead(rows, "grouping")
    client = client_of(rows)
    (line,) = shown(client)
    press(client, only=f"retry:{line.key}")
    before = AuditEntry.objects.count()
    assert told(press(client, only=f"retry:{line.key}")) == [
        "Nothing was done: it was settled meanwhile, or your role does not allow it."
    ]
    assert AuditEntry.objects.count() == before


def test_a_source_is_collected_once_for_all_its_failed_collections(rows: Rows) -> None:
    dead(rows, "poll", 4, error_code="http")
    client = client_of(rows)
    (line,) = shown(client)
    answer = press(client, only=f"retry:{line.key}")
    assert told(answer) == ["Done: 4."]
    assert answer.context["shown"] == []
    assert sorted(states(Poll)) == [("dead", "superseded")] * 4 + [("ready", "")]
    assert AuditEntry.objects.filter(verb="source.poll_asked").count() == 1


def test_a_refused_retry_leaves_the_failures_where_they_are(rows: Rows) -> None:
    dead(rows, "poll", 3, error_code="http")
    Source.objects.update(is_active=False)
    client = client_of(rows)
    (line,) = shown(client)
    answer = press(client, only=f"retry:{line.key}")
    assert told(answer) == ["Refused: 3. “Source quokka” is paused. Resume it first."]
    assert [one.often for one in answer.context["shown"]] == ["3 alike"]


def test_giving_up_asks_why_first(rows: Rows) -> None:
    dead(rows, "copy_check", 3, error_code="gone")
    client = client_of(rows)
    (line,) = shown(client)
    asked = client.post(reverse("desk:failures_act"), {"only": f"give_up:{line.key}"})
    assert asked.context["told"] == [("check of a copy", "3")]
    assert states(CopyCheck) == [("dead", "gone")] * 3
    again = client.post(reverse("desk:failures_act"), {"do": "give_up", "chosen": [line.key], "reason": "  "})
    assert again.context["missing"] is True
    assert states(CopyCheck) == [("dead", "gone")] * 3
    answer = press(client, do="give_up", chosen=[line.key], reason="The site is closed.")
    assert told(answer) == ["Done: 3."]
    assert states(CopyCheck) == [("dead", "given_up")] * 3
    row = CopyCheck.objects.first()
    assert row is not None
    assert (row.error, row.history[-1]["event"], row.history[-1]["detail"]) == (
        "It broke.",
        "given_up",
        "The site is closed.",
    )
    entry = AuditEntry.objects.get(verb="work.let_go")
    assert entry.details == {"kind": "copy_check", "reason": "The site is closed.", "rows": 3}
    assert answer.context["shown"] == []


def test_a_failed_delivery_is_given_up_by_its_own_service(rows: Rows) -> None:
    dead(rows, "delivery", outcome="failed")
    client = client_of(rows)
    (line,) = shown(client)
    press(client, do="give_up", chosen=[line.key], reason="Too late.")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.outcome, delivery.error) == ("done", "failed", "Too late.")


def test_a_person_says_that_it_is_there(rows: Rows) -> None:
    doubtful(rows, count=2)
    client = client_of(rows)
    (line,) = shown(client)
    press(client, only=f"there:{line.key}")
    assert set(Delivery.objects.values_list("state", "outcome")) == {("done", "sent")}


def test_a_person_says_that_it_leaves_again(rows: Rows) -> None:
    doubtful(rows)
    client = client_of(rows)
    (line,) = shown(client)
    press(client, only=f"again:{line.key}")
    assert Delivery.objects.get().state == "ready"


@pytest.mark.parametrize("deed", ["retry", "give_up"])
def test_what_is_in_doubt_is_never_just_tried_again_or_given_up(rows: Rows, deed: str) -> None:
    doubtful(rows)
    client = client_of(rows)
    (line,) = shown(client)
    press(client, do=deed, chosen=[line.key], reason="No.")
    assert Delivery.objects.get().state == "unknown"


@pytest.mark.parametrize("deed", ["retry", "give_up", "there", "again"])
def test_viewers_and_strangers_change_nothing(rows: Rows, deed: str) -> None:
    other = Rows(WorkspaceFactory.create(), "narwhal")
    (failed,) = dead(rows, "grouping")
    (doubt,) = doubtful(rows)
    keys = [line.key for line in shown(client_of(rows))]
    keys += [f"grouping#{failed.pk}", f"delivery#{doubt.pk}", "nonsense", "no#1", "grouping#x"]
    for client in (client_of(rows, "viewer"), client_of(other, "owner")):
        press(client, do=deed, chosen=keys, reason="No.")
        for key in keys:
            press(client, only=f"{deed}:{key}", reason="No.")
    failed.refresh_from_db()
    doubt.refresh_from_db()
    assert (failed.state, failed.error_code, doubt.state) == ("dead", "", "unknown")


def test_a_press_keeps_to_the_cause_that_was_searched_for(rows: Rows) -> None:
    made = dead(rows, "copy_check", 3, error_code="gone")
    CopyCheck.objects.filter(pk=made[0].pk).update(error="Something else")
    client = client_of(rows)
    (line,) = shown(client, cause="broke")
    assert line.often == "2 alike"
    press(client, do="give_up", chosen=[line.key], cause="broke", reason="Why not.")
    assert sorted(states(CopyCheck)) == [("dead", "given_up"), ("dead", "given_up"), ("dead", "gone")]


def test_what_does_not_fit_into_one_press_is_told(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "TOGETHER", 2)
    dead(rows, "copy_check", 5, error_code="gone")
    client = client_of(rows)
    (line,) = shown(client)
    answer = press(client, do="give_up", chosen=[line.key], reason="Why not.")
    assert told(answer) == ["Done: 2.", "3 more of the same are left: press again."]
    assert [one.often for one in answer.context["shown"]] == ["3 alike"]


def test_alerts_of_what_is_settled_are_closed_and_others_stay(rows: Rows) -> None:
    first, second = dead(rows, "import_file", 2, error_code="x")
    for row in (first, second):
        url = reverse("admin:sources_importfile_change", args=[row.pk])
        AlertFactory.create(workspace=rows.workspace, key=f"import.failed:{row.pk}", level="error", url=url)
    (grouping,) = dead(rows, "grouping")
    address = reverse("admin:stories_grouping_changelist") + "?state__exact=dead"
    AlertFactory.create(workspace=rows.workspace, key="groups", level="error", url=address)
    press(client_of(rows), do="give_up", chosen=[f"import_file#{first.pk}"], reason="Not needed.")
    still = set(Alert.objects.filter(closed_at=None).values_list("key", flat=True))
    assert still == {f"import.failed:{second.pk}", "groups"}
    press(client_of(rows), do="give_up", chosen=[f"grouping#{grouping.pk}"], reason="Not needed.")
    assert Alert.objects.get(key="groups").closed_at is not None


def test_nothing_chosen_and_unknown_buttons_do_nothing(rows: Rows) -> None:
    dead(rows, "grouping")
    client = client_of(rows)
    assert told(press(client, do="retry")) == ["Choose something first."]
    press(client, do="nonsense", chosen=[line.key for line in shown(client)])
    assert client.get(reverse("desk:failures_act")).status_code == 405
    assert states(Grouping) == [("dead", "")]


def test_filters_are_kept_after_a_press_and_an_emptied_line_leads_to_the_list(rows: Rows) -> None:
    made = dead(rows, "copy_check", 2, error_code="gone")
    client = client_of(rows)
    (line,) = shown(client, job="collecting")
    answer = press(client, only=f"retry:copy_check#{made[0].pk}", job="collecting", line=line.key)
    assert "line=" in answer.redirect_chain[-1][0]
    assert "job=collecting" in answer.redirect_chain[-1][0]
    answer = press(client, only=f"retry:copy_check#{made[1].pk}", line=line.key)
    assert answer.redirect_chain[-1][0] == reverse(LIST)


def test_rows_that_moved_meanwhile_are_not_let_go(rows: Rows) -> None:
    row, other = dead(rows, "copy_check", 2)
    CopyCheck.objects.filter(pk=row.pk).update(state="done", finished_at=now())
    by = member(rows.workspace)
    assert work_let_go([row, other], reason="Why not.", by=by) == 1
    assert work_let_go([row, other], reason="Why not.", by=by) == 0
    assert work_let_go([], reason="Why not.", by=by) == 0
    assert states(CopyCheck) == [("done", ""), ("dead", "given_up")]
