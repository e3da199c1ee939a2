"""The oldest part of the audit log goes, and its head remembers where the chain goes on from."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.orm import Session

from server.audit import hook as audit
from server.models import AuditEntry, AuditHead

__all__ = ["due", "last_seq", "trim_chunk"]

_CHUNK: Final = 1000
_HEAD: Final[Table] = AuditHead.__table__  # type: ignore[assignment]
_ENTRY: Final[Table] = AuditEntry.__table__  # type: ignore[assignment]


def due(session: Session, organization_id: str, *, before: datetime) -> int:
    """How many entries would go now."""
    wanted = select(func.count()).select_from(AuditEntry).where(AuditEntry.organization_id == organization_id)
    return session.scalar(wanted.where(AuditEntry.at < before)) or 0


def last_seq(session: Session, organization_id: str) -> int:
    """The number of the newest entry."""
    return session.scalar(select(AuditHead.seq).where(AuditHead.organization_id == organization_id)) or 0


def trim_chunk(session: Session, organization_id: str, *, before: datetime, through_seq: int) -> int:
    """Deletes the oldest entries that are older than the instant, up to a number; answers how many."""
    wanted = select(AuditEntry.seq, AuditEntry.at, AuditEntry.hash).where(AuditEntry.organization_id == organization_id)
    through, hash_, gone = 0, "", 0
    wanted = wanted.where(AuditEntry.seq <= through_seq)
    for row in session.execute(wanted.order_by(AuditEntry.seq).limit(_CHUNK)):
        if row.at >= before:
            break
        through, hash_, gone = row.seq, row.hash, gone + 1
    if not gone:
        return 0
    mine = _HEAD.c.organization_id == organization_id
    session.execute(update(_HEAD).where(mine).values(trimmed_through=through, trimmed_hash=hash_))
    session.execute(delete(_ENTRY).where(_ENTRY.c.organization_id == organization_id, _ENTRY.c.seq <= through))
    audit.note(
        session,
        entity="organization",
        entity_id=organization_id,
        what="log_trimmed",
        organization_id=organization_id,
        changes={"through_seq": [None, through], "hash": [None, hash_]},
    )
    return gone
