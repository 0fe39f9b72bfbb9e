"""Documents that would keep a parser busy are refused; ordinary ones, however odd, are not."""

from __future__ import annotations

import pytest
from lxml import html as lxml_html

from apps.sources.parsers.feed import parse_feed
from apps.sources.parsers.links import page_tree
from apps.sources.parsers.markup import rich_of_html
from apps.sources.parsers.opml import read_opml
from apps.sources.parsers.shape import ATTRIBUTES_MAX, html_checked, xml_checked
from apps.sources.parsers.web_page import WebPage, read_page
from apps.sources.ports import UnreadableError

BARE = " ".join(f"a{n}" for n in range(ATTRIBUTES_MAX + 1))
GIVEN = " ".join(f'a{n}="1"' for n in range(ATTRIBUTES_MAX + 1))
PICTURE = "data:image/png;base64," + "iVBORw0KGgo/" * 30_000
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>%s</channel></rss>'
ENTRY = "<item><title>Мост открыт</title><link>https://a.example/1</link></item>"


@pytest.mark.parametrize(
    "page",
    [
        f"<p {BARE}>",
        f"<p {GIVEN}>",
        f"<p {GIVEN.replace(' ', '')}>",
        f"<p {BARE.replace(' ', '/')}",
        f"<p {BARE.replace('a', ';')}>",
        f"<p {'x' * 100_001}>",
        f"<{'x' * 100_001}>",
        f"<!--><p {BARE}>-->",
        f"<!-- --!><p {BARE}>-->",
        f"<![CDATA[ > <p {BARE}> ]]>",
        f"<?php > <p {BARE}> ?>",
        f"<textarea><script></textarea><p {BARE}></script>",
        f"<title><!--</title><p {BARE}>-->",
        f"<script/></SCRIPT ><p {BARE}>",
        f'<p "><p {BARE}>">',
        f'<p a=b"><p {BARE}>',
        f"</p a='<!--'><p {BARE}>",
    ],
)
def test_html_of_a_tag_out_of_measure_is_refused(page: str) -> None:
    with pytest.raises(UnreadableError, match="more attributes than any page needs"):
        html_checked(page)


@pytest.mark.parametrize(
    "page",
    [
        f'<img src="{PICTURE}" alt="a > b">',
        f"<img src={PICTURE}>",
        f"<p style='background: url({PICTURE})' title='<b {BARE}>'>x",
        f"<script>if (a <b {BARE}) x</script>",
        f"<style>a <b {BARE}</style><p>x",
        f"<!-- <p {BARE}> -->",
        f"<p>a < b {BARE}</p>",
        "<p a b c>" * 5000,
        "<p " + " ".join(f'a{n}="1"' for n in range(ATTRIBUTES_MAX)) + ">",
        "",
    ],
)
def test_ordinary_html_passes(page: str) -> None:
    assert html_checked(page) == page


@pytest.mark.parametrize(
    "tag", [f"<a {GIVEN}/>", f'<a b="<a {GIVEN}', f"<script><a {GIVEN}/></script>", f"<я {GIVEN}>"]
)
def test_xml_of_a_tag_out_of_measure_is_refused(tag: str) -> None:
    with pytest.raises(UnreadableError):
        xml_checked(f"<x>{tag}</x>")


@pytest.mark.parametrize("words", [f"<![CDATA[<p {BARE}>]]>", f"<!-- > <p {BARE}> -->", f"<?x > <p {BARE}> ?>"])
def test_words_of_xml_are_no_tags(words: str) -> None:
    assert xml_checked(f"<x>{words}</x>") == f"<x>{words}</x>"


def test_every_reader_refuses() -> None:
    with pytest.raises(UnreadableError, match="more attributes"):
        page_tree(f"<html><p {BARE}>x".encode())
    with pytest.raises(UnreadableError, match="more attributes"):
        parse_feed((RSS % f"<item {GIVEN}><title>x</title></item>").encode())
    with pytest.raises(UnreadableError, match="more attributes"):
        read_opml(f'<opml version="2.0"><body><outline {GIVEN}/></body></opml>'.encode())
    assert read_page(f"<html><title>T</title><p {BARE}>") == WebPage()
    assert rich_of_html(f"<p {BARE}>Мост <b>открыт</b></p>").text == "Мост открыт"


def test_feed_of_whole_pictures_is_read() -> None:
    shown = f'<description><![CDATA[<img src="{PICTURE}"><script>if (a <b {BARE})</script>]]></description>'
    assert [item.title for item in parse_feed((RSS % ENTRY.replace("<link>", f"{shown}<link>")).encode()).items] == [
        "Мост открыт"
    ]


def test_tags_are_told_from_words_as_the_parser_does() -> None:
    page = '<textarea><script></textarea><!--><i "b="c d>e"></i><title><!--</title><u x="1"y=2/z>'
    found = [node.tag for node in lxml_html.document_fromstring(page).iter() if isinstance(node.tag, str)]
    assert {"textarea", "i", "u", "title"} <= set(found)
    assert "script" not in found
