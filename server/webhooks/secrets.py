"""Secrets of webhooks: `whsec_` and 256 bits in base64, shown once; encrypted at rest.

The signature is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, in base64 after `v1,`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Final

from server.secrets import SecretBox

__all__ = ["PREFIX", "new_secret", "sign", "webhook_box"]

PREFIX: Final = "whsec_"


def new_secret() -> str:
    """A new secret as the receiver gets it."""
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


def sign(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def webhook_box(secret_key: str) -> SecretBox:
    """What encrypts the secrets of webhooks."""
    return SecretBox(secret_key, "gatehouse/webhook-secret/1")
