"""What can be wrong with a message.

WireError
├── MalformedMessage    not JSON, too large, or not of the schema
├── UnsupportedVersion  a version this side does not know
└── BadSignature        not signed by the expected key
"""

from __future__ import annotations

__all__ = ["BadSignature", "MalformedMessage", "UnsupportedVersion", "WireError"]


class WireError(Exception):
    """Base of everything that is wrong with a received message; the text is safe to log."""


class MalformedMessage(WireError):
    """The bytes are not a message of this contract."""


class UnsupportedVersion(WireError):
    """A well-formed message of a version that this side does not speak."""


class BadSignature(WireError):
    """The signature is missing, is not of the known key, or does not fit the bytes."""
