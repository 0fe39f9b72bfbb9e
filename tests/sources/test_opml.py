"""Lists of feeds are read without trust, added once, and written so that they come back the same."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

import pytest

from apps.accounts.models import AuditEntry
from apps.core.clock import now
from apps.sources.models import Poll, Source
from apps.sources.parsers import opml as opml_module
from apps.sources.parsers.opml import FeedList, Outline, read_opml, write_opml
from apps.sources.ports import UnreadableError
from apps.sources.services.lists import _free, feeds_add, feeds_compare, feeds_list
from tests.sources.factories import FeedFactory, UserFactory, WorkspaceFactory

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def opml(*outlines: str, head: str = "") -> bytes:
    return f'{head}<opml version="1.0"><head><title>Мои</title></head><body>{"".join(outlines)}</body></opml>'.encode()


def outline(title: str, url: str) -> str:
    return f"<outline text={quoteattr(title)} xmlUrl={quoteattr(url)}/>"


def test_folders_titles_and_spellings_are_read() -> None:
    found = read_opml(
        opml(
            '<outline text="Город"><outline title="Порт" type="rss" xmlurl=" https://a.example/rss?x=1&amp;y=2 "/>',
            '<outline text="Спорт"><outline text="  Гавань\n news" XMLURL="https://b.example/"/></outline></outline>',
            '<outline text="Пустая папка"/><outline xmlUrl="https://c.example/" htmlUrl="https://c.example"/>',
            head='<?xml version="1.0" encoding="windows-1251"?><!DOCTYPE opml>',
        )
    )

    assert found == FeedList(
        (
            Outline("Порт", "https://a.example/rss?x=1&y=2", ("Город",)),
            Outline("Гавань news", "https://b.example/", ("Город", "Спорт")),
            Outline("", "https://c.example/"),
        )
    )


def test_addresses_with_bare_ampersands_are_read() -> None:
    found = read_opml(
        opml('<outline text="A & B" xmlUrl="https://a.example/?a=1&b=2"/>', outline("C", "https://c.example/"))
    )

    assert [one.title for one in found.outlines][-1] == "C"
    assert found.outlines[0].url.startswith("https://a.example/?a=1")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "opml_unknown"),
        (b"\x00\x01\x02", "opml_unknown"),
        (b"PK\x03\x04", "opml_unknown"),
        (b"<html><body>hi</body></html>", "opml_unknown"),
        (b'<rss version="2.0"><channel/></rss>', "opml_unknown"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml><body/></opml>', "opml_dtd"),
        (b'<!DOCTYPE opml [<!entity a SYSTEM "file:///etc/passwd">]><opml><body/></opml>', "opml_dtd"),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml/>'.encode("utf-16"), "opml_dtd"),
        (b"<!DOCTYPE opml [ " + b"x" * 200_000, "feed_doctype"),
    ],
)
def test_what_is_no_list_is_refused_in_words(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_opml(content)

    assert caught.value.code == code
    assert str(caught.value).endswith((".", "read"))


def test_list_that_is_too_large_is_refused() -> None:
    with pytest.raises(UnreadableError):
        read_opml(b" " * (opml_module.BYTES_MAX + 1))


def test_deep_nesting_ends_soon_and_quietly() -> None:
    began = time.process_time()

    found = read_opml(opml('<outline text="f">' * 5000 + outline("a", "https://a.example/")))

    assert time.process_time() - began < 15
    assert len(found.outlines) <= 1


def test_no_more_than_ten_thousand_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml_module, "OUTLINES_MAX", 3)

    found = read_opml(opml(*(outline(str(n), f"https://a.example/{n}") for n in range(5))))

    assert (len(found.outlines), found.is_cut) == (3, True)


def test_written_list_reads_back_the_same() -> None:
    outlines = (
        Outline('Кавычки " & <b>', "https://a.example/?a=1&b=2"),
        Outline("Порт", "https://b.example/", ("Город",)),
        Outline("Гавань", "https://c.example/", ("Город", "Спорт")),
        Outline("Рынок", "https://d.example/", ("Город",)),
    )

    written = write_opml(outlines, title="Все\x00", at=AT)

    assert written.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<opml version=\"2.0\">")
    assert set(read_opml(written).outlines) == set(outlines)
    assert b"Fri, 20 Nov 2026 12:00:00 +0000" in written


@pytest.mark.django_db
def test_list_is_compared_before_anything_is_added() -> None:
    workspace = WorkspaceFactory.create()
    FeedFactory.create(workspace=workspace, name="Порт", url="http://a.example/rss")
    FeedFactory.create(name="Чужой", url="https://b.example/rss")

    feeds = feeds_compare(
        workspace=workspace,
        outlines=[
            Outline("Другое имя", "https://www.a.example/rss?utm_source=list"),
            Outline("порт", "https://b.example/rss"),
            Outline("Порт", "https://c.example/rss", ("Город",)),
            Outline("", "https://d.example/rss"),
            Outline("Снова", "https://d.example/rss"),
            Outline("Файл", "file:///etc/passwd"),
            Outline("Скрипт", "javascript:alert(1)"),
            Outline("Пароль", "https://me:secret@e.example/rss"),
            Outline("Длинный", "https://e.example/" + "x" * 1000),
            Outline("Имя" * 100, "https://f.example/rss"),
        ],
    )

    assert [(feed.name[:20], feed.state) for feed in feeds] == [
        ("Другое имя", "known"),
        ("порт 2", "new"),
        ("Город / Порт", "new"),
        ("d.example", "new"),
        ("Снова", "known"),
        ("Файл", "broken"),
        ("Скрипт", "broken"),
        ("Пароль", "broken"),
        ("Длинный", "broken"),
        (("Имя" * 100)[:20], "new"),
    ]
    assert feeds[0].note == "Порт"
    assert all(feed.note for feed in feeds if feed.state == "broken")
    assert len(feeds[-1].name) == 150
    assert Source.objects.filter(workspace=workspace).count() == 1


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "0.1.2.3", "10.1.2.3", "169.254.169.254"),
        *("[::1]", "[::ffff:127.0.0.1]", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]", "192.168.0.1"),
    ],
)
@pytest.mark.django_db
def test_private_addresses_of_every_spelling_are_not_added(host: str) -> None:
    workspace = WorkspaceFactory.create()

    assert feeds_add(workspace=workspace, outlines=[Outline("Свой", f"http://{host}/rss")]) == 0
    assert feeds_compare(workspace=workspace, outlines=[Outline("Свой", f"http://{host}/rss")])[0].state == "broken"


@pytest.mark.django_db
def test_list_is_added_once_and_collected_one_after_another() -> None:
    workspace, actor = WorkspaceFactory.create(), UserFactory.create()
    outlines = [Outline(f"Лента {n}", f"https://a{n}.example/rss") for n in range(50)]

    assert feeds_add(workspace=workspace, outlines=outlines, actor=actor) == 50
    assert feeds_add(workspace=workspace, outlines=outlines, actor=actor) == 0

    times = list(
        Poll.objects.filter(source__workspace=workspace).order_by("not_before").values_list("not_before", flat=True)
    )
    assert len(times) == 50
    assert times[0] <= now()
    assert 9 < (times[-1] - times[0]).total_seconds() < 11
    noted = AuditEntry.objects.get(verb="source.list_imported")
    assert (noted.actor, noted.workspace, noted.details["added"]) == (actor, workspace, 50)


@pytest.mark.django_db
def test_long_list_costs_few_queries(django_assert_max_num_queries: object) -> None:
    outlines = [Outline(f"Лента {n}", f"https://a{n}.example/rss") for n in range(1200)]

    with django_assert_max_num_queries(20):  # type: ignore[operator]
        feeds_add(workspace=WorkspaceFactory.create(), outlines=outlines)


@pytest.mark.django_db
def test_list_of_a_workspace_comes_back_the_same() -> None:
    one, other = WorkspaceFactory.create(name="Первая"), WorkspaceFactory.create()
    FeedFactory.create(workspace=one, name="Город / Порт", url="https://a.example/rss")
    FeedFactory.create(workspace=one, name="Маяк", url="https://b.example/rss?a=1&b=2")
    FeedFactory.create(name="Чужой", url="https://c.example/rss")

    written = feeds_list(workspaces=[one], title="Первая")

    assert "Чужой".encode() not in written
    assert feeds_add(workspace=one, outlines=read_opml(written).outlines) == 0
    assert feeds_add(workspace=other, outlines=read_opml(written).outlines) == 2
    assert set(Source.objects.filter(workspace=other).values_list("name", "url")) == set(
        Source.objects.filter(workspace=one).values_list("name", "url")
    )


@pytest.mark.django_db
def test_list_of_several_workspaces_has_a_folder_for_each() -> None:
    one, other = WorkspaceFactory.create(name="Первая"), WorkspaceFactory.create(name="Вторая")
    for workspace in (one, other):
        FeedFactory.create(workspace=workspace, name="Порт", url="https://a.example/rss")

    outlines = read_opml(feeds_list(workspaces=[one, other], title="Все")).outlines

    assert {(found.folders, found.title) for found in outlines} == {(("Первая",), "Порт"), (("Вторая",), "Порт")}


def test_numbers_of_one_title_are_looked_for_once() -> None:
    class Taken(set[str]):
        asked = 0

        def __contains__(self, name: object) -> bool:
            self.asked += 1
            return super().__contains__(name)

    taken, numbers = Taken({"порт"}), dict[str, int]()

    names = [_free(name, taken, numbers) for name in ["Порт", "ПОРТ"] * 100]

    assert (names[0], names[1], names[-1]) == ("Порт 2", "ПОРТ 3", "ПОРТ 201")
    assert taken.asked == 400
