"""The illustrator behind a plain address: one request, one picture."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.ai.adapters.paid_once import SILENT, unheard, unless_left
from apps.ai.picture_ports import Picture, PictureAsk, Pictures
from apps.core import http
from apps.core.errors import PultError, RetryableError, UnknownOutcomeError

PICTURE_BYTES = 20_000_000
LONGEST_S = 60.0  # a picture: four of them end within the lease of their row
KINDS = ("image/png", "image/jpeg", "image/webp")


class HttpIllustrator:
    """Fetches `template` with {prompt}, {width}, {height} and {seed} put in, once for each candidate."""

    def __init__(self, template: str, *, price_usd: Decimal) -> None:
        self._template, self._price = template, price_usd

    @property
    def label(self) -> str:
        """How it is named to a person."""
        return urlsplit(self._template).hostname or "http"

    @property
    def may_repeat(self) -> bool:
        """An address that costs nothing may be asked as often as it takes."""
        return self._price <= 0

    def price_of(self, count: int) -> Decimal:
        """The price of one, so many times."""
        return self._price * count

    async def draw(self, ask: PictureAsk) -> Pictures:
        """Fetch the candidates one after the other; where one fails, those before it are the answer.

        Raises:
            RetryableError, PermanentError: as `core.http` says.
            UnknownOutcomeError: no answer came, or one that is no picture.
        """
        pictures: list[Picture] = []
        problem, doubtful, parts = "", 0, urlsplit(self._template)
        async with http.session(guard=http.guard_for(f"{parts.scheme}://{parts.netloc}")) as client:
            for seed in range(1, ask.count + 1):
                try:
                    pictures.append(await drawn(client, self._address(ask, seed)))
                except PultError as exc:
                    if not pictures:
                        raise
                    problem, doubtful = str(exc), isinstance(exc, UnknownOutcomeError)
                    break
        cost = self.price_of(len(pictures) + doubtful)  # what may have been made is reckoned as paid for
        return Pictures(tuple(pictures), provider=self.label, cost_usd=cost, problem=problem)

    def _address(self, ask: PictureAsk, seed: int) -> str:
        """The template, filled in."""
        url = self._template
        for name, value in (("width", ask.width), ("height", ask.height), ("seed", seed)):
            url = url.replace(f"{{{name}}}", str(value))
        return url.replace("{prompt}", quote(ask.prompt, safe=""))


async def drawn(client: http.Session, url: str) -> Picture:
    """Fetch one picture.

    Raises:
        RetryableError, PermanentError: as `core.http` says.
        UnknownOutcomeError: no answer came, or one that is no picture, code bad_answer.
    """
    limit = min(float(settings.AI_TIMEOUT_S), LONGEST_S)
    try:
        answer = await client.fetch(url, max_bytes=PICTURE_BYTES, timeout_s=limit, quiet_s=limit)
    except PultError as exc:
        raise unheard(exc) from exc
    try:
        fetched = answer.expect()
    except RetryableError as exc:
        raise (unless_left(exc, None) if answer.status in SILENT else exc) from exc
    if (fetched.headers.get("Content-Type") or "").partition(";")[0].strip().lower() not in KINDS:
        raise UnknownOutcomeError(_("The provider answered with something that is no picture."), code="bad_answer")
    return Picture(fetched.body)
