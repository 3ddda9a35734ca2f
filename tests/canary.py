"""A listener that must see nothing, or nothing more than it should."""

import socket
import threading


class Canary:
    """Listens on loopback, counts connections and closes them."""

    def __init__(self) -> None:
        self.seen = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.seen += 1
            connection.close()

    def close(self) -> None:
        """Stop, after having looked at what came last."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
