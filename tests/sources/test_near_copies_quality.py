"""The benchmark's own measure of quality, on invented posts: a guard against finding less, or too much."""

from __future__ import annotations

from tests.benchmarks.near_copies import minhash, planted, simhash, texts_of
from tests.benchmarks.near_copies_texts import EDITS, generated, varied


def test_planted_copies_are_found_and_look_alikes_are_not() -> None:
    found = planted(texts_of(generated(400)), minhash(10))
    recalls = {name: found[f"recall, {name}"] for name in EDITS}
    assert min(recalls.values()) >= 0.9
    assert recalls["emoji added"] == 1.0
    assert found["taken for copies, numbers changed"] <= 0.05


def test_simhash_finds_less() -> None:
    texts = texts_of(generated(200))
    edit = "recall, a sentence cut"
    assert planted(texts, simhash)[edit] < planted(texts, minhash(10))[edit]


def test_varied_texts_are_new_and_of_usual_length() -> None:
    posts = generated(100)
    told = list(varied(posts, 50, window=posts[1].at - posts[0].at))
    assert len({one.text for one in told}) == 50
    assert not {one.text for one in told} & {one.text for one in posts}
    assert max(one.at for one in told) - min(one.at for one in told) <= posts[1].at - posts[0].at
