"""The site and the upstream that it calls, each in a process of its own."""

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.server import ROOT, Server, clean_environment

CSRF = "b" * 32
"""A form is taken when its token is the cookie's; any token of this length will do."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The fake provider of `tests.upstream`."""

    url: str

    def timeline(self) -> list[dict[str, Any]]:
        """What it did, a request an entry, oldest first; times in Unix seconds."""
        entries: dict[str, dict[str, Any]] = self._ask("/_timeline")
        return [entries[number] for number in sorted(entries, key=int)]

    def requests(self) -> list[dict[str, Any]]:
        """What it was asked."""
        found: list[dict[str, Any]] = self._ask("/_requests")
        return found

    def reset(self) -> None:
        """Forget all of that."""
        self._ask("/_reset", method="POST")

    def _ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


@dataclass(slots=True)
class Site:
    """A running site with people signed in."""

    server: Server
    upstream: Upstream
    sessions: dict[str, str] = field(default_factory=dict)
    """By the ids of their conversations."""

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return self.server.url

    @property
    def conversations(self) -> list[str]:
        """Their ids."""
        return list(self.sessions)

    def headers(self, conversation: str) -> dict[str, str]:
        """Of the conversation's owner: for pages, forms and sockets."""
        return {
            "Cookie": f"sessionid={self.sessions[conversation]}; csrftoken={CSRF}",
            "X-CSRFToken": CSRF,
            "Origin": self.url,
        }

    @property
    def process(self) -> psutil.Process:
        """The server's."""
        if self.server.process is None:
            raise RuntimeError("The server does not run.")
        return psutil.Process(self.server.process.pid)

    def cpu_seconds(self) -> float:
        """What the server used so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def inside(self, module: str, arguments: Sequence[str]) -> Any:
        """What a module of this package returns that runs on this site's data."""
        names = {"DATA_DIR", "DATABASE_URL"} & set(self.server.env)
        places = {name: self.server.env[name] for name in names}
        return run_module("benchmarks.inside", [module, *arguments], places)

    def fill(self, model_name: str, lengths: Sequence[int], *, people: int = 1) -> list[str]:
        """Make conversations of these lengths, dealt out among people; their ids."""
        self.sessions = self.inside("rows", [model_name, str(people), *map(str, lengths)])
        return self.conversations


@contextmanager
def running_upstream(
    arguments: Sequence[str] = ("-m", "tests.upstream", "--port", "0"),
) -> Iterator[Upstream]:
    """Until the end of the block. `arguments` are Python's; its first line is the address."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("The upstream has no output.")
        yield Upstream(process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()


@contextmanager
def running_site(
    *,
    model: str = "openai/ok",
    lengths: Sequence[int] = (0,),
    people: int = 1,
    env: Mapping[str, str] | None = None,
) -> Iterator[Site]:
    """A site on a fresh data directory that calls an upstream, with conversations to use."""
    with tempfile.TemporaryDirectory() as directory, running_upstream() as upstream:
        provider = {"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": f"{upstream.url}/v1"}
        with Server(Path(directory), provider | dict(env or {})) as server:
            site = Site(server, upstream)
            site.fill(model, lengths, people=people)
            yield site


def run_module(name: str, arguments: Sequence[str], env: Mapping[str, str], stdin: str = "") -> Any:
    """Run a module that prints JSON, and return that."""
    done = subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=ROOT,
        env=clean_environment(**env),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout)
