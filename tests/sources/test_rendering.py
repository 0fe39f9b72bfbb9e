"""Posts' text as HTML."""

from __future__ import annotations

import pytest

from apps.sources.ports import Entity
from apps.sources.rendering import Change, changes_between, changes_html, text_html


@pytest.mark.parametrize(
    ("entity", "html"),
    [
        (Entity("bold", 0, 4), "<b>Мост</b> &lt;i&gt;"),
        (Entity("italic", 0, 4), "<i>Мост</i> &lt;i&gt;"),
        (Entity("strike", 0, 4), "<s>Мост</s> &lt;i&gt;"),
        (Entity("quote", 0, 4), '<span class="pult-quote">Мост</span> &lt;i&gt;'),
        (Entity("pre", 0, 4, "py"), '<code class="pult-pre">Мост</code> &lt;i&gt;'),
        (Entity("emoji", 0, 4, "5"), "Мост &lt;i&gt;"),
        (Entity("hashtag", 0, 4), "Мост &lt;i&gt;"),
        (Entity("link", 0, 4, "javascript:alert(1)"), "Мост &lt;i&gt;"),
        (
            Entity("link", 0, 4, 'https://a.example/"x'),
            '<a class="pult-link" href="https://a.example/&quot;x" rel="noopener noreferrer nofollow" '
            'target="_blank">Мост</a> &lt;i&gt;',
        ),
        (Entity("bold", 2, 900), "Мо<b>ст &lt;i&gt;</b>"),
    ],
)
def test_formatting_is_shown_and_nothing_of_the_text_is_markup(entity: Entity, html: str) -> None:
    assert text_html("Мост <i>", [entity]) == html


def test_formatting_may_overlap() -> None:
    assert text_html("абв", [Entity("bold", 0, 2), Entity("italic", 1, 2)]) == "<b>а</b><i><b>б</b></i><i>в</i>"


def test_spoiler_is_closed_with_what_is_in_it() -> None:
    html = text_html("а тайна б", [Entity("spoiler", 2, 5), Entity("bold", 0, 4)])

    assert html == (
        '<b>а </b><label class="pult-spoiler"><input type="checkbox"><span><span><b>та</b>йна</span></span></label> б'
    )


def test_boilerplate_is_dimmed_beside_formatting() -> None:
    html = text_html("Мост. Подпишись", [Entity("bold", 0, 4)], left_out=[[6, 15]])

    assert html == '<b>Мост</b>. <span class="pult-text__left-out">Подпишись</span>'


def test_changes_are_told_by_words() -> None:
    assert changes_between("Мост открыт сегодня", "Мост закрыт сегодня утром") == [
        Change("same", "Мост "),
        Change("removed", "открыт"),
        Change("added", "закрыт"),
        Change("same", " сегодня"),
        Change("added", " утром"),
    ]


def test_changes_are_safe_html() -> None:
    assert changes_html("<b>", "<i>") == "<span>&lt;</span><del>b</del><ins>i</ins><span>&gt;</span>"


def test_very_long_texts_are_compared_by_lines() -> None:
    before = "слово слово\n" * 3000
    changes = changes_between(before, before + "другое\n")

    assert [change.kind for change in changes] == ["same", "added"]
