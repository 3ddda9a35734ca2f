"""The site's own secrets: from the environment, or in development made once in the data directory.

In production they must be given: a secret that came into being by itself would be lost, and with
it every stored provider key, as soon as the data directory is not the one of yesterday.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.env import Environment

KEY_BYTES = 32
MINIMUM_LENGTH = 32
MINIMUM_VARIETY = 10


@dataclass(frozen=True, slots=True)
class SiteSecrets:
    """Empty where a problem was noted instead. Never shown by `repr`."""

    secret_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    encryption_keys: list[bytes] = field(repr=False)


def load_secrets(env: Environment, directory: Path, *, make: bool) -> SiteSecrets:
    """Read all secrets; with `make`, those that are not set come from files in `directory`.

    Without `make` (production) a missing or weak secret is noted as a problem.
    """

    def load(name: str, new: Callable[[], str]) -> str:
        value = env.secret(name)
        if value or f"{name}_FILE" in env.values:
            return value
        if make:
            return _from_file(env, directory / name, new)
        env.refuse(f"{name} must be set in production. {_advice(name, directory / name)}")
        return ""

    secret_key = load("SECRET_KEY", _new_text)
    jwt_secret = load("JWT_SECRET", _new_text)
    encryption_key = load("ENCRYPTION_KEY", _new_key)
    if not make:
        _refuse_weak(env, "SECRET_KEY", secret_key)
        _refuse_weak(env, "JWT_SECRET", jwt_secret)
    keys = _parse_keys(env, encryption_key) if encryption_key else []
    if not make and any(len(set(key)) < MINIMUM_VARIETY for key in keys):
        env.refuse("ENCRYPTION_KEY is too weak for production: it must be made of random bytes.")
    return SiteSecrets(secret_key, jwt_secret, keys)


def read_or_make(path: Path, new: Callable[[], str]) -> str:
    """The secret in `path`, made there first when there is none. Raises `OSError`.

    Safe when several processes start at once: each writes a file of its own and links it to
    `path`, which only the first one can, and which no reader can see half written.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        # One by one: `parents` would give the data directory a mode of its own.
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{new()}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # Another process was faster: its secret is the one.
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def _from_file(env: Environment, path: Path, new: Callable[[], str]) -> str:
    try:
        value = read_or_make(path, new)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        env.refuse(
            f"DATA_DIR must be a directory that can be written: {path.parent.parent} ({reason})."
        )
        return ""
    if not value:
        env.refuse(f"{path.name} is empty in {path}: restore it from a backup.")
    return value


def _new_text() -> str:
    return secrets.token_urlsafe(48)


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


def _advice(name: str, made_before: Path) -> str:
    if made_before.exists():
        return f"The one made in development: {name}_FILE={made_before}."
    return "A new one: openssl rand -base64 " + ("32." if name == "ENCRYPTION_KEY" else "48.")


def _refuse_weak(env: Environment, name: str, value: str) -> None:
    if value and (len(value) < MINIMUM_LENGTH or len(set(value)) < MINIMUM_VARIETY):
        env.refuse(
            f"{name} is too weak for production: it must be at least {MINIMUM_LENGTH} random "
            "characters. A new one: openssl rand -base64 48."
        )


def _parse_keys(env: Environment, text: str) -> list[bytes]:
    """Base64 of 32 bytes each, between commas; the standard and the URL-safe alphabet both do."""
    keys = []
    for part in text.split(","):
        try:
            key = base64.b64decode(part.strip().translate(_STANDARD), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            env.refuse(
                f"ENCRYPTION_KEY must be base64 of exactly {KEY_BYTES} bytes, several between "
                "commas. A new one: openssl rand -base64 32."
            )
            return []
        keys.append(key)
    return keys


_STANDARD = str.maketrans("-_", "+/")
