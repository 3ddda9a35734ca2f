"""A line between a browser and a site that can be cut, in threads of its own.

with Line(server.port) as line:
    page.goto(line.url)
    line.lose_answer(b"POST /c/")   # the site takes it, nobody hears of it
    line.cut()                      # nothing gets through, and what is open ends
    line.mend()
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Final, Self

_CHUNK: Final = 65536


class Line:
    """Carries every connection to `target`. `lost` counts the answers that were kept back."""

    def __init__(self, target: int) -> None:
        self.lost = 0
        self.taken: list[bytes] = []
        """First lines of the requests that reached the site, of connections in their order."""
        self._target = target
        self._refusal: bytes | None = None
        self._losing: bytes | None = None
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        self._end_all()

    def lose_answer(self, start: bytes) -> None:
        """The next request that begins with `start` reaches the site; its answer is lost."""
        self._losing = start

    def cut(self, refusal: bytes = b"") -> None:
        """End what is open; new connections get `refusal`, or nothing."""
        self._refusal = refusal
        self._end_all()

    def mend(self) -> None:
        """Carry again."""
        self._refusal = None

    def _end_all(self) -> None:
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=[near], daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            if self._refusal is not None:
                near.recv(_CHUNK)
                near.sendall(self._refusal)
                return
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                losing = threading.Event()
                self._open |= {near, far}
                back = threading.Thread(target=self._answer, args=[near, far, losing], daemon=True)
                back.start()
                with contextlib.suppress(OSError):
                    while data := near.recv(_CHUNK):
                        self._look(data, losing)
                        far.sendall(data)
                with contextlib.suppress(OSError):
                    far.shutdown(socket.SHUT_RDWR)
                back.join()
                self._open -= {near, far}

    def _look(self, data: bytes, losing: threading.Event) -> None:
        line = data.split(b"\r\n", 1)[0]
        if line.endswith(b"HTTP/1.1"):
            self.taken.append(line)
        if self._losing and data.startswith(self._losing):
            self._losing = None
            losing.set()

    def _answer(self, near: socket.socket, far: socket.socket, losing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(_CHUNK):
                if losing.is_set():
                    self.lost += 1
                    break
                near.sendall(data)
        with contextlib.suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
