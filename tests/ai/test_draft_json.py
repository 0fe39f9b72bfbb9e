"""Reading a model's answer."""

from __future__ import annotations

import json

import pytest

from apps.ai.draft_json import SCHEMA, MalformedDraftError, read_draft

GOOD = {"title": "Мост открыт", "lead": "Утром.", "body": "Абзац.\n\nДругой.", "tags": ["мост", "Заречье"]}


def read(**changes: object):
    return read_draft(json.dumps({**GOOD, **changes}))


def test_the_fields_are_read():
    draft = read_draft(json.dumps(GOOD))
    assert (draft.title, draft.lead, draft.body, draft.tags) == (
        "Мост открыт",
        "Утром.",
        "Абзац.\n\nДругой.",
        ("мост", "Заречье"),
    )


@pytest.mark.parametrize("text", ["```json\n{}\n```", "```\n{}\n```", "  ```json {} ```\n"])
def test_a_fence_around_the_answer_is_taken_off(text):
    assert read_draft(text.replace("{}", json.dumps(GOOD))).title == "Мост открыт"


@pytest.mark.parametrize(
    ("title", "tidied"),
    [("Мост открыт.", "Мост открыт"), ("Мост\n открыт ", "Мост открыт"), ("Мост…", "Мост…"), ("Мост...", "Мост...")],
)
def test_a_title_is_one_line_without_a_full_stop(title, tidied):
    assert read(title=title).title == tidied


def test_tags_are_tidied():
    tags = ["#мост", " мост ", "Большой_мост", 5, "", "#", *(f"т{n}" for n in range(20))]
    assert read(tags=tags).tags == ("мост", "Большой мост", "т0", "т1", "т2", "т3", "т4", "т5")


def test_a_lead_may_be_empty():
    assert read(lead="").lead == ""


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "not JSON"),
        ("Конечно! Вот заметка.", "not JSON"),
        ('{"title": "Мост"', "not JSON"),
        ("[1]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        (json.dumps({**GOOD, "title": " "}), "no title"),
        (json.dumps({**GOOD, "title": None}), "no title"),
        (json.dumps({**GOOD, "body": ""}), "no body"),
        (json.dumps({**GOOD, "lead": 5}), "no lead"),
        (json.dumps({**GOOD, "tags": "мост"}), "no list of tags"),
        (json.dumps({"title": "Мост", "tags": []}), "no lead"),
    ],
)
def test_what_is_not_a_draft_is_told(text, wrong):
    with pytest.raises(MalformedDraftError) as caught:
        read_draft(text)
    assert str(caught.value) == wrong


def test_the_schema_asks_for_what_is_read():
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == set(GOOD)
