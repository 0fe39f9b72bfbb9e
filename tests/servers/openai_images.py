"""A stand-in for an OpenAI-compatible images endpoint: `with openai_images.running() as server:`, `server.base_url`.

Pictures are real PNGs; `server.by_address` hands them out behind addresses instead of in the answer.
"""

from __future__ import annotations

import base64
import io
from contextlib import AbstractContextManager
from typing import Any

from aiohttp import web
from PIL import Image

from tests.servers.faults import Fault
from tests.servers.hosting import Reply, StandIn, hosted, received


def png(width: int = 320, height: int = 180, colour: str = "#336699") -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


class ImagesServer(StandIn):
    """The endpoint."""

    def __init__(self, *, by_address: bool = False, broken: bool = False) -> None:
        super().__init__()
        self.by_address, self.broken = by_address, broken

    @property
    def base_url(self) -> str:
        """What a client is given as its base URL."""
        return f"{self.url}/v1"

    def routes(self) -> list[web.RouteDef]:
        """Making pictures, and fetching them."""
        return [web.post("/v1/images/generations", self._make), web.get("/made/{number}.png", self._made)]

    def fault_reply(self, fault: Fault) -> Reply:
        """A planned failure in OpenAI's words."""
        code = "content_policy_violation" if fault.status == 400 else None
        error = {"message": fault.description or "failed", "type": "error", "code": code}
        return Reply(429 if fault.kind == "429" else fault.status or 500, {"error": error})

    async def _make(self, request: web.Request) -> web.StreamResponse:
        params = await request.json()
        entry = received(request, "/v1/images/generations", params)
        return await self.answer(request, entry, lambda: Reply(200, {"created": 1, "data": self._data(params)}))

    def _data(self, params: dict[str, Any]) -> list[dict[str, str]]:
        found = []
        for number in range(int(params.get("n", 1))):
            if self.by_address:
                found.append({"url": f"{self.url}/made/{number}.png"})
            else:
                content = b"no picture" if self.broken else png(colour=f"#33{number}0ff")
                found.append({"b64_json": base64.b64encode(content).decode()})
        return found

    async def _made(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        return web.Response(body=png(colour=f"#99{number}000"), content_type="image/png")


def running(**options: Any) -> AbstractContextManager[ImagesServer]:
    """Run the stand-in in a thread."""
    return hosted(ImagesServer(**options))
