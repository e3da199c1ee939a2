"""What cannot be done on an attendance list.

ServerError
└── NotPossible  409  the list says something else by now
"""

from __future__ import annotations

from server.errors import ServerError

__all__ = ["NotPossible"]


class NotPossible(ServerError):
    """Somebody was marked meanwhile, or the access point does not do this."""

    status = 409
    code = "not_possible"
