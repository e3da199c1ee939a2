"""What is left of an event when its person is erased: everything but the card and what was noted.

Who may be erased without a fault is told by the audit log alone: an entry `person:erased` says of how many events.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.wire.canonical import canonical_bytes
from server.models import AuditEntry, AuditHead, Event

__all__ = ["ERASED_FINGERPRINT", "Erasures", "is_redacted", "redacted"]

ERASED_FINGERPRINT: Final = "0" * 32
_GONE: Final = ("note", "adult")


def redacted(body: str) -> str:
    """The body without the credential's fingerprint, the note, and whom a child was handed to."""
    said = json.loads(body)
    said = {name: value for name, value in said.items() if name not in _GONE}
    if isinstance(said.get("credential"), dict):
        said["credential"] = {"kind": said["credential"].get("kind"), "fingerprint": ERASED_FINGERPRINT}
    return canonical_bytes(said).decode()


def is_redacted(body: str, place: tuple[str, int, str]) -> bool:
    """Whether a body is what `redacted` leaves of the event with this id, number and previous digest."""
    try:
        said: Any = json.loads(body)
        return redacted(body) == body and (said.get("id"), said.get("seq"), said.get("prev")) == place
    except (ValueError, AttributeError):
        return False


class Erasures:
    """The erasures that an organization's audit log tells of, with how many events each may have redacted."""

    def __init__(self, session: Session, organization_id: str) -> None:
        head = session.get(AuditHead, organization_id)
        self._trimmed_through = head.trimmed_through if head else 0
        told = select(AuditEntry.seq, AuditEntry.changes).where(
            AuditEntry.organization_id == organization_id, AuditEntry.action == "person:erased"
        )
        self._told = {seq: _events(changes) for seq, changes in session.execute(told)}
        counted = select(Event.erased_by, func.count()).where(
            Event.organization_id == organization_id, Event.erased_by.is_not(None)
        )
        self._found: Counter[int] = Counter()
        for by, count in session.execute(counted.group_by(Event.erased_by)):
            self._found[by or 0] = count

    def allows(self, seq: int) -> bool:
        """Whether the entry of this number erased a person, and no more events say so than it does."""
        if seq <= self._trimmed_through:
            return True
        return seq in self._told and self._found[seq] <= self._told[seq]


def _events(changes: Any) -> int:
    change = changes.get("events") if isinstance(changes, dict) else None
    return change[1] if isinstance(change, list) and len(change) == 2 and isinstance(change[1], int) else 0
