"""The illustrator over any OpenAI-compatible images endpoint."""

from __future__ import annotations

import base64
import binascii
import json
from decimal import Decimal

import openai
from django.utils.translation import gettext as _

from apps.ai.adapters.openai_errors import failure, unreadable
from apps.ai.adapters.paid_once import SILENT, unless_left
from apps.ai.endpoints import Endpoint
from apps.ai.picture_ports import Picture, PictureAsk, Pictures
from apps.core import http
from apps.core.errors import PultError, RetryableError, UnknownOutcomeError

NAME = "openai"
ANSWER_BYTES = 60_000_000  # four pictures in base64
PICTURE_BYTES = 20_000_000


class OpenAIIllustrator:
    """Asks one endpoint for pictures by one model."""

    def __init__(self, endpoint: Endpoint, *, model: str, size: str, price_usd: Decimal) -> None:
        self._endpoint, self._model, self._size, self._price = endpoint, model, size, price_usd

    @property
    def label(self) -> str:
        """How it is named to a person."""
        return self._model

    @property
    def may_repeat(self) -> bool:
        """A model is paid for each time."""
        return False

    def price_of(self, count: int) -> Decimal:
        """The price of one, so many times."""
        return self._price * count

    async def draw(self, ask: PictureAsk) -> Pictures:
        """Ask once for all candidates; they come in the answer or behind addresses of their own.

        Raises:
            RetryableError: codes connect_failed, rate_limited, vendor_down.
            UnknownOutcomeError: codes timed_out, connect_failed, vendor_down, bad_answer: pictures may have been made.
            PermanentError: codes bad_key, forbidden, model_not_found, refused, quota_exceeded, bad_request.
        """
        client = http.sdk_client(
            guard=http.guard_for("" if self._endpoint.is_own else self._endpoint.url),
            timeout_s=self._endpoint.timeout_s,
            max_bytes=ANSWER_BYTES,
            proxy=self._endpoint.proxy,
        )
        async with openai.AsyncOpenAI(
            api_key=self._endpoint.key or "none", base_url=self._endpoint.url, max_retries=0, http_client=client
        ) as sdk:
            try:
                answer = await sdk.images.generate(model=self._model, prompt=ask.prompt, n=ask.count, size=self._size)
            except openai.OpenAIError as exc:
                raise told(exc, model=self._model, host=str(sdk.base_url.host)) from exc
            except json.JSONDecodeError as exc:
                raise unless_left(unreadable(str(sdk.base_url.host)), None) from exc
        if not answer.data:
            raise UnknownOutcomeError(_("The endpoint answered without a picture."), code="bad_answer")
        found, problem = [], ""
        for one in answer.data:
            try:
                found.append(Picture(await content_of(one.b64_json, one.url)))
            except PultError as exc:  # asking again would be paid again
                problem = str(exc)
        cost = self.price_of(len(answer.data))
        return Pictures(tuple(found[: ask.count]), provider=NAME, model=self._model, cost_usd=cost, problem=problem)


def told(exc: openai.OpenAIError, *, model: str, host: str) -> PultError:
    """The failure that an error of the SDK stands for; of unknown outcome where the pictures may have been made."""
    known = failure(exc, model=model, host=host)
    if isinstance(exc, openai.APIStatusError):
        return unless_left(known, None) if exc.status_code in SILENT else known
    # An answer that can't be read came all the same.
    return unless_left(known, exc.__cause__ if isinstance(exc, openai.APIConnectionError) else None)


async def content_of(encoded: str | None, url: str | None) -> bytes:
    """The bytes of one picture of an answer."""
    if encoded:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise RetryableError(_("The endpoint's picture could not be read."), code="bad_answer") from exc
    if url:
        fetched = await http.fetch(url, max_bytes=PICTURE_BYTES)
        return fetched.expect().body
    raise RetryableError(_("The endpoint answered without a picture."), code="bad_answer")
