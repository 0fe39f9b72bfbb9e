"""Work of collection that failed is seen and tried again by whoever may, and by nobody else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, Workspace
from apps.accounts.work_again import work_retry
from apps.core.errors import TransitionError
from apps.core.work import kinds
from apps.core.work.models import WorkRow
from apps.sources.models import (
    AccountAsk,
    CopyCheck,
    HubPush,
    Invitation,
    KinshipReview,
    MediaFetch,
    PostMedia,
)
from apps.sources.services.invitations import invitation_check
from apps.sources.services.work import ask_retry, push_retry
from apps.telegram.models import Session
from tests.accounts.rows import Rows
from tests.sources.factories import MembershipFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
DEAD = {"state": "dead", "finished_at": "2026-11-20T09:00Z", "error": "it broke off"}
LISTED = ("MediaFetch", "ChannelFetch", "AccountAsk", "HubAsk", "HubPush", "CopyCheck", "KinshipReview", "Recount")
ROUNDS = ("HealthCheck", "Retention")


def dead(rows: Rows, name: str) -> WorkRow:
    model = next(kind.model for kind in kinds.known() if kind.model.__name__ == name)
    row: WorkRow = rows.one(model)
    model._base_manager.filter(pk=row.pk).update(**DEAD)
    row.refresh_from_db()
    return row


def address(row: WorkRow, view: str = "change") -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{view}"
    return reverse(name, args=[row.pk] if view == "change" else [])


def as_role(client: Client, workspace: Workspace, role: str) -> Client:
    client.force_login(MembershipFactory.create(workspace=workspace, role=role, user__language="en").user)
    return client


@pytest.fixture
def rows() -> Rows:
    return Rows(WorkspaceFactory.create(), "quokka")


@pytest.mark.parametrize("name", LISTED)
def test_dead_row_is_listed_and_tried_again_by_an_editor(client: Client, rows: Rows, name: str) -> None:
    row = dead(rows, name)
    as_role(client, rows.workspace, Membership.Role.EDITOR)
    page = client.get(address(row, "changelist") + "?state__exact=dead").content.decode()
    assert "it broke off" in page
    assert "Try again" in client.get(address(row)).content.decode()

    client.post(address(row, "changelist"), {"action": "work_retry", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.state == "ready"
    entry = rows.workspace.audit_entries.get(verb="work.retried")
    assert entry.actor is not None


@pytest.mark.parametrize("name", LISTED)
def test_viewers_see_and_change_nothing(client: Client, rows: Rows, name: str) -> None:
    row = dead(rows, name)
    as_role(client, rows.workspace, Membership.Role.VIEWER)
    assert client.get(address(row)).status_code == 200
    assert "Try again" not in client.get(address(row)).content.decode()
    client.post(address(row, "changelist"), {"action": "work_retry", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.state == "dead"


@pytest.mark.parametrize("name", ROUNDS)
def test_rounds_are_seen_and_make_their_next_by_themselves(client: Client, rows: Rows, name: str) -> None:
    row = dead(rows, name)
    as_role(client, rows.workspace, Membership.Role.EDITOR)
    assert "it broke off" in client.get(address(row)).content.decode()
    assert "Try again" not in client.get(address(row)).content.decode()


def test_waiting_row_is_given_up_with_a_reason_and_its_owner_is_told(client: Client, rows: Rows) -> None:
    row = rows.one(MediaFetch)
    as_role(client, rows.workspace, Membership.Role.MANAGER)
    chosen = {"action": "work_give_up", "_selected_action": [row.pk]}
    client.post(address(row, "changelist"), chosen)
    row.refresh_from_db()
    assert row.state == "ready"
    client.post(address(row, "changelist"), {**chosen, "work_reason": "not needed"})
    row.refresh_from_db()
    assert (row.state, row.error) == ("dead", "not needed")
    assert PostMedia.objects.get(pk=row.media_id).state == "failed"


def test_row_whose_twin_waits_is_refused_in_words(rows: Rows) -> None:
    row = dead(rows, "KinshipReview")
    KinshipReview.objects.create(workspace=rows.workspace)
    with pytest.raises(TransitionError, match="waiting to be done already"):
        work_retry(row, by=MembershipFactory.create(workspace=rows.workspace).user)
    row.refresh_from_db()
    assert row.state == "dead"


def test_push_whose_bytes_are_gone_is_not_read_again(rows: Rows) -> None:
    row = dead(rows, "HubPush")
    user = MembershipFactory.create(workspace=rows.workspace).user
    HubPush.objects.update(body=b"")
    with pytest.raises(TransitionError):
        push_retry(row, by=user)
    assert HubPush.objects.get().state == "dead"
    HubPush.objects.update(body=b"<rss/>")
    push_retry(row, by=user)
    assert HubPush.objects.get().state == "ready"


def test_question_that_is_asked_again_opens_its_invitation_again(rows: Rows) -> None:
    found = invitation_check(session=rows.one(Session), link="AbCdEf123456")
    row = AccountAsk.objects.get()
    AccountAsk.objects.update(**DEAD)
    Invitation.objects.update(state="refused", code="bug", problem="it broke off")
    row.refresh_from_db()
    ask_retry(row, by=MembershipFactory.create(workspace=rows.workspace).user)
    found.refresh_from_db()
    assert (found.state, found.code, AccountAsk.objects.get().state) == ("asked", "", "ready")


def test_page_of_all_work_counts_own_rows_and_leads_to_them(client: Client, rows: Rows) -> None:
    theirs = Rows(WorkspaceFactory.create(), "narwhal")
    for name in ("CopyCheck", "MediaFetch"):
        dead(theirs, name)
    dead(rows, "CopyCheck")
    CopyCheck.objects.create(
        workspace=rows.workspace, post_id=CopyCheck.objects.filter(workspace=rows.workspace).get().post_id
    )
    as_role(client, rows.workspace, Membership.Role.VIEWER)
    answer = client.get(reverse("desk:work"))
    lines = {line.words: line for line in answer.context["lines"]}
    copies, fetches = lines["checks of copies"], lines["fetchings of media"]
    assert (copies.waiting, copies.failed, fetches.failed) == (1, 1, 0)
    assert answer.context["lines"][0] == copies
    assert f"{copies.address}?state__exact=dead" in answer.content.decode()
    assert client.get(f"{copies.address}?state__exact=dead").status_code == 200


def test_every_kind_of_work_is_on_that_page(client: Client, rows: Rows) -> None:
    as_role(client, rows.workspace, Membership.Role.OWNER)
    shown = {line.words for line in client.get(reverse("desk:work")).context["lines"]}
    ours = [kind.model._meta for kind in kinds.known() if kind.model.__module__.startswith("apps.")]
    hidden = {str(one.verbose_name_plural) for one in ours} - shown
    assert hidden == {"look-ups", "looks into channels"}  # their deliveries stand in the outbox


def test_strangers_have_no_page_of_work(client: Client) -> None:
    workspace = WorkspaceFactory.create()
    as_role(client, workspace, Membership.Role.CLIENT)
    assert client.get(reverse("desk:work")).status_code in {302, 403}
