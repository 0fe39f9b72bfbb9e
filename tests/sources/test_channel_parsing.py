"""Messages of channels become items: albums, formatting, counts; and what of a page is taken."""

from __future__ import annotations

import random

import pytest

from apps.sources.parsers.channel import Voice, entities_of, items_of, newer_taken, older_taken
from apps.sources.parsers.channel_address import ChannelAddress, ChannelAddressError, channel_address
from apps.sources.ports import Counts, Entity
from apps.telegram.reading import Attachment, ChannelMessage, Formatting
from tests.sources.channels import BEGAN, Channel

VOICE = Voice(1_100_200_300, "vestnik")


def message(number: int, text: str = "слово", **more: object) -> ChannelMessage:
    return ChannelMessage(message_id=number, date=BEGAN, text=text, **more)  # type: ignore[arg-type]


def part(number: int, text: str = "", album: int = 7) -> ChannelMessage:
    return message(number, text, album_id=album, attachment=Attachment("photo", size=number))


def numbers(messages: object) -> list[int]:
    return [one.message_id for one in messages]  # type: ignore[attr-defined]


def page(channel: Channel) -> list[ChannelMessage]:
    return [channel.messages[number] for number in sorted(channel.messages)]


# Items


def test_a_message_is_named_as_exports_name_it() -> None:
    (item,) = items_of([message(42, reply_to=40)], VOICE)

    assert (item.external_id, item.message_id, item.kind) == ("1100200300:42", 42, "text")
    assert item.reply_to == 40
    assert (item.url, item.text, item.channel) == ("https://t.me/vestnik/42", "слово", "")


def test_a_channel_without_a_name_is_linked_by_its_id() -> None:
    assert items_of([message(42)], Voice(1_100_200_300))[0].url == "https://t.me/c/1100200300/42"


def test_an_album_is_one_post_with_its_caption_wherever_it_stands() -> None:
    (item,) = items_of([part(12), part(10), part(11, "Подпись")], VOICE)

    assert (item.external_id, item.album_id, item.kind) == ("1100200300:10", 7, "album")
    assert item.also_known == ("1100200300:11", "1100200300:12")
    assert item.text == "Подпись"
    assert [one.key for one in item.media] == ["10", "11", "12"]
    assert item.media[0].remote == {"message_id": 10}


def test_a_known_album_keeps_its_identity() -> None:
    (item,) = items_of([part(10), part(11)], VOICE, known={7: "1100200300:11"})

    assert item.external_id == "1100200300:11"
    assert item.also_known == ("1100200300:10",)


def test_captions_of_an_album_stand_one_under_the_other_with_their_formatting() -> None:
    one = message(1, "👍 раз", album_id=7, formatting=(Formatting("bold", 3, 3),))
    two = message(2, "два", album_id=7, formatting=(Formatting("italic", 0, 3),))

    (item,) = items_of([one, two], VOICE)

    assert item.text == "👍 раз\n\nдва"
    assert [(entity.kind, item.text[entity.offset :][: entity.length]) for entity in item.entities] == [
        ("bold", "раз"),
        ("italic", "два"),
    ]


def test_messages_about_the_channel_are_no_posts() -> None:
    assert items_of([message(1, is_service=True)], VOICE) == ()


def test_counts_of_an_album_are_those_of_its_parts() -> None:
    one = message(1, album_id=7, views=5, forwards=1)
    two = message(2, "", album_id=7, views=9, reactions={"👍": 3})

    assert items_of([one, two], VOICE)[0].counts == Counts(9, 1, {"👍": 3})


def test_a_forward_keeps_where_it_came_from() -> None:
    (item,) = items_of([message(1, forwarded_from="Лента", forwarded_url="https://t.me/lenta/5")], VOICE)

    assert (item.forwarded_from, item.forwarded_url) == ("Лента", "https://t.me/lenta/5")


@pytest.mark.parametrize(
    ("text", "formatting", "expected"),
    [
        ("жирно", Formatting("bold", 0, 5), Entity("bold", 0, 5)),
        ("👍 да", Formatting("bold", 3, 2), Entity("bold", 2, 2)),
        ("👨‍👩‍👧 семья", Formatting("bold", 9, 5), Entity("bold", 6, 5)),
        ("a👍b👎c", Formatting("link", 1, 5, "https://a.example"), Entity("link", 1, 3, "https://a.example")),
        ("👍", Formatting("emoji", 0, 2, "5368"), Entity("emoji", 0, 1, "5368")),
        ("да", Formatting("bold", 0, 99), Entity("bold", 0, 2)),
    ],
)
def test_formatting_is_counted_in_characters(text: str, formatting: Formatting, expected: Entity) -> None:
    assert entities_of(message(1, text, formatting=(formatting,))) == (expected,)


def test_formatting_behind_the_text_is_left_out() -> None:
    assert entities_of(message(1, "да", formatting=(Formatting("bold", 5, 3),))) == ()


@pytest.mark.parametrize("seed", range(200))
def test_formatting_of_any_text_covers_the_same_words(seed: int) -> None:
    dice = random.Random(seed)
    text = "".join(dice.choices("аяz 👍👩\u200d🚒e\u0301", k=dice.randint(1, 30)))
    start = dice.randint(0, len(text) - 1)
    end = dice.randint(start + 1, len(text))
    units = len(text[:start].encode("utf-16-le")) // 2
    length = len(text[start:end].encode("utf-16-le")) // 2

    found = entities_of(message(1, text, formatting=(Formatting("bold", units, length),)))

    assert found == (Entity("bold", start, end - start),)


# Pages


def test_a_page_that_is_not_full_is_taken_whole() -> None:
    stretch = newer_taken([message(4), message(5), part(6)], after_id=3, limit=100)

    assert (numbers(stretch.messages), stretch.edge, stretch.is_last) == ([4, 5, 6], 6, True)


def test_an_album_at_the_end_of_a_full_page_waits_for_the_next() -> None:
    stretch = newer_taken([message(4), part(5), part(6)], after_id=3, limit=3)

    assert (numbers(stretch.messages), stretch.edge, stretch.is_last) == ([4], 4, False)


def test_a_full_page_of_one_album_is_taken_all_the_same() -> None:
    stretch = newer_taken([part(4), part(5)], after_id=3, limit=2)

    assert (numbers(stretch.messages), stretch.edge) == ([4, 5], 5)


def test_an_empty_page_moves_nothing() -> None:
    stretch = newer_taken([], after_id=3, limit=100)

    assert (stretch.messages, stretch.edge, stretch.is_last) == ((), 3, True)


def test_messages_that_were_read_are_not_taken_again() -> None:
    assert numbers(newer_taken([message(3), message(4), message(4)], after_id=3, limit=100).messages) == [4]


def test_an_album_at_the_early_end_of_a_full_page_waits_for_the_next() -> None:
    stretch = older_taken([message(9), part(8), part(7)], before_id=10, limit=3)

    assert (numbers(stretch.messages), stretch.edge, stretch.is_last) == ([9], 9, False)


def test_the_beginning_of_a_channel_is_its_edge() -> None:
    stretch = older_taken([message(2), message(1)], before_id=3, limit=100)

    assert (numbers(stretch.messages), stretch.edge, stretch.is_last) == ([1, 2], 0, True)


def test_only_so_many_posts_are_taken_and_an_album_is_one() -> None:
    found = [message(9), part(8), part(7), message(6, is_service=True), message(5), message(4)]

    stretch = older_taken(found, before_id=0, limit=100, posts=2)

    assert (numbers(stretch.messages), stretch.edge, stretch.is_last) == ([6, 7, 8, 9], 6, False)


def test_pages_of_any_size_give_every_post_once_and_every_album_whole() -> None:
    channel = Channel(1)
    for album in range(40):
        channel.post(f"слово {album}")
        channel.album(100 + album, "", "подпись", "", *([""] * (album % 5)))
    expected = {item.external_id: len(item.media) for item in items_of(page(channel), VOICE)}
    for limit in (12, 13, 17, 50, 100):
        forward: dict[str, int] = {}
        at, is_last = 0, False
        while not is_last:
            stretch = newer_taken(
                [one for one in page(channel) if one.message_id > at][:limit], after_id=at, limit=limit
            )
            forward |= {item.external_id: len(item.media) for item in items_of(stretch.messages, VOICE)}
            at, is_last = stretch.edge, stretch.is_last
        assert forward == expected
        backward: dict[str, int] = {}
        at, is_last = 10**6, False
        while at:
            found = [one for one in reversed(page(channel)) if one.message_id < at][:limit]
            stretch = older_taken(found, before_id=at, limit=limit)
            backward |= {item.external_id: len(item.media) for item in items_of(stretch.messages, VOICE)}
            at = stretch.edge
        assert backward == expected


# What people type


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("@vestnik", ChannelAddress("vestnik")),
        (" Vestnik_News ", ChannelAddress("Vestnik_News")),
        ("https://t.me/vestnik", ChannelAddress("vestnik")),
        ("t.me/s/vestnik", ChannelAddress("vestnik")),
        ("http://telegram.me/vestnik/42?single", ChannelAddress("vestnik")),
        ("https://t.me/s/vestnik/42", ChannelAddress("vestnik")),
        ("vestnik.t.me", ChannelAddress("vestnik")),
        ("tg://resolve?domain=vestnik&post=5", ChannelAddress("vestnik")),
        ("https://t.me/c/1100200300/42", ChannelAddress(chat_id=1_100_200_300)),
        ("-1001100200300", ChannelAddress(chat_id=1_100_200_300)),
    ],
)
def test_a_channel_is_read_from_what_is_typed(typed: str, expected: ChannelAddress) -> None:
    assert channel_address(typed) == expected


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("https://t.me/+AbCdEfGhIjK", "invitation"),
        ("t.me/joinchat/AbCdEf", "invitation"),
        ("", "no_channel"),
        ("https://example.org/vestnik", "no_channel"),
        ("t.me/share/url", "no_channel"),
        ("t.me/c/abc", "no_channel"),
        ("ab", "no_channel"),
        ("две строки", "no_channel"),
        ("@1abc", "no_channel"),
    ],
)
def test_what_names_no_channel_is_refused_in_words(typed: str, code: str) -> None:
    with pytest.raises(ChannelAddressError) as refused:
        channel_address(typed)

    assert refused.value.code == code
    assert str(refused.value)
