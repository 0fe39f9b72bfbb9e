"""Programs that start once they are needed: the notes that the supervisor looks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from apps.core.startup import on_demand
from apps.core.startup.plan import plan_made
from apps.telegram.services import bot_create, bot_pause
from tests.servers import bot_api
from tests.telegram.factories import BotFactory, WorkspaceFactory, token_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def note(settings: Settings, tmp_path: Path) -> Path:
    settings.PULT_VAR = tmp_path
    return tmp_path / "run" / "bots-wanted"


def test_the_start_sets_the_note_as_the_database_says(note: Path) -> None:
    on_demand.look()
    assert not note.exists()
    bot = BotFactory()
    on_demand.look()
    assert note.exists()
    bot_pause(bot=bot, reason="a test")
    on_demand.look()
    assert not note.exists()


def test_the_first_bot_leaves_the_note(note: Path, settings: Settings) -> None:
    with bot_api.running() as server:
        settings.TELEGRAM_API_URL = server.url
        bot_create(workspace=WorkspaceFactory(), name="", token=token_of(77))
    assert note.exists()


def test_a_note_that_cannot_be_left_harms_nobody(settings: Settings) -> None:
    settings.PULT_VAR = Path("/proc/pult")
    on_demand.want("bots")


def test_the_program_waits_for_its_note(note: Path) -> None:
    (bots,) = [program for program in plan_made(login=None).programs if program.name == "bots"]
    assert (bots.argv[1:], bots.after_file, bots.once) == (("manage.py", "run_bots"), str(note), False)
