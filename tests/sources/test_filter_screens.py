"""The screen of filters: rules written, tried, saved and applied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.core.clock import now
from apps.sources.models import FilterRule, FilterSet, Post, PostMedia, Source
from tests.sources.factories import (
    FeedFactory,
    FilterRuleFactory,
    FilterSetFactory,
    MembershipFactory,
    PostFactory,
    WorkspaceFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
POSTS = reverse("admin:sources_post_changelist")
SETS = reverse("admin:sources_filterset_changelist")


@pytest.fixture
def workspace() -> Workspace:
    """The editor's own."""
    return WorkspaceFactory.create()


@pytest.fixture
def editor(workspace: Workspace, client: Client) -> User:
    """An editor of the workspace, logged in."""
    user: User = MembershipFactory.create(workspace=workspace, role=Membership.Role.EDITOR).user
    client.force_login(user)
    return user


@pytest.fixture
def source(editor: User, workspace: Workspace) -> Source:
    """A feed that the editor sees."""
    return FeedFactory.create(workspace=workspace, name="Вестник")


def at(owner: Source | FilterSet | Workspace, step: str = "") -> str:
    if isinstance(owner, Workspace):
        return reverse("admin:sources_filterset_workspace", args=[owner.pk]) + step
    return reverse(f"admin:sources_{owner._meta.model_name}_filters", args=[owner.pk]) + step


def typed(*rules: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    """The form: (kind, effect, value[, key[, active]]) a line."""
    lines = [(*rule, *("", "1")[len(rule) - 3 :]) for rule in rules]
    names = ("kind", "effect", "value", "key", "active")
    return {name: [line[number] for line in lines] for number, name in enumerate(names)} | more


def tried(client: Client, owner: Source | FilterSet | Workspace, form: dict[str, Any]) -> Any:
    answer = client.post(at(owner, "try/"), form)
    assert answer.status_code == 200
    return answer


# Writing


def test_rules_are_saved_in_their_order(client: Client, source: Source) -> None:
    answer = client.post(
        at(source), typed(("words", "drop", "мост"), ("length", "drop", "< 100"), ("advert", "drop", ""))
    )

    assert (answer.status_code, answer.headers["Location"]) == (302, at(source))
    assert list(source.rules.order_by("place").values_list("kind", "value")) == [
        ("words", "мост"),
        ("length", "< 100"),
        ("advert", ""),
    ]
    assert "мост" in client.get(at(source)).content.decode()


def test_empty_lines_are_no_rules(client: Client, source: Source) -> None:
    client.post(at(source), typed(("words", "drop", "  "), ("pattern", "drop", ""), ("words", "drop", "мост")))

    assert source.rules.get().value == "мост"


def test_what_can_not_be_understood_is_told_and_kept_in_the_form(client: Client, source: Source) -> None:
    FilterRuleFactory.create(source=source, value="старое")

    answer = client.post(at(source), typed(("words", "drop", "мост"), ("pattern", "drop", "(незакрытая")))

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "(незакрытая" in page
    assert "мост" in page
    assert page.count("fl-rule--bad") == 1
    assert source.rules.get().value == "старое"


def test_switched_off_rule_is_kept_and_decides_nothing(client: Client, source: Source) -> None:
    PostFactory.create(source=source, text="Мост")
    client.post(at(source), typed(("words", "drop", "мост", "", "0")))

    rule = source.rules.get()
    assert rule.is_active is False
    answer = tried(client, source, typed(("words", "drop", "мост", rule.pk, "0")))
    assert answer.context["trial"].dropped == 0


def test_rule_removed_by_another_editor_is_told(client: Client, source: Source) -> None:
    rule = FilterRuleFactory.create(source=source)
    form = typed(("words", "drop", "мост", rule.pk))
    rule.delete()

    answer = client.post(at(source), form)

    assert answer.status_code == 400
    assert "мост" in answer.content.decode()
    assert not source.rules.exists()


def test_sets_are_ticked_on_the_source_and_sources_on_the_set(client: Client, source: Source) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)
    client.post(at(source), typed(links=[chosen.pk]))
    assert list(source.filter_sets.all()) == [chosen]

    client.post(at(chosen), typed(("words", "drop", "мост")))
    assert not chosen.sources.exists()

    client.post(at(chosen), typed(("words", "drop", "мост"), links=[source.pk]))
    assert list(chosen.sources.all()) == [source]


def test_a_set_keeps_the_sources_that_there_is_no_room_to_show(
    client: Client, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.sources.filters_screen.LINKS_MAX", 2)
    FeedFactory.create_batch(4, workspace=source.workspace)
    last = FeedFactory.create(workspace=source.workspace, name="Яблоня")
    chosen = FilterSetFactory.create(workspace=source.workspace)
    chosen.sources.set([source, last])
    assert "Яблоня" in client.get(at(chosen)).content.decode()

    client.post(at(chosen), typed(("words", "drop", "мост"), links=[source.pk, last.pk]))

    assert set(chosen.sources.all()) == {source, last}


def test_set_of_another_workspace_is_neither_offered_nor_attached(client: Client, editor: User, source: Source) -> None:
    other = MembershipFactory.create(user=editor, role=Membership.Role.EDITOR).workspace
    foreign = FilterSetFactory.create(workspace=other, name="Чужой набор")

    assert "Чужой набор" not in client.get(at(source)).content.decode()
    client.post(at(source), typed(links=[foreign.pk]))

    assert not source.filter_sets.exists()


def test_new_set_leads_to_its_rules(client: Client, editor: User, workspace: Workspace) -> None:
    answer = client.post(reverse("admin:sources_filterset_add"), {"name": "Без рекламы"})

    made = FilterSet.objects.get()
    assert (made.name, made.workspace) == ("Без рекламы", workspace)
    assert answer.headers["Location"] == at(made)


def test_source_tells_the_rules_that_its_posts_go_through(client: Client, source: Source) -> None:
    FilterRuleFactory.create(workspace=source.workspace, value="общее")
    FilterRuleFactory.create(source=source, value="своё")

    page = client.get(reverse("admin:sources_source_change", args=[source.pk])).content.decode()

    assert page.index("общее") < page.index("своё")
    assert at(source) in page


def test_workspace_rules_are_reached_from_the_list_of_sets(client: Client, editor: User, workspace: Workspace) -> None:
    answer = client.get(reverse("admin:sources_filterset_workspace_rules"))

    assert answer.headers["Location"] == at(workspace)
    client.post(at(workspace), typed(("advert", "drop", "")))
    assert FilterRule.objects.get().workspace == workspace


# Rights


def test_viewer_may_look_and_try_but_not_save(client: Client, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    PostFactory.create(source=source, text="Мост")
    client.force_login(MembershipFactory.create(workspace=workspace, role=Membership.Role.VIEWER).user)
    PostFactory.create(source=source, text="Порт")
    PostFactory.create(source=source, text="Порт и мост")
    saved = FilterRuleFactory.create(source=source, value="порт")
    form = typed(("words", "drop", "мост"))

    assert "data-save" not in client.get(at(source)).content.decode()
    trial = tried(client, source, form).context["trial"]
    assert (trial.total, sorted(one.post.text for one in trial.shown)) == (3, ["Порт", "Порт и мост"])
    assert client.post(at(source), form).status_code == 403
    assert client.get(at(source, "apply/")).status_code == 403
    assert client.post(at(source, "apply/"), {"days": "1"}).status_code == 403
    assert list(FilterRule.objects.all()) == [saved]
    assert not Post.objects.dropped().exists()


@pytest.mark.parametrize("step", ["", "try/", "apply/"])
def test_filters_of_another_workspace_are_a_404(client: Client, editor: User, step: str) -> None:
    foreign = FeedFactory.create()
    for owner in (foreign, FilterSetFactory.create(workspace=foreign.workspace), foreign.workspace):
        for answer in (client.get(at(owner, step)), client.post(at(owner, step), typed(("words", "drop", "мост")))):
            assert answer.status_code == 404
    assert not FilterRule.objects.exists()


def test_a_trial_is_a_post_only(client: Client, source: Source) -> None:
    assert client.get(at(source, "try/")).status_code == 404


# Trying


def test_trial_shows_what_unsaved_rules_would_do_and_saves_nothing(client: Client, source: Source) -> None:
    FilterRuleFactory.create(source=source, value="порт")
    PostFactory.create(source=source, text="На мосту открыли <b>движение</b>")
    PostFactory.create(source=source, text="В порту тихо")
    PostFactory.create(text="Чужой мост")

    answer = tried(client, source, typed(("words", "drop", "мост"), ("length", "drop", "< 3")))

    trial, page = answer.context["trial"], answer.content.decode()
    assert (trial.total, trial.dropped, trial.kept, trial.changed) == (2, 1, 1, 1)
    assert dict(trial.decided) == {0: 1}
    assert "<mark>мосту</mark>" in page
    assert "&lt;b&gt;" in page
    assert "порту" not in page
    assert source.rules.get().value == "порт"
    assert not Post.objects.dropped().exists()


@pytest.mark.parametrize(
    ("show", "texts"), [("dropped", ["Мост"]), ("kept", ["Порт", "Театр"]), ("changed", ["Мост", "Порт"])]
)
def test_trial_shows_the_posts_asked_for(client: Client, source: Source, show: str, texts: list[str]) -> None:
    PostFactory.create(source=source, text="Мост")
    PostFactory.create(source=source, text="Порт", dropped_by="words:drop:порт")
    PostFactory.create(source=source, text="Театр")

    trial = tried(client, source, typed(("words", "drop", "мост"), show=show)).context["trial"]

    assert sorted(one.post.text for one in trial.shown) == texts


def test_trial_counts_rules_of_the_workspace_and_of_ticked_sets(client: Client, source: Source) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)
    FilterRuleFactory.create(filter_set=chosen, value="порт")
    FilterRuleFactory.create(workspace=source.workspace, value="театр")
    for text in ("Мост", "Порт", "Театр", "Сад"):
        PostFactory.create(source=source, text=text)

    without = tried(client, source, typed(("words", "drop", "мост"))).context["trial"]
    with_set = tried(client, source, typed(("words", "drop", "мост"), links=[chosen.pk])).context["trial"]

    assert (without.dropped, with_set.dropped) == (2, 3)
    assert dict(with_set.decided) == {0: 1}


def test_trial_of_a_viewer_counts_the_saved_sets(client: Client, source: Source) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)
    source.filter_sets.add(chosen)
    FilterRuleFactory.create(filter_set=chosen, value="порт")
    PostFactory.create(source=source, text="Порт")
    client.force_login(MembershipFactory.create(workspace=source.workspace, role=Membership.Role.VIEWER).user)

    assert tried(client, source, typed()).context["trial"].dropped == 1


def test_trial_of_a_set_is_about_its_sources(client: Client, source: Source) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)
    PostFactory.create(source=source, text="Мост")
    PostFactory.create(source=FeedFactory.create(workspace=source.workspace), text="Мост")

    assert tried(client, chosen, typed(("words", "drop", "мост"))).context["trial"].total == 0
    trial = tried(client, chosen, typed(("words", "drop", "мост"), links=[source.pk])).context["trial"]
    assert (trial.total, trial.dropped) == (1, 1)


def test_trial_of_a_workspace_is_about_all_its_sources(client: Client, source: Source) -> None:
    PostFactory.create(source=source, text="Мост")
    PostFactory.create(source=FeedFactory.create(workspace=source.workspace), text="Мост")
    PostFactory.create(text="Чужой мост")

    trial = tried(client, source.workspace, typed(("words", "drop", "мост"))).context["trial"]

    assert (trial.total, trial.dropped) == (2, 2)


def test_trial_leaves_taken_back_posts_alone(client: Client, source: Source) -> None:
    PostFactory.create(source=source, text="Мост", is_taken_back=True)

    assert tried(client, source, typed(("words", "drop", "мост"))).context["trial"].kept == 1


def test_trial_knows_media(client: Client, source: Source) -> None:
    post = PostFactory.create(source=source, text="Мост")
    PostMedia.objects.create(post=post, key="1", kind=Post.Kind.POLL)

    assert tried(client, source, typed(("media", "drop", "poll"))).context["trial"].dropped == 1


def test_trial_goes_on_without_what_can_not_be_understood(client: Client, source: Source) -> None:
    PostFactory.create(source=source, text="Мост")

    trial = tried(client, source, typed(("pattern", "drop", "("), ("words", "drop", "мост"))).context["trial"]

    assert dict(trial.decided) == {1: 1}


def test_trial_tells_of_a_slow_expression(client: Client, source: Source) -> None:
    PostFactory.create_batch(5, source=source, text="слово " * 40 + "?")

    trial = tried(client, source, typed(("pattern", "drop", r"(\w|\s|ов)+!?$"))).context["trial"]

    assert (trial.dropped, trial.slow) == (0, {0})


def test_trial_looks_at_the_last_500_and_shows_50_and_more(client: Client, source: Source) -> None:
    PostFactory.create(source=source, text="Порт самый старый", published_at=now() - timedelta(days=300))
    posts = PostFactory.build_batch(500, source=source, workspace=source.workspace, text="Мост")
    Post.objects.bulk_create(posts)

    first = tried(client, source, typed(("words", "drop", "мост"))).context
    more = tried(client, source, typed(("words", "drop", "мост"), most="100")).context

    assert (first["trial"].total, first["trial"].dropped, len(first["trial"].shown)) == (500, 500, 50)
    assert first["more"] == 100
    assert len(more["trial"].shown) == 100


def test_queries_of_a_trial_do_not_grow(client: Client, source: Source) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            tried(client, source.workspace, typed(("words", "drop", "мост")))
        return len(caught)

    PostFactory.create(source=source, text="Мост")
    count()
    few = count()
    for _each in range(5):
        other = FeedFactory.create(workspace=source.workspace)
        chosen = FilterSetFactory.create(workspace=source.workspace)
        FilterRuleFactory.create(filter_set=chosen)
        other.filter_sets.add(chosen)
        PostFactory.create_batch(3, source=other, text="Мост")

    assert count() == few
    assert few <= 12


# Applying and taking back


def test_apply_asks_first_and_then_does_it(client: Client, source: Source) -> None:
    FilterRuleFactory.create(source=source, value="мост")
    post = PostFactory.create(source=source, text="Мост")

    asked = client.get(at(source, "apply/"), {"days": "7"})
    assert (asked.context["report"].dropped, asked.context["days"]) == (1, 7)
    assert not Post.objects.dropped().exists()

    done = client.post(at(source, "apply/"), {"days": "7"})
    assert done.status_code == 302
    assert list(Post.objects.dropped()) == [post]


def test_apply_takes_only_the_offered_days(client: Client, source: Source) -> None:
    assert client.get(at(source, "apply/"), {"days": "9999"}).context["days"] == 1


def test_posts_are_listed_by_the_rule_that_dropped_them(client: Client, source: Source) -> None:
    rule = FilterRuleFactory.create(source=source, value="мост")
    PostFactory.create(source=source, text="Мост первый", dropped_by="words:drop:мост", dropped_rule=rule)
    PostFactory.create(source=source, text="Порт второй", dropped_by="words:drop:порт")
    foreign = FilterRuleFactory.create(source=FeedFactory.create(), value="чужое слово")

    page = client.get(POSTS, {"dropped_rule__id__exact": rule.pk}).content.decode()

    assert "Мост первый" in page
    assert "Порт второй" not in page
    assert foreign.value not in page


def test_chosen_posts_are_taken_back(client: Client, source: Source) -> None:
    dropped = [PostFactory.create(source=source, dropped_by="words:drop:мост") for _each in range(3)]
    chosen = {"action": "take_back", "_selected_action": [post.pk for post in dropped[:2]], "index": "0"}

    client.post(POSTS, chosen)

    assert list(Post.objects.dropped()) == [dropped[2]]
