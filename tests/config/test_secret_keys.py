"""Secrets that development makes: private, made once, and never half written."""

import base64
import os
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from config.env import Environment
from config.secret_keys import load_secrets
from tests.server import manage

NAMES = ("ENCRYPTION_KEY", "JWT_SECRET", "SECRET_KEY")


def contents(directory: Path) -> dict[str, str]:
    """All that lies in the directory of secrets."""
    return {path.name: path.read_text(encoding="utf-8") for path in directory.iterdir()}


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert manage("check", DATA_DIR=str(data)).returncode == 0
    first = contents(data / "secrets")
    assert sorted(first) == sorted(NAMES)
    for path in (data / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "secrets").stat().st_mode) == 0o700
    assert len(base64.b64decode(first["ENCRYPTION_KEY"])) == 32
    assert manage("check", DATA_DIR=str(data)).returncode == 0
    assert contents(data / "secrets") == first


def test_parallel_starts_agree_on_one_set(tmp_path: Path) -> None:
    def start(_number: int) -> str:
        code = "from django.conf import settings as s; print(s.SECRET_KEY, s.ENCRYPTION_KEYS)"
        result = manage("shell", "--no-imports", "-c", code, DATA_DIR=str(tmp_path / "data"))
        assert result.returncode == 0, result.stderr
        return result.stdout

    with ThreadPoolExecutor(8) as pool:
        seen = Counter(pool.map(start, range(8)))
    assert len(seen) == 1
    assert sorted(contents(tmp_path / "data" / "secrets")) == sorted(NAMES)


def test_many_threads_agree_on_one_set(tmp_path: Path) -> None:
    def load(_number: int) -> tuple[str, str, tuple[bytes, ...]]:
        env = Environment({})
        found = load_secrets(env, tmp_path / "secrets", make=True)
        assert env.problems == []
        return found.secret_key, found.jwt_secret, tuple(found.encryption_keys)

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(load, range(64)))) == 1


def test_files_of_secrets_are_private_from_their_first_moment(tmp_path: Path) -> None:
    """A generous umask must not matter: the mode is given when the file is created."""
    before = os.umask(0)
    try:
        load_secrets(Environment({}), tmp_path / "secrets", make=True)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()}
    assert modes == {0o600}


def test_several_encryption_keys_are_kept_in_order(tmp_path: Path) -> None:
    new, old = bytes(range(32)), bytes(range(32, 64))
    text = f"{base64.b64encode(new).decode()}, {base64.urlsafe_b64encode(old).decode()}"
    env = Environment({"ENCRYPTION_KEY": text})
    assert load_secrets(env, tmp_path, make=True).encryption_keys == [new, old]
    assert env.problems == []


def test_an_emptied_secret_is_not_replaced(tmp_path: Path) -> None:
    """A new key in its place would make all that was encrypted unreadable without a word."""
    (tmp_path / "ENCRYPTION_KEY").write_text("", encoding="utf-8")
    env = Environment({})
    load_secrets(env, tmp_path, make=True)
    assert env.problems == [
        f"ENCRYPTION_KEY is empty in {tmp_path / 'ENCRYPTION_KEY'}: restore it from a backup."
    ]
    assert (tmp_path / "ENCRYPTION_KEY").read_text(encoding="utf-8") == ""


def test_secrets_do_not_show_in_representations(tmp_path: Path) -> None:
    found = load_secrets(Environment({}), tmp_path, make=True)
    assert found.secret_key not in repr(found)
    assert str(found.encryption_keys) not in repr(found)


def test_production_points_to_the_secrets_of_development(tmp_path: Path) -> None:
    load_secrets(Environment({}), tmp_path, make=True)
    env = Environment({})
    load_secrets(env, tmp_path, make=False)
    assert f"SECRET_KEY_FILE={tmp_path / 'SECRET_KEY'}" in env.problems[0]
