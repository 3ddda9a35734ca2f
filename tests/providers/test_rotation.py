"""Changing the master key: in batches, while the site runs, again after a run was cut short."""

import os
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from providers import crypto
from providers.cipher import DecryptionError
from providers.crypto import MasterKeyError, Rotation, rotate_encryption_key, verify_master_key
from providers.keys import add_key, update_key
from providers.models import ApiKey, KeyCheck

OLD, NEW = os.urandom(32), os.urandom(32)


class Killed(BaseException):
    """The process ends in the middle."""


class Terminal(StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _master_key(settings: Any, db: None) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    verify_master_key()


@pytest.fixture
def rows(owner: User) -> list[ApiKey]:
    return [add(owner, number) for number in range(7)]


def add(user: User, number: int) -> ApiKey:
    return add_key(user=user, provider="openai", key_name=f"Key {number}", key=f"secret-{number}")


def stored() -> dict[str, str]:
    """Ciphertexts by name; of the check value by nothing."""
    found = dict(ApiKey.objects.values_list("key_name", "encrypted_key"))
    return found | {"": KeyCheck.objects.values_list("token", flat=True).get()}


def readable(settings: Any, *keys: bytes) -> set[str]:
    """Names of what can be read with these master keys."""
    settings.ENCRYPTION_KEYS = list(keys)
    found = set()
    for row in ApiKey.objects.all():
        try:
            assert row.encrypted_key == f"secret-{row.key_name.split()[1]}"
        except DecryptionError:
            continue
        found.add(row.key_name)
    return found


def names(rows: list[ApiKey]) -> set[str]:
    return {row.key_name for row in rows}


def test_afterwards_the_first_key_is_enough(rows: list[ApiKey], settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    verify_master_key()
    assert readable(settings, NEW, OLD) == names(rows), "old rows can be read meanwhile"

    assert rotate_encryption_key(batch_size=3) == Rotation(rotated=8, already=0)

    assert readable(settings, NEW) == names(rows)
    verify_master_key()
    assert readable(settings, OLD) == set()


def test_what_is_done_is_not_written_again(rows: list[ApiKey], settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    rotate_encryption_key()
    before = stored()

    assert rotate_encryption_key(batch_size=2) == Rotation(rotated=0, already=8)
    assert stored() == before


def test_a_killed_run_is_continued(rows: list[ApiKey], settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    before = stored()

    def die(done: int, total: int) -> None:
        assert (done, total) == (3, 7)
        raise Killed

    with pytest.raises(Killed):
        rotate_encryption_key(batch_size=3, progress=die)

    half = stored()
    assert sum(half[name] != before[name] for name in names(rows)) == 3, "the batch was kept"
    assert half[""] == before[""], "the former key is still asked for"
    assert readable(settings, NEW, OLD) == names(rows)
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(MasterKeyError):
        verify_master_key()

    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert rotate_encryption_key(batch_size=3) == Rotation(rotated=5, already=3)
    done = stored()
    assert sum(done[name] == half[name] for name in names(rows)) == 3, "they were left alone"
    assert readable(settings, NEW) == names(rows)
    verify_master_key()


def test_a_batch_is_kept_whole_or_not_at_all(
    rows: list[ApiKey], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    before, save, saved = stored(), ApiKey.save, []

    def fail(row: ApiKey, **options: Any) -> None:
        saved.append(row)
        if len(saved) == 5:
            raise Killed
        save(row, **options)

    monkeypatch.setattr(ApiKey, "save", fail)
    with pytest.raises(Killed):
        rotate_encryption_key(batch_size=3)

    assert sum(stored()[name] != before[name] for name in names(rows)) == 3


def test_the_site_may_write_meanwhile(rows: list[ApiKey], owner: User, settings: Any) -> None:
    """With both keys as told, and even a process that knows only the former one."""
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    numbers = iter(range(7, 15))

    def meanwhile(done: int, total: int) -> None:
        if number := next(numbers, 0):
            settings.ENCRYPTION_KEYS = [OLD] if number % 2 else [NEW, OLD]
            add(owner, number)
            settings.ENCRYPTION_KEYS = [NEW, OLD]
            ApiKey.objects.filter(key_name="Key 1").delete()
            update_key(key=rows[2], key_name="Key 2", new_key="secret-2")

    done = rotate_encryption_key(batch_size=2, progress=meanwhile)

    assert done.rotated >= 7
    everything = set(ApiKey.objects.values_list("key_name", flat=True))
    assert len(everything) > 7
    assert readable(settings, NEW) == everything
    verify_master_key()


@pytest.mark.parametrize("keys", [[NEW], [NEW, os.urandom(32)]])
def test_a_wrong_key_changes_nothing(keys: list[bytes], rows: list[ApiKey], settings: Any) -> None:
    settings.ENCRYPTION_KEYS = keys
    before = stored()

    with pytest.raises(CommandError) as caught:
        call_command("rotate_encryption_key")

    assert "Set the former key, or both as NEW,FORMER" in str(caught.value)
    assert str(caught.value).endswith("Nothing was changed.")
    assert "\n" not in str(caught.value)
    assert stored() == before
    assert readable(settings, OLD) == names(rows)


def test_a_row_that_cannot_be_read_is_named_before_anything_changes(
    rows: list[ApiKey], settings: Any
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE providers_apikey SET encrypted_key = 'pk1:AAAA' WHERE key_name = 'Key 6'"
        )
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    before = stored()

    with pytest.raises(
        CommandError, match=r"^1 stored keys cannot be read .*Nothing was changed"
    ) as caught:
        call_command("rotate_encryption_key")

    assert str(rows[6].pk) in str(caught.value)
    assert stored() == before


def test_what_the_command_says(rows: list[ApiKey], settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    first, second = StringIO(), StringIO()
    call_command("rotate_encryption_key", stdout=first)
    call_command("rotate_encryption_key", stdout=second)

    assert first.getvalue().startswith("8 stored secrets were rotated, 0 already were.")
    assert second.getvalue().startswith("0 stored secrets were rotated, 8 already were.")
    assert "\r" not in first.getvalue(), "a log file wants lines"


def test_progress_on_a_terminal(
    rows: list[ApiKey], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    monkeypatch.setattr(crypto, "BATCH_SIZE", 3)
    terminal = Terminal()
    call_command("rotate_encryption_key", stdout=terminal)

    assert "\r7 of 7 keys" in terminal.getvalue()
