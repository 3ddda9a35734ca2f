"""Encryption of single values with the site's master keys: AES-256-GCM, bound to a context.

Token format, all ASCII: ``pk1:`` then URL-safe base64 of a 12-byte random nonce followed by the
ciphertext and its 16-byte tag. The context (which table, column and row) is authenticated but not
stored: a token copied into another row cannot be read.

`settings.ENCRYPTION_KEYS` holds one or more 32-byte keys. The first encrypts, all of them decrypt:
this is how a key is changed without a moment at which old rows cannot be read.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PREFIX = "pk1:"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class DecryptionError(Exception):
    """A stored secret cannot be read: wrong master key, altered, or moved from another row."""


def encrypt(plaintext: str, *, context: str) -> str:
    """A token that only `decrypt` with the same context and one of the master keys can read."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(master_keys()[0]).encrypt(nonce, plaintext.encode(), _associated(context))
    return PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()


def decrypt(token: str, *, context: str) -> str:
    """The plaintext. Raises `DecryptionError`; never returns anything that was not encrypted."""
    body = _token_bytes(token)
    nonce, sealed = body[:NONCE_BYTES], body[NONCE_BYTES:]
    for key in master_keys():
        try:
            return AESGCM(key).decrypt(nonce, sealed, _associated(context)).decode()
        except InvalidTag:
            continue  # Another of the master keys may fit.
    raise DecryptionError(
        "A stored secret cannot be decrypted: ENCRYPTION_KEY is not the one it was stored with, "
        "or the row was altered."
    )


def is_current(token: str, *, context: str) -> bool:
    """Whether the first master key alone opens it. Never raises: what is damaged is not current."""
    try:
        body = _token_bytes(token)
        nonce, sealed = body[:NONCE_BYTES], body[NONCE_BYTES:]
        AESGCM(master_keys()[0]).decrypt(nonce, sealed, _associated(context))
    except (DecryptionError, InvalidTag):
        return False
    return True


def master_keys() -> list[bytes]:
    """The configured keys, first the one that encrypts. Raises `ImproperlyConfigured`."""
    keys: list[bytes] = settings.ENCRYPTION_KEYS
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise ImproperlyConfigured("ENCRYPTION_KEY must hold keys of exactly 32 bytes.")
    return keys


def _associated(context: str) -> bytes:
    return f"{PREFIX}{context}".encode()


def _token_bytes(token: str) -> bytes:
    if not token.startswith(PREFIX):
        raise DecryptionError("A stored secret is not encrypted in a known format.")
    try:
        body = base64.b64decode(token[len(PREFIX) :], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecryptionError("A stored secret is damaged.") from error
    if len(body) < NONCE_BYTES + TAG_BYTES:
        raise DecryptionError("A stored secret is damaged.")
    return body
