"""A program to talk to: repeats what it is told. Needs nothing but Python.

    python endpoint.py 8080

Then add the address http://127.0.0.1:8080/ under Settings, Providers, as a Webhook.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Endpoint(BaseHTTPRequestHandler):
    """Both halves of the protocol."""

    # Without chunks a reply that ends and one that breaks off look the same.
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The models that people can choose."""
        body = json.dumps({"models": [{"id": "parrot", "name": "A parrot"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """A reply, line by line."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        words = asked["messages"][-1]["content"].split()
        for word in ["You", "said:", *words]:
            self._say({"text": f"{word} "})
            time.sleep(0.02)
        self._say({"usage": {"input_tokens": len(words), "output_tokens": len(words) + 2}})
        self._say({"done": "stop"})
        self.wfile.write(b"0\r\n\r\n")

    def _say(self, event: dict[str, object]) -> None:
        line = json.dumps(event).encode() + b"\n"
        self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Endpoint)
    print(f"Listening at http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
