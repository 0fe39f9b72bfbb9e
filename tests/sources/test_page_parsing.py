"""List pages give links; article pages give an article, or what stands in its way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml.html import HtmlElement

from apps.sources.parsers import links
from apps.sources.parsers.links import Link, clean_address, link_groups, links_of, page_tree
from apps.sources.parsers.page import Article, Obstacle, canonical, list_obstacle, read_article
from apps.sources.ports import UnreadableError
from tests.sources.pages import WORDS, article, listing

SITE = "https://www.gazeta.example/news/"


def tree(text: str) -> HtmlElement:
    return page_tree(text.encode())


def read(text: str, url: str = "https://gazeta.example/news/a.html") -> Article | Obstacle:
    return read_article(text.encode(), url=url)


def kind_of(found: Article | Obstacle) -> str:
    return found.kind if isinstance(found, Obstacle) else "article"


def test_a_selector_chooses_links_once_each_with_their_words() -> None:
    links = links_of(tree(listing(["pozhar", "most"])), base_url=SITE, selector="main a")
    assert [(link.address, link.title) for link in links] == [
        ("https://www.gazeta.example/news/pozhar.html", "Что случилось в городе: pozhar"),
        ("https://www.gazeta.example/news/most.html", "Что случилось в городе: most"),
    ]


def test_a_selector_may_choose_what_holds_the_links() -> None:
    links = links_of(tree(listing(["most"])), base_url=SITE, selector="div.item")
    assert [link.address for link in links] == ["https://www.gazeta.example/news/most.html"]


@pytest.mark.parametrize("selector", ["a[", "a:unheard-of", ">>", "a::text"])
def test_a_wrong_selector_is_said(selector: str) -> None:
    with pytest.raises(UnreadableError):
        links_of(tree(listing(["most"])), base_url=SITE, selector=selector)


def test_links_elsewhere_are_left_out() -> None:
    page = tree(
        '<a href="https://other.example/x">Чужой</a><a href="/">Домой</a><a href="javascript:alert(1)">Ой</a>'
        '<a href="mailto:a@gazeta.example">Почта</a><a href="//gazeta.example/y">Свой</a><a>Пусто</a>'
    )
    assert [link.address for link in links_of(page, base_url=SITE, selector="a")] == ["https://gazeta.example/y"]


def test_a_base_of_the_page_completes_relative_links() -> None:
    page = tree('<html><head><base href="/archive/"></head><body><a href="1.html">Один</a></body></html>')
    assert links_of(page, base_url=SITE, selector="a")[0].address == "https://www.gazeta.example/archive/1.html"


@pytest.mark.parametrize(
    "selector", ["a ~ a ~ a", "a + a ~ a", "p ~ a, h2 + a", "a:not(b ~ i) ~ a", "a:has(+ b) ~ i", "a." + "x" * 199]
)
def test_a_selector_that_takes_too_long_is_refused(selector: str) -> None:
    with pytest.raises(UnreadableError, match=r"more than one|longer than 200"):
        links_of(tree(listing(["most"])), base_url=SITE, selector=selector)


@pytest.mark.parametrize("selector", ["h2 + a", "h2 ~ p a", "a[class~=x][rel~=y]", "li:nth-child(2n+1) a, a[href~=z]"])
def test_a_selector_of_one_neighbour_can_be_used(selector: str) -> None:
    assert len(links_of(tree(listing(["most"])), base_url=SITE, selector=selector)) < 9


def test_no_selector_is_suggested_that_would_be_refused() -> None:
    groups = link_groups(tree(listing(["most", "pozhar", "rynok"]).replace("title", "t" * 250)), base_url=SITE)
    assert all(len(group.selector) <= 200 for group in groups)


def test_the_likeliest_list_is_suggested_first_and_the_menu_later() -> None:
    groups = link_groups(tree(listing([f"sobytie-{n}" for n in range(10)])), base_url=SITE)
    assert groups[0].selector == "h2.title > a"
    assert len(groups[0].links) == 10
    assert all("/part/" in link.address for group in groups[1:] for link in group.links)


def test_a_page_without_lists_suggests_nothing() -> None:
    assert link_groups(tree("<p>Ничего</p>"), base_url=SITE) == ()


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("https://Gazeta.Example/a?utm_source=tg&id=3#c", "https://gazeta.example/a?id=3"),
        ("https://gazeta.example:443/a?yclid=1&fbclid=2&_openstat=x", "https://gazeta.example/a"),
        ("https://user@gazeta.example/a", ""),
        ("ftp://gazeta.example/a", ""),
        ("https://[broken/", ""),
    ],
)
def test_addresses_are_compared_without_marks_of_advertising(given: str, clean: str) -> None:
    assert clean_address(given) == clean


def test_an_article_has_title_words_moment_author_and_picture() -> None:
    head = (
        '<meta property="article:published_time" content="2026-11-20T12:30:00+03:00">'
        '<meta name="author" content="Иван Выдуманный"><meta property="og:image" content="/i/1.jpg">'
    )
    found = read(article("Пожар в порту", head=head, more='<p><a href="/x">Вчера</a> было <b>тихо</b>.</p>'))
    assert isinstance(found, Article)
    item = found.item
    assert (item.title, item.author) == ("Пожар в порту", "Иван Выдуманный")
    assert item.published_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert [media.key for media in item.media] == ["https://gazeta.example/i/1.jpg"]
    assert "загорелся склад" in item.text
    assert "<h1>" not in item.text
    assert 'href="https://gazeta.example/x"' in item.text
    assert "Все права" not in item.text
    assert not found.is_cut


def test_the_day_alone_is_noon() -> None:
    found = read(article("Мост", head='<meta name="date" content="2026-11-19">'))
    assert isinstance(found, Article)
    assert found.item.published_at == datetime(2026, 11, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("named", "believed"),
    [
        ("https://www.gazeta.example/a-1", "https://www.gazeta.example/a-1"),
        ("/a-1?utm_medium=x", "https://gazeta.example/a-1"),
        ("https://other.example/a-1", "https://gazeta.example/news/a.html"),
        ("https://gazeta.example/", "https://gazeta.example/news/a.html"),
        ("javascript:alert(1)", "https://gazeta.example/news/a.html"),
    ],
)
def test_a_canonical_address_is_believed_within_its_site(named: str, believed: str) -> None:
    page = tree(f'<html><head><link rel="canonical" href="{named}"></head><body>x</body></html>')
    assert canonical(page, "https://gazeta.example/news/a.html?utm_source=x") == believed


def test_a_page_in_an_old_encoding_is_read() -> None:
    text = article("Пожар", head='<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">')
    found = read_article(text.encode("windows-1251", errors="replace"), url="https://gazeta.example/a")
    assert isinstance(found, Article)
    assert "загорелся склад" in found.item.text


PAID = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": "False"}</script>'


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (article("Тайна", head=PAID, body=WORDS), "paywall"),
        (article("Тайна", body=WORDS, more="<p>Полный текст доступен по подписке.</p>"), "paywall"),
        (article("Secret", body="A short beginning of it all.", more="<p>Subscribe to continue</p>"), "paywall"),
        ("<html><title>Just a moment...</title><body>Checking your browser</body></html>", "challenge"),
        ("<html><body><h1>Подтвердите, что вы не робот</h1></body></html>", "challenge"),
        ("<html><body><div>Мы используем файлы cookie. Принять все cookie</div></body></html>", "consent"),
        ("<html><title>Before you continue</title><body>We value your privacy</body></html>", "consent"),
        ("<html><body>Войдите, чтобы читать дальше</body></html>", "login"),
        ("<html><body><p>Скоро здесь будет новость.</p></body></html>", "empty"),
        ("<html></html>", "empty"),
        (article("Обычная"), "article"),
        (article("Обычная", more="<div class='bar'>Мы используем файлы cookie</div>"), "article"),
        (article("Открытая", body=WORDS * 8, head=PAID), "article"),
    ],
)
def test_walls_are_told_from_articles(page: str, kind: str) -> None:
    assert kind_of(read(page)) == kind


def test_a_question_about_cookies_on_a_host_of_its_own_is_no_article() -> None:
    assert kind_of(read(article("Согласие"), url="https://consent.gazeta.example/?to=a")) == "consent"


def test_a_list_page_behind_a_wall_says_so() -> None:
    assert list_obstacle(tree("<title>Just a moment...</title><body>x</body>"), url=SITE) == Obstacle("challenge")
    assert list_obstacle(tree(listing(["most"])), url=SITE) is None


@pytest.mark.parametrize("body", [b"", b"   ", b"\x00\x00"])
def test_nothing_is_no_page(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        page_tree(body)


def test_hostile_pages_end_in_words_or_nothing() -> None:
    deep = "<div>" * 5000 + "слово" + "</div>" * 5000
    assert kind_of(read(f"<html><body>{deep}</body></html>")) == "empty"
    nested = '<script type="application/ld+json">' + "[" * 100_000 + "</script>"
    assert kind_of(read(article("Обычная", head=nested))) == "article"


def test_a_page_of_a_thousand_shapes_tries_few_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def remembered(page: HtmlElement, *, base_url: str, selector: str) -> tuple[Link, ...]:
        tried.append(selector)
        return links_of(page, base_url=base_url, selector=selector)

    monkeypatch.setattr(links, "links_of", remembered)
    names = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(1000)]
    each = '<div class="{0}"><a class="{0}" href="/x/{0}/{1}">Слова и слова</a></div>'
    body = "".join(each.format(name, number) for name in names for number in range(3))
    assert link_groups(tree(body), base_url=SITE)
    assert len(tried) <= links.TRIED_MAX
