"""What the centre answers when it cannot do what was asked; each knows its HTTP status and its stable code.

ServerError
├── NotAuthenticated 401   who are you?
├── NotFound         404
├── CodeRefused      403   an enrolment code that is wrong, used or too old
├── FeedGone         410   that part of the feed is not kept (any more); fetch a snapshot
├── TooLarge         413
├── Unprocessable    422   well received, not understood
├── TooManyAttempts  429   wait before the next one
└── InUse            500   another process works on this data directory
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = [
    "CodeRefused",
    "DoorIsAhead",
    "FeedGone",
    "InUse",
    "NotAuthenticated",
    "NotFound",
    "ServerError",
    "TooLarge",
    "TooManyAttempts",
    "Unprocessable",
]


class ServerError(Exception):
    """Base of them all. The text is for logs and developers; people read texts made from `code`."""

    status = 500
    code = "server_error"
    extensions: Mapping[str, Any] = MappingProxyType({})
    """What the problem document says besides its code."""


class NotAuthenticated(ServerError):
    """No credentials, wrong ones, or revoked ones; which of them is not said."""

    status = 401
    code = "not_authenticated"


class NotFound(ServerError):
    """There is no such thing, or it is not yours."""

    status = 404
    code = "not_found"


class CodeRefused(ServerError):
    """The one-time code is wrong, used or too old; which of them is not said."""

    status = 403
    code = "code_refused"


class FeedGone(ServerError):
    """The feed cannot lead from there to here."""

    status = 410
    code = "feed_gone"


class DoorIsAhead(FeedGone):
    """A door knows numbers of this epoch that this centre never gave out: an older backup runs here."""


class TooLarge(ServerError):
    """More bytes than this takes."""

    status = 413
    code = "too_large"


class Unprocessable(ServerError):
    """Received, but not what it should be."""

    status = 422
    code = "unprocessable"


class TooManyAttempts(ServerError):
    """Wrong too often: try again in `wait_s` seconds."""

    status = 429
    code = "too_many_attempts"

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"wait {wait_s} s")
        self.wait_s = wait_s


class InUse(ServerError):
    """Another process works on this data directory."""

    code = "in_use"
