"""A stand-in for an OpenAI-compatible endpoint: responses, chat completions, embeddings, models.

From a shell: `python -m tests.servers.openai_api --port 0`. In a test: `with openai_api.running() as server:`, then
`server.base_url`, `server.log`, `server.faults.add("429", times=1, retry_after=2)`. The log's `method` is the path:
`/v1/responses`, `/v1/chat/completions`, `/v1/embeddings`; its `params` are the request's JSON.
"""

from __future__ import annotations

import argparse
import json
import re
from contextlib import AbstractContextManager
from typing import Any

from aiohttp import web

from tests.servers.faults import Fault
from tests.servers.hosting import Received, Reply, StandIn, hosted, received, shell
from tests.servers.openai_shown import show_completion, show_response
from tests.servers.openai_vectors import INPUTS_MAX, show_vectors
from tests.servers.openai_words import SchemaError, check_strict, tokens, written

# These reason first and take no temperature; the real endpoint refuses it.
REASONING = re.compile(r"^(o\d|gpt-5(-mini|-nano)?(-\d|$))")
FOREIGN = (
    "Die Brücke über den stillen Fluss ist seit heute offen. Der Bürgermeister hat das Band am Morgen durchschnitten. "
    "Die Arbeiten haben zwei Jahre gedauert und sind nicht teurer geworden. Für die Autos ist die Fahrt frei."
)


class ApiError(Exception):
    """A refusal in OpenAI's words."""

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param


class OpenAiServer(StandIn):
    """The endpoint. `models=None` knows any model but those named `missing…`."""

    def __init__(
        self,
        *,
        keys: list[str] | None = None,
        models: list[str] | None = None,
        context_tokens: int = 128_000,
        seed: int = 0,
    ) -> None:
        super().__init__(seed=seed)
        self.keys, self.models, self.context_tokens = keys, models, context_tokens
        self.vectors: dict[str, list[float]] = {}  # of texts that have these words in them
        self._count = 0

    @property
    def base_url(self) -> str:
        """What a client is given as its base URL."""
        return f"{self.url}/v1"

    def routes(self) -> list[web.RouteDef]:
        """The endpoint's addresses."""
        return [
            web.post("/v1/responses", self._call),
            web.post("/v1/chat/completions", self._call),
            web.post("/v1/embeddings", self._call),
            web.get("/v1/models", self._models),
        ]

    def fault_reply(self, fault: Fault) -> Reply:
        """A planned failure in OpenAI's words."""
        if fault.kind == "429":
            code = fault.code or "rate_limit_exceeded"
            words = {
                "insufficient_quota": "You exceeded your current quota, please check your plan and billing details."
            }
            reply = error_reply(429, words.get(code, "Rate limit reached for requests"), code=code)
            reply.outcome = "limited"
            reply.headers["retry-after"] = f"{fault.retry_after:g}"
            return reply
        if fault.kind == "500":
            return error_reply(500, fault.description or "The server had an error while processing your request.")
        return error_reply(fault.status, fault.description or "Invalid request", code=fault.code or None)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.json()
        except json.JSONDecodeError:
            body = {}
        entry = received(request, request.path, body)
        key = entry.headers.pop("Authorization", "").removeprefix("Bearer ")
        return await self.answer(request, entry, lambda: self.carry_out(entry, key))

    async def _models(self, request: web.Request) -> web.StreamResponse:
        entry = received(request, request.path, {})
        entry.headers.pop("Authorization", None)
        names = self.models or ["gpt-5-mini", "gpt-4o-mini"]
        rows = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "stand-in"} for name in names]
        return await self.answer(request, entry, lambda: Reply(200, {"object": "list", "data": rows}))

    def carry_out(self, entry: Received, key: str) -> Reply:
        """Write an answer, or refuse as OpenAI would."""
        if entry.method.endswith("embeddings"):
            return self._embed(entry, key)
        is_chat = entry.method.endswith("completions")
        try:
            self._check(entry.params, key, is_chat=is_chat)
            prompt, asked = text_in(entry.params, is_chat=is_chat), schema_in(entry.params, is_chat=is_chat)
            if tokens(prompt) > self.context_tokens:
                raise ApiError(
                    400,
                    f"This model's maximum context length is {self.context_tokens} tokens. However, your messages "
                    f"resulted in {tokens(prompt)} tokens. Please reduce the length of the messages.",
                    code="context_length_exceeded",
                    param="messages" if is_chat else "input",
                )
        except ApiError as exc:
            return error_reply(exc.status, str(exc), code=exc.code, param=exc.param)
        self._count += 1
        said = FOREIGN if entry.fault == "foreign" else last_user_text(entry.params, is_chat=is_chat)
        answer = written(said, asked)
        if entry.fault in {"garbled", "incomplete"}:
            answer = answer[: len(answer) // 2]
        show = show_completion if is_chat else show_response
        body = show(entry.params, answer, prompt, fault=entry.fault, number=self._count)
        return Reply(200, body, stored=True, headers={"x-request-id": f"req_{self._count:08d}"})

    def _embed(self, entry: Received, key: str) -> Reply:
        texts = entry.params.get("input") or []
        texts = [texts] if isinstance(texts, str) else texts
        try:
            self._check(entry.params, key, is_chat=True)
            if not 0 < len(texts) <= INPUTS_MAX or not all(texts):
                raise ApiError(400, "'$.input' is invalid.", param="input")
        except ApiError as exc:
            return error_reply(exc.status, str(exc), code=exc.code, param=exc.param)
        return Reply(200, show_vectors(entry.params, texts, known=self.vectors, fault=entry.fault), stored=True)

    def _check(self, body: dict[str, Any], key: str, *, is_chat: bool) -> None:
        if not key:
            raise ApiError(401, "You didn't provide an API key.")
        if self.keys is not None and key not in self.keys:
            raise ApiError(401, f"Incorrect API key provided: {key[:3]}***.", code="invalid_api_key")
        model = body.get("model")
        if not model:
            raise ApiError(400, "you must provide a model parameter")
        if model.startswith("missing") or (self.models is not None and model not in self.models):
            if is_chat:
                words = f"The model `{model}` does not exist or you do not have access to it."
                raise ApiError(404, words, code="model_not_found")
            raise ApiError(400, f"The requested model '{model}' does not exist.", code="model_not_found", param="model")
        if REASONING.match(model) and body.get("temperature") not in {None, 1}:
            words = "Unsupported parameter: 'temperature' is not supported with this model."
            raise ApiError(400, words, param="temperature", code="unsupported_value" if is_chat else None)
        if body.get("stream"):
            raise ApiError(400, "This stand-in does not stream.", param="stream")


def text_in(body: dict[str, Any], *, is_chat: bool) -> str:
    """All text of a request."""
    messages = body.get("messages" if is_chat else "input", "")
    if isinstance(messages, str):
        return f"{body.get('instructions') or ''}\n{messages}".strip()
    return "\n".join([body.get("instructions") or "", *(content_text(message.get("content")) for message in messages)])


def last_user_text(body: dict[str, Any], *, is_chat: bool) -> str:
    """What the user said last, of which the answer is made."""
    messages = body.get("messages" if is_chat else "input", "")
    if isinstance(messages, str):
        return messages
    said = [content_text(message.get("content")) for message in messages if message.get("role") == "user"]
    return said[-1] if said else text_in(body, is_chat=is_chat)


def content_text(content: Any) -> str:
    """A message's text, given whole or in parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def schema_in(body: dict[str, Any], *, is_chat: bool) -> dict[str, Any] | None:
    """The JSON schema that the answer is asked to have.

    Raises:
        ApiError: a strict schema is not one.
    """
    asked = body.get("response_format") if is_chat else (body.get("text") or {}).get("format")
    if not asked or asked.get("type") == "text":
        return None
    if asked.get("type") == "json_object":
        return {"type": "object", "properties": {"text": {"type": "string"}}}
    if is_chat:
        asked = asked.get("json_schema", {})
    param = "response_format" if is_chat else "text.format.schema"
    if not asked.get("name") or not isinstance(asked.get("schema"), dict):
        raise ApiError(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")
    if asked.get("strict"):
        try:
            check_strict(asked["schema"])
        except SchemaError as exc:
            words = f"Invalid schema for response_format '{asked['name']}': {exc}"
            raise ApiError(400, words, param=param, code="invalid_json_schema") from exc
    schema: dict[str, Any] = asked["schema"]
    return schema


def error_reply(status: int, message: str, *, code: str | None = None, param: str | None = None) -> Reply:
    """An error in OpenAI's envelope."""
    kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
    if code == "insufficient_quota":
        kind = code
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Reply(status, body, outcome="refused")


def running(**options: Any) -> AbstractContextManager[OpenAiServer]:
    """Run the stand-in in a thread; the options are those of `OpenAiServer`."""
    return hosted(OpenAiServer(**options))


def main() -> None:
    """Run it from a shell."""
    parser = argparse.ArgumentParser(description="A stand-in for an OpenAI-compatible endpoint.")
    parser.add_argument("--key", action="append", help="the only keys known; any by default")
    parser.add_argument("--model", action="append", help="the only models known; any by default")
    parser.add_argument("--context-tokens", type=int, default=128_000)
    shell(
        lambda options: OpenAiServer(
            keys=options.key, models=options.model, context_tokens=options.context_tokens, seed=options.seed
        ),
        parser,
    )


if __name__ == "__main__":
    main()
