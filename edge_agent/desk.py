"""What staff do at the desk, each act one event: checked, recorded, released, told - in this order, in the door's
thread, so that two desks never decide one scan twice.

An act that is not recorded did not happen: nothing is released and the page says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from access.domain.decision import decide
from access.domain.facts import AccessRequest, Decision, Entitlement
from access.domain.people import Language, Participant, Text
from access.domain.policy import AccessPoint, Direction
from access.domain.reasons import Outcome, Reason
from access.domain.staff import DeskPermission
from access.wire.enrolment import Enrolment
from access.wire.events import CacheMark, Event, EventCause, EventKind
from edge_agent.clock import DoorClock, Moment
from edge_agent.desk_recording import Deed, DoorStamp, deed_maker, unused
from edge_agent.desk_scans import DeskScans, KnownScan, Reader
from edge_agent.desk_staff import DeskStaff
from edge_agent.door import DECISION_JSON, Scan
from edge_agent.errors import CacheFault, DeskProblem
from edge_agent.gather import FactsReader, Rules
from edge_agent.leases import LeaseBook
from edge_agent.ledger import SqliteLedger
from edge_agent.recording import used
from kiosk.desk import ActKind, ScanState

__all__ = ["Desk", "Done"]

_log = structlog.get_logger(__name__)
_KINDS = {
    ActKind.APPROVE: EventKind.REVIEW_APPROVED,
    ActKind.REFUSE: EventKind.REVIEW_REFUSED,
    ActKind.OVERRIDE: EventKind.OVERRIDDEN,
    ActKind.UNDO: EventKind.UNDONE,
    ActKind.ASSIGN: EventKind.CARD_REQUESTED,
}
_LETS_IN = (EventKind.REVIEW_APPROVED, EventKind.OVERRIDDEN, EventKind.CHECKED_IN, EventKind.REPEATED)
_PULSE_MS_WITHOUT_RULES = 3000
_EVERYTHING = Reader(Language.EN, frozenset(DeskPermission))


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A scan that staff made (`is_new`) or changed."""

    scan: KnownScan
    event: Event
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The decision about a person at an access point at this moment."""

    decision: Decision
    participant: Participant
    mark: CacheMark
    data_as_of: datetime | None
    rules: Rules
    point: AccessPoint


class Desk:
    """For the door's thread alone. Methods raise `DeskProblem`, and `LedgerFault` when nothing could be recorded.

    `release(access_point, seconds)` pulses the relays; `show(scan)` says it on the visitor's screen; `told(done)`
    tells the open desks; `entered(event)` is called when the door was opened for somebody by hand.
    """

    def __init__(
        self,
        identity: Enrolment,
        *,
        ledger: SqliteLedger,
        facts: FactsReader,
        clock: DoorClock,
        is_connected: Callable[[], bool],
        release: Callable[[str, float], None],
        show: Callable[[Scan], None] = lambda scan: None,
        told: Callable[[Done], None] = lambda done: None,
        entered: Callable[[Event], None] = lambda event: None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._identity = identity
        self._ledger = ledger
        self._facts = facts
        self._clock = clock
        self._is_connected = is_connected
        self._release = release
        self._show = show
        self._told = told
        self._entered = entered
        self._random = random
        self._leases = LeaseBook(ledger)
        self._scans = DeskScans(ledger, person=facts.participant)

    def act(self, staff: DeskStaff, act: ActKind, scan_id: str, *, note: str = "", person_id: str = "") -> Done:
        """Approves, refuses, overrides, undoes or asks for a card to be assigned."""
        known = self._scans.get(scan_id)
        if known is None or known.event.access_point != staff.access_point:
            raise DeskProblem("unknown_scan")
        self._check(staff, act, known)
        if act is ActKind.OVERRIDE and not note:
            raise DeskProblem("reason_required")
        moment = self._clock.read()
        if act is ActKind.ASSIGN:
            deed, asked = self._assignment(staff, known, person_id), None
        else:
            asked = self._asked(known.event.person or "", known.event.access_point, moment, known.decision)
            deed = _deed(staff, _KINDS[act], known, asked, note)
            deed = self._spending(deed, known.decision.entitlement, moment)
        event = self._record(deed, moment, asked)
        done = self._done(scan_id, event, is_new=False)
        if event.kind in _LETS_IN:
            self._let_in(done, asked)
        return done

    def check_in(self, staff: DeskStaff, person_id: str, *, note: str = "") -> Done:
        """Checks somebody in by hand; one whom the door would deny is overridden, with a reason."""
        moment = self._clock.read()
        asked = self._asked(person_id, staff.access_point, moment, None)
        if asked is None:
            raise DeskProblem("unknown_person")
        kind = _by_hand(staff, asked.decision, note)
        language = asked.rules.organization.language
        is_taken = kind is not EventKind.REPEATED
        deed = Deed(
            kind=kind,
            access_point=staff.access_point,
            outcome=Outcome.GRANTED,
            direction=asked.decision.direction,
            staff=staff.id,
            person=asked.participant.id,
            account=asked.participant.account_id,
            reasons=asked.decision.reasons,
            notices=asked.decision.notices,
            entitlement=used(asked.decision.entitlement, is_taken=is_taken, language=language),
            note=note or None,
        )
        deed = self._spending(deed, asked.decision.entitlement, moment)
        event = self._record(deed, moment, asked, asked.decision)
        done = self._done(event.id, event, is_new=True)
        self._let_in(done, asked)
        return done

    def check_out(self, staff: DeskStaff, person_id: str) -> Done:
        """Checks somebody out by hand. Nobody is ever kept in; nothing is released."""
        if DeskPermission.CHECK_IN not in staff.may:
            raise DeskProblem("not_allowed")
        person = self._person(person_id)
        decision = Decision(outcome=Outcome.GRANTED, direction=Direction.OUT)
        deed = Deed(
            kind=EventKind.CHECKED_OUT,
            access_point=staff.access_point,
            outcome=Outcome.GRANTED,
            staff=staff.id,
            person=person.id,
            account=person.account_id,
        )
        event = self._record(deed, self._clock.read(), None, decision)
        return self._done(event.id, event, is_new=True)

    def undo_unused(self, entry: Event) -> Event | None:
        """Nobody went through after this entry: it is undone, and what it used is given back. None when it was undone
        already, or when the person has been seen leaving since."""
        scan_id = entry.refers_to or entry.id
        known = self._scans.get(scan_id)
        if known is None or known.state is ScanState.UNDONE or self._has_left(entry):
            return None
        held = entry.entitlement
        deed = Deed(
            kind=EventKind.UNDONE,
            access_point=entry.access_point,
            outcome=Outcome.GRANTED,
            direction=entry.direction,
            person=entry.person,
            account=entry.account,
            entitlement=unused(held) if held else None,
            refers_to=entry.id,
            cause=EventCause.NO_ENTRY,
        )
        event = self._record(deed, self._clock.read(), None)
        self._done(scan_id, event, is_new=False)
        return event

    def _has_left(self, entry: Event) -> bool:
        left_at = self._ledger.presence(entry.access_point, entry.person or "").last_out_at
        return left_at is not None and left_at >= entry.occurred_at

    def record(self, deed: Deed, decision: Decision | None = None) -> Event:
        """Records something done to a list rather than to a scan: a mark, a pick-up, an automatic exit. With a
        `decision` it is a scan of the desk's too."""
        event = self._record(deed, self._clock.read(), None, decision)
        if decision is not None:
            self._done(event.id, event, is_new=True)
        return event

    def _spending(self, deed: Deed, held: Entitlement | None, moment: Moment) -> Deed:
        """A strict pass is spent of what the centre lent this door, by staff too. Where nothing is lent an override
        lets the person in without a use, and anything else is refused."""
        said = deed.entitlement
        if held is None or not held.is_strict or said is None or not said.takes_use:
            return deed
        lease = self._leases.lent((held.id,), now=moment.now, clock=moment.trust).get(held.id)
        if lease is not None:
            return replace(deed, entitlement=said.model_copy(update={"lease": lease}))
        if deed.kind is not EventKind.OVERRIDDEN:
            raise DeskProblem("use_not_lent")
        unspent = {"takes_use": False, "activates": False, "remaining": held.remaining}
        return replace(deed, entitlement=said.model_copy(update=unspent))

    def _check(self, staff: DeskStaff, act: ActKind, known: KnownScan) -> None:
        """Refuses what the page would not offer: because somebody was faster, or because they may not."""
        if act not in _offered(known, Reader(Language.EN, staff.may)):
            raise DeskProblem("not_allowed" if act in _offered(known, _EVERYTHING) else "already_decided")

    def _assignment(self, staff: DeskStaff, known: KnownScan, person_id: str) -> Deed:
        person = self._person(person_id)
        return Deed(
            kind=EventKind.CARD_REQUESTED,
            access_point=staff.access_point,
            outcome=known.event.outcome,
            direction=known.decision.direction,
            staff=staff.id,
            person=person.id,
            account=person.account_id,
            credential=known.event.credential,
            refers_to=known.event.id,
        )

    def _asked(self, person_id: str, access_point: str, moment: Moment, before: Decision | None) -> _Asked | None:
        """What the door would answer now, for what was decided `before`; None when nobody can say."""
        try:
            rules = self._facts.rules()
            point = rules.points[access_point]
            known = self._facts.known_person(person_id, point, rules, now=moment.now, clock=moment.trust)
        except (CacheFault, KeyError):
            return None
        if known is None or known.facts.participant is None:
            return None
        choice = before.entitlement.id if before and before.entitlement else None
        decision = decide(AccessRequest(choice=choice), known.facts, point, now=moment.now, zone=rules.zone)
        return _Asked(
            decision=decision,
            participant=known.facts.participant,
            mark=known.mark,
            data_as_of=known.facts.data_as_of,
            rules=rules,
            point=point,
        )

    def _person(self, person_id: str) -> Participant:
        try:
            person = self._facts.participant(person_id)
        except CacheFault:
            person = None
        if person is None:
            raise DeskProblem("unknown_person")
        return person

    def _record(self, deed: Deed, moment: Moment, asked: _Asked | None, decision: Decision | None = None) -> Event:
        stamp = DoorStamp(
            device=self._identity.device,
            boot_id=self._clock.boot_id,
            moment=moment,
            cache=asked.mark if asked else None,
            data_as_of=asked.data_as_of if asked else None,
            is_offline=not self._is_connected(),
            random=self._random(10),
        )
        kept = DECISION_JSON.dump_json(decision, exclude_defaults=True).decode() if decision else None
        event = self._ledger.record(deed_maker(deed, stamp), decision=kept)
        _log.info("desk_act", kind=event.kind.value, access_point=event.access_point, staff=event.staff, seq=event.seq)
        return event

    def _done(self, scan_id: str, event: Event, *, is_new: bool) -> Done:
        scan = self._scans.get(scan_id)
        if scan is None:
            raise DeskProblem("unknown_scan")
        done = Done(scan=scan, event=event, is_new=is_new)
        self._told(done)
        return done

    def _let_in(self, done: Done, asked: _Asked | None) -> None:
        event = done.event
        pulse_ms = asked.point.pulse_ms if asked else _PULSE_MS_WITHOUT_RULES
        self._release(event.access_point, pulse_ms / 1000)
        self._entered(event)
        if asked is None:
            return
        now = self._clock.monotonic()
        greeting = replace(done.scan.decision, outcome=Outcome.GRANTED, findings=(), choices=())
        self._show(
            Scan(
                event=event,
                decision=greeting,
                participant=asked.participant,
                point=asked.point,
                rules=asked.rules,
                read_at=now,
                recorded_at=now,
            )
        )


def _offered(known: KnownScan, reader: Reader) -> set[str]:
    shown = known.shown(reader, zone=UTC, place=Text(""), by=None)
    return {each["act"] for each in shown["acts"]}


def _by_hand(staff: DeskStaff, decision: Decision, note: str) -> EventKind:
    """What a check-in by hand is, given what the door would say. Raises `DeskProblem`."""
    if decision.outcome is Outcome.DENIED:
        is_blocked = Reason.ENTRY_BLOCKED in decision.reasons
        needed = {DeskPermission.OVERRIDE} | ({DeskPermission.OVERRIDE_BLOCK} if is_blocked else set())
        kind = EventKind.OVERRIDDEN
    elif decision.outcome is Outcome.REVIEW:
        needed, kind = {DeskPermission.CHECK_IN, DeskPermission.APPROVE}, EventKind.REVIEW_APPROVED
    else:
        needed = {DeskPermission.CHECK_IN}
        kind = EventKind.CHECKED_IN if decision.is_new_movement else EventKind.REPEATED
    if not needed <= staff.may:
        raise DeskProblem("not_allowed")
    if kind is EventKind.OVERRIDDEN and not note:
        raise DeskProblem("reason_required")
    return kind


def _deed(staff: DeskStaff, kind: EventKind, known: KnownScan, asked: _Asked | None, note: str) -> Deed:
    """An act about a scan: it names what the scan's decision named, as it stands now."""
    event, held = known.event, known.decision.entitlement
    fresh = asked.decision if asked else None
    if fresh and fresh.entitlement and held and fresh.entitlement.id == held.id and kind in _LETS_IN:
        held = fresh.entitlement
    # Somebody who meanwhile came in by another scan is let in again, and pays once.
    is_taken = kind in _LETS_IN and (fresh is None or fresh.is_new_movement)
    language = asked.rules.organization.language if asked else Language.EN
    outcome = {EventKind.REVIEW_REFUSED: Outcome.DENIED}.get(kind, Outcome.GRANTED)
    return Deed(
        kind=kind,
        access_point=event.access_point,
        outcome=outcome,
        direction=known.decision.direction,
        staff=staff.id,
        person=event.person,
        account=event.account,
        entitlement=used(held, is_taken=is_taken, language=language),
        refers_to=known.movement_id,
        note=note or None,
    )
