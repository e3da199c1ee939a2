"""The chain of an organization's audit log: each entry's digest covers what it says and the digest before it.

What changed is covered through a salted digest of its own, so that it can be erased with a person's data (values and
salt go) and the chain still holds. The head is the last row that a transaction locks before the feed's head: whoever
takes both takes the audit log's first, organizations in order of their ids, and so no two wait for each other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Table, insert, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from access.wire.canonical import canonical_bytes
from server.models import AuditEntry, AuditHead

__all__ = ["FIRST_PREV", "append", "changes_digest", "entry_digest"]

FIRST_PREV: Final = "0" * 64
_HEAD: Final[Table] = AuditHead.__table__  # type: ignore[assignment]
_ENTRY: Final[Table] = AuditEntry.__table__  # type: ignore[assignment]
_COVERED: Final = (
    "organization_id",
    "seq",
    "actor_kind",
    "actor_id",
    "action",
    "entity",
    "entity_id",
    "account_id",
    "person_id",
    "changes_hash",
    "prev_hash",
)


def changes_digest(salt: str, changes: Mapping[str, Any]) -> str:
    """The digest of what changed; without the salt nobody can guess a name and compare."""
    return hashlib.sha256(salt.encode() + canonical_bytes(changes)).hexdigest()


def entry_digest(entry: Mapping[str, Any]) -> str:
    """The digest of an entry, from its columns."""
    at: datetime = entry["at"]
    covered = {name: entry[name] for name in _COVERED}
    return hashlib.sha256(canonical_bytes({**covered, "at": at.astimezone(UTC).isoformat()})).hexdigest()


def append(session: Session, organization_id: str, notes: Sequence[dict[str, Any]], *, at: datetime) -> list[int]:
    """Numbers the notes and chains them; their numbers. The update locks the head until the commit."""
    moved = update(_HEAD).where(_HEAD.c.organization_id == organization_id)
    numbered = moved.values(seq=_HEAD.c.seq + len(notes)).returning(_HEAD.c.seq, _HEAD.c.hash)
    found = session.execute(numbered).one_or_none()
    if found is None:
        _begin(session, organization_id)
        found = session.execute(numbered).one()
    last, prev = found
    rows = []
    for seq, note in enumerate(notes, start=last - len(notes) + 1):
        salt = secrets.token_hex(16)
        hashed = changes_digest(salt, note["changes"])
        row = {**note, "organization_id": organization_id, "seq": seq, "at": at, "salt": salt, "prev_hash": prev}
        row["changes_hash"] = hashed
        row["hash"] = prev = entry_digest(row)
        rows.append(row)
    session.execute(insert(_ENTRY), rows)
    session.execute(moved.values(hash=prev))
    return [row["seq"] for row in rows]


def _begin(session: Session, organization_id: str) -> None:
    """The head of a new log; two who come at once make one."""
    make = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    head = make(_HEAD).values(organization_id=organization_id, seq=0, hash=FIRST_PREV)
    session.execute(head.on_conflict_do_nothing())
