"""Secrets at rest: unreadable without the key, on another row, or when altered."""

import base64
import json
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection

from accounts.models import User
from providers import cipher
from providers.crypto import MasterKeyError, verify_master_key
from providers.errors import AuthenticationError
from providers.keys import add_key
from providers.models import ApiKey, KeyCheck
from providers.routing import resolve

SECRET = "sk-planted-0123456789"
OLD, NEW = os.urandom(32), os.urandom(32)


@pytest.fixture(autouse=True)
def _master_key(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [OLD]


@pytest.fixture
def row(owner: User) -> ApiKey:
    return add_key(user=owner, provider="openai", key_name="Mine", key=SECRET)


def stored(row: ApiKey) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encrypted_key FROM providers_apikey WHERE key_name = %s", [row.key_name]
        )
        return str(cursor.fetchone()[0])


def store(row: ApiKey, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE providers_apikey SET encrypted_key = %s WHERE key_name = %s",
            [text, row.key_name],
        )


def read(row: ApiKey) -> str:
    return ApiKey.objects.get(pk=row.pk).encrypted_key


def test_the_database_holds_no_plaintext(row: ApiKey) -> None:
    assert read(row) == SECRET
    assert SECRET not in stored(row)
    assert SECRET.encode() not in base64.urlsafe_b64decode(stored(row).removeprefix("pk1:"))


def test_it_is_aes_256_gcm(row: ApiKey) -> None:
    body = base64.urlsafe_b64decode(stored(row).removeprefix("pk1:"))
    context = f"pk1:providers_apikey.encrypted_key:{row.pk}".encode()
    assert AESGCM(OLD).decrypt(body[:12], body[12:], context).decode() == SECRET


def test_the_same_text_is_never_encrypted_alike(row: ApiKey) -> None:
    before = stored(row)
    row.save()

    assert stored(row) != before
    assert read(row) == SECRET


def test_every_altered_byte_is_noticed(row: ApiKey) -> None:
    body = base64.urlsafe_b64decode(stored(row).removeprefix("pk1:"))
    for at in range(len(body)):
        altered = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        store(row, "pk1:" + base64.urlsafe_b64encode(altered).decode())
        with pytest.raises(cipher.DecryptionError):
            read(row)


@pytest.mark.parametrize("text", ["", "plain", "pk1:", "pk1:!!!!", "pk1:AAAA", "pk2:AAAA"])
def test_what_is_not_encrypted_is_not_handed_back(row: ApiKey, text: str) -> None:
    store(row, text)

    with pytest.raises(cipher.DecryptionError):
        read(row)


def test_a_key_cannot_be_moved_to_another_row(row: ApiKey, stranger: User) -> None:
    theirs = add_key(user=stranger, provider="openai", key_name="Theirs", key="sk-other-123456")
    store(theirs, stored(row))

    with pytest.raises(cipher.DecryptionError):
        read(theirs)


def test_another_master_key_reads_nothing(row: ApiKey, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(cipher.DecryptionError):
        read(row)


def test_a_key_that_cannot_be_read_is_an_error_for_the_user(row: ApiKey, settings: Any) -> None:
    assert row.user is not None
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(AuthenticationError, match="another master key"):
        resolve(f"{row.slug}/some-model", user=row.user)


def test_a_wrong_master_key_is_found(db: None, settings: Any) -> None:
    verify_master_key()
    settings.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(MasterKeyError) as caught:
        verify_master_key()

    assert "\n" not in str(caught.value)
    assert KeyCheck.objects.count() == 1


@pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b"x" * 31]])
def test_keys_have_32_bytes(keys: list[bytes], settings: Any) -> None:
    settings.ENCRYPTION_KEYS = keys

    with pytest.raises(ImproperlyConfigured):
        cipher.encrypt("x", context="y")


def test_update_cannot_store_plaintext(row: ApiKey) -> None:
    with pytest.raises(FieldError):
        ApiKey.objects.update(encrypted_key=SECRET)
    row.encrypted_key = SECRET
    with pytest.raises(FieldError):
        ApiKey.objects.bulk_update([row], ["encrypted_key"])


def test_values_and_exports_hold_ciphertext(row: ApiKey) -> None:
    assert SECRET not in str(ApiKey.objects.values())
    dump = serializers.serialize("json", ApiKey.objects.all())
    assert SECRET not in dump
    assert json.loads(dump)[0]["fields"]["encrypted_key"].startswith("pk1:")

    ApiKey.objects.all().delete()
    [loaded] = serializers.deserialize("json", dump)
    with pytest.raises(FieldError):
        loaded.save()
