"""How long a door keeps what has happened: events with a receipt leave after the retention, the newest never."""

from __future__ import annotations

from datetime import datetime

from access.domain.ids import uuid7
from edge_agent.heard import HeardEvents
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_views import forget

__all__ = ["prune"]

_STEP = 500
_OLD_EVENTS = (
    "SELECT seq FROM events WHERE id < ? AND seq < (SELECT max(seq) FROM events)"
    " AND seq NOT IN (SELECT seq FROM outbox) AND seq NOT IN (SELECT seq FROM parked) LIMIT ?"
)


def prune(ledger: SqliteLedger, *, before: datetime) -> int:
    """Removes what is older than the aware instant and safe at the centre, in small steps; returns how many events.

    Events that wait, are parked or are the newest stay. Raises `LedgerFault`.
    """
    # Event ids begin with their time, so the index on them finds the old ones.
    oldest_kept = uuid7(int(before.timestamp() * 1000), bytes(10))
    with ledger.transaction() as connection:
        old = [row[0] for row in connection.execute(_OLD_EVENTS, (oldest_kept, _STEP))]
        connection.executemany("DELETE FROM events WHERE seq = ?", [(seq,) for seq in old])
        at = before.isoformat()
        connection.execute("DELETE FROM pass_uses WHERE id < ? AND id NOT IN (SELECT id FROM events)", (oldest_kept,))
        connection.execute(
            "DELETE FROM presence WHERE max(coalesce(last_in_at, ''), coalesce(last_out_at, '')) < ?", (at,)
        )
        forget(connection, before=at)
    HeardEvents(ledger).prune(before=before)
    return len(old)
