"""The OpenAI adapter against an endpoint that speaks the real protocol, failures included."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from decimal import Decimal

import pytest
from aiohttp import web

from apps.ai.adapters import openai as adapter
from apps.ai.adapters.openai import OpenAIWriter
from apps.ai.draft_json import SCHEMA
from apps.ai.ports import PaidError
from apps.core.errors import PermanentError, RetryableError
from tests.ai.factories import endpoint, prompt
from tests.core.http_origin import origin
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer


@pytest.fixture(autouse=True)
def _nothing_learnt(monkeypatch, settings):
    monkeypatch.setattr(adapter, "HABITS", {})
    settings.HTTP_ALLOW_PRIVATE = []


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with openai_api.running(keys=["sk-test"]) as running:
        yield running


def write(server: OpenAiServer, asked=None, **changes):
    writer = OpenAIWriter(endpoint(server.base_url, **changes))
    return asyncio.run(writer.write(asked or prompt("Мост через Тихую открыли утром. Он длиной 1,2 км.")))


def failure(kind, server: OpenAiServer, **changes):
    with pytest.raises(kind) as caught:
        write(server, **changes)
    return caught.value


def test_a_draft_is_written_by_the_responses_api_with_a_schema(server):
    draft = write(server)
    (asked,) = server.log
    assert asked.method == "/v1/responses"
    assert asked.params["instructions"] == "Ты — редактор."
    assert asked.params["input"] == "Мост через Тихую открыли утром. Он длиной 1,2 км."
    assert asked.params["text"]["format"] == {"type": "json_schema", "name": "draft", "schema": SCHEMA, "strict": True}
    assert (asked.params["model"], asked.params["temperature"]) == ("gpt-4o-mini", 0.4)
    assert asked.params["store"] is False
    assert draft.title
    assert draft.body
    assert (draft.writer, draft.model) == ("openai", "gpt-4o-mini")


def test_the_answer_is_counted_and_priced(server):
    usage = write(server).usage
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0
    assert usage.cost_usd == Decimal(usage.input_tokens + 2 * usage.output_tokens) / 1_000_000


def test_the_label_is_the_model(server):
    assert OpenAIWriter(endpoint(server.base_url, model="gpt-9")).label == "gpt-9"


def test_a_model_that_takes_no_temperature_is_asked_without_and_it_is_remembered(server):
    write(server, model="gpt-5-mini")
    write(server, model="gpt-5-mini")
    assert [("temperature" in entry.params) for entry in server.log] == [True, False, False]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_endpoint_without_the_responses_api_is_asked_by_chat_and_it_is_remembered(server, status):
    server.faults.add("error", method="/v1/responses", status=status, description="no route")
    first, second = write(server), write(server)
    assert [entry.method for entry in server.log] == ["/v1/responses", "/v1/chat/completions", "/v1/chat/completions"]
    chat = server.log[1].params
    assert [message["role"] for message in chat["messages"]] == ["system", "user"]
    assert chat["response_format"]["json_schema"]["schema"] == SCHEMA
    assert first.title == second.title
    assert first.usage.input_tokens > 0


def chat_only(answers):
    """An endpoint of another make: chat only; it answers what it is told to, in turn, and keeps what it was asked."""
    asked = []

    async def handler(request: web.Request) -> web.Response:
        if request.path.endswith("/responses"):
            return web.json_response({"detail": "Not Found"}, status=404)
        asked.append(await request.json())
        answer = answers[min(len(asked), len(answers)) - 1]
        return answer(asked[-1]) if callable(answer) else answer

    return asked, handler


def completion(content, *, usage=None, finish="stop"):
    def answer(_body):
        message = {"role": "assistant", "content": content}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
        return web.json_response(
            {**body, "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}
        )

    return answer


GOOD = json.dumps({"title": "Мост открыт.", "lead": "Утром.", "body": "Длина 1,2 км.", "tags": ["#мост", "мост", ""]})


def ask_other(answers, **changes):
    asked, handler = chat_only(answers)

    async def work():
        async with origin(handler) as port:
            writer = OpenAIWriter(endpoint(f"http://127.0.0.1:{port}/v1", **changes))
            return await writer.write(prompt("Мост."))

    return asked, work


def test_an_endpoint_without_schemas_is_asked_for_plain_json():
    def no_schema(body):
        assert body["response_format"]["type"] == "json_schema"
        return web.json_response(
            {"error": {"message": "'response_format.type' must be 'json_object' or 'text'"}}, status=400
        )

    asked, work = ask_other([no_schema, completion(f"```json\n{GOOD}\n```")])
    draft = asyncio.run(work())
    assert [body["response_format"]["type"] for body in asked] == ["json_schema", "json_object"]
    assert (draft.title, draft.lead, draft.body, draft.tags) == ("Мост открыт", "Утром.", "Длина 1,2 км.", ("мост",))


def test_an_endpoint_that_counts_no_tokens_is_counted_by_length():
    _asked, work = ask_other([completion(GOOD)])
    usage = asyncio.run(work()).usage
    assert usage.output_tokens == len(GOOD) // 3
    assert usage.input_tokens == (len("Ты — редактор.") + len("Мост.")) // 3
    assert usage.cost_usd > 0


def test_an_endpoint_of_its_own_needs_no_key():
    _asked, work = ask_other([completion(GOOD)], key="")
    assert asyncio.run(work()).title == "Мост открыт"


def test_an_answer_without_choices_is_malformed():
    empty = web.json_response
    _asked, work = ask_other(
        [lambda _body: empty({"id": "1", "object": "chat.completion", "choices": [], "usage": None})]
    )
    with pytest.raises(RetryableError) as caught:
        asyncio.run(work())
    assert caught.value.code == "malformed_output"


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions"])
def test_a_malformed_answer_is_asked_for_once_more_and_both_are_paid(server, path):
    if path.endswith("completions"):
        server.faults.add("error", method="/v1/responses", status=404)
    server.faults.add("garbled", method=path, times=1)
    draft = write(server)
    calls = [entry for entry in server.log if entry.method == path]
    assert len(calls) == 2
    single = write(server).usage
    assert draft.usage.input_tokens == 2 * single.input_tokens


def test_an_answer_that_stays_malformed_comes_back_later(server):
    server.faults.add("garbled")
    error = failure(RetryableError, server)
    assert (error.code, str(error)) == (
        "malformed_output",
        "The model “gpt-4o-mini” did not answer as asked: not JSON. Asked again; if that goes on, choose another.",
    )
    assert len(server.log) == 2
    assert isinstance(error, PaidError)
    server.faults.clear()
    assert error.usage.input_tokens == 2 * write(server).usage.input_tokens
    assert (error.writer, error.model) == ("openai", "gpt-4o-mini")


def test_a_second_asking_that_fails_keeps_the_cost_of_the_first(server):
    server.faults.add("garbled", times=1)
    server.faults.add("429", retry_after=17)
    error = failure(RetryableError, server)
    assert (error.code, error.retry_after) == ("rate_limited", 17.0)
    assert isinstance(error, PaidError)
    assert error.usage.cost_usd > 0


def test_an_answer_cut_at_its_longest_is_malformed(server):
    server.faults.add("incomplete")
    assert failure(RetryableError, server).code == "malformed_output"


def test_a_refusal_is_permanent_in_both_ways(server):
    server.faults.add("refusal")
    error = failure(PermanentError, server)
    assert error.code == "refused"
    assert "I'm sorry" in str(error)
    assert isinstance(error, PaidError)
    assert error.usage.input_tokens > 0
    server.faults.add("error", method="/v1/responses", status=404)
    adapter.HABITS[(server.base_url, "gpt-4o-mini")] = adapter.Habits(way=1)
    assert failure(PermanentError, server).code == "refused"


def test_a_bad_key_is_permanent_and_not_shown(server):
    error = failure(PermanentError, server, key="sk-very-secret")
    assert error.code == "bad_key"
    assert "127.0.0.1" in str(error)
    assert "very-secret" not in str(error)


@pytest.mark.parametrize("way", [0, 1])
def test_an_unknown_model_is_permanent_and_named(server, way):
    adapter.HABITS[(server.base_url, "missing-model")] = adapter.Habits(way=way)
    error = failure(PermanentError, server, model="missing-model")
    assert (error.code, str(error)) == (
        "model_not_found",
        "127.0.0.1 has no model “missing-model” for this key. Choose another in the workspace’s settings.",
    )
    assert len(server.log) == 1


def test_posts_over_the_context_are_permanent():
    with openai_api.running(context_tokens=20) as small:
        error = failure(PermanentError, small, asked=prompt("слово " * 100))
    assert error.code == "too_long"
    assert "maximum context length" in str(error)


def test_a_busy_endpoint_is_asked_later_as_it_says(server):
    server.faults.add("429", retry_after=17)
    error = failure(RetryableError, server)
    assert (error.code, error.retry_after) == ("rate_limited", 17.0)
    assert not isinstance(error, PaidError)
    assert len(server.log) == 1


def test_an_account_without_money_is_permanent(server):
    server.faults.add("429", code="insufficient_quota")
    assert failure(PermanentError, server).code == "quota_exceeded"


def test_a_broken_endpoint_is_asked_later(server):
    server.faults.add("500")
    error = failure(RetryableError, server)
    assert error.code == "vendor_down"
    assert "500" in str(error)
    assert len(server.log) == 1


@pytest.mark.parametrize(
    ("status", "vendor_code", "kind", "code"),
    [
        (400, "", PermanentError, "bad_request"),
        (400, "content_policy_violation", PermanentError, "refused"),
        (402, "", PermanentError, "quota_exceeded"),
        (403, "", PermanentError, "forbidden"),
        (408, "", RetryableError, "vendor_down"),
        (409, "", RetryableError, "vendor_down"),
        (413, "", PermanentError, "too_long"),
        (422, "", PermanentError, "bad_request"),
        (503, "", RetryableError, "vendor_down"),
    ],
)
def test_each_status_has_its_meaning(server, status, vendor_code, kind, code):
    server.faults.add("error", status=status, code=vendor_code, description="because of the weather")
    error = failure(kind, server)
    assert error.code == code
    if kind is PermanentError:
        assert "because of the weather" in str(error)


def test_an_address_without_any_endpoint_is_permanent(server):
    server.faults.add("error", status=404, description="Not Found")
    error = failure(PermanentError, server)
    assert (error.code, [entry.method for entry in server.log]) == (
        "no_endpoint",
        ["/v1/responses", "/v1/chat/completions"],
    )


def test_a_slow_endpoint_is_asked_later(server):
    server.faults.add("slow", seconds=3)
    assert failure(RetryableError, server, timeout_s=0.3).code == "timed_out"


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_connection_that_is_cut_is_retryable(server, fault):
    server.faults.add(fault)
    assert failure(RetryableError, server).code == "connect_failed"


def test_an_answer_that_is_not_json_is_retryable(server):
    server.faults.add("malformed")
    assert failure(RetryableError, server).code == "bad_answer"


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<html>log in</html>", content_type="text/html"),
        lambda: web.json_response({"status": "ok"}),
        lambda: web.json_response(["ok"]),
    ],
)
def test_an_answer_of_another_kind_is_retryable(way, answer):
    async def handler(_request: web.Request) -> web.Response:
        return answer()

    async def work() -> None:
        async with origin(handler) as port:
            url = f"http://127.0.0.1:{port}/v1"
            adapter.HABITS[(url, "gpt-4o-mini")] = adapter.Habits(way=way)
            await OpenAIWriter(endpoint(url)).write(prompt("Мост."))

    with pytest.raises(RetryableError) as caught:
        asyncio.run(work())
    assert caught.value.code == "bad_answer"


def test_a_filtered_answer_is_refused(server):
    _asked, work = ask_other([completion(None, finish="content_filter")])
    with pytest.raises(PermanentError) as caught:
        asyncio.run(work())
    assert caught.value.code == "refused"


def test_an_endpoint_that_is_away_is_retryable():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        writer = OpenAIWriter(endpoint(f"http://127.0.0.1:{closed.getsockname()[1]}/v1"))
        with pytest.raises(RetryableError) as caught:
            asyncio.run(writer.write(prompt("Мост.")))
    assert caught.value.code == "connect_failed"


def test_an_address_that_a_workspace_typed_is_under_guard(server):
    assert failure(PermanentError, server, is_own=True).code == "address_refused"
    assert server.log == []


def test_a_redirect_is_not_followed_with_the_key():
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"})

    async def work() -> None:
        async with origin(handler) as port:
            await OpenAIWriter(endpoint(f"http://127.0.0.1:{port}/v1")).write(prompt("Мост."))

    with pytest.raises(PermanentError) as caught:
        asyncio.run(work())
    assert caught.value.code == "bad_request"


def test_the_environment_names_no_proxy(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert write(server).title
