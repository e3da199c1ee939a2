"""What cannot be done at the centre's desk.

ServerError
├── CannotBeUndone   409  it moved nobody
└── AlreadyUndone    409  somebody undid it before
"""

from __future__ import annotations

from server.errors import ServerError

__all__ = ["AlreadyUndone", "CannotBeUndone"]


class CannotBeUndone(ServerError):
    """An event of a kind that is never undone."""

    status = 409
    code = "cannot_be_undone"


class AlreadyUndone(ServerError):
    """The event is undone."""

    status = 409
    code = "already_undone"
