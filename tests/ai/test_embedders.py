"""Vectors of texts: the endpoint that speaks the real protocol, failures included, and the count of words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from apps.ai.adapters.offline_embeddings import DIMENSIONS, OfflineEmbedder
from apps.ai.adapters.openai_embeddings import OpenAIEmbedder
from apps.ai.embedders import (
    embedder_for,
    embedder_name,
    embedding_endpoint_of,
    vectors_budget_check,
    vectors_paid,
)
from apps.ai.embedding_ports import Vectors
from apps.ai.models import Spend
from apps.ai.ports import PaidError, PaidRetryableError, Usage
from apps.core.errors import PermanentError, PultError, RetryableError
from tests.accounts.factories import WorkspaceFactory
from tests.ai.factories import endpoint
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer

TEXTS = ("Мост через Тихую открыли утром.", "Склад в порту потушен.", "Утром открыт мост через Тихую.")


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAiServer]:
    with openai_api.running(keys=["sk-test"], models=["vectors-1"]) as server:
        yield server


@pytest.fixture
def server(running: OpenAiServer) -> OpenAiServer:
    running.log.clear()
    running.faults.clear()
    running.vectors.clear()
    return running


def embed(server: OpenAiServer, texts: tuple[str, ...] = TEXTS, **changes: Any) -> Vectors:
    told = {"model": "vectors-1", "price_output_usd": Decimal(0), **changes}
    return asyncio.run(OpenAIEmbedder(endpoint(server.base_url, **told)).embed(texts))


def failure(kind: type[PultError], server: OpenAiServer, **changes: Any) -> Any:
    with pytest.raises(kind) as caught:
        embed(server, **changes)
    return caught.value


def alike(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    return sum(one * other for one, other in zip(first, second, strict=True))


def test_all_texts_go_in_one_request_and_their_vectors_come_in_order(server: OpenAiServer) -> None:
    server.vectors.update({"порту": [0.0, 2.0], "Мост": [3.0, 4.0], "мост": [1.0, 0.0]})
    came = embed(server)
    (asked,) = server.log
    assert asked.method == "/v1/embeddings"
    assert asked.params == {"input": list(TEXTS), "model": "vectors-1", "encoding_format": "float"}
    assert came.vectors == ((3.0, 4.0), (0.0, 2.0), (1.0, 0.0))
    assert (came.writer, came.model) == ("openai", "vectors-1")
    assert came.usage.input_tokens > 0
    assert came.usage.output_tokens == 0
    assert came.usage.cost_usd == Decimal(came.usage.input_tokens) / 1_000_000


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        ("slow", {"seconds": 1.5}, "timed_out"),
        ("429", {"retry_after": 40}, "rate_limited"),
        ("500", {}, "vendor_down"),
        ("malformed", {}, "bad_answer"),
        ("cut_before", {}, "connect_failed"),
    ],
)
def test_what_may_pass_is_retryable_and_unpaid(
    server: OpenAiServer, fault: str, options: dict[str, Any], code: str
) -> None:
    server.faults.add(fault, times=1, **options)
    error = failure(RetryableError, server, timeout_s=0.5)
    assert not isinstance(error, PaidError)
    assert error.code == code
    assert error.retry_after == (40 if fault == "429" else None)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("incomplete", "2 vectors came for 3 texts"),
        ("foreign", "different lengths"),
        ("garbled", "not made of numbers"),
    ],
)
def test_vectors_of_no_use_are_retryable_and_paid(server: OpenAiServer, fault: str, words: str) -> None:
    server.faults.add(fault, times=1)
    error = failure(PaidRetryableError, server)
    assert error.code == "bad_answer"
    assert words in str(error)
    assert error.usage.input_tokens > 0
    assert (error.writer, error.model) == ("openai", "vectors-1")


def test_a_vector_of_noughts_is_of_no_use(server: OpenAiServer) -> None:
    server.vectors["порту"] = [0.0, 0.0]
    assert "noughts" in str(failure(PaidRetryableError, server))


@pytest.mark.parametrize(
    ("changes", "fault", "code"),
    [
        ({"key": "sk-wrong"}, {}, "bad_key"),
        ({"model": "missing-1"}, {}, "model_not_found"),
        ({}, {"status": 403}, "forbidden"),
        ({}, {"status": 400, "code": "content_filter"}, "refused"),
        ({}, {"status": 402}, "quota_exceeded"),
    ],
)
def test_what_will_not_pass_is_permanent(
    server: OpenAiServer, changes: dict[str, Any], fault: dict[str, Any], code: str
) -> None:
    if fault:
        server.faults.add("error", times=1, **fault)
    assert failure(PermanentError, server, **changes).code == code


def test_words_counted_offline_are_alike_where_the_words_are() -> None:
    embedder = OfflineEmbedder()
    came = asyncio.run(embedder.embed([*TEXTS, "", "Мост через Тихую открыли утром."]))
    assert {len(vector) for vector in came.vectors} == {DIMENSIONS}
    assert all(abs(alike(vector, vector) - 1) < 1e-9 for vector in came.vectors)
    bridge, fire, again, _empty, same = came.vectors
    assert same == bridge
    assert alike(bridge, again) > 0.5 > alike(bridge, fire) + 0.3
    assert came.usage == Usage()
    assert embedder.is_free


@pytest.mark.django_db
def test_nobody_makes_vectors_unless_somebody_is_set_up(settings: Any) -> None:
    workspace = WorkspaceFactory.create()
    assert embedder_for(workspace) is None
    settings.AI_EMBEDDER = "offline"
    assert isinstance(embedder_for(workspace), OfflineEmbedder)
    settings.AI_EMBEDDER, settings.AI_EMBEDDING_MODEL = "openai", "vectors-2"
    found = embedder_for(workspace)
    assert isinstance(found, OpenAIEmbedder)
    assert found.model == "vectors-2"


@pytest.mark.django_db
def test_an_address_of_its_own_has_its_own_key_and_model(settings: Any) -> None:
    settings.AI_API_KEY = "sk-installation"
    workspace = WorkspaceFactory.create(ai_api_url="https://models.example.org/v1", ai_embedding_model="own-1")
    assert embedder_name(workspace) == "openai"
    told = embedding_endpoint_of(workspace)
    assert (told.url, told.key, told.model) == ("https://models.example.org/v1", "", "own-1")


@pytest.mark.django_db
def test_what_vectors_may_cost_is_reserved_and_then_paid(settings: Any) -> None:
    settings.AI_EMBEDDER, settings.AI_EMBEDDING_PRICE_USD, settings.AI_DAILY_BUDGET_USD = "openai", 1000.0, 1.0
    workspace = WorkspaceFactory.create()
    embedder = embedder_for(workspace)
    assert embedder is not None
    vectors_budget_check(workspace=workspace, embedder=embedder, texts=["слово " * 100], target="look:1")
    reserved = Spend.objects.get()
    assert reserved.reserved_until is not None
    assert (reserved.purpose, reserved.cost_usd) == ("vectors", Decimal("0.301"))
    with pytest.raises(PermanentError) as caught:
        vectors_budget_check(workspace=workspace, embedder=embedder, texts=["слово " * 300], target="look:2")
    assert caught.value.code == "budget_spent"
    usage = Usage(250, 0, Decimal("0.25"))
    vectors_paid(workspace=workspace, usage=usage, writer="openai", model="vectors-1", target="look:1")
    paid = Spend.objects.get()
    assert (paid.reserved_until, paid.cost_usd, paid.input_tokens) == (None, Decimal("0.25"), 250)


@pytest.mark.django_db
def test_what_is_free_needs_no_budget(settings: Any) -> None:
    settings.AI_DAILY_BUDGET_USD = 0.0
    workspace = WorkspaceFactory.create()
    vectors_budget_check(workspace=workspace, embedder=OfflineEmbedder(), texts=["слово"], target="look:1")
    assert not Spend.objects.exists()
