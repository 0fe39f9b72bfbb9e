"""The embedder over any OpenAI-compatible endpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any

import openai
from django.utils.translation import gettext as _

from apps.ai.adapters.openai_errors import failure, unreadable
from apps.ai.embedding_ports import Vectors
from apps.ai.endpoints import Endpoint, cost_of
from apps.ai.ports import Usage, paid
from apps.core import http
from apps.core.errors import RetryableError

NAME = "openai"
ANSWER_BYTES = 30_000_000  # 128 vectors of 4,096 numbers, written out
CHARACTERS_A_TOKEN = 3


class OpenAIEmbedder:
    """Asks one endpoint for the vectors of one model; `endpoint.model` is that model, with its price."""

    is_free = False

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def model(self) -> str:
        """The model's name at the endpoint."""
        return self._endpoint.model

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Ask once for the vectors of all texts.

        Raises:
            RetryableError: codes timed_out, connect_failed, rate_limited, vendor_down, bad_answer.
            PermanentError: codes bad_key, forbidden, no_endpoint, model_not_found, too_long, refused, quota_exceeded,
                bad_request, and those of `core.http`.
            PaidError: code bad_answer, where the answer was counted.
        """
        endpoint = self._endpoint
        client = http.sdk_client(
            guard=http.guard_for("" if endpoint.is_own else endpoint.url),
            timeout_s=endpoint.timeout_s,
            max_bytes=ANSWER_BYTES,
            proxy=endpoint.proxy,
        )
        async with openai.AsyncOpenAI(
            api_key=endpoint.key or "none",
            base_url=endpoint.url,
            max_retries=0,
            timeout=endpoint.timeout_s,
            http_client=client,
        ) as sdk:
            host = str(sdk.base_url.host)
            try:
                # Plain numbers: many an endpoint does not know the packed form that the SDK asks for by itself.
                reply = await sdk.embeddings.create(model=endpoint.model, input=list(texts), encoding_format="float")
            except openai.OpenAIError as exc:
                raise failure(exc, model=endpoint.model, host=host) from exc
            except (json.JSONDecodeError, ValueError) as exc:
                raise unreadable(host) from exc
        if not isinstance(getattr(reply, "data", None), list):
            raise unreadable(host)
        usage = self._usage(reply, texts)
        try:
            vectors = read(reply.data, many=len(texts))
        except RetryableError as exc:
            raise paid(exc, usage=usage, writer=NAME, model=endpoint.model) from exc
        return Vectors(vectors, writer=NAME, model=endpoint.model, usage=usage)

    def _usage(self, reply: Any, texts: Sequence[str]) -> Usage:
        """What an answer took; an endpoint that counts no tokens is counted by the length of the texts."""
        told = getattr(getattr(reply, "usage", None), "prompt_tokens", None)
        tokens = told if isinstance(told, int) and told > 0 else tokens_of(texts)
        return Usage(tokens, 0, cost_of(self._endpoint, input_tokens=tokens, output_tokens=0))


def tokens_of(texts: Sequence[str]) -> int:
    """About how many tokens some texts have."""
    return sum(len(text) // CHARACTERS_A_TOKEN + 1 for text in texts)


def read(rows: Sequence[Any], *, many: int) -> tuple[tuple[float, ...], ...]:
    """The vectors of an answer in the order of what was asked.

    Raises:
        RetryableError: code bad_answer: too few or too many, of different lengths, or no directions at all.
    """
    if len(rows) != many:
        raise bad_answer(_("%(got)d vectors came for %(asked)d texts") % {"got": len(rows), "asked": many})
    places = [getattr(row, "index", None) for row in rows]
    if sorted(place for place in places if isinstance(place, int)) == list(range(many)):
        rows = sorted(rows, key=lambda row: row.index)
    vectors = []
    for row in rows:
        vector = getattr(row, "embedding", None)
        if not isinstance(vector, list) or not all(isinstance(one, int | float) and isfinite(one) for one in vector):
            raise bad_answer(_("a vector is not made of numbers"))
        if not any(vector):
            raise bad_answer(_("a vector is nothing but noughts"))
        vectors.append(tuple(map(float, vector)))
    if len({len(vector) for vector in vectors}) > 1:
        raise bad_answer(_("the vectors are of different lengths"))
    return tuple(vectors)


def bad_answer(why: str) -> RetryableError:
    """The failure of an answer that has the API's form, and no use."""
    return RetryableError(_("The AI endpoint answered with vectors of no use: %s.") % why, code="bad_answer")
