"""A bucket over HTTP, as much of S3's protocol as keeping files needs.

with Bucket() as bucket:
    Server(tmp_path, env=bucket.environment)
"""

import threading
from collections import defaultdict
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

NAME: Final = "uploads"
ACCESS_KEY: Final = "AKIAPLANTED"
SECRET_KEY: Final = "planted-secret-key-of-the-bucket"


class Bucket:
    """Objects by key. `modified` can be changed to make one old; `requests` are all that came."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.modified: dict[str, datetime] = {}
        self.parts: dict[str, dict[int, bytes]] = defaultdict(dict)
        self.requests: list[tuple[str, str]] = []
        self.is_down = False

    def __enter__(self) -> Self:
        bucket = self

        class Handler(_Handler):
            pass

        Handler.bucket = bucket
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a site that keeps its uploads here."""
        return {
            "STORAGE_S3_BUCKET": NAME,
            "STORAGE_S3_ENDPOINT": self.url,
            "STORAGE_S3_REGION": "eu-central-1",
            "STORAGE_S3_ACCESS_KEY": ACCESS_KEY,
            "STORAGE_S3_SECRET_KEY": SECRET_KEY,
            "STORAGE_S3_PREFIX": "parley/files",
        }

    def put(self, key: str, data: bytes) -> None:
        """Keep an object."""
        self.objects[key], self.modified[key] = data, datetime.now(tz=UTC)

    def listing(self, prefix: str, delimiter: str) -> str:
        """Keys and folders below a prefix."""
        keys, folders = [], set()
        for key in sorted(self.objects):
            if key.startswith(prefix):
                rest = key[len(prefix) :]
                if delimiter and delimiter in rest:
                    folders.add(prefix + rest.split(delimiter)[0] + delimiter)
                else:
                    keys.append(key)
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            f"<LastModified>{self.modified[key]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for key in keys
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"
            for folder in sorted(folders)
        )
        return (
            "<ListBucketResult><IsTruncated>false</IsTruncated>"
            f"{contents}{common}</ListBucketResult>"
        )


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Say nothing."""

    def parse_request(self) -> bool:
        """Every request is signed, and for this bucket."""
        if not super().parse_request():
            return False
        address = urlsplit(self.path)
        self.query = parse_qs(address.query, keep_blank_values=True)
        name, _slash, self.key = unquote(address.path).lstrip("/").partition("/")
        self.bucket.requests.append((self.command, self.key))
        if self.bucket.is_down:
            self.close_connection = True
            return False
        if f"Credential={ACCESS_KEY}/" not in self.headers.get("Authorization", ""):
            self._answer(403)
            return False
        if name != NAME:
            self._answer(404)
            return False
        return True

    def do_GET(self) -> None:
        """An object, or a listing."""
        if not self.key:
            prefix = self.query.get("prefix", [""])[0]
            delimiter = self.query.get("delimiter", [""])[0]
            self._answer(200, self.bucket.listing(prefix, delimiter).encode())
        else:
            self._object()

    def do_HEAD(self) -> None:
        """What an object is."""
        self._object()

    def do_PUT(self) -> None:
        """An object, or a part of one."""
        data = self._body()
        if "uploadId" in self.query:
            number = int(self.query["partNumber"][0])
            self.bucket.parts[self.query["uploadId"][0]][number] = data
        else:
            self.bucket.put(self.key, data)
        self._answer(200)

    def do_POST(self) -> None:
        """The beginning and the end of an object in parts."""
        self._body()
        if "uploads" in self.query:
            made = f"<R><UploadId>{len(self.bucket.parts) + 1}</UploadId></R>"
            self._answer(200, made.encode())
        else:
            parts = self.bucket.parts.pop(self.query["uploadId"][0])
            self.bucket.put(self.key, b"".join(parts[number] for number in sorted(parts)))
            self._answer(200, b"<R></R>")

    def do_DELETE(self) -> None:
        """An object goes."""
        self.bucket.objects.pop(self.key, None)
        self._answer(204)

    def _object(self) -> None:
        data = self.bucket.objects.get(self.key)
        if data is None:
            self._answer(404)
        else:
            modified = format_datetime(self.bucket.modified[self.key], usegmt=True)
            headers = {"Last-Modified": modified, "ETag": '"1"'}
            wanted = self.headers.get("Range", "").removeprefix("bytes=")
            if wanted:
                first, _dash, last = wanted.partition("-")
                end = min(int(last or len(data)) + 1, len(data))
                headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(data)}"
                self._answer(206, data[int(first) : end], headers)
            else:
                self._answer(200, data, headers)

    def _body(self) -> bytes:
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(
        self, status: int, data: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {"ETag": '"1"'}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
