"""The stand-in's limits are Telegram's."""

from __future__ import annotations

from tests.servers.telegram_limits import Limits


def test_bot_gets_thirty_a_second_over_all_chats() -> None:
    limits = Limits()
    taken = [limits.refuse_for(1, chat, is_group=False, at=0.0) for chat in range(40)]
    assert taken == [0] * 30 + [1] * 10
    assert limits.refuse_for(1, 99, is_group=False, at=1.01) == 0
    assert limits.refuse_for(2, 99, is_group=False, at=0.0) == 0


def test_chat_gets_a_short_burst_then_one_a_second() -> None:
    limits = Limits()
    accepted = [at / 10 for at in range(100) if limits.refuse_for(1, 5, is_group=False, at=at / 10) == 0]
    assert accepted[:3] == [0.0, 0.1, 0.2]
    assert len(accepted) == 12


def test_group_gets_twenty_a_minute() -> None:
    limits = Limits()
    accepted = [at for at in range(0, 60, 2) if limits.refuse_for(1, -5, is_group=True, at=float(at)) == 0]
    assert len(accepted) == 20
    assert limits.refuse_for(1, -5, is_group=True, at=59.0) == 1
    assert limits.refuse_for(1, -5, is_group=True, at=60.5) == 0


def test_scale_widens_and_off_removes_them() -> None:
    assert all(Limits(on=False).refuse_for(1, 5, is_group=True, at=0.0) == 0 for _ in range(100))
    wide = Limits(scale=10)
    assert [wide.refuse_for(1, 5, is_group=False, at=0.0) for _ in range(31)] == [0] * 30 + [1]


def test_album_counts_by_its_parts() -> None:
    limits = Limits()

    def album(at: float, count: int = 10) -> int:
        return limits.refuse_for(1, -5, is_group=True, at=at, count=count)

    assert [album(0.0), album(5.5), album(11.0, 1), album(11.0)] == [0, 0, 49, 49]
    assert album(60.5, 1) == 0
    fresh = Limits()
    told = [fresh.refuse_for(1, chat, is_group=False, at=0.1, count=20) for chat in (6, 7)]
    assert told == [0, 1], "the bot's own limit"
