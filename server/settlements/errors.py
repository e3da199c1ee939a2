"""Why a settlement is not made.

SettlementError
├── AlreadySettled   somebody decided about this event before
└── NotOffered       this decision does not fit the event, or its amount or people do not
"""

from __future__ import annotations

from server.errors import ServerError

__all__ = ["AlreadySettled", "NotOffered", "SettlementError"]


class SettlementError(ServerError):
    """Base of them both."""

    status = 422
    code = "settlement"


class AlreadySettled(SettlementError):
    """An event is settled once; a block alone gives way to another decision."""

    status = 409
    code = "already_settled"


class NotOffered(SettlementError):
    """Nobody is offered this."""

    code = "not_offered"
