"""A provider that takes every connection and every request, and answers none."""

import socket
import threading
from typing import Self


class HangingProvider:
    """Runs in threads of its own, until the end of the block."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._socket.getsockname()[1]
        self._held: dict[socket.socket, str] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.port}"

    def waiting(self, words: str) -> int:
        """Requests that wait for an answer now and whose first line holds `words`."""
        with self._lock:
            return sum(words in line for line in self._held.values())

    def let_go(self, words: str) -> None:
        """Break the connections of requests that wait and whose first line holds `words`."""
        with self._lock:
            for connection, line in self._held.items():
                if words in line:
                    connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
        with self._lock:
            for connection in self._held:
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._hold, args=(connection,), daemon=True).start()

    def _hold(self, connection: socket.socket) -> None:
        """Until the other side leaves."""
        with connection:
            line = connection.recv(65536).partition(b"\r\n")[0].decode("latin-1")
            with self._lock:
                self._held[connection] = line
            try:
                while connection.recv(65536):
                    pass
            except OSError:
                pass
            finally:
                with self._lock:
                    del self._held[connection]
