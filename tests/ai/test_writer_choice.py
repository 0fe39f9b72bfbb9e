"""Which writer a workspace gets, and with what; and that nothing heavy is loaded before it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from apps.ai.adapters.offline import OfflineWriter
from apps.ai.adapters.openai import OpenAIWriter
from apps.ai.endpoints import cost_of, endpoint_of
from apps.ai.services import writer_for
from tests.accounts.factories import WorkspaceFactory
from tests.ai.factories import endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _installation(settings):
    settings.AI_WRITER = "offline"
    settings.AI_API_URL, settings.AI_API_KEY = "https://api.openai.com/v1", "sk-installation"
    settings.AI_MODEL, settings.AI_PROXY = "gpt-5-mini", "socks5://127.0.0.1:9050"


def test_the_installation_decides_where_a_workspace_says_nothing(settings):
    assert isinstance(writer_for(WorkspaceFactory()), OfflineWriter)
    settings.AI_WRITER = "openai"
    assert isinstance(writer_for(WorkspaceFactory()), OpenAIWriter)


@pytest.mark.parametrize("fields", [{"ai_api_key": "sk-own"}, {"ai_api_url": "https://llm.example/v1"}])
def test_a_key_or_an_address_of_its_own_turns_a_workspace_to_the_model(fields):
    assert isinstance(writer_for(WorkspaceFactory(**fields)), OpenAIWriter)


def test_a_model_alone_does_not():
    assert isinstance(writer_for(WorkspaceFactory(ai_model="gpt-9")), OfflineWriter)


def test_a_workspaces_own_fields_win():
    own = endpoint_of(WorkspaceFactory(ai_api_url="https://llm.example/v1/", ai_api_key="sk-own", ai_model="llama"))
    assert (own.url, own.key, own.model, own.is_own) == ("https://llm.example/v1", "sk-own", "llama", True)
    assert own.proxy == "socks5://127.0.0.1:9050"


def test_the_installations_key_never_goes_to_an_address_that_a_workspace_typed():
    assert endpoint_of(WorkspaceFactory(ai_api_url="https://llm.example/v1")).key == ""


def test_the_installations_address_typed_again_is_the_installations():
    same = endpoint_of(WorkspaceFactory(ai_api_url="https://api.openai.com/v1"))
    assert (same.key, same.is_own) == ("sk-installation", False)


def test_the_rest_is_the_installations():
    plain = endpoint_of(WorkspaceFactory())
    assert (plain.url, plain.key, plain.model, plain.is_own) == (
        "https://api.openai.com/v1",
        "sk-installation",
        "gpt-5-mini",
        False,
    )


def test_cost_is_rounded_up_to_a_millionth():
    one = endpoint("https://llm.example/v1")
    assert str(cost_of(one, input_tokens=1, output_tokens=0)) == "0.000001"
    assert str(cost_of(one, input_tokens=1_000_000, output_tokens=500_000)) == "2.000000"


def test_starting_loads_no_vendor_sdk():
    code = (
        "import django, sys; django.setup(); import apps.ai.services, apps.ai.prompts, apps.ai.admin; "
        "print([name for name in ('openai', 'pymorphy3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"
