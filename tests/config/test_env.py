"""Reading the environment: every kind, and one sentence for each wrong value."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.env import VARIABLES, Environment, load, variable


def read(name: str, text: str):
    return Environment({name: text})(name)


def refusal(name: str, text: str) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        read(name, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104
        ("HOST", "  pult.example.org ", "pult.example.org"),
        ("PORT", "8123", 8123),
        ("DEBUG", "true", True),
        ("DEBUG", "ON", True),
        ("DEBUG", "1", True),
        ("DEBUG", "Yes", True),
        ("DEMO", "no", False),
        ("DEMO", "off", False),
        ("DEMO", "0", False),
        ("DEMO", "False", False),
        ("AI_TEMPERATURE", "0.7", 0.7),
        ("AI_TIMEOUT_S", "30", 30.0),
        ("ALLOWED_HOSTS", "a.example, b.example ,", ["a.example", "b.example"]),
        ("PULT_VAR", "/srv/pult", "/srv/pult"),
        ("BASE_URL", "https://pult.example.org/", "https://pult.example.org"),
        ("AI_WRITER", "openai", "openai"),
        ("TIME_ZONE", "Asia/Yekaterinburg", "Asia/Yekaterinburg"),
    ],
)
def test_a_value_is_read_as_its_kind(name, text, value):
    found = read(name, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("PORT", "eight", "PORT must be a whole number, not “eight”."),
        ("PORT", "80.5", "PORT must be a whole number, not “80.5”."),
        ("PORT", "0", "PORT must be at least 1, not 0."),
        ("DEBUG", "perhaps", "DEBUG must be true or false, not “perhaps”."),
        ("AI_TEMPERATURE", "warm", "AI_TEMPERATURE must be a number, not “warm”."),
        ("AI_TEMPERATURE", "-1", "AI_TEMPERATURE must be at least 0, not -1."),
        ("AI_TEMPERATURE", "nan", "AI_TEMPERATURE must be a number, not “nan”."),
        ("AI_TIMEOUT_S", "inf", "AI_TIMEOUT_S must be a number, not “inf”."),
        (
            "BASE_URL",
            "pult.example.org",
            "BASE_URL must be an address that starts with http:// or https://, not “pult.example.org”.",
        ),
        ("AI_WRITER", "parrot", "AI_WRITER must be one of offline, openai, not “parrot”."),
        (
            "TIME_ZONE",
            "Moscow",
            "TIME_ZONE must be the name of a time zone, for example Europe/Moscow, not “Moscow”.",
        ),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(name, text, sentence):
    assert refusal(name, text) == sentence


def test_absent_and_blank_mean_the_default():
    assert Environment({})("PORT") == VARIABLES["PORT"].default == 8000
    assert read("PORT", "   ") == 8000
    assert Environment({})("REDIS_URL") == ""


def test_a_default_list_is_not_shared():
    first = Environment({})("ALLOWED_HOSTS")
    first.append("evil.example")
    assert "evil.example" not in Environment({})("ALLOWED_HOSTS")


def test_an_undeclared_variable_can_not_be_read():
    with pytest.raises(KeyError):
        Environment({"NEW_THING": "1"})("NEW_THING")


def test_a_secret_value_is_not_shown(monkeypatch):
    monkeypatch.setattr(env, "VARIABLES", dict(VARIABLES))
    variable("SECRET_NUMBER", "int", 0, "A number nobody may see.", group="Test", secret=True, minimum=10)
    variable("SECRET_CHOICE", "choice", "a", "A choice nobody may see.", group="Test", secret=True, choices=("a", "b"))
    for name, text in (("SECRET_NUMBER", "hush"), ("SECRET_NUMBER", "7"), ("SECRET_CHOICE", "hush")):
        sentence = refusal(name, text)
        assert sentence.startswith(f"{name} must be ")
        assert "hush" not in sentence
        assert not sentence.endswith("not 7.")


def test_a_name_is_declared_once(monkeypatch):
    monkeypatch.setattr(env, "VARIABLES", dict(VARIABLES))
    with pytest.raises(ValueError, match="PORT is declared twice"):
        variable("PORT", "int", 1, "Again.", group="Run")


def test_every_variable_says_what_it_is_for():
    for known in VARIABLES.values():
        assert known.kind in env.READERS
        assert known.kind in env.DESCRIPTIONS
        assert known.meaning.endswith(".")
        assert known.group
        if known.kind == "choice":
            assert known.default in known.choices


def test_a_file_fills_in_what_the_environment_leaves_open(tmp_path, monkeypatch):
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("HOST", "forgotten.example")
    monkeypatch.delenv("HOST")
    (tmp_path / ".env").write_text("PORT=9002\nHOST=filed.example\n")
    found = load(tmp_path)
    assert (found("PORT"), found("HOST")) == (9001, "filed.example")


def test_no_file_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setenv("PORT", "9003")
    assert load(tmp_path)("PORT") == 9003
