"""What `manage.py serve` does: gets everything ready, or says in one line why it cannot.

The order matters: nothing is written before the data directory is ours alone and the port is
free, and no page is served before the database fits the code.
"""

import fcntl
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.checks import Error as CheckError
from django.core.checks import run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from config.checks import why_not_writable
from config.child import CommandError, run_command
from config.static_files import collect_if_changed
from providers.crypto import MasterKeyError, verify_master_key

Say = Callable[[str], None]


class StartError(Exception):
    """Why the site cannot start, as one line for the person who started it."""


def prepare(say: Say) -> IO[str]:
    """Everything up to listening. Returns the lock, which must stay open. Raises `StartError`."""
    os.umask(0o077)
    data_dir = make_data_directory(Path(settings.DATA_DIR))
    lock = take_lock(data_dir / "serve.lock")
    find_address(settings.HOST, settings.PORT)
    report_checks(say)
    try:
        bring_up_to_date(say, lock)
        verify_master_key()
    except MasterKeyError as error:
        raise StartError(str(error)) from error
    except (DatabaseError, CommandError) as error:
        raise StartError(f"The database cannot be used: {first_line(error)}.") from error
    try:
        collect_if_changed(lock)
    except (OSError, CommandError) as error:
        raise StartError(f"Static files cannot be written: {error}.") from error
    return lock


def make_data_directory(path: Path) -> Path:
    """The directory, private to this user, made if it is not there."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        reason = why_not_writable(path)
    except OSError as error:
        reason = first_line(error.strerror or error)
    if reason:
        raise StartError(f"DATA_DIR must be a directory that can be written: {path} ({reason}).")
    return path


def take_lock(path: Path) -> IO[str]:
    """One server a data directory: two would not hear of each other's replies."""
    try:
        lock = path.open("a", encoding="ascii")
    except OSError as error:
        raise StartError(f"{path} cannot be written ({error.strerror}).") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StartError(
            f"Another Parley already serves from {path.parent}: stop it, or set DATA_DIR."
        ) from error
    return lock


def report_checks(say: Say) -> None:
    """Say what the system checks warn of; raise for the first error."""
    for message in run_checks():
        text = f"{message.msg} {message.hint or ''}".strip()
        if message.level >= CheckError("").level and not message.is_silenced():
            raise StartError(f"{text} ({message.id})")
        if not message.is_silenced():
            say(f"Warning: {text} ({message.id})")


def find_address(host: str, port: int) -> str:
    """The address that `host` stands for, where `port` is free. Raises `StartError`."""
    try:
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise StartError(f"HOST must be an address of this machine, not {host!r}.") from error
    family, kind, protocol, _name, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise StartError(why_not_listening(host, port, error)) from error
    return str(address[0])


def why_not_listening(host: str, port: int, error: object) -> str:
    """The line for an address that cannot be had."""
    reason = getattr(error, "strerror", None) or first_line(error)
    return f"Port {port} at {host} cannot be used ({reason}). Set PORT or HOST to another one."


def bring_up_to_date(say: Say, lock: IO[str]) -> None:
    """Apply the migrations that are missing; refuse a database that is newer than the code."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    known = set(loader.disk_migrations or ())
    for migration in (loader.disk_migrations or {}).values():
        known.update(migration.replaces)
    unknown = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations or ()
        if app in loader.migrated_apps and (app, name) not in known
    )
    if unknown:
        raise StartError(
            f"The database is newer than this version of Parley (it has {unknown[-1]}): "
            "install the newer version, or restore a backup."
        )
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    if plan:
        say(f"Preparing the database: {len(plan)} steps …")
        run_command("migrate", lock=lock)


def first_line(error: object) -> str:
    """The first line of an error's text, without a full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


def page_address() -> str:
    """Where a browser on this machine finds the site."""
    host = settings.HOST.strip("[]")
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared only
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{settings.PORT}"
