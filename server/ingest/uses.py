"""What events do to multipasses: uses taken once, uses given back, and the excess found and flagged.

The outcome depends only on the set of events, never on the order they came in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.instants import local_day
from access.domain.policy import AccessType
from access.wire.events import Event as WireEvent
from access.wire.events import EventKind
from access.wire.topics import DeviceTopic
from server.ingest import repository
from server.ingest.quarantine import raise_alarm
from server.leases.repository import named_leases
from server.models.events import Event
from server.models.leases import PassLease
from server.models.organizations import Organization
from server.models.passes import Multipass, PassUse
from server.settlements.repository import settled_uses

__all__ = ["OVERDRAWN", "OVERDRAWN_ALARM", "excess_uses", "flag_excess", "record_uses", "takes_use", "undoes"]

OVERDRAWN: Final = "overdrawn"
OVERDRAWN_ALARM: Final = "pass_overdrawn"


def takes_use(event: WireEvent) -> bool:
    """Whether the event is a use of a multipass."""
    used = event.entitlement
    return used is not None and used.type is AccessType.MULTIPASS and used.takes_use


def undoes(event: WireEvent) -> str | None:
    """The id of the event that this one undoes."""
    return event.refers_to if event.kind is EventKind.UNDONE else None


def record_uses(
    session: Session, identity: DeviceTopic, recorded: Iterable[tuple[WireEvent, Event]], *, now: datetime
) -> None:
    """Has newly recorded events and their rows (already flushed) take and give back their uses."""
    organization_id = identity.organization
    pairs = list(recorded)
    leases = named_leases(session, organization_id, {id_ for event, _ in pairs if (id_ := _lease_named(event))})
    passes = {row.pass_id for event, row in pairs if takes_use(event) and row.pass_id}
    accounts = repository.accounts_of_passes(session, organization_id, passes) if passes else {}
    taken = [_use(event, row, leases, accounts) for event, row in pairs if takes_use(event)]
    undone = {id_ for event, _ in pairs if (id_ := undoes(event))}
    undone |= repository.undone_ids(session, organization_id, [use.id for use in taken]) if taken else set()
    for use in taken:
        use.is_undone = use.id in undone
    session.add_all(taken)
    given_back = _give_back(session, organization_id, undone - {use.id for use in taken})
    if taken or given_back:
        session.flush()
        rows = [row for event, row in pairs if takes_use(event)]
        _flag(session, identity, rows, {use.multipass_id for use in given_back}, now)


def _lease_named(event: WireEvent) -> str | None:
    return event.entitlement.lease if event.entitlement and takes_use(event) else None


def _use(event: WireEvent, row: Event, leases: dict[str, PassLease], accounts: dict[str, str]) -> PassUse:
    lease = leases.get(_lease_named(event) or "")
    # Only the borrower spends, and only of the pass it was lent: anything else is a use without a lease.
    is_own = lease is not None and (lease.device_id, lease.multipass_id) == (row.device_id, row.pass_id)
    return PassUse(
        id=event.id,
        organization_id=row.organization_id,
        multipass_id=row.pass_id,
        # A use is where its pass is now, or doors would not find it with the pass.
        account_id=accounts.get(row.pass_id or "", row.account_id),
        person_id=event.person or "unknown",
        used_at=event.occurred_at,
        is_undone=False,
        lease_id=lease.id if lease is not None and is_own else None,
    )


def _give_back(session: Session, organization_id: str, event_ids: Collection[str]) -> list[PassUse]:
    found = [session.get(PassUse, each) for each in sorted(event_ids)]
    changed = [use for use in found if use and use.organization_id == organization_id and not use.is_undone]
    for use in changed:
        use.is_undone = True
    return changed


def _flag(session: Session, identity: DeviceTopic, rows: list[Event], given_back: set[str], now: datetime) -> None:
    touched = {row.pass_id for row in rows if row.pass_id} | given_back
    known = {each.id: each for each in repository.multipasses(session, identity.organization, touched)}
    for row in rows:
        _set_flag(row, "unknown_pass", row.pass_id not in known)
    counted = {id_ for id_, multipass in known.items() if multipass.total is not None}
    if not counted:
        return
    zone = ZoneInfo(session.get_one(Organization, identity.organization).time_zone)
    uses: dict[str, list[PassUse]] = {}
    for use in repository.uses_of(session, identity.organization, counted):
        uses.setdefault(use.multipass_id, []).append(use)
    for multipass_id, taken in uses.items():
        multipass = known[multipass_id]
        if not (excess_uses(taken, multipass, zone) or multipass_id in given_back):
            continue
        if excess := flag_excess(session, multipass, taken, zone):
            raise_alarm(session, identity, OVERDRAWN_ALARM, multipass_id, {"uses": len(excess)}, now=now)


def flag_excess(session: Session, multipass: Multipass, taken: list[PassUse], zone: ZoneInfo) -> set[str]:
    """Brings the flags of a pass's uses (all, in their order) up to date; the excess about which nothing was decided.

    What was decided about stays flagged: it was overdrawn, and a settlement stands beside it.
    """
    settled = settled_uses(session, multipass.organization_id, [use.id for use in taken])
    excess = excess_uses(taken, multipass, zone, added=settled.added)
    for event in repository.flags_of(session, multipass.organization_id, [use.id for use in taken]):
        is_kept = event.id in settled.decided and OVERDRAWN in event.flags
        _set_flag(event, OVERDRAWN, event.id in excess or is_kept)
    return excess - settled.decided


def excess_uses(
    uses: Iterable[PassUse], multipass: Multipass, zone: ZoneInfo, *, added: Collection[str] = ()
) -> set[str]:
    """The uses beyond what was sold, latest first to go; of a day pass, all of a day that should not have been.

    `uses` are in the order they were taken. `added` are those that a settlement added to the pass's total: each stands
    for itself, whichever was the latest.
    """
    if multipass.total is None:
        return set()
    counted: dict[object, set[str]] = {}
    for use in sorted(uses, key=lambda use: use.id not in added):
        if not use.is_undone:
            day = (use.person_id, local_day(use.used_at, zone))
            counted.setdefault(day if multipass.is_one_use_a_day else use.id, set()).add(use.id)
    return {id_ for ids in list(counted.values())[multipass.total :] for id_ in ids}


def _set_flag(event: Event, flag: str, is_set: bool) -> None:
    if is_set != (flag in event.flags):
        event.flags = sorted({*event.flags, flag} if is_set else {*event.flags} - {flag})
