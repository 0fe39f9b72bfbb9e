"""A receiver of webhooks on loopback that believes nothing: it checks signature, time and key."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "made up for tests"


@dataclass
class Receiver:
    """What came in, and what is answered.

    Attributes:
        told: the bodies of requests with a right signature, each key once.
        keys: the key of every request, also of those that were refused or repeated.
        answers: (status, headers) of the next answers; "cut" takes the request and breaks off. Then 204.
    """

    url: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    forged: int = 0

    def take(self, headers: Any, body: bytes) -> Any:
        """Check a request and say what to answer."""
        stamp, key = headers["X-Pult-Timestamp"], headers["Idempotency-Key"]
        right = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        self.keys.append(key)
        if not hmac.compare_digest(headers["X-Pult-Signature"], f"v1={right}"):
            self.forged += 1
            return 401, {}
        answer = self.answers.pop(0) if self.answers else (204, {"X-Message-Id": "m-1"})
        if answer == "cut" or 200 <= answer[0] < 300:
            self.told.setdefault(key, json.loads(body))
        return answer


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run one."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = receiver.take(self.headers, body)
            if answer == "cut":
                self.close_connection = True
                return
            status, headers = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
