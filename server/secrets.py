"""Secrets at rest: encrypted with keys made from the server's own, or kept as digests only.

The server's key (`secret_key`, hexadecimal) is in a file, not in the database. Each purpose has a key of its own.
"""

from __future__ import annotations

import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["SecretBox", "derived_key", "token_digest"]

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


def derived_key(secret_key: str, purpose: str) -> bytes:
    """256 bits for one purpose (HKDF-SHA256)."""
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode()).derive(
        bytes.fromhex(secret_key)
    )


def token_digest(token: str) -> str:
    """What is kept of a token of at least 128 random bits, or of a code that lives for minutes: SHA-256 in hexadecimal.

    Any text has one, also one from a request that is no valid Unicode.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class SecretBox:
    """Encrypts what must be read again (AES-256-GCM), each bound to the row that it belongs to."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._cipher = AESGCM(derived_key(secret_key, purpose))

    def close(self, secret: bytes, bound_to: str) -> bytes:
        """The secret as it is kept."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, bound_to.encode())

    def open(self, kept: bytes, bound_to: str) -> bytes | None:
        """The secret; None when it was kept under another key, as after a restore without the key's file."""
        try:
            return self._cipher.decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], bound_to.encode())
        except InvalidTag:
            return None
