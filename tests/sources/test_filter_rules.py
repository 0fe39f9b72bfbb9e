"""Rules as rows: whose they are, saving them, what intake does by them, applying them to past posts, taking back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Alert, AuditEntry, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources import listeners
from apps.sources.filters import chains_of, rules_of
from apps.sources.models import CopyCheck, FilterRule, FilterSet, Post, Source
from apps.sources.ports import Item, Media
from apps.sources.services import Draft, applying, filters_apply, links_set, posts_intake, posts_take_back, rules_save
from apps.sources.services.applying import Applied, TooManyError
from tests.sources.factories import (
    FeedFactory,
    FilterRuleFactory,
    FilterSetFactory,
    PostFactory,
    UserFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
Told = dict[str, list[list[Post]]]
WORDS, PATTERN = FilterRule.Kind.WORDS, FilterRule.Kind.PATTERN
HELD: set[int] = set()
ASKED: list[int] = []


def hold(posts: Sequence[int]) -> set[int]:
    """A listener that keeps some posts."""
    ASKED.extend(posts)
    return HELD & set(posts)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Posts that a story would not let go of."""
    monkeypatch.setattr(listeners, "_retiring", [f"{__name__}.hold"])
    HELD.clear()
    ASKED.clear()
    return HELD


@pytest.fixture
def source() -> Source:
    """A feed."""
    return FeedFactory.create()


def values(source: Source) -> list[str]:
    return [rule.value for rule in rules_of(source)]


# Whose rules


def test_rules_come_from_the_workspace_then_sets_then_the_source(source: Source) -> None:
    first, second = (FilterSetFactory.create(workspace=source.workspace, name=name) for name in ("А", "Б"))
    source.filter_sets.set([first, second])
    FilterRuleFactory.create(source=source, value="своё два", place=1)
    FilterRuleFactory.create(source=source, value="своё раз", place=0)
    FilterRuleFactory.create(filter_set=second, value="набор Б")
    FilterRuleFactory.create(filter_set=first, value="набор А")
    FilterRuleFactory.create(workspace=source.workspace, value="общее")
    FilterRuleFactory.create(source=source, value="выключено", is_active=False)

    assert values(source) == ["общее", "набор А", "набор Б", "своё раз", "своё два"]
    assert chains_of(source.workspace).of(source.pk) == rules_of(source)


def test_rules_of_others_do_not_count(source: Source) -> None:
    FilterRuleFactory.create(workspace=WorkspaceFactory.create())
    FilterRuleFactory.create(source=FeedFactory.create(workspace=source.workspace))
    FilterRuleFactory.create(filter_set=FilterSetFactory.create(workspace=source.workspace))

    assert rules_of(source) == ()
    assert chains_of(source.workspace).of(source.pk) == ()


def test_rules_are_read_with_one_query(source: Source) -> None:
    for _each in range(5):
        one = FilterSetFactory.create(workspace=source.workspace)
        source.filter_sets.add(one)
        FilterRuleFactory.create(filter_set=one)

    with CaptureQueriesContext(connection) as caught:
        assert len(rules_of(source)) == 5
    assert len(caught) == 1


def test_rule_has_one_owner(source: Source) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)
    with pytest.raises(IntegrityError), transaction.atomic():
        FilterRuleFactory.create(source=source, filter_set=chosen)


# Saving


def test_saved_rules_stand_in_their_order_with_an_audit_entry(source: Source) -> None:
    editor = UserFactory.create()

    rules_save(owner=source, drafts=[Draft(WORDS, value=" мост "), Draft(PATTERN, "require", r"\d+")], actor=editor)

    assert list(FilterRule.objects.values_list("place", "kind", "effect", "value", "source", "filter_set")) == [
        (0, "words", "drop", "мост", source.pk, None),
        (1, "pattern", "require", r"\d+", source.pk, None),
    ]
    entry = AuditEntry.objects.get(verb="filters.changed")
    assert (entry.actor, entry.workspace) == (editor, source.workspace)


def test_moved_and_changed_rules_keep_their_ids(source: Source) -> None:
    first, second = (FilterRuleFactory.create(source=source, value=value, place=n) for n, value in enumerate("аб"))

    rules_save(owner=source, drafts=[Draft(WORDS, value="б", key=second.pk), Draft(WORDS, value="в", key=first.pk)])

    assert list(FilterRule.objects.order_by("place").values_list("pk", "value")) == [(second.pk, "б"), (first.pk, "в")]


def test_rules_left_out_are_removed_and_others_stay(source: Source) -> None:
    gone = FilterRuleFactory.create(source=source)
    post = PostFactory.create(source=source, dropped_by="words:drop:реклама", dropped_rule=gone)
    other = FilterRuleFactory.create(workspace=source.workspace)

    rules_save(owner=source, drafts=[])

    assert list(FilterRule.objects.all()) == [other]
    post.refresh_from_db()
    assert (post.dropped_by, post.dropped_rule) == ("words:drop:реклама", None)


@pytest.mark.parametrize(
    "draft", [Draft(WORDS), Draft(PATTERN, value="("), Draft("odd", value="а"), Draft(WORDS, "odd", "а")]
)
def test_rule_that_says_nothing_saves_none(source: Source, draft: Draft) -> None:
    with pytest.raises(ValidationError):
        rules_save(owner=source, drafts=[Draft(WORDS, value="мост"), draft])

    assert not FilterRule.objects.exists()


def test_rule_of_another_owner_is_not_taken_over(source: Source) -> None:
    foreign = FilterRuleFactory.create(source=FeedFactory.create(), value="чужое")

    with pytest.raises(TransitionError):
        rules_save(owner=source, drafts=[Draft(WORDS, value="моё", key=foreign.pk)])

    foreign.refresh_from_db()
    assert (foreign.value, foreign.source_id == source.pk) == ("чужое", False)


def test_rules_of_a_set_and_of_a_workspace(source: Source) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)
    rules_save(owner=chosen, drafts=[Draft(WORDS, value="набор")])
    rules_save(owner=source.workspace, drafts=[Draft(WORDS, value="общее")])
    assert values(source) == ["общее"]

    links_set(owner=source, links=[chosen])

    assert values(source) == ["общее", "набор"]


def test_too_many_rules_are_refused(source: Source) -> None:
    with pytest.raises(ValidationError):
        rules_save(owner=source, drafts=[Draft(WORDS, value="мост")] * 201)


# Sets


def test_set_of_another_workspace_can_not_be_attached(source: Source) -> None:
    foreign = FilterSetFactory.create()

    with pytest.raises(ValidationError):
        links_set(owner=source, links=[foreign])
    with pytest.raises(ValidationError):
        links_set(owner=foreign, links=[source])

    assert not source.filter_sets.exists()


def test_attaching_says_so_once(source: Source) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)

    links_set(owner=chosen, links=[source])
    links_set(owner=source, links=[chosen])

    assert list(source.filter_sets.all()) == [chosen]
    assert AuditEntry.objects.filter(verb="filters.attached").count() == 1


# Intake


def items(*texts: str) -> list[Item]:
    return [Item(external_id=f"{number}", text=text) for number, text in enumerate(texts)]


@pytest.mark.usefixtures("no_listeners")
def test_dropped_post_names_its_rule(source: Source) -> None:
    FilterRuleFactory.create(source=source, value="театр")
    rule = FilterRuleFactory.create(source=source, value="мост", place=1)

    report = posts_intake(source=source, items=items("На мосту", "В порту"))

    assert (report.added, report.dropped) == (2, 1)
    assert list(Post.objects.order_by("external_id").values_list("dropped_by", "dropped_rule")) == [
        ("words:drop:мост → мосту", rule.pk),
        ("", None),
    ]


@pytest.mark.usefixtures("no_listeners")
@pytest.mark.parametrize(
    ("kind", "value", "item"),
    [
        ("media", "poll", Item(text="Опрос", kind="poll", media=(Media("poll", "1"),))),
        ("media", "photo", Item(text="Снимки", kind="photo", media=(Media("photo", "1"),))),
        ("forwarded", "@dolina24", Item(text="Мост", forwarded_from="Долина", forwarded_url="https://t.me/dolina24/1")),
        ("author", "Иван Мостов", Item(text="Мост", author="Иван Мостов")),
        ("language", "en", Item(text="The bridge is open to the public again")),
        ("advert", "", Item(text="[Мёд](https://shop.example/?erid=2Vtzqw)", markup="markdown")),
        ("length", "< 10", Item(text="Мост")),
        ("pattern", r"^мо\w+$", Item(title="Мост", text="открыт")),
    ],
)
def test_each_kind_sees_what_it_looks_at(source: Source, kind: str, value: str, item: Item) -> None:
    rule = FilterRuleFactory.create(source=source, kind=kind, value=value)

    posts_intake(source=source, items=[item, Item(text="Обычный пост о погоде в городе")])

    assert list(Post.objects.dropped().values_list("dropped_rule", flat=True)) == [rule.pk]


@pytest.mark.usefixtures("no_listeners")
def test_rule_deleted_meanwhile_does_not_stop_intake(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = FilterRuleFactory.create(source=source, value="мост")
    rules = rules_of(source)
    rule.delete()
    monkeypatch.setattr("apps.sources.filters.rules_of", lambda _source: rules)

    posts_intake(source=source, items=items("На мосту"))

    post = Post.objects.select_related("dropped_rule").get()
    assert (post.dropped_by, post.dropped_rule) == ("words:drop:мост → мосту", None)


@pytest.mark.usefixtures("no_listeners")
def test_slow_expression_raises_one_alert_until_the_rules_change(source: Source) -> None:
    rule = FilterRuleFactory.create(source=source, kind=PATTERN, value=r"(\w|\s|ов)+!?$")
    slow = "слово " * 40 + "?"

    posts_intake(source=source, items=items(slow, slow + slow))
    posts_intake(source=source, items=items("а", "б", slow + "а?"))

    alert = Alert.objects.get(workspace=source.workspace, closed_at=None)
    assert (alert.key, alert.times) == (f"sources.rule_slow:{rule.pk}", 2)
    assert Post.objects.dropped().count() == 0

    rules_save(owner=source, drafts=[Draft(WORDS, value="мост", key=rule.pk)])

    alert.refresh_from_db()
    assert alert.closed_at is not None


# Applying to past posts


def long_ago(days: int) -> dict[str, object]:
    return {"collected_at": now() - timedelta(days=days)}


def apply(owner: Source | FilterSet | Workspace, *, is_rehearsal: bool = False) -> Applied:
    return filters_apply(owner=owner, since=now() - timedelta(days=3), is_rehearsal=is_rehearsal)


def test_apply_drops_keeps_and_tells(source: Source, told: Told, held: set[int]) -> None:
    rule = FilterRuleFactory.create(source=source, value="мост")
    bad = PostFactory.create(source=source, text="На мосту")
    good = PostFactory.create(source=source, text="В порту", dropped_by="words:drop:порт")
    taken = PostFactory.create(source=source, text="Мост", is_taken_back=True)
    old = PostFactory.create(source=source, text="Старый мост", **long_ago(4))
    other = PostFactory.create(text="Чужой мост")

    report = apply(source)

    assert report == Applied(looked=3 - 1, dropped=1, kept=1)
    assert set(Post.objects.dropped()) == {bad}
    bad.refresh_from_db()
    assert (bad.dropped_by, bad.dropped_rule) == ("words:drop:мост → мосту", rule)
    assert [[post.pk for post in posts] for posts in told["added"]] == [[good.pk]]
    assert [bad.pk] == ASKED
    assert not Post.objects.dropped().filter(pk__in=[taken.pk, old.pk, other.pk]).exists()
    assert AuditEntry.objects.get(verb="filters.applied").details["dropped"] == 1


def test_apply_leaves_posts_that_stories_use(source: Source, told: Told, held: set[int]) -> None:
    FilterRuleFactory.create(source=source, value="мост")
    used = PostFactory.create(source=source, text="Мост", is_used=True)
    worked = PostFactory.create(source=source, text="Мост второй")
    held.add(worked.pk)

    assert apply(source) == Applied(looked=2, held=2)

    assert not Post.objects.dropped().exists()
    assert used.pk not in ASKED


def test_rehearsal_reports_the_same_and_changes_nothing(source: Source, told: Told, held: set[int]) -> None:
    FilterRuleFactory.create(source=source, value="мост")
    PostFactory.create(source=source, text="Мост")
    PostFactory.create(source=source, text="Порт", dropped_by="words:drop:порт")
    before = list(Post.objects.order_by("pk").values())

    assert apply(source, is_rehearsal=True) == Applied(looked=2, dropped=1, kept=1)

    assert list(Post.objects.order_by("pk").values()) == before
    assert not AuditEntry.objects.exists()


def test_apply_twice_changes_nothing_more(source: Source, told: Told, held: set[int]) -> None:
    FilterRuleFactory.create(source=source, value="мост")
    PostFactory.create(source=source, text="Мост")
    apply(source)

    assert apply(source) == Applied(looked=1)


def test_apply_renames_the_reason_of_what_stays_dropped(source: Source, told: Told, held: set[int]) -> None:
    rule = FilterRuleFactory.create(source=source, value="мост")
    post = PostFactory.create(source=source, text="Мост", dropped_by="words:drop:другое")

    assert apply(source) == Applied(looked=1)

    post.refresh_from_db()
    assert (post.dropped_by, post.dropped_rule) == ("words:drop:мост", rule)
    assert told["added"] == []


def test_apply_of_a_set_and_of_a_workspace_reaches_their_sources(source: Source, told: Told, held: set[int]) -> None:
    chosen = FilterSetFactory.create(workspace=source.workspace)
    source.filter_sets.add(chosen)
    FilterRuleFactory.create(filter_set=chosen, value="мост")
    other = FeedFactory.create(workspace=source.workspace)
    for each in (source, other):
        PostFactory.create(source=each, text="Мост")

    assert apply(chosen) == Applied(looked=1, dropped=1)
    assert apply(source.workspace) == Applied(looked=2)

    FilterRuleFactory.create(workspace=source.workspace, value="мост")
    assert apply(source.workspace) == Applied(looked=2, dropped=1)


def test_apply_refuses_more_posts_than_a_request_can_take(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "POSTS_MAX", 1)
    PostFactory.create_batch(2, source=source)

    with pytest.raises(TooManyError):
        apply(source)


def test_copies_of_a_dropped_post_look_for_another_original(source: Source, told: Told, held: set[int]) -> None:
    FilterRuleFactory.create(source=source, value="мост")
    original = PostFactory.create(source=source, text="Мост")
    copy = PostFactory.create(source=source, text="Порт", copy_of=original)
    dropped_copy = PostFactory.create(source=source, text="Мост", copy_of=copy)

    apply(source)

    dropped_copy.refresh_from_db()
    assert dropped_copy.copy_of is None
    assert list(CopyCheck.objects.values_list("post", flat=True)) == [copy.pk]


# Taking back


def test_many_are_taken_back_at_once(told: Told) -> None:
    first, second = FeedFactory.create(), FeedFactory.create()
    dropped = [PostFactory.create(source=each, dropped_by="words:drop:а") for each in (first, first, second)]
    kept = PostFactory.create(source=first)

    assert posts_take_back(posts=[post.pk for post in (*dropped, kept)], actor=UserFactory.create()) == 3

    assert not Post.objects.dropped().exists()
    assert set(Post.objects.filter(is_taken_back=True)) == set(dropped)
    assert {post.pk for posts in told["added"] for post in posts} == {post.pk for post in dropped}
    assert AuditEntry.objects.filter(verb="post.taken_back").count() == 2
    assert posts_take_back(posts=[post.pk for post in dropped]) == 0


def test_taken_back_post_is_not_dropped_by_a_later_change(source: Source, told: Told) -> None:
    FilterRuleFactory.create(source=source, value="мост")
    posts_intake(source=source, items=items("Мост"))
    posts_take_back(posts=[Post.objects.get().pk])

    posts_intake(source=source, items=items("Мост открыт"))

    post = Post.objects.get()
    assert (post.dropped_by, post.is_taken_back, post.revision) == ("", True, 2)
