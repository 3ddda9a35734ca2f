"""A real HTTP server that offers any models, in OpenAI's format. It answers nothing else.

with ModelsUpstream(["one", "two"]) as upstream: ...  # `upstream.url`, `upstream.requests`
"""

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class ModelsUpstream:
    """`models` and `status` may be changed while it runs; `gate` is waited for before an answer."""

    def __init__(self, models: Sequence[str | dict[str, Any]] = (), status: int = 200) -> None:
        self.models, self.status = list(models), status
        self.requests: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def url(self) -> str:
        """As a base URL is written."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self) -> dict[str, Any]:
        """The list, or an error that says so."""
        if self.status != 200:
            return {"error": {"message": "The box is on <b>fire</b>.", "type": "x", "code": "x"}}
        rows = [{"id": each} if isinstance(each, str) else each for each in self.models]
        return {"object": "list", "data": [{"object": "model", **row} for row in rows]}

    def __enter__(self) -> Self:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream.requests.append(self.path)
                upstream.gate.wait(60)
                body = json.dumps(upstream.answer()).encode()
                self.send_response(upstream.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: pytest shows what tests print."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
