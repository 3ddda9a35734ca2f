"""A real `manage.py serve` process for tests, with a data directory and a port of its own.

    with Server(tmp_path) as server:
        httpx.get(server.url + "/healthz")

Nothing of this machine's environment reaches it but what a program needs to run.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Self

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
START_LIMIT = 120.0
"""Seconds. Generous: many tests start servers on few cores."""


def free_port() -> int:
    """A port of the loopback address that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def clean_environment(**values: str) -> dict[str, str]:
    """What a subprocess gets: the machine's basics, no `.env` file, and `values`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "ENV_FILE": os.devnull,
        # Whoever runs the tests may have one.
        "OLLAMA_DISCOVERY": "false",
        # Further requests, which would be counted and measured among the others.
        "TITLES": "words",
        **values,
    }


def manage(*arguments: str, **values: str) -> "subprocess.CompletedProcess[str]":
    """Run one management command to its end; `values` are environment variables."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment(**values),
        capture_output=True,
        text=True,
        timeout=START_LIMIT,
        check=False,
    )


class Server:
    """Starts on entering (or by `start`) and waits until `/readyz` answers 200.

    `env` adds environment variables. `output` is all that the process printed so far, in order of
    writing, over all restarts. The data directory is `directory / "data"` unless `env` says else.
    It is a copy of one that was prepared before, which saves seconds; `fresh` servers, those with
    a data directory or secrets of the test's own, and those on PostgreSQL begin with nothing.
    """

    def __init__(
        self, directory: Path, env: Mapping[str, str] | None = None, *, fresh: bool = False
    ) -> None:
        self.port = free_port()
        self.env = {
            "DATA_DIR": str(directory / "data"),
            "PORT": str(self.port),
            "SHUTDOWN_GRACE": "1",
            **(env or {}),
        }
        self.data_dir = Path(self.env["DATA_DIR"])
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = directory / f"server-{self.port}.log"
        self._stream: IO[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None
        own = {"DATA_DIR", "DATABASE_URL", "ENCRYPTION_KEY", "SECRET_KEY"} & set(env or {})
        if not fresh and not own and not self.data_dir.exists():
            shutil.copytree(Path(_prepared().name, "data"), self.data_dir)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill9()

    @property
    def output(self) -> str:
        """Standard output and error together."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def start(self, *, wait: bool = True) -> None:
        """Start the process; with `wait`, return once it is ready."""
        if self.process is not None:
            raise RuntimeError("The server runs already.")
        self._stream = self._log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=clean_environment(**self.env),
            stdin=subprocess.DEVNULL,
            stdout=self._stream,
            stderr=subprocess.STDOUT,
        )
        if wait:
            self.wait_ready()

    def wait_ready(self, limit: float = START_LIMIT) -> None:
        """Return once `/readyz` answers 200; raise with the output when that does not happen."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.kill9()
        raise RuntimeError(f"The server did not get ready. It said:\n{self.output}")

    def terminate(self, limit: float = 30.0) -> int:
        """Send SIGTERM and wait; the exit code."""
        return self._end(signal.SIGTERM, limit)

    def kill9(self) -> None:
        """Kill without a chance to save anything. Does nothing when the process is gone."""
        if self.process is not None:
            self._end(signal.SIGKILL, 30.0)

    def restart(self) -> None:
        """Stop politely if it still runs, and start again on the same data and port."""
        if self.process is not None:
            self.terminate()
        self.start()

    def wait(self, limit: float = START_LIMIT) -> int:
        """Wait until the process ends by itself; the exit code."""
        if self.process is None:
            raise RuntimeError("The server does not run.")
        code = self.process.wait(limit)
        self._forget()
        return code

    def _end(self, number: signal.Signals, limit: float) -> int:
        if self.process is None:
            raise RuntimeError("The server does not run.")
        self.process.send_signal(number)
        return self.wait(limit)

    def _forget(self) -> None:
        self.process = None
        if self._stream is not None:
            self._stream.close()
            self._stream = None


@cache
def _prepared() -> "TemporaryDirectory[str]":
    """Holds a data directory as a first start leaves it: made once a process, gone at its end."""
    directory = TemporaryDirectory(prefix="parley-prepared-")
    with Server(Path(directory.name), fresh=True) as server:
        server.terminate()
    return directory
