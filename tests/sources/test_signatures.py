"""What channels put around their posts: learnt by counting, cut when comparing, refused by editors."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import AuditEntry
from apps.core.errors import TransitionError
from apps.sources.models import Post, Signature, Source, Voice
from apps.sources.near import boilerplate
from apps.sources.near.shingles import line_key
from apps.sources.ports import Item
from apps.sources.services.intake import posts_intake
from apps.sources.services.signatures import signature_accept, signature_refuse
from tests.sources.factories import ExportFactory, FeedFactory, MembershipFactory

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LINE = "👉 Подписаться на «Маяк» | Прислать новость"


def said(number: int) -> str:
    """A text of its own."""
    return " ".join(f"слово{number * 100 + n}" for n in range(12)) + "."


def come(source: Source, texts: list[str], *, channel: str = "", start: int = 0) -> None:
    """Posts come in, in one batch."""
    posts_intake(
        source=source,
        items=[
            Item(
                external_id=f"{channel}{start + n}", text=text, channel=channel, published_at=AT + timedelta(minutes=n)
            )
            for n, text in enumerate(texts)
        ],
    )


def told(source: Source) -> list[str]:
    return [post.told for post in Post.objects.filter(source=source).order_by("pk")]


# Pure


def test_edges_are_the_first_line_the_last_two_and_the_last_sentence() -> None:
    text = "Заголовок\n\nСредняя строка\nЕщё одна\nПервое. Второе предложение."
    assert [line.text for line in boilerplate.edges(text)] == [
        "Заголовок",
        "Ещё одна",
        "Первое. Второе предложение.",
        "Второе предложение.",
    ]


def test_a_text_of_one_sentence_has_no_edges() -> None:
    assert boilerplate.edges("Мост через Светлую закрыли до весны.") == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Мост закрыли.\n\n{LINE}", "Мост закрыли."),
        (f"{LINE}\nМост закрыли.", "Мост закрыли."),
        (f"Мост закрыли.\n{LINE}\n{LINE}\n", "Мост закрыли."),
        (f"Мост закрыли. {LINE}", "Мост закрыли."),
        (f"Мост закрыли.\n{LINE}\nАвтобусы едут в объезд.", f"Мост закрыли.\n{LINE}\nАвтобусы едут в объезд."),
        (LINE, LINE),
        ("Мост закрыли.", "Мост закрыли."),
    ],
    ids=["last line", "first line", "twice", "last sentence", "in the middle", "nothing else", "none"],
)
def test_learnt_lines_are_cut_at_the_ends_only(text: str, left: str) -> None:
    spans = boilerplate.cut(text, {line_key(LINE)})
    assert boilerplate.without(text, spans) == left


def test_counts_are_bounded_and_never_too_high() -> None:
    counts: dict[int, int] = {}
    posts = 0
    for batch in range(40):
        seen = Counter({1: 20, **{1000 * batch + n + 10: 1 for n in range(100)}})
        counts, posts = boilerplate.counted(counts, posts, seen, 25)
    assert len(counts) <= boilerplate.COUNTED_MAX
    assert 600 < counts[1] <= 800
    assert posts == 1000
    assert all(count <= 1 for key, count in counts.items() if key != 1)


def test_old_counts_fade() -> None:
    counts, posts = boilerplate.counted({1: 900}, 1000, Counter({2: 40}), 40)
    assert (counts, posts) == ({1: 450, 2: 20}, 520)


# Stored


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_a_line_that_recurs_is_learnt_and_cut_from_comparison_only() -> None:
    source = FeedFactory.create()
    come(source, [f"{said(n)}\n{LINE}" for n in range(8)])
    signature = Signature.objects.get()
    assert (signature.line, signature.state, signature.posts) == (LINE, "learnt", 8)
    assert told(source) == [said(n) for n in range(8)]
    assert all(LINE in text for text in Post.objects.values_list("text", flat=True))


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_learning_goes_on_from_batch_to_batch() -> None:
    source = FeedFactory.create()
    for n in range(7):
        come(source, [f"{said(n)}\n{LINE}"], start=n)
    assert told(source) == [*(f"{said(n)}\n{LINE}" for n in range(5)), said(5), said(6)]


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_a_line_of_few_posts_is_not_learnt() -> None:
    source = FeedFactory.create()
    come(source, [*(f"{said(n)}\n{LINE}" for n in range(5)), *(said(n) for n in range(5, 20))])
    assert not Signature.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_each_voice_of_a_source_has_its_own() -> None:
    source = ExportFactory.create()
    come(source, [f"{said(n)}\n{LINE}" for n in range(8)], channel="Маяк")
    come(source, [f"{said(n + 50)}\n{LINE}" for n in range(2)], channel="Гавань")
    assert Voice.objects.count() == 2
    assert list(Signature.objects.values_list("voice__channel", flat=True)) == ["Маяк"]
    assert told(source)[-1] == f"{said(51)}\n{LINE}"


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_different_signatures_do_not_hide_a_copy() -> None:
    first = FeedFactory.create()
    second = FeedFactory.create(workspace=first.workspace)
    long = (
        "Читайте нас без перерыва на сайте и в приложении, оставляйте отзывы, делитесь с друзьями и пишите в редакцию"
    )
    come(first, [f"{said(n)}\n{long}" for n in range(8)])
    come(second, [f"{said(n + 50)}\n{LINE}" for n in range(8)])
    news = "Мост через Светлую закрыли на ремонт до весны, автобусы пойдут в объезд через Заречный."
    come(first, [f"{news}\n{long}"], start=90)
    come(second, [f"{news}\n{LINE}"], start=90)
    assert Post.objects.get(source=second, external_id="90").copy_of == Post.objects.get(source=first, external_id="90")


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_a_changed_text_is_cut_anew() -> None:
    source = FeedFactory.create()
    come(source, [f"{said(n)}\n{LINE}" for n in range(8)])
    come(source, [f"{said(70)}\n{LINE}"])
    post = Post.objects.get(external_id="0")
    assert (post.revision, post.told) == (2, said(70))


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_a_refused_line_is_compared_again_and_not_learnt_again() -> None:
    source = FeedFactory.create()
    editor = MembershipFactory.create(workspace=source.workspace).user
    come(source, [f"{said(n)}\n{LINE}" for n in range(8)])
    signature = Signature.objects.get()
    signature_refuse(signature=signature, actor=editor)
    come(source, [f"{said(n)}\n{LINE}" for n in range(10, 20)], start=10)
    assert all(text.endswith(LINE) for text in told(source))
    assert AuditEntry.objects.get(verb="signature.refused").actor == editor
    with pytest.raises(TransitionError):
        signature_refuse(signature=signature, actor=editor)
    signature_accept(signature=signature, actor=editor)
    assert not any(text.endswith(LINE) for text in told(source))
    with pytest.raises(TransitionError):
        signature_accept(signature=signature, actor=editor)


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_learning_takes_no_query_for_each_post_or_voice() -> None:
    source = ExportFactory.create()

    def queries(count: int, start: int) -> int:
        items = [
            Item(external_id=str(start + n), text=f"{said(start + n)}\n{LINE}", channel=f"Канал {n % 5}")
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as captured:
            posts_intake(source=source, items=items)
        return len(captured)

    queries(60, 0)
    assert queries(400, 1000) <= queries(40, 100)
