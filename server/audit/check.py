"""Following the chains: where an entry of the audit log, or an event of a door, was edited, deleted or moved.

A chain that somebody wrote anew from some entry on, head included, is consistent in itself: only a `SEQ:HASH` that was
noted elsewhere before (an anchor, which every check prints) tells of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.wire.events import FIRST_PREV
from server.audit import chain
from server.audit.redaction import Erasures, is_redacted
from server.models import AuditEntry, AuditHead, Device, DeviceMark, DeviceTrim, Event, Organization, QuarantinedMessage

__all__ = ["Checked", "Fault", "check_audit_log", "check_device", "devices_of", "organizations"]

_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with which numbers of a chain.

    `kind`: edited, deleted, moved, unlinked, head, anchor, erased_by or trimmed.
    """

    kind: str
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A chain that was followed: how many links, where it ends, how many were erased on purpose, and what is wrong."""

    organization_id: str
    device_id: str | None
    links: int
    seq: int
    hash: str
    erased: int
    faults: tuple[Fault, ...]


def organizations(session: Session) -> list[str]:
    """The ids of all organizations."""
    return list(session.scalars(select(Organization.id).order_by(Organization.id)))


def devices_of(session: Session, organization_id: str) -> list[str]:
    """The ids of an organization's doors, revoked ones too."""
    return list(session.scalars(select(Device.id).where(Device.organization_id == organization_id).order_by(Device.id)))


def check_audit_log(session: Session, organization_id: str, *, anchor: tuple[int, str] | None = None) -> Checked:
    """Follows an organization's audit log from its first entry to its head."""
    found = _Followed()
    placed = select(AuditEntry.hash, AuditEntry.seq).where(AuditEntry.organization_id == organization_id)
    hashes = {row.hash: row.seq for row in session.execute(placed)}
    head = session.get(AuditHead, organization_id)
    trimmed = _trimmed_log(session, organization_id, head)
    if head is not None and trimmed is not None:
        found.seq, found.hash = head.trimmed_through, head.trimmed_hash
        if trimmed != (found.seq, found.hash):
            found.fault("trimmed", found.seq)
    erasing: dict[int, set[int]] = {}
    erasers: set[int] = set()
    for row in _entries(session, organization_id):
        found.step(row["seq"], row["prev_hash"], row["hash"], hashes)
        is_erased = row["erased_by"] is not None
        is_whole = is_erased or chain.changes_digest(row["salt"], row["changes"]) == row["changes_hash"]
        if chain.entry_digest(row) != row["hash"] or not is_whole or (is_erased and row["changes"]):
            found.fault("edited", row["seq"])
        if is_erased:
            found.erased += 1
            erasing.setdefault(row["erased_by"], set()).add(row["seq"])
        if row["action"].endswith(":erased"):
            erasers.add(row["seq"])
        if anchor is not None and row["seq"] == anchor[0] and row["hash"] != anchor[1]:
            found.fault("anchor", row["seq"])
    for seq in sorted(seq for by, seqs in erasing.items() if by not in erasers for seq in seqs):
        found.fault("erased_by", seq)
    end = (head.seq, head.hash) if head else (0, chain.FIRST_PREV)
    if end[0] > found.seq:
        found.fault("deleted", found.seq + 1, end[0])
    elif end != (found.seq, found.hash):
        found.fault("head", found.seq)
    if anchor is not None and anchor[0] > found.seq:
        found.fault("anchor", anchor[0])
    if anchor is not None and head is not None and anchor[0] == head.trimmed_through and anchor[1] != head.trimmed_hash:
        found.fault("anchor", anchor[0])
    return found.checked(organization_id)


def check_device(session: Session, organization_id: str, device_id: str) -> Checked:
    """Follows the recorded events of a door; what it has not delivered yet, or lies in quarantine, is no fault."""
    found = _Followed()
    mark = session.get(DeviceMark, device_id)
    kept = select(QuarantinedMessage.seq, QuarantinedMessage.body_hash).where(QuarantinedMessage.device_id == device_id)
    parked = {row.seq: row.body_hash for row in session.execute(kept.where(QuarantinedMessage.seq.is_not(None)))}
    wanted = select(Event.seq, Event.id, Event.prev_hash, Event.body, Event.body_hash, Event.erased_by).where(
        Event.device_id == device_id, Event.organization_id == organization_id
    )
    before = 0
    trim = session.get(DeviceTrim, device_id)
    if trim is not None:
        found.seq = before = trim.through_seq
        found.hash = trim.hash
        if not _is_trim_told(session, trim):
            found.fault("trimmed", trim.through_seq)
    erasures = Erasures(session, organization_id)
    for row in session.execute(wanted.order_by(Event.seq).execution_options(yield_per=_BATCH)):
        _note_gap(found, before, row.seq, mark, parked)
        expected = FIRST_PREV if row.seq == 1 else found.hash if row.seq == before + 1 else parked.get(row.seq - 1)
        if expected is not None and row.prev_hash != expected:
            found.fault("unlinked", row.seq)
        if row.seq <= (trim.through_seq if trim else 0):
            found.fault("trimmed", row.seq)
        if row.erased_by is not None:
            found.erased += 1
            if not (erasures.allows(row.erased_by) and is_redacted(row.body, (row.id, row.seq, row.prev_hash))):
                found.fault("edited", row.seq)
        elif not _is_as_sent(row):
            found.fault("edited", row.seq)
        found.links, found.seq, found.hash, before = found.links + 1, row.seq, row.body_hash, row.seq
    if mark is not None:
        _note_gap(found, before, max(mark.max_seq, before) + 1, mark, parked)
    return found.checked(organization_id, device_id)


class _Followed:
    """What was seen of a chain so far."""

    def __init__(self) -> None:
        self.links, self.seq, self.hash, self.erased = 0, 0, chain.FIRST_PREV, 0
        self._faults: list[Fault] = []

    def step(self, seq: int, prev_hash: str, hash_: str, hashes: Mapping[str, int]) -> None:
        """The next entry, by its number and digests."""
        if seq > self.seq + 1:
            self.fault("deleted", self.seq + 1, seq - 1)
        elif prev_hash != self.hash:
            self.fault("moved" if hashes.get(prev_hash, self.seq) != self.seq else "unlinked", seq)
        self.links, self.seq, self.hash = self.links + 1, seq, hash_

    def fault(self, kind: str, first_seq: int, last_seq: int | None = None) -> None:
        """Something is wrong there; neighbours with the same fault are one."""
        last_seq = first_seq if last_seq is None else last_seq
        known = self._faults[-1] if self._faults else None
        if known and known.kind == kind and known.last_seq + 1 == first_seq:
            self._faults[-1] = Fault(kind, known.first_seq, last_seq)
        else:
            self._faults.append(Fault(kind, first_seq, last_seq))

    def checked(self, organization_id: str, device_id: str | None = None) -> Checked:
        """The result."""
        faults = tuple(self._faults)
        return Checked(organization_id, device_id, self.links, self.seq, self.hash, self.erased, faults)


def _entries(session: Session, organization_id: str) -> Iterator[Mapping[str, Any]]:
    columns = list(AuditEntry.__table__.columns)
    wanted = select(*columns).where(AuditEntry.organization_id == organization_id).order_by(AuditEntry.seq)
    for row in session.execute(wanted.execution_options(yield_per=_BATCH)).mappings():
        yield dict(row)


def _note_gap(
    found: _Followed, before: int, seq: int, mark: DeviceMark | None, parked: Mapping[int | None, str | None]
) -> None:
    """Numbers between two recorded events that were recorded once, and lie nowhere else."""
    known = [(1, mark.through_seq), *((first, last) for first, last in mark.ranges)] if mark else []
    for first, last in known:
        gone = [each for each in range(max(first, before + 1), min(last, seq - 1) + 1) if each not in parked]
        for each in gone:
            found.fault("deleted", each)


def _trimmed_log(session: Session, organization_id: str, head: AuditHead | None) -> tuple[int, str] | None:
    """What the log itself says last of its own trimming: number and digest; None when it was never trimmed."""
    if head is None or not head.trimmed_through:
        return None
    wanted = select(AuditEntry.changes).where(
        AuditEntry.organization_id == organization_id, AuditEntry.action == "organization:log_trimmed"
    )
    told = session.scalars(wanted.order_by(AuditEntry.seq.desc()).limit(1)).one_or_none()
    return _after(told, "through_seq", 0), _after(told, "hash", "")


def _is_trim_told(session: Session, trim: DeviceTrim) -> bool:
    """Whether the audit log says so too; its older part may be gone by now."""
    wanted = select(AuditEntry.changes).where(
        AuditEntry.organization_id == trim.organization_id,
        AuditEntry.entity == "device",
        AuditEntry.entity_id == trim.device_id,
        AuditEntry.action == "device:trimmed",
    )
    told = session.scalars(wanted.order_by(AuditEntry.seq.desc()).limit(1)).one_or_none()
    if told is None:
        head = session.get(AuditHead, trim.organization_id)
        return head is not None and head.trimmed_through > 0
    return (_after(told, "through_seq", 0), _after(told, "hash", "")) == (trim.through_seq, trim.hash)


def _after(changes: Mapping[str, Any] | None, name: str, missing: Any) -> Any:
    change = (changes or {}).get(name)
    return change[1] if isinstance(change, list) and len(change) == 2 else missing


def _is_as_sent(row: Any) -> bool:
    """Whether the body is what the door sent, and the row still says of itself what its body says."""
    raw = row.body.encode()
    if hashlib.sha256(raw).hexdigest() != row.body_hash:
        return False
    said = json.loads(raw)
    return (said.get("id"), said.get("seq"), said.get("prev")) == (row.id, row.seq, row.prev_hash)
