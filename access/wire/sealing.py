"""Sealing: what the centre says is signed with its Ed25519 key (RFC 8032), and a door applies nothing unsigned.

A sealed message is a JSON object of `v`, `key` (id of the public key), `body` (the canonical JSON as text) and `sig`
(base64 of the signature over those very bytes).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from access.wire.canonical import canonical_bytes, parse_object
from access.wire.errors import BadSignature, MalformedMessage
from access.wire.model import WIRE_VERSION, Message

__all__ = ["MAX_SEALED_BYTES", "CentreKey", "CentrePublicKey", "key_id"]

MAX_SEALED_BYTES = 8 * 1024 * 1024
_Message = TypeVar("_Message", bound=Message)


def key_id(public_bytes: bytes) -> str:
    """The first 16 hexadecimal digits of SHA-256 of the raw public key."""
    return hashlib.sha256(public_bytes).hexdigest()[:16]


class CentreKey:
    """The centre's signing key. `raw` is the 32-byte private seed."""

    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public_raw = self._key.public_key().public_bytes_raw()
        self.id = key_id(self.public_raw)

    def seal(self, message: Message) -> bytes:
        """The message, signed."""
        body = message.to_bytes()
        signature = base64.b64encode(self._key.sign(body)).decode()
        return canonical_bytes({"v": WIRE_VERSION, "key": self.id, "body": body.decode(), "sig": signature})


class CentrePublicKey:
    """The key a door was given at its enrolment. `raw` is the 32-byte public key."""

    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self.id = key_id(raw)

    def unseal(self, raw: bytes | str, type_: type[_Message]) -> _Message:
        """The message inside. Raises `BadSignature` before the body is even looked at, or another `WireError`."""
        envelope = parse_object(raw, limit=MAX_SEALED_BYTES)
        body, signature = envelope.get("body"), envelope.get("sig")
        if envelope.get("v") != WIRE_VERSION or not isinstance(body, str) or not isinstance(signature, str):
            raise MalformedMessage("not a sealed message")
        try:
            octets = base64.b64decode(signature, validate=True)
            self._key.verify(octets, body.encode())
        except (InvalidSignature, ValueError) as error:
            raise BadSignature(f"not signed by the centre's key {self.id}") from error
        # Base64 has spare bits and the key's id is not signed: one message has one spelling.
        if envelope.get("key") != self.id or base64.b64encode(octets).decode() != signature:
            raise BadSignature(f"not signed by the centre's key {self.id}")
        return type_.from_bytes(body.encode(), limit=MAX_SEALED_BYTES)
