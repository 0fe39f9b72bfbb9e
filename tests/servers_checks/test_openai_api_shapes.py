"""The OpenAI stand-in's answers, read by the real client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "lead": {"type": "string"},
        "body": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["title", "lead", "body", "tags"],
    "additionalProperties": False,
}
TEXT = "В Заречном открыли новый мост. Мост соединил два берега реки. Движение началось утром."


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with openai_api.running() as running:
        yield running


@pytest.fixture
def client(server: OpenAiServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=server.base_url, api_key="sk-test", max_retries=0, timeout=5, _strict_response_validation=True
    ) as made:
        yield made


def respond(client: openai.OpenAI, **more: Any) -> Response:
    """A structured answer by /v1/responses."""
    options: dict[str, Any] = {
        "model": "gpt-5-mini",
        "instructions": "Write.",
        "input": TEXT,
        "text": {"format": {"type": "json_schema", "name": "draft", "schema": SCHEMA, "strict": True}},
    }
    return client.responses.create(**(options | more))


def complete(client: openai.OpenAI, **more: Any) -> ChatCompletion:
    """A structured answer by /v1/chat/completions."""
    options: dict[str, Any] = {
        "model": "local-model",
        "messages": [{"role": "system", "content": "Write."}, {"role": "user", "content": TEXT}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "draft", "schema": SCHEMA, "strict": True},
        },
    }
    return client.chat.completions.create(**(options | more))


def test_response_is_json_of_the_inputs_own_words(client: openai.OpenAI, server: OpenAiServer) -> None:
    reply = respond(client)
    draft = json.loads(reply.output_text)
    assert set(draft) == set(SCHEMA["properties"])  # type: ignore[call-overload]
    assert draft["title"] == "В Заречном открыли новый мост"
    assert draft["lead"] == "В Заречном открыли новый мост. Мост соединил два берега реки."
    assert draft["body"].split("\n\n") == [
        "В Заречном открыли новый мост.",
        "Мост соединил два берега реки.",
        "Движение началось утром.",
    ]
    assert len(draft["tags"]) == 3
    assert reply.status == "completed"
    assert reply.usage is not None
    assert reply.usage.input_tokens > reply.usage.output_tokens / 10 > 0
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    assert respond(client).output_text == reply.output_text
    assert [entry.outcome for entry in server.log.of("/v1/responses")] == ["ok", "ok"]
    assert "Authorization" not in server.log[0].headers


def test_completion_is_json_of_the_inputs_own_words(client: openai.OpenAI) -> None:
    reply = complete(client)
    draft = json.loads(reply.choices[0].message.content or "")
    assert draft["title"] == "В Заречном открыли новый мост"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    plain = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Просто один вопрос?"}])
    assert plain.choices[0].message.content == "Просто один вопрос?"


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["gpt-5-mini", "gpt-4o-mini"]


@pytest.mark.parametrize("call", [respond, complete])
def test_refusal_and_incomplete_answer_are_told(client: openai.OpenAI, server: OpenAiServer, call: Any) -> None:
    server.faults.add("refusal", times=1)
    server.faults.add("incomplete", times=1)
    server.faults.add("garbled", times=1)
    refusal, incomplete, garbled = call(client), call(client), call(client)
    if isinstance(refusal, Response):
        assert refusal.output[0].content[0].type == "refusal"  # type: ignore[union-attr]
        assert incomplete.status == "incomplete"
        assert incomplete.incomplete_details.reason == "max_output_tokens"
        text = garbled.output_text
    else:
        assert refusal.choices[0].message.refusal
        assert refusal.choices[0].message.content is None
        assert incomplete.choices[0].finish_reason == "length"
        text = garbled.choices[0].message.content
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_errors_are_the_clients_own_classes(client: openai.OpenAI, server: OpenAiServer) -> None:
    server.faults.add("429", times=1, retry_after=4)
    with pytest.raises(openai.RateLimitError) as limited:
        respond(client)
    assert limited.value.response.headers["retry-after"] == "4"
    assert limited.value.code == "rate_limit_exceeded"
    server.faults.add("429", times=1, code="insufficient_quota")
    with pytest.raises(openai.RateLimitError) as spent:
        respond(client)
    assert (spent.value.code, spent.value.type) == ("insufficient_quota", "insufficient_quota")
    server.faults.add("500", times=1)
    with pytest.raises(openai.InternalServerError):
        respond(client)
    server.faults.add("cut_before", times=1)
    with pytest.raises(openai.APIConnectionError):
        respond(client)
    server.faults.add("malformed", times=1)
    with pytest.raises((openai.APIError, json.JSONDecodeError)):
        respond(client)
    server.faults.add("slow", times=1, seconds=1)
    with pytest.raises(openai.APITimeoutError):
        respond(client, timeout=0.2)


def test_unknown_key_model_and_long_input_are_refused() -> None:
    with (
        openai_api.running(keys=["sk-right"], context_tokens=50) as server,
        openai.OpenAI(base_url=server.base_url, api_key="sk-wrong", max_retries=0) as wrong,
        openai.OpenAI(base_url=server.base_url, api_key="sk-right", max_retries=0) as right,
    ):
        with pytest.raises(openai.AuthenticationError) as denied:
            respond(wrong)
        assert denied.value.code == "invalid_api_key"
        with pytest.raises(openai.BadRequestError) as unknown:
            respond(right, model="missing-model")
        assert unknown.value.code == "model_not_found"
        with pytest.raises(openai.NotFoundError):
            complete(right, model="missing-model")
        with pytest.raises(openai.BadRequestError) as long:
            respond(right, input=TEXT * 20)
        assert long.value.code == "context_length_exceeded"


def test_what_the_real_endpoint_refuses_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="'temperature' is not supported"):
        respond(client, temperature=0.4)
    assert respond(client, temperature=0.4, model="gpt-4o-mini").temperature == 0.4
    loose = {"format": {"type": "json_schema", "name": "x", "strict": True, "schema": {"type": "object"}}}
    with pytest.raises(openai.BadRequestError, match="additionalProperties"):
        respond(client, text=loose)
