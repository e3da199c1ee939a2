"""Spending a lent use: part of the transaction that records the event which takes it."""

from __future__ import annotations

import sqlite3

from access.wire.events import UsedEntitlement
from edge_agent.errors import LedgerFault

__all__ = ["spend"]

_SPEND = (
    "UPDATE leases SET spent = spent + 1 WHERE id = ? AND multipass_id = ? AND spent < count"
    " AND expires_at > coalesce((SELECT value FROM marks WHERE name = 'lease_floor'), '')"
)


def spend(connection: sqlite3.Connection, used: UsedEntitlement) -> None:
    """Spends one use of the lease that the event names, if it names one.

    Raises `LedgerFault` when nothing is left of it, so that nothing is recorded and nobody is let in.
    """
    if used.lease is not None and connection.execute(_SPEND, (used.lease, used.id)).rowcount != 1:
        raise LedgerFault("the lent use is gone")
