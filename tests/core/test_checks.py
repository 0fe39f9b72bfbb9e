"""System checks: each failure is one sentence that names the variable."""

from __future__ import annotations

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from apps.core import checks

KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _sound(settings):
    """A configuration that nothing is wrong with, to break one thing at a time."""
    settings.FIELD_ENCRYPTION_KEYS = [KEY]
    settings.KEPT_KEYS = []
    settings.REDIS_URL = ""
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.HOST, settings.PORT = "127.0.0.1", 8000
    settings.BASE_URL = "https://pult.example.org"
    settings.ALLOWED_HOSTS = ["pult.example.org"]
    settings.HTTPS_ONLY = True
    settings.DEBUG = False
    settings.AI_WRITER, settings.AI_API_KEY, settings.AI_PROXY = "offline", "", ""
    settings.AI_API_URL, settings.AI_TEMPERATURE = "https://api.openai.com/v1", 0.4
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1:8000", "10.0.0.0/8"]


def found(settings, **changes) -> list[str]:
    for name, value in changes.items():
        setattr(settings, name, value)
    return [message.msg for message in (*checks.configuration(), *checks.deployment())]


def test_a_sound_configuration_passes(settings):
    assert found(settings) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"FIELD_ENCRYPTION_KEYS": [KEY, "tooshort"]},
            "FIELD_ENCRYPTION_KEYS: key 2 of 2 is not a Fernet key, 32 bytes in URL-safe base64.",
        ),
        ({"REDIS_URL": "127.0.0.1:6379"}, "REDIS_URL must start with redis:// or rediss://."),
        (
            {"CELERY_BROKER_URL": "http://127.0.0.1"},
            "CELERY_BROKER_URL must start with redis://, rediss://, amqp:// or amqps://, or be empty.",
        ),
        ({"PORT": 65536}, "PORT must be between 1 and 65535, not 65536."),
        (
            {"AI_WRITER": "openai"},
            "AI_WRITER is openai but AI_API_KEY is empty: give a key, another AI_API_URL, or set AI_WRITER=offline.",
        ),
        ({"AI_PROXY": "127.0.0.1:3128"}, "AI_PROXY must start with http://, https://, socks5:// or socks5h://."),
        ({"AI_TEMPERATURE": 2.5}, "AI_TEMPERATURE must be at most 2, not 2.5."),
        (
            {"AI_API_KEY": "sk-1"},
            "AI_API_KEY is set but AI_WRITER is offline, so no model is asked: set AI_WRITER=openai to use the key.",
        ),
        (
            {"HTTP_ALLOW_PRIVATE": ["127.0.0.1:80", "localhost"]},
            "HTTP_ALLOW_PRIVATE: “localhost” is neither host:port nor a network such as 10.0.0.0/8.",
        ),
        (
            {"BASE_URL": "https://other.example.org"},
            "BASE_URL names other.example.org, which ALLOWED_HOSTS does not list.",
        ),
        (
            {"BASE_URL": "http://pult.example.org"},
            "HTTPS_ONLY is on but BASE_URL does not start with https://, so every link would be redirected.",
        ),
        (
            {"KEPT_KEYS": ["SECRET_KEY"]},
            "SECRET_KEY is not set: the key that Pult made for itself in PULT_VAR/keys is not for production.",
        ),
        (
            {"KEPT_KEYS": ["FIELD_ENCRYPTION_KEYS"]},
            "FIELD_ENCRYPTION_KEYS is not set: the key that Pult made for itself in PULT_VAR/keys is not for "
            "production.",
        ),
        ({"DEBUG": True}, "DEBUG is on: it shows tracebacks and settings to every visitor."),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS is *: name the hosts that the site answers to."),
        (
            {"HTTP_ALLOW_PRIVATE": ["0.0.0.0/0"]},
            "HTTP_ALLOW_PRIVATE: 0.0.0.0/0 lets an address that a user typed reach the cloud's metadata service.",
        ),
    ],
)
def test_one_wrong_thing_is_one_sentence(settings, changes, sentence):
    assert found(settings, **changes) == [sentence]


@pytest.mark.parametrize(
    "changes",
    [
        {"REDIS_URL": "rediss://redis:6379/0", "CELERY_BROKER_URL": "amqps://rabbit"},
        {"AI_WRITER": "openai", "AI_API_KEY": "sk-1", "AI_PROXY": "socks5h://127.0.0.1:9050"},
        {"AI_WRITER": "openai", "AI_API_URL": "http://127.0.0.1:11434/v1"},
        {"BASE_URL": "http://0.0.0.0:8000", "HOST": "0.0.0.0", "HTTPS_ONLY": False},  # noqa: S104
        {"BASE_URL": "http://[::1]:8000", "HOST": "::1", "HTTPS_ONLY": False},
        {"BASE_URL": "https://pult.example.org:8443"},
        {"ALLOWED_HOSTS": [".example.org"]},
    ],
)
def test_unusual_but_sound_configurations_pass(settings, changes):
    assert found(settings, **changes) == []


def test_a_secret_is_not_shown(settings):
    settings.FIELD_ENCRYPTION_KEYS = ["my-secret-key"]
    settings.REDIS_URL = "user:my-secret@host"
    assert "my-secret" not in " ".join(message.msg for message in checks.configuration())


def test_django_runs_them(settings):
    settings.AI_PROXY = "ftp://proxy"
    with pytest.raises(SystemCheckError, match="AI_PROXY"):
        call_command("check", stdout=StringIO(), stderr=StringIO())


def test_only_a_deploy_check_asks_for_own_keys(settings):
    settings.KEPT_KEYS = ["SECRET_KEY"]
    call_command("check", stdout=StringIO(), stderr=StringIO())
    with pytest.raises(SystemCheckError, match="SECRET_KEY is not set"):
        call_command("check", deploy=True, stdout=StringIO(), stderr=StringIO())


def test_an_unreadable_entry_is_told_once(settings):
    assert len(found(settings, HTTP_ALLOW_PRIVATE=["nonsense"])) == 1
