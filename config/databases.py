"""The database that `DATABASE_URL` names; SQLite in the data directory unless told otherwise."""

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from environ import Env

from config.env import Environment

WRONG = (
    "DATABASE_URL must be such as sqlite:////path/to/file or "
    "postgres://user:password@host:5432/name."
)

SQLITE_OPTIONS: dict[str, Any] = {
    # A transaction that will write takes the lock when it begins: SQLite cannot wait for the lock
    # in the middle of one, whatever the timeout says.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # WAL: readers do not wait for the writer. NORMAL: a power cut may take the last transactions,
    # never the consistency of the file; a killed process loses nothing. Secure delete: what is
    # deleted is overwritten with zeros instead of being left in the file for who looks there.
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
    ),
}


def database(env: Environment, data_dir: Path) -> dict[str, Any]:
    """Django's settings of the one database."""
    address = env.secret("DATABASE_URL")
    if not address:
        return _sqlite(data_dir / "parley.sqlite3")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Environ warns of what is refused here anyway.
            found: dict[str, Any] = Env.db_url_config(address)
    except ValueError:
        found = {}
    name = str(found.get("NAME", ""))
    match found.get("ENGINE"):
        case "django.db.backends.sqlite3" if name and name != ":memory:":
            return _sqlite(Path(name).absolute())
        case "django.db.backends.postgresql" if name:
            if find_spec("psycopg") is None:
                env.refuse(
                    "DATABASE_URL names PostgreSQL, which needs: pip install 'psycopg[binary]'."
                )
            # Not kept: under ASGI each request has a thread, and a connection, of its own.
            return found | {"CONN_MAX_AGE": 0}
    env.refuse(WRONG)
    return _sqlite(data_dir / "parley.sqlite3")


def _sqlite(path: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": SQLITE_OPTIONS}
