"""The writer over any OpenAI-compatible endpoint.

Three ways to ask for the same JSON, the newest first: the Responses API with a schema, chat completions with a schema,
chat completions with plain JSON. An endpoint that lacks one is asked the next, and what was learnt about an endpoint
and a model is kept for the life of the process.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import openai
from django.utils.translation import gettext as _

from apps.ai.adapters.openai_errors import failure, refused, unreadable
from apps.ai.draft_json import SCHEMA, MalformedDraftError, read_draft
from apps.ai.endpoints import Endpoint, cost_of
from apps.ai.ports import Draft, Prompt, Usage, paid
from apps.core import http
from apps.core.errors import PermanentError, RetryableError

ANSWER_TOKENS = 8_000
ANSWER_BYTES = 2_000_000
# A malformed answer is asked for once more on the spot; after that the row comes back later.
ASKED_AT_MOST = 2
CHARACTERS_A_TOKEN = 3
VARIANT_TEMPERATURE = 0.9
NAME = "openai"


@dataclass(frozen=True)
class Habits:
    """What an endpoint and a model turned out to take."""

    way: int = 0
    takes_temperature: bool = True


HABITS: dict[tuple[str, str], Habits] = {}


@dataclass(frozen=True)
class Answer:
    """What came back, before it is read as a draft."""

    text: str
    usage: Usage
    # Why the model will not write; such an answer is paid for too.
    refusal: str = ""


class OpenAIWriter:
    """Writes through one endpoint with one model."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def label(self) -> str:
        """How it is named to a person."""
        return self._endpoint.model

    async def write(self, prompt: Prompt) -> Draft:
        """Write one draft.

        Raises:
            RetryableError: codes timed_out, connect_failed, rate_limited, vendor_down, bad_answer, malformed_output.
            PermanentError: codes bad_key, forbidden, no_endpoint, model_not_found, too_long, refused, quota_exceeded,
                bad_request, and those of `core.http` (address_refused and the like).
            PaidError: any of these after an answer that was counted.
        """
        async with self._client() as client:
            return await self._write(client, prompt)

    async def _write(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Draft:
        """Ask until there is a draft; a failure takes what the answers before it cost."""
        usage, came = Usage(), ""
        try:
            for _attempt in range(ASKED_AT_MOST):
                answer = await self._ask(client, prompt)
                usage += answer.usage
                came = answer.text or came
                if answer.refusal:
                    raise refused(answer.refusal)
                try:
                    fields = read_draft(answer.text)
                except MalformedDraftError as exc:
                    wrong = exc
                    continue
                return Draft(
                    title=fields.title,
                    lead=fields.lead,
                    body=fields.body,
                    tags=fields.tags,
                    writer=NAME,
                    model=self._endpoint.model,
                    usage=usage,
                )
            raise malformed(self._endpoint.model, wrong)
        except (RetryableError, PermanentError) as exc:
            if usage == Usage():
                raise
            raise paid(exc, usage=usage, writer=NAME, model=self._endpoint.model, answer=came) from exc

    def _client(self) -> openai.AsyncOpenAI:
        """The SDK over the guarded client; its own retries are off, because rows are retried."""
        endpoint = self._endpoint
        guard = http.guard_for("" if endpoint.is_own else endpoint.url)
        return openai.AsyncOpenAI(
            # Local endpoints take no key, but the SDK wants one.
            api_key=endpoint.key or "none",
            base_url=endpoint.url,
            max_retries=0,
            timeout=endpoint.timeout_s,
            http_client=http.sdk_client(
                guard=guard, timeout_s=endpoint.timeout_s, max_bytes=ANSWER_BYTES, proxy=endpoint.proxy
            ),
        )

    async def _ask(self, client: openai.AsyncOpenAI, prompt: Prompt) -> Answer:
        """Ask in the newest way that the endpoint takes."""
        key = (self._endpoint.url, self._endpoint.model)
        ways: tuple[Callable[..., Awaitable[Answer]], ...] = (self._by_responses, self._by_chat, self._by_plain_chat)
        while True:
            habits = HABITS.get(key, Habits())
            options = {"temperature": self._temperature(prompt)} if habits.takes_temperature else {}
            try:
                return await ways[habits.way](client, prompt, options)
            except openai.OpenAIError as exc:
                learnt = learn(habits, exc, last=len(ways) - 1)
                if learnt is None:
                    raise failure(exc, model=self._endpoint.model, host=str(client.base_url.host)) from exc
                HABITS[key] = learnt
            except json.JSONDecodeError as exc:
                raise unreadable(str(client.base_url.host)) from exc

    def _temperature(self, prompt: Prompt) -> float:
        """How freely to write: further variants of one prompt have to differ from the first."""
        own = self._endpoint.temperature
        return own if prompt.variant == 1 else max(own, VARIANT_TEMPERATURE)

    async def _by_responses(self, client: openai.AsyncOpenAI, prompt: Prompt, options: dict[str, Any]) -> Answer:
        reply = await client.responses.create(
            model=self._endpoint.model,
            instructions=prompt.system,
            input=prompt.user,
            text={"format": {"type": "json_schema", "name": "draft", "schema": SCHEMA, "strict": True}},
            max_output_tokens=ANSWER_TOKENS,
            store=False,
            **options,
        )
        if not has_list(reply, "output"):
            raise unreadable(str(client.base_url.host))
        parts = [part for item in reply.output if item.type == "message" for part in item.content]
        refusal = next((part.refusal or "refusal" for part in parts if part.type == "refusal"), "")
        if reply.incomplete_details is not None and reply.incomplete_details.reason == "content_filter":
            refusal = refusal or "content_filter"
        counted = reply.usage
        return self._answer(
            prompt,
            reply.output_text,
            None if counted is None else (counted.input_tokens, counted.output_tokens),
            refusal,
        )

    async def _by_chat(self, client: openai.AsyncOpenAI, prompt: Prompt, options: dict[str, Any]) -> Answer:
        wanted = {"type": "json_schema", "json_schema": {"name": "draft", "schema": SCHEMA, "strict": True}}
        return await self._chat(client, prompt, {**options, "response_format": wanted})

    async def _by_plain_chat(self, client: openai.AsyncOpenAI, prompt: Prompt, options: dict[str, Any]) -> Answer:
        return await self._chat(client, prompt, {**options, "response_format": {"type": "json_object"}})

    async def _chat(self, client: openai.AsyncOpenAI, prompt: Prompt, options: dict[str, Any]) -> Answer:
        reply = await client.chat.completions.create(
            model=self._endpoint.model,
            messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            **options,
        )
        if not has_list(reply, "choices"):
            raise unreadable(str(client.base_url.host))
        choice = reply.choices[0] if reply.choices else None
        refusal = ""
        if choice is not None and (choice.message.refusal or choice.finish_reason == "content_filter"):
            refusal = choice.message.refusal or "content_filter"
        counted = reply.usage
        return self._answer(
            prompt,
            (choice.message.content if choice else None) or "",
            None if counted is None else (counted.prompt_tokens, counted.completion_tokens),
            refusal,
        )

    def _answer(self, prompt: Prompt, text: str, counted: tuple[int, int] | None, refusal: str) -> Answer:
        """An answer with its cost; an endpoint that counts no tokens is counted by the length of the texts."""
        tokens_in, tokens_out = counted or (
            (len(prompt.system) + len(prompt.user)) // CHARACTERS_A_TOKEN,
            len(text) // CHARACTERS_A_TOKEN,
        )
        cost: Decimal = cost_of(self._endpoint, input_tokens=tokens_in, output_tokens=tokens_out)
        return Answer(text, Usage(tokens_in, tokens_out, cost), refusal)


def has_list(reply: object, name: str) -> bool:
    """Whether an answer has the list that it must have; the SDK hands on a web page or another JSON as it came."""
    return isinstance(getattr(reply, name, None), list)


def malformed(model: str, reason: MalformedDraftError) -> RetryableError:
    """The failure of answers that are not the draft that was asked for."""
    return RetryableError(
        _("The model “%(model)s” did not answer as asked: %(reason)s. Asked again; if that goes on, choose another.")
        % {"model": model, "reason": reason},
        code="malformed_output",
    )


def learn(habits: Habits, exc: openai.OpenAIError, *, last: int) -> Habits | None:
    """What an error teaches about an endpoint; None where asking otherwise would not help."""
    if not isinstance(exc, openai.APIStatusError) or exc.status_code not in (400, 404, 405, 422, 501):
        return None
    told = f"{exc.param or ''} {exc.message}".lower()
    if habits.takes_temperature and "temperature" in told:
        return replace(habits, takes_temperature=False)
    if exc.code == "model_not_found":
        return None
    no_such_way = habits.way == 0 and exc.status_code in (404, 405, 501)
    no_such_format = any(word in told for word in ("response_format", "json_schema", "text.format", "schema"))
    if habits.way < last and (no_such_way or no_such_format):
        return replace(habits, way=habits.way + 1)
    return None
