"""What cannot be explained.

ServerError
└── NothingDecided 422   no rule decided this event: it is an act of staff, or a look without a scan
"""

from __future__ import annotations

from server.errors import ServerError

__all__ = ["NothingDecided"]


class NothingDecided(ServerError):
    """No rule decided this event, so there is nothing to explain."""

    status = 422
    code = "nothing_decided"
