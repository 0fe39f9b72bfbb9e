"""The grouping's judgement is compared with people's."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Workspace
from apps.sources.models import Post
from apps.stories.grouping.judged import Pair, judged, similarities
from apps.stories.models import Judgement
from tests.stories.factories import WorkspaceFactory
from tests.stories.news import NEWS, told

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
        "auc": 1.0,
    }
    assert evaluate(path).strip() == "2 pairs at 0.38: F1 1.000, precision 1.000, recall 1.000, AUC 1.000"
    assert json.loads(evaluate(path, "--json", "--threshold", "0.99"))["f1"] == 0.0


def test_precision_and_recall_are_what_they_say() -> None:
    pairs = [Pair(("", ""), ("", ""), same) for same in (True, True, True, False)]
    quality = judged(pairs, [0.9, 0.8, 0.1, 0.7], threshold=0.5)
    assert (quality.precision, quality.recall, quality.f1, quality.auc) == (0.667, 0.667, 0.667, 0.667)


def test_pairs_of_one_kind_have_no_curve() -> None:
    assert judged([Pair(("", ""), ("", ""), True)], [0.9], threshold=0.5).auc is None


def test_distance_in_time_counts_as_it_does_in_grouping() -> None:
    text = ("", NEWS[0].text)
    near, far = similarities([Pair(text, text, True), Pair(text, text, True, hours=72.0)])
    assert far == pytest.approx(0.65 * near)


def corrected(workspace: Workspace, first: Post, second: Post, *, is_same: bool) -> None:
    Judgement.objects.create(
        workspace=workspace, first=first, second=second, is_same=is_same, cause=Judgement.Cause.MOVED
    )


@pytest.mark.django_db
def test_without_a_file_the_editors_corrections_of_one_workspace_count() -> None:
    ours, theirs = WorkspaceFactory.create(slug="ours"), WorkspaceFactory.create(slug="theirs")
    fire, rate, again = told(ours, news=NEWS[:3])
    corrected(ours, fire, again, is_same=True)
    corrected(ours, fire, rate, is_same=False)
    other = told(theirs, news=NEWS[:2])
    corrected(theirs, *other, is_same=True)
    out = StringIO()
    call_command("evaluate_grouping", "--workspace", "ours", "--json", stdout=out)
    quality = json.loads(out.getvalue())
    assert (quality["pairs"], quality["f1"], quality["auc"]) == (2, 1.0, 1.0)
    out = StringIO()
    call_command("evaluate_grouping", "--workspace", "theirs", "--json", stdout=out)
    assert json.loads(out.getvalue())["recall"] == 0.0


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "words"), [("", "Name a workspace"), ("no", "Name a workspace"), ("a", "Nobody")])
def test_a_workspace_that_can_not_be_tested_is_told(slug: str, words: str) -> None:
    WorkspaceFactory.create(slug="a")
    WorkspaceFactory.create(slug="b")
    with pytest.raises(CommandError, match=words):
        call_command("evaluate_grouping", "--workspace", slug)


@pytest.mark.parametrize("text", [None, "one\ttwo\n1\t2\n"])
def test_a_file_that_can_not_be_used_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "pairs.tsv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"pairs\.tsv"):
        evaluate(path)
