"""Starts the process that reads a file, follows it and ends it in time.

The caller's side: nothing here parses what was uploaded.
"""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from chats.extraction import CODES, Answer, Job, RefusedError

INTERVAL: Final = 1.0
"""Seconds between two calls of `on_progress`, at most."""
_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
"""What the process needs; keys in the environment stay here."""
_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_OVERHEAD: Final = 30_000_000
_ENDING: Final = 2.0
"""Seconds for the process to end by itself after its last line."""

Progress = Callable[[int | None, int], bool]
"""Gets pages and pages read; says whether to go on."""


def extract(job: Job, file: IO[bytes], *, on_progress: Progress) -> Answer:
    """What the process says of `file`, which needs a file descriptor. Blocks.

    Calls `on_progress` at least once in `INTERVAL` seconds. Raises RefusedError with a code of
    `CODES`; `InterruptedError` when `on_progress` said to stop, OSError when no process can be
    started.
    """
    until = time.monotonic() + job.seconds
    with start("chats.extraction", asdict(job), file) as process:
        try:
            return _follow(process, job, until, on_progress)
        finally:
            process.kill()


def start(module: str, job: dict[str, Any], file: IO[bytes]) -> "subprocess.Popen[bytes]":
    """A process of this site's own `module` that reads `file`, without what it does not need.

    Raises OSError when none can be started.
    """
    if not sys.executable:
        raise FileNotFoundError("Python does not know its own program.")
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    # What the process says of itself may quote the file: it goes nowhere.
    return subprocess.Popen(  # noqa: S603  this site's own module
        [sys.executable, "-B", "-m", module, json.dumps(job)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )


def _follow(
    process: "subprocess.Popen[bytes]", job: Job, until: float, on_progress: Progress
) -> Answer:
    pages: int | None = None
    answer: Answer | None = None
    pages_read, told = 0, 0.0
    for line in lines(process, limit=4 * job.max_characters + _OVERHEAD, until=until):
        if line is not None:
            answer = json.loads(line)
            pages = answer.get("pages", pages)
            pages_read = answer.get("pages_read", pages_read)
        if time.monotonic() - told >= INTERVAL:
            told = time.monotonic()
            if not on_progress(pages, pages_read):
                raise InterruptedError
    if answer is not None and answer.get("failed") in CODES:
        raise RefusedError(answer["failed"])
    if answer is None or not {"text", "thumbnail"} & answer.keys() or process.wait(_ENDING):
        # Killed by a limit, by the system, or by its own fault.
        raise RefusedError("memory")
    return answer


def lines(
    process: "subprocess.Popen[bytes]", *, limit: int, until: float
) -> Iterator[bytes | None]:
    """Lines as they come, and None every now and then. Raises RefusedError: too late, too much."""
    assert process.stdout is not None  # noqa: S101  it is a pipe
    source = process.stdout.fileno()
    rest = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise RefusedError("time")
            if not selector.select(min(left, INTERVAL / 2)):
                yield None
                continue
            data = os.read(source, 1 << 20)
            if not data:
                return
            limit -= len(data)
            if limit < 0:
                raise RefusedError("bomb")
            begun = len(rest)
            rest += data
            if b"\n" in data:
                end = rest.rindex(b"\n", begun) + 1
                yield from bytes(rest[:end]).splitlines()
                del rest[:end]
