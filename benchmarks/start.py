"""How long the site takes to start, and what it holds in memory."""

import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import Figure
from benchmarks.processes import Site, Upstream, running_upstream
from benchmarks.viewers import watch
from tests.ollama_upstream import OllamaUpstream
from tests.server import Server, clean_environment

ROUNDS = 5
MEGABYTE = 1_000_000
SETTLE = 5.0
"""Seconds of rest before memory is looked at."""

BARE_DJANGO = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
django.setup()
"""


def measure() -> Iterator[Figure]:
    """`serve` on an existing data directory, from the start of the process to the first 200 of
    `/healthz`; median of five. The yardstick, by turns with it, is a process that sets up Django
    with two of its apps and ends. Memory is that of the whole process tree five seconds after the
    demo provider answered one message over a watched socket; then the same for each provider, on
    a data directory that is made by the start of that server.
    """
    with tempfile.TemporaryDirectory() as directory:
        with Server(Path(directory)) as first:
            first.terminate()
        starts, yardsticks = [], []
        for _round in range(ROUNDS):
            yardsticks.append(_bare_django())
            starts.append(_start(Path(directory)))
        yield Figure("first 200 from /healthz", statistics.median(starts), "s", bar=3.0)
        yield Figure("setting up bare Django", statistics.median(yardsticks), "s")
        ratios = [ours / bare for ours, bare in zip(starts, yardsticks, strict=True)]
        yield Figure("start over bare Django", statistics.median(ratios), "times")
        yield from _memory(Path(directory))


def _bare_django() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE_DJANGO], check=True, env=clean_environment())
    return time.perf_counter() - started


def _start(directory: Path) -> float:
    server = Server(directory)
    started = time.perf_counter()
    server.start(wait=False)
    try:
        while not _alive(server):
            time.sleep(0.01)
        return time.perf_counter() - started
    finally:
        server.terminate()


def _alive(server: Server) -> bool:
    with socket.socket() as probe:
        # Cheaper than an HTTP request: it takes no time from what is being measured.
        if probe.connect_ex(("127.0.0.1", server.port)):
            return False
    with urllib.request.urlopen(f"{server.url}/healthz", timeout=10) as answer:
        return bool(answer.status == 200)


def _memory(directory: Path) -> Iterator[Figure]:
    with Server(directory) as server:
        site = Site(server, Upstream(""))
        site.fill("demo/demo", [0])
        demo = _chat_and_rest(site)
    yield Figure("resident memory", sum(i.rss for i in demo) / MEGABYTE, "MB", bar=150)
    yield Figure("proportional share (PSS)", sum(i.pss for i in demo) / MEGABYTE, "MB")
    yield Figure("its alone (USS)", sum(i.uss for i in demo) / MEGABYTE, "MB")
    yield Figure("processes", len(demo))
    with running_upstream() as upstream, OllamaUpstream() as ollama:
        for model, variables in _providers(upstream.url, ollama.url).items():
            name = f"resident memory with {model.partition('/')[0]}"
            yield Figure(name, _resident(model, variables), "MB", bar=150)


def _providers(url: str, ollama_url: str) -> dict[str, dict[str, str]]:
    """The environment of a site with one provider, by a model to use there."""
    return {
        "openai/ok": {"OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": f"{url}/v1"},
        "anthropic/ok": {"ANTHROPIC_API_KEY": "sk-bench", "ANTHROPIC_BASE_URL": url},
        "openrouter/ok": {
            "OPENROUTER_API_KEY": "sk-bench",
            "OPENROUTER_BASE_URL": f"{url}/api/v1",
        },
        "ollama/ok": {"OLLAMA_BASE_URL": ollama_url},
    }


def _resident(model: str, variables: dict[str, str]) -> float:
    with (
        tempfile.TemporaryDirectory() as directory,
        Server(Path(directory), variables, fresh=True) as server,
    ):
        site = Site(server, Upstream(""))
        site.fill(model, [0])
        resident: int = sum(memory.rss for memory in _chat_and_rest(site))
        return resident / MEGABYTE


def _chat_and_rest(site: Site) -> list[Any]:
    """The memory of each process of the site after a watched reply, its page, and a rest."""
    conversation = site.conversations[0]
    (reply,) = watch(site, "What can you do?", [conversation]).replies
    if reply.status != "complete":
        raise RuntimeError(f"The reply ended as {reply.status}.")
    with urllib.request.urlopen(_page(site, conversation), timeout=10):
        time.sleep(SETTLE)
    return [process.memory_full_info() for process in _tree(site.process)]


def _page(site: Site, conversation: str) -> urllib.request.Request:
    return urllib.request.Request(
        f"{site.url}/c/{conversation}/", headers=site.headers(conversation)
    )


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]
