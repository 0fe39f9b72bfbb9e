"""Editors see near-copies, what is left out, and sister channels; and decide on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import AuditEntry, Membership
from apps.sources.models import Family, Kinship, Post, Signature
from tests.sources.factories import (
    FamilyFactory,
    FeedFactory,
    KinshipFactory,
    MembershipFactory,
    PostFactory,
    SignatureFactory,
    VoiceFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FIRE = "В порту Тихой Гавани загорелся склад с канатами, на месте работают семь пожарных расчётов."


@pytest.fixture
def editor() -> Membership:
    membership: Membership = MembershipFactory.create(user__language="en")
    return membership


@pytest.fixture
def client(client: Client, editor: Membership) -> Client:
    client.force_login(editor.user)
    return client


@pytest.fixture
def viewer(editor: Membership) -> Client:
    client = Client()
    client.force_login(MembershipFactory.create(workspace=editor.workspace, role=Membership.Role.VIEWER).user)
    return client


@pytest.fixture
def copies(editor: Membership) -> list[Post]:
    """An original and its two copies, of three feeds."""
    feeds = FeedFactory.create_batch(3, workspace=editor.workspace)
    original = PostFactory.create(source=feeds[0], text=FIRE, published_at=AT)
    return [
        original,
        *(
            PostFactory.create(
                source=feed, text=f"{FIRE} Подробности позже.", published_at=AT + timedelta(minutes=3), copy_of=original
            )
            for feed in feeds[1:]
        ),
    ]


def read(client: Client, name: str, *args: object, query: str = "") -> str:
    response = client.get(reverse(f"admin:sources_{name}", args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def press(client: Client, model: str, pk: int, verb: str) -> int:
    return client.post(reverse(f"admin:sources_{model}_{verb}", args=[pk])).status_code


def test_the_list_says_whose_copy_a_post_is_and_tells_originals_from_copies(client: Client, copies: list[Post]) -> None:
    page = read(client, "post_changelist")
    assert page.count(f"the same as {copies[0].source}") == 2
    assert read(client, "post_changelist", query="?copies=no").count("pult-excerpt") == 1
    assert read(client, "post_changelist", query="?copies=yes").count("pult-excerpt") == 2


def test_a_post_s_page_shows_the_original_and_all_copies(client: Client, copies: list[Post]) -> None:
    for post in copies:
        page = read(client, "post_change", post.pk)
        assert "the original: it was here first" in page
        assert page.count("% the same") == 2
        others = [other for other in copies if other != post]
        assert all(reverse("admin:sources_post_change", args=[other.pk]) in page for other in others)


def test_what_is_left_out_is_dimmed_on_the_post_s_page(client: Client, copies: list[Post]) -> None:
    copies[0].text += "\n<Подписаться>"
    copies[0].boilerplate = [[len(FIRE) + 1, len(FIRE) + 14]]
    copies[0].save()
    page = read(client, "post_change", copies[0].pk)
    assert '<span class="pult-text__left-out">&lt;Подписаться&gt;</span>' in page


def test_a_line_is_refused_and_taken_back_on_the_source_s_page(client: Client, editor: Membership) -> None:
    signature = SignatureFactory.create(workspace=editor.workspace, line="Подписаться на «Маяк»")
    source = signature.voice.source
    page = read(client, "source_change", source.pk)
    assert "Подписаться на «Маяк»" in page
    assert reverse("admin:sources_signature_refuse", args=[signature.pk]) in page
    assert press(client, "signature", signature.pk, "refuse") == 302
    assert Signature.objects.get().state == "refused"
    assert reverse("admin:sources_signature_accept", args=[signature.pk]) in read(client, "source_change", source.pk)
    assert press(client, "signature", signature.pk, "accept") == 302
    assert Signature.objects.get().state == "learnt"
    assert AuditEntry.objects.filter(actor=editor.user).count() == 2


def test_likely_sisters_are_told_in_plain_words_with_examples(client: Client, editor: Membership) -> None:
    kinship = KinshipFactory.create(workspace=editor.workspace)
    posts = [PostFactory.create(source=voice.source, text=FIRE) for voice in (kinship.first, kinship.second)]
    Kinship.objects.update(examples=[[post.pk for post in posts], [posts[0].pk, 10**9]])
    words = "83 of 120 posts are the same, usually within 4 minutes"
    assert words in read(client, "kinship_changelist")
    page = read(client, "kinship_change", kinship.pk)
    assert words in page
    assert page.count(FIRE) == 2


def test_likely_sisters_are_confirmed_and_taken_back(client: Client, editor: Membership) -> None:
    kinship = KinshipFactory.create(workspace=editor.workspace)
    assert press(client, "kinship", kinship.pk, "confirm") == 302
    assert Family.objects.get().voices.count() == 2
    page = read(client, "kinship_change", kinship.pk)
    assert reverse("admin:sources_kinship_reopen", args=[kinship.pk]) in page
    assert press(client, "kinship", kinship.pk, "reopen") == 302
    assert not Family.objects.exists()
    assert press(client, "kinship", kinship.pk, "refuse") == 302
    assert Kinship.objects.get().state == "refused"


def test_buttons_are_for_those_who_may_and_for_post_requests(
    client: Client, viewer: Client, editor: Membership
) -> None:
    kinship = KinshipFactory.create(workspace=editor.workspace)
    stranger = KinshipFactory.create()
    assert press(viewer, "kinship", kinship.pk, "confirm") == 403
    assert press(client, "kinship", stranger.pk, "confirm") == 404
    assert client.get(reverse("admin:sources_kinship_confirm", args=[kinship.pk])).status_code == 405
    assert set(Kinship.objects.values_list("state", flat=True)) == {"suggested"}
    assert not Family.objects.exists()


def test_a_family_is_made_changed_and_dissolved_by_hand(client: Client, editor: Membership) -> None:
    voices = [VoiceFactory.create(source__workspace=editor.workspace) for _ in range(3)]
    form = {"name": "Порт", "members": [voice.pk for voice in voices[:2]]}
    assert client.post(reverse("admin:sources_family_add"), form).status_code == 302
    family = Family.objects.get()
    assert (family.workspace, set(family.voices.all())) == (editor.workspace, set(voices[:2]))
    form = {"name": "Гавань", "members": [voice.pk for voice in voices[1:]]}
    assert client.post(reverse("admin:sources_family_change", args=[family.pk]), form).status_code == 302
    family.refresh_from_db()
    assert (family.name, set(family.voices.all())) == ("Гавань", set(voices[1:]))
    gone = client.post(reverse("admin:sources_family_delete", args=[family.pk]), {"post": "yes"})
    assert gone.status_code == 302
    assert not Family.objects.exists()
    assert [verb for (verb,) in AuditEntry.objects.order_by("id").values_list("verb")] == [
        "family.created",
        "family.changed",
        "family.removed",
    ]


def test_a_family_s_form_refuses_in_words(client: Client, editor: Membership) -> None:
    mine = VoiceFactory.create(source__workspace=editor.workspace)
    stranger = VoiceFactory.create()
    FamilyFactory.create(workspace=editor.workspace, name="Порт")

    def refused(name: str, members: list[int]) -> str:
        response = client.post(reverse("admin:sources_family_add"), {"name": name, "members": members})
        assert response.status_code == 200
        return response.content.decode()

    assert "A family has at least two voices." in refused("Одна", [mine.pk])
    assert "Select a valid choice" in refused("Чужая", [mine.pk, stranger.pk])
    other = VoiceFactory.create(source__workspace=editor.workspace)
    assert "already has a family with this name" in refused("Порт", [mine.pk, other.pk])
    assert Family.objects.count() == 1


def test_pages_read_no_query_for_each_copy_or_line(client: Client, editor: Membership, copies: list[Post]) -> None:
    def queries(name: str, pk: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            read(client, name, pk)
        return len(captured)

    queries("post_change", copies[0].pk)
    few = queries("post_change", copies[0].pk)
    for _ in range(8):
        PostFactory.create(source__workspace=editor.workspace, text=FIRE, published_at=AT, copy_of=copies[0])
    assert queries("post_change", copies[0].pk) == few
    source = copies[0].source
    SignatureFactory.create(voice__source=source)
    queries("source_change", source.pk)
    few = queries("source_change", source.pk)
    for _ in range(8):
        SignatureFactory.create(voice__source=source)
    assert queries("source_change", source.pk) == few


def test_a_list_of_another_workspace_is_empty(client: Client) -> None:
    SignatureFactory.create(workspace=WorkspaceFactory.create(), line="Чужая строка")
    KinshipFactory.create()
    FamilyFactory.create(name="Чужая семья")
    assert "Чужая строка" not in read(client, "signature_changelist")
    assert "83 of 120" not in read(client, "kinship_changelist")
    assert "Чужая семья" not in read(client, "family_changelist")
