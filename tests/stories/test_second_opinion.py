"""What vectors would add is measured beside what words say, and paid for; the rule itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.ai.models import Spend
from apps.stories.grouping import meaning
from apps.stories.grouping.meaning import BAND, background_of, cosine, is_close, margin_with, packed, unpacked
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer
from tests.stories.factories import WorkspaceFactory
from tests.stories.looks import BRIDGE, COMET, LIGHTS, MODEL, SCHOOL, direction

COLUMNS = "first_title\tfirst_text\tsecond_title\tsecond_text\tsame_story"
PAIRS = ((BRIDGE, SCHOOL, 0), (BRIDGE, LIGHTS, 1), (BRIDGE, COMET, 0), (BRIDGE, BRIDGE, 1))


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAiServer]:
    with openai_api.running() as server:
        yield server


@pytest.fixture
def server(running: OpenAiServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> OpenAiServer:
    running.log.clear()
    running.faults.clear()
    running.vectors.clear()
    running.vectors |= {"закрыли": direction(0), "школы": direction(13), "огнями": direction(14, lean=0.95)}
    settings.AI_EMBEDDER, settings.AI_API_URL, settings.AI_API_KEY = "openai", running.base_url, "sk-test"
    settings.AI_EMBEDDING_MODEL, settings.AI_EMBEDDING_PRICE_USD = MODEL, 1.0
    monkeypatch.setattr(meaning, "BACKGROUND_LEAST", 3)
    return running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    told = tmp_path / "pairs.tsv"
    rows = [f"\t{first}\t\t{second}\t{same}" for first, second, same in PAIRS]
    told.write_text("\n".join([COLUMNS, *rows]), encoding="utf-8")
    return told


def evaluate(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("evaluate_grouping", "--pairs", str(path), *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_both_figures_stand_side_by_side_and_only_close_calls_are_asked(server: OpenAiServer, path: Path) -> None:
    WorkspaceFactory.create()
    told = json.loads(evaluate(path, "--embeddings", "--json"))
    assert (told["pairs"], told["precision"], told["recall"], told["f1"]) == (4, 0.5, 0.5, 0.5)
    with_vectors = told["with_vectors"]
    assert with_vectors["quality"]["f1"] == 1.0
    assert (with_vectors["close"], with_vectors["turned"], with_vectors["turned_right"]) == (2, 2, 2)
    assert with_vectors["model"] == MODEL
    (asked,) = server.log
    assert asked.params["input"] == sorted([BRIDGE, SCHOOL, LIGHTS])
    spent = Spend.objects.get()
    assert (spent.purpose, spent.target, spent.reserved_until) == ("vectors", "evaluate_grouping", None)
    assert spent.cost_usd == Decimal(spent.input_tokens) / 1_000_000


@pytest.mark.django_db
def test_the_words_say_the_same(server: OpenAiServer, path: Path) -> None:
    WorkspaceFactory.create()
    first, second = evaluate(path, "--embeddings").strip().splitlines()
    assert first == "4 pairs at 0.38: F1 0.500, precision 0.500, recall 0.500, AUC 0.750"
    assert second.startswith("With vectors of vectors-1: F1 1.000, precision 1.000, recall 1.000, AUC ")
    assert second.endswith("; 2 close calls, 2 turned, 2 of them rightly")


@pytest.mark.django_db
def test_without_the_option_nobody_is_asked(server: OpenAiServer, path: Path) -> None:
    WorkspaceFactory.create()
    assert "with_vectors" not in json.loads(evaluate(path, "--json"))
    assert server.log == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "words"), [({"kind": "500"}, "busy or broken"), ({"kind": "incomplete"}, "2 vectors came for 3 texts")]
)
def test_an_endpoint_that_fails_is_said_so(server: OpenAiServer, path: Path, fault: dict[str, str], words: str) -> None:
    WorkspaceFactory.create()
    server.faults.add(fault["kind"])
    with pytest.raises(CommandError, match=words):
        evaluate(path, "--embeddings")
    assert Spend.objects.filter(reserved_until=None).count() == int(fault["kind"] == "incomplete")
    assert not Spend.objects.exclude(reserved_until=None).exists()


@pytest.mark.django_db
def test_nobody_to_ask_no_money_or_too_few_calls_is_said_so(
    server: OpenAiServer, settings: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = WorkspaceFactory.create(ai_daily_budget_usd=Decimal(0))
    with pytest.raises(CommandError, match="budget"):
        evaluate(path, "--embeddings")
    assert server.log == []
    workspace.ai_daily_budget_usd = None
    workspace.save()
    monkeypatch.setattr(meaning, "BACKGROUND_LEAST", 12)
    with pytest.raises(CommandError, match="Only 2 pairs are close calls"):
        evaluate(path, "--embeddings")
    settings.AI_EMBEDDER = "none"
    with pytest.raises(CommandError, match="AI_EMBEDDER"):
        evaluate(path, "--embeddings")
    WorkspaceFactory.create()
    with pytest.raises(CommandError, match="Name a workspace"):
        evaluate(path, "--embeddings")


def test_a_close_call_lies_within_the_band_on_either_side() -> None:
    assert [is_close(margin) for margin in (-BAND - 0.001, -BAND, 0.0, BAND, BAND + 0.001)] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("background", [0.0, 0.2, 0.8])
def test_models_that_find_any_two_alike_are_judged_alike(background: float) -> None:
    middle = background + (1 - background) / 2
    assert margin_with(0.05, cosine=middle, background=background) == pytest.approx(0.035)
    assert margin_with(-0.06, cosine=1.0, background=background) > 0
    assert margin_with(0.06, cosine=background, background=background) < 0


def test_vectors_are_kept_at_length_one() -> None:
    kept = unpacked(packed([3.0, 4.0]))
    assert list(kept) == pytest.approx([0.6, 0.8])
    assert cosine(kept, kept) == pytest.approx(1.0)
    assert len(packed([3.0, 4.0])) == 8


def test_how_alike_any_two_are_is_the_mean_of_all_pairs() -> None:
    vectors = [unpacked(packed(direction(place, lean=0.5))) for place in range(1, 14)]
    pairs = [cosine(one, other) for at, one in enumerate(vectors) for other in vectors[at + 1 :]]
    assert background_of(vectors) == pytest.approx(sum(pairs) / len(pairs), abs=1e-5)
    assert background_of(vectors[:11]) is None
    assert background_of([unpacked(packed(direction(place % 2 + 1))) for place in range(12)]) == pytest.approx(60 / 132)
