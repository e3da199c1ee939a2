"""Secrets of webhooks: `whsec_` and 256 bits in base64, shown once; at rest AES-256-GCM under the server's key.

The signature is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, in base64 after `v1,`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["PREFIX", "SecretBox", "new_secret", "sign"]

PREFIX: Final = "whsec_"
_NONCE_BYTES: Final = 12


def new_secret() -> str:
    """A new secret as the receiver gets it."""
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


def sign(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class SecretBox:
    """Encrypts and decrypts secrets with a key made from the server's `secret_key` (hexadecimal)."""

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gatehouse/webhook-secret/1")
        self._box = AESGCM(derived.derive(bytes.fromhex(secret_key)))

    def close(self, secret: str, webhook_id: str) -> bytes:
        """The secret as it is kept, bound to its webhook."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, secret.encode(), webhook_id.encode())

    def open(self, kept: bytes, webhook_id: str) -> str | None:
        """The secret; None when it was kept under another key, as after a restore without the key's file."""
        try:
            return self._box.decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], webhook_id.encode()).decode()
        except InvalidTag:
            return None
