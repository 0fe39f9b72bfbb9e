"""The grouping's judgement is compared with people's."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.stories.grouping.judged import Pair, judged
from tests.stories.news import NEWS

COLUMNS = "first_title\tfirst_text\tsecond_title\tsecond_text\tsame_story"


def evaluate(path: Path, *options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("evaluate_grouping", "--pairs", str(path), *options, stdout=out)
    return out.getvalue()


def test_clear_pairs_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    fire, rate, again = NEWS[0].text, NEWS[1].text, NEWS[2].text
    path.write_text(f"{COLUMNS}\n\t{fire}\t\t{again}\t1\n\t{fire}\t\t{rate}\t0\n", encoding="utf-8")
    assert json.loads(evaluate(path, "--json")) == {
        "pairs": 2,
        "threshold": 0.38,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
    }
    assert "F1 1.000" in evaluate(path)
    assert json.loads(evaluate(path, "--json", "--threshold", "0.99"))["f1"] == 0.0


def test_precision_and_recall_are_what_they_say() -> None:
    pairs = [Pair(("", ""), ("", ""), same) for same in (True, True, True, False)]
    quality = judged(pairs, [0.9, 0.8, 0.1, 0.7], threshold=0.5)
    assert (quality.precision, quality.recall, quality.f1) == (0.667, 0.667, 0.667)


@pytest.mark.parametrize("text", [None, "one\ttwo\n1\t2\n"])
def test_a_file_that_can_not_be_used_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "pairs.tsv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"pairs\.tsv"):
        evaluate(path)
