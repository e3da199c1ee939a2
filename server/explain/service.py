"""Why a door answered as it did: the scan decided again from the facts it had, beside what it recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.explanation import Explanation, explain
from access.domain.facts import Decision
from access.domain.instants import local_day, start_of_day
from access.domain.people import Participant
from access.domain.policy import AccessPoint
from access.wire.events import CacheMark
from server.errors import NotFound
from server.explain import repository
from server.explain.errors import NothingDecided
from server.explain.facts import SCANS, Doubt, Recorded, Remade, remade
from server.explain.history import History
from server.explain.movements import Around, Movements
from server.leases.repository import named_leases
from server.models import Event

__all__ = ["Difference", "Explained", "differences", "why"]

_ACCOUNT_EVENTS = 2000
_POINT_EVENTS = 20_000


class Difference(StrEnum):
    """In what the decision made again is not the one that was recorded."""

    OUTCOME = "outcome"
    REASONS = "reasons"
    ENTITLEMENT = "entitlement"


@dataclass(frozen=True, kw_only=True)
class Explained:
    """An event explained. `scan` is the event that the rules decided: the same, or the one that staff acted on.

    `explanation` is made from the facts put together again. Where it is not what the door wrote, `differences` says in
    what and `doubts` what is not certain about the facts. `lease` is the lease that a use of a strict pass was spent
    of, and `is_lease_known` whether this centre lent it to that door for that pass.
    """

    event: Event
    scan: Event
    policy: AccessPoint
    participant: Participant | None
    explanation: Explanation
    doubts: tuple[Doubt, ...]
    differences: tuple[Difference, ...]
    lease: str | None
    is_lease_known: bool
    zone: tzinfo


def why(session: Session, organization_id: str, event_id: str) -> Explained:
    """Explains an event of the organization. Raises `NotFound`, and `NothingDecided` for what no rule decided."""
    event = repository.event(session, organization_id, event_id)
    if event is None:
        raise NotFound("no such event")
    scan = _scan_of(session, organization_id, event)
    recorded, history = Recorded.of(scan), History(session, organization_id)
    zone = ZoneInfo(repository.zone_name(session, organization_id))
    policy, rules_doubts = _policy(session, organization_id, recorded, history)
    found, explanation = _decided_again(session, recorded, history, policy, zone)
    return Explained(
        event=event,
        scan=scan,
        policy=policy,
        participant=found.facts.participant,
        explanation=explanation,
        doubts=(*found.doubts, *rules_doubts),
        differences=differences(explanation.decision, recorded),
        lease=recorded.lease,
        is_lease_known=_is_lease_known(session, recorded),
        zone=zone,
    )


def differences(decision: Decision, recorded: Recorded) -> tuple[Difference, ...]:
    """In what a decision made again differs from the recorded one."""
    event = recorded.event
    used = decision.entitlement.id if decision.entitlement else None
    compared = (
        (Difference.OUTCOME, decision.outcome.value, event.outcome),
        (Difference.REASONS, frozenset(map(str, decision.reasons)), recorded.reasons),
        (Difference.ENTITLEMENT, used, event.pass_id),
    )
    return tuple(what for what, now, then in compared if now != then)


def _is_lease_known(session: Session, recorded: Recorded) -> bool:
    event, id_ = recorded.event, recorded.lease
    lease = named_leases(session, event.organization_id, {id_}).get(id_) if id_ else None
    return lease is not None and (lease.device_id, lease.multipass_id) == (event.device_id, event.pass_id)


def _scan_of(session: Session, organization_id: str, event: Event) -> Event:
    """The scan itself, or the one that an act of staff refers to."""
    scan: Event | None = event
    if event.kind not in SCANS and event.refers_to is not None:
        scan = repository.event(session, organization_id, event.refers_to)
    if scan is None or scan.kind not in SCANS or scan.staff_id is not None or Recorded.of(scan).is_count:
        raise NothingDecided("no rule decided this event")
    return scan


def _policy(
    session: Session, organization_id: str, recorded: Recorded, history: History
) -> tuple[AccessPoint, tuple[Doubt, ...]]:
    """The rules that were in force. An archived point keeps its last ones."""
    mark: CacheMark | None = recorded.mark
    is_marked = mark is not None and history.is_of_this_epoch(mark)
    point, is_sure = history.point(recorded.event.access_point_id, mark if is_marked else None)
    if point is None:
        row = repository.access_point(session, organization_id, recorded.event.access_point_id)
        if row is None:
            raise NothingDecided("the access point is not known here any more")
        point, is_sure = row.policy(), False
    return point, () if is_sure and is_marked else (Doubt.RULES_NOW,)


def _decided_again(
    session: Session, recorded: Recorded, history: History, policy: AccessPoint, zone: tzinfo
) -> tuple[Remade, Explanation]:
    """With what the door itself had recorded; with its neighbours' events when only those lead to the same answer."""
    scan, movements = recorded.event, Movements()
    facility = repository.facility_points(session, scan.organization_id, policy)
    movements.note_all(_moves_before(session, scan, facility, zone))
    around = Around(scan.device_id, scan.access_point_id, facility)
    own = _explained(recorded, history, movements, around, policy, zone)
    if not differences(own[1].decision, recorded):
        return own
    shared = _explained(recorded, history, movements, replace(around, is_shared=True), policy, zone)
    if differences(shared[1].decision, recorded):
        return own
    found, explanation = shared
    return Remade(request=found.request, facts=found.facts, doubts=(*found.doubts, Doubt.NEIGHBOURS)), explanation


def _explained(
    recorded: Recorded, history: History, movements: Movements, around: Around, policy: AccessPoint, zone: tzinfo
) -> tuple[Remade, Explanation]:
    found = remade(recorded, history, movements, around, (policy,), zone=zone)
    now = recorded.event.occurred_at
    return found, explain(found.request, found.facts, policy, now=now, zone=zone)


def _moves_before(session: Session, scan: Event, facility: tuple[str, ...], zone: tzinfo) -> list[repository.Move]:
    """What happened before the scan: to its account, and to everybody at its facility since midnight."""
    at = scan.occurred_at
    midnight = start_of_day(local_day(at, zone), zone)
    found = repository.point_moves(
        session, scan.organization_id, facility, since=midnight, until=at, limit=_POINT_EVENTS
    )
    if scan.account_id is not None:
        found += repository.account_moves(
            session, scan.organization_id, scan.account_id, until=at, limit=_ACCOUNT_EVENTS
        )
    by_id = {each.id: each for each in found if _is_before(each, scan)}
    return sorted(by_id.values(), key=lambda each: (each.occurred_at, each.seq))


def _is_before(move: repository.Move, scan: Event) -> bool:
    if move.device_id == scan.device_id:
        return move.seq < scan.seq
    return move.occurred_at < scan.occurred_at
