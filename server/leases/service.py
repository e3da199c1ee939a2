"""Lending: at most what is neither used nor lent. What was lent comes back by the door's own word, or by an admin's.

The caller commits. Counting is the domain's (`access.domain.leases`); here is what it is counted from.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.leases import LIFETIME, DoorWord, Lease, Lent, free_uses, has_come_back, lendable
from access.wire.leases import LeaseAnswer, LeaseRequest, LentUses
from server.devices.service import DeviceIdentity, revoke
from server.errors import NotFound
from server.feed.projection import multipass_body
from server.ingest.repository import uses_of
from server.leases import repository
from server.models.base import new_id, utc_now
from server.models.devices import Device, DeviceMark
from server.models.leases import PassLease
from server.models.organizations import Organization
from server.models.passes import Multipass, PassUse

__all__ = ["free_now", "lend", "write_off"]


def lend(
    session: Session, device: DeviceIdentity, request: LeaseRequest, *, now: datetime | None = None
) -> LeaseAnswer:
    """Answers a door that needs a use of a strict pass. Lends nothing of what is unknown, lenient or uncounted."""
    at = now or utc_now()
    multipass = repository.locked_multipass(session, device.organization, request.multipass)
    lease = None
    if multipass is not None and multipass.is_strict and multipass.total is not None:
        lease = _lent_before(session, device, request, at) or _lend_anew(session, device, request, multipass, at)
    return LeaseAnswer(
        organization=device.organization,
        device=device.device,
        nonce=request.nonce,
        multipass=request.multipass,
        ledger=request.ledger,
        made_at=at,
        lease=LentUses(id=lease.id, count=lease.count, expires_at=lease.expires_at) if lease else None,
    )


def free_now(session: Session, multipass: Multipass, *, now: datetime) -> int:
    """What may be lent of a counted pass (locked by the caller) now, after taking back what has come back."""
    open_leases = _take_back(session, repository.open_leases(session, multipass.id), now)
    # Leases first, uses afterwards: a use that arrives in between is counted as both, never as neither.
    uses = uses_of(session, multipass.organization_id, [multipass.id])
    spent = Counter(use.lease_id for use in uses if use.lease_id is not None)
    lent = [_lent(each, spent[each.id]) for each in open_leases]
    return free_uses(multipass.total or 0, _used(session, multipass, uses), lent)


def write_off(session: Session, organization_id: str, device_id: str, *, now: datetime | None = None) -> None:
    """Ends a door that will never be heard of again: what it was lent is free. Raises `NotFound`.

    An admin's decision, because a door that is only cut off goes on spending.
    """
    at = now or utc_now()
    revoke(session, organization_id, device_id, now=at)
    session.get_one(Device, device_id).written_off_at = at
    for multipass_id in sorted({each.multipass_id for each in repository.leases_of_device(session, device_id)}):
        if repository.locked_multipass(session, organization_id, multipass_id) is None:
            raise NotFound(f"no multipass {multipass_id} in this organization")
    for lease in repository.leases_of_device(session, device_id):
        lease.returned_at = at


def _lent_before(session: Session, device: DeviceIdentity, request: LeaseRequest, now: datetime) -> PassLease | None:
    """What was lent to this very ledger and never got there; a spare that lies there already counts as none."""
    for lease in repository.open_leases(session, request.multipass):
        is_same = lease.device_id == device.device and lease.ledger == request.ledger
        if is_same and lease.id not in request.known and lease.expires_at > now:
            return lease
    return None


def _lend_anew(
    session: Session, device: DeviceIdentity, request: LeaseRequest, multipass: Multipass, now: datetime
) -> PassLease | None:
    count = lendable(free_now(session, multipass, now=now), is_spare=request.is_spare)
    if count == 0:
        return None
    mark = session.get(DeviceMark, device.device)
    # Whole milliseconds, as on the wire: both sides mean the same instant.
    expires_at = now + LIFETIME
    lease = PassLease(
        id=new_id(),
        organization_id=device.organization,
        multipass_id=multipass.id,
        device_id=device.device,
        ledger=request.ledger,
        count=count,
        after_seq=mark.max_seq if mark else 0,
        lent_at=now,
        expires_at=expires_at.replace(microsecond=expires_at.microsecond // 1000 * 1000),
    )
    session.add(lease)
    session.flush()
    return lease


def _take_back(session: Session, leases: list[PassLease], now: datetime) -> list[PassLease]:
    """Marks what has come back; returns the others."""
    known = repository.borrowers(session, {each.device_id for each in leases}) if leases else {}
    kept = []
    for lease in leases:
        device, mark = known[lease.device_id]
        if _is_back(lease, device, mark):
            lease.returned_at = now
        else:
            kept.append(lease)
    return kept


def _is_back(lease: PassLease, device: Device, mark: DeviceMark | None) -> bool:
    if device.written_off_at is not None:
        return True
    if mark is None:
        return False
    has_word = mark.lease_floor is not None and mark.lease_floor_seq is not None
    word = DoorWord(mark.lease_floor, mark.lease_floor_seq) if has_word else None  # type: ignore[arg-type]
    return has_come_back(_lent(lease, 0), word, through_seq=mark.through_seq, parked=_parked(mark, lease.after_seq))


def _parked(mark: DeviceMark, after_seq: int) -> list[int]:
    """The parked numbers; where the list may have lost its oldest, the first one that can matter is taken for one."""
    is_full = len(mark.parked) >= 100 and min(mark.parked) > after_seq
    return [after_seq + 1, *mark.parked] if is_full else mark.parked


def _lent(lease: PassLease, spent: int) -> Lent:
    body = Lease(
        id=lease.id,
        multipass_id=lease.multipass_id,
        device=lease.device_id,
        count=lease.count,
        expires_at=lease.expires_at,
    )
    return Lent(body, spent, lease.after_seq)


def _used(session: Session, multipass: Multipass, uses: list[PassUse]) -> int:
    zone = ZoneInfo(session.get_one(Organization, multipass.organization_id).time_zone)
    body = multipass_body(multipass, multipass.type.name)
    return body.state((each.body() for each in uses), zone).used
