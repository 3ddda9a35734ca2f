"""A PostgreSQL server of the tests' own, gone with its data when they end.

    python -m tests.postgres -n 2     # runs pytest with these arguments on it

Needs the server's programs (Debian's package postgresql, 15 or newer), no running server and no
rights: it speaks through a socket in a directory that only its user may enter. Root may not run it,
so for root it runs as the user `postgres` or `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.server import clean_environment

MISSING: Final = "Tests on PostgreSQL need its server, 15 or newer: apt install postgresql"
USER: Final = "parley"
START_LIMIT: Final = 60.0
"""Seconds."""
# Dates and words are sorted as most installations sort them, not by their bytes.
INIT: Final = (
    *("--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"),
    *("--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync", "--no-instructions"),
)
QUICK: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""What a crash would destroy is thrown away anyway."""


class NotInstalledError(RuntimeError):
    """The server's programs are not here."""


def programs() -> Path:
    """The directory of `initdb` and `postgres`: the newest that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
    if found:
        return found[-1].parent
    if path := shutil.which("postgres"):
        return Path(path).resolve().parent
    if config := shutil.which("pg_config"):
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        directory = Path(asked.stdout.strip())
        if (directory / "postgres").exists():
            return directory
    raise NotInstalledError(MISSING)


def _version(program: Path) -> int:
    return int(program.parent.parent.name)


class Postgres:
    """A running server; see `running_postgres`."""

    def __init__(self, directory: Path, programs: Path) -> None:
        self.directory = directory
        self.programs = programs

    def url(self, database: str) -> str:
        """What `DATABASE_URL` must be for this database."""
        return f"postgres://{USER}@/{self.directory}/{database}"

    def create(self, database: str) -> str:
        """Make a database; its URL."""
        _run(self.programs / "createdb", "-h", self.directory, "-U", USER, database)
        return self.url(database)

    @property
    def ready(self) -> bool:
        """Whether it takes connections."""
        asked = [str(self.programs / "pg_isready"), "-q", "-h", str(self.directory)]
        return subprocess.run(asked, check=False).returncode == 0


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Until the end of the block. Takes about two seconds to start.

    Raises `NotInstalledError` when there is none to start.
    """
    server = programs()
    with tempfile.TemporaryDirectory(prefix="parley-postgres-") as name:
        directory = Path(name)
        someone = _someone(directory)
        _run(server / "initdb", "-D", directory / "data", *INIT, **someone)
        options = [f"-c{option}" for option in (*QUICK, "listen_addresses=")]
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [server / "postgres", "-D", directory / "data", "-k", directory, *options],
                env=clean_environment(),
                cwd=directory,
                stdout=log,
                stderr=subprocess.STDOUT,
                **someone,
            )
        try:
            running = Postgres(directory, server)
            _wait(running, process)
            yield running
        finally:
            process.send_signal(signal.SIGINT)  # Ends sessions instead of waiting for them.
            process.wait()


def _someone(directory: Path) -> Mapping[str, Any]:
    """Arguments of `subprocess` for the user that the server runs as, who is given `directory`."""
    if os.geteuid():
        return {}
    names = {user.pw_name for user in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(directory, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(*command: object, **more: Any) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        env=clean_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **more,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _wait(server: Postgres, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and process.poll() is None:
        if server.ready:
            return
        time.sleep(0.05)
    log = (server.directory / "log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"PostgreSQL did not start:\n{log}")


def main() -> int:
    """Run pytest on a fresh server; its exit code."""
    try:
        with running_postgres() as server:
            env = {**os.environ, "TEST_DATABASE_URL": server.url("parley")}
            command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
            return subprocess.run(command, env=env, check=False).returncode
    except NotInstalledError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
