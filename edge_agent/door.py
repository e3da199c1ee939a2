"""The way of a scan: normalise, gather, decide, record, release, answer - in this order, for one thread.

Nothing is released or shown before its event is durable. An error never becomes a grant; the way out stays free.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog
from pydantic import TypeAdapter

from access.domain.credentials import (
    Code,
    CredentialStatus,
    UnreadableCode,
    fingerprint,
    normalise,
    unreadable_fingerprint,
)
from access.domain.decision import decide
from access.domain.facts import AccessRequest, Decision, Facts
from access.domain.people import Language, Participant
from access.domain.policy import AccessPoint, Direction
from access.domain.reasons import Outcome, Reason
from access.wire.enrolment import Enrolment
from access.wire.events import CacheMark, Event, EventKind
from edge_agent.asking import is_turnable
from edge_agent.choosing import CHOICE_S, DEFAULT_ORDER, Offer, Offers
from edge_agent.clock import DoorClock, Moment
from edge_agent.desk_recording import Deed, DoorStamp, deed_maker
from edge_agent.errors import CacheFault, LedgerFault
from edge_agent.gather import FactsReader, Known, Rules
from edge_agent.guessing import GuessGuard, GuessReports
from edge_agent.help import Help, NoHelp
from edge_agent.leases import LeaseBook
from edge_agent.ledger import SqliteLedger
from edge_agent.movements import ToldAgain
from edge_agent.recording import Presented, event_maker
from hardware.api import Read

__all__ = ["DECISION_JSON", "Door", "Place", "Scan"]

_log = structlog.get_logger(__name__)

DECISION_JSON: TypeAdapter[Decision] = TypeAdapter(Decision)
"""How a decision is kept for a restart."""

_PULSE_MS_WITHOUT_RULES = 3000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is; `direction` None leaves it to the access point."""

    access_point: str
    direction: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan that was recorded. Times are seconds of the monotonic clock."""

    event: Event
    decision: Decision
    participant: Participant | None
    point: AccessPoint | None
    rules: Rules | None
    read_at: float
    recorded_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What gathering came to; all empty when nothing could be read."""

    status: CredentialStatus = CredentialStatus.UNKNOWN
    facts: Facts = field(default_factory=Facts)
    mark: CacheMark | None = None
    rules: Rules | None = None
    point: AccessPoint | None = None
    again: ToldAgain | None = None
    choice: str | None = None


class Door:
    """Answers reads. Not thread-safe: one thread calls `handle`, so that two scans never race for one pass.

    `release(access_point, seconds)` pulses the relays and must not block; `answer(scan)` shows it, and
    `failed(access_point)` that a scan came to nothing. `help` is the
    centre, asked before somebody is refused for a reason that a fresher fact could turn, and for uses of strict passes.
    """

    def __init__(
        self,
        identity: Enrolment,
        *,
        ledger: SqliteLedger,
        facts: FactsReader,
        clock: DoorClock,
        places: Mapping[str, Place],
        is_connected: Callable[[], bool],
        release: Callable[[str, float], None] = lambda access_point, seconds: None,
        answer: Callable[[Scan], None] = lambda scan: None,
        failed: Callable[[str], None] = lambda access_point: None,
        guard: GuessGuard | None = None,
        help: Help | None = None,
        offers: Offers | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._identity = identity
        self._key = bytes.fromhex(identity.fingerprint_key)
        self._ledger = ledger
        self._leases = LeaseBook(ledger)
        self._facts = facts
        self._clock = clock
        self._places = places
        self._is_connected = is_connected
        self._release = release
        self._answer = answer
        self._failed = failed
        self._guard = guard or GuessGuard()
        self._help = help or NoHelp()
        self._offers = offers or Offers()
        self._random = random
        self._exits: set[str] = set()
        self._guesses = GuessReports(self._guard, ledger, record=self._record_guesses)
        self._guesses.restore(places)

    def handle(self, read: Read) -> Scan | None:
        """Takes one read all the way. Returns None when it was not recorded: the log says why, nobody was let in; or
        the visitor is asked first, and the way is taken to its end with `choose`, `settle` or the next read."""
        waiting = self._offers.take(self._places[read.reader].access_point)
        if waiting is not None:
            self._take(_now(waiting.read, self._clock), choice=DEFAULT_ORDER)
        return self._take(read)

    def choose(self, access_point: str, offer_id: str, choice: str) -> Scan | None:
        """The visitor chose what is used; an offer that is over is passed over."""
        offer = self._offers.take(access_point, offer_id)
        return self._take(_now(offer.read, self._clock), choice=choice) if offer is not None else None

    def settle(self) -> None:
        """Takes the scans of visitors who did not choose in time to their end, and records what was passed over."""
        for offer in self._offers.over(self._clock.monotonic()):
            self._take(_now(offer.read, self._clock), choice=DEFAULT_ORDER)
        self._guesses.tick(self._clock.monotonic())

    def close(self) -> None:
        """After the last read: writes down what is not recorded yet."""
        self._guesses.keep()

    def _record_guesses(self, reader: str, count: int, marks: Mapping[str, str]) -> None:
        deed = Deed(
            kind=EventKind.DENIED,
            access_point=self._places[reader].access_point,
            outcome=Outcome.DENIED,
            direction=Direction.IN,
            reasons=(Reason.UNKNOWN_CARD,),
            reader=reader,
            count=count,
        )
        stamp = DoorStamp(
            device=self._identity.device,
            boot_id=self._clock.boot_id,
            moment=self._clock.read(),
            cache=None,
            data_as_of=None,
            is_offline=not self._is_connected(),
            random=self._random(10),
        )
        event = self._ledger.record(deed_maker(deed, stamp), marks=marks)
        _log.warning("guessing", alarm=True, reader=reader, access_point=event.access_point, count=count, seq=event.seq)

    def _take(self, read: Read, *, choice: str | None = None) -> Scan | None:
        place = self._places[read.reader]
        moment = self._clock.read()
        presented = self._presented(read, place)
        try:
            found = self._found(presented, place, moment)
            direction = self._direction(place, found.point)
            if _is_guess(found, direction) and not self._guard.is_answered(read.reader, moment.monotonic):
                return None
            scan = self._record(read, presented, found, direction, moment, choice)
            if scan is None:
                return None
        except (LedgerFault, CacheFault) as error:
            self._not_recorded(presented, place, str(error))
            return None
        except Exception as error:
            # Whatever else fails, nobody gets in by it; its text may hold what was read.
            self._not_recorded(presented, place, type(error).__name__)
            raise
        if scan.decision.outcome is Outcome.GRANTED:
            self._release(place.access_point, (scan.point.pulse_ms if scan.point else _PULSE_MS_WITHOUT_RULES) / 1000)
        try:
            self._answer(scan)
        except Exception:
            self._failed(place.access_point)
            raise
        if scan.event.entitlement is not None and scan.event.entitlement.lease is not None:
            self._help.restock(scan.event.entitlement.id)
        self._log_scan(scan, presented)
        return scan

    def _presented(self, read: Read, place: Place) -> Presented:
        code: Code | UnreadableCode
        code = normalise(read.data, technology=read.technology, symbology=read.symbology)
        if read.is_oversize:
            code = UnreadableCode(code.kind, len(read.data), "too long")
        known_by, length = (
            (fingerprint(self._key, code), None)
            if isinstance(code, Code)
            else (unreadable_fingerprint(self._key, read.data), len(read.data))
        )
        return Presented(
            reader=read.reader,
            access_point=place.access_point,
            kind=code.kind,
            fingerprint=known_by,
            length=length,
        )

    def _found(self, presented: Presented, place: Place, moment: Moment) -> _Found:
        try:
            rules = self._facts.rules()
            point = rules.points.get(place.access_point)
            if point is None:
                raise CacheFault(f"the centre has no access point {place.access_point!r} for this door")
            code = presented.fingerprint if presented.length is None else None
            known = self._facts.known(code, point, rules, now=moment.now, clock=moment.trust)
        except CacheFault:
            if self._is_exit(place):
                return _Found()  # the way out needs to know nobody
            raise
        return _Found(
            status=known.status, facts=known.facts, mark=known.mark, rules=rules, point=point, again=known.again
        )

    def _record(
        self,
        read: Read,
        presented: Presented,
        found: _Found,
        direction: Direction,
        moment: Moment,
        choice: str | None,
    ) -> Scan | None:
        """The recorded scan; None when the visitor is asked first."""
        decision, found = self._decided(presented, replace(found, choice=choice or None), direction, moment)
        if choice is None and self._is_offered(read, presented, decision, found):
            return None
        participant, lease = found.facts.participant, self._lease_of(decision, moment)
        if decision.takes_use and decision.entitlement and decision.entitlement.is_strict and lease is None:
            raise LedgerFault("the lent use is gone")
        make = event_maker(
            decision,
            presented,
            participant,
            moment,
            device=self._identity.device,
            boot_id=self._clock.boot_id,
            cache=found.mark,
            data_as_of=found.facts.data_as_of,
            is_offline=not self._is_connected(),
            language=found.rules.organization.language if found.rules else Language.EN,
            random=self._random(10),
            lease=lease,
            is_chosen=decision.entitlement is not None and decision.entitlement.id == choice,
        )
        event = self._ledger.record(make, decision=DECISION_JSON.dump_json(decision, exclude_defaults=True).decode())
        return Scan(
            event=event,
            decision=decision,
            participant=participant,
            point=found.point,
            rules=found.rules,
            read_at=read.read_at,
            recorded_at=self._clock.monotonic(),
        )

    def _decided(
        self, presented: Presented, found: _Found, direction: Direction, moment: Moment
    ) -> tuple[Decision, _Found]:
        """The decision and what it was made from: the cache, or the centre's word when that turned a refusal."""
        until = self._help.deadline()
        decision, found = self._with_lease(direction, found, moment, until)
        if not is_turnable(decision) or presented.length is not None:
            return decision, found
        fresher = self._asked(presented, found, moment, until)
        return self._with_lease(direction, fresher, moment, until) if fresher is not None else (decision, found)

    def _is_offered(self, read: Read, presented: Presented, decision: Decision, found: _Found) -> bool:
        person, point, rules = found.facts.participant, found.point, found.rules
        if not decision.choices or person is None or point is None or rules is None:
            return False
        offer = Offer(
            id=self._random(8).hex(),
            access_point=presented.access_point,
            read=read,
            decision=decision,
            participant=person,
            point=point,
            rules=rules,
            until=self._clock.monotonic() + CHOICE_S,
        )
        return self._offers.make(offer)

    def _with_lease(self, direction: Direction, found: _Found, moment: Moment, until: float) -> tuple[Decision, _Found]:
        """The decision; where nothing but a lent use is missing to a yes, one is asked for first."""
        request = AccessRequest(direction=direction, credential=found.status, choice=found.choice)
        decision = _decide(request, found, moment)
        wanted = decision.entitlement or next(iter(decision.choices), None)
        if wanted is None or not wanted.needs_lease:
            return decision, found
        lent = replace(found, facts=replace(found.facts, lent=(*found.facts.lent, wanted.id)))
        hoped_for = _decide(request, lent, moment)
        if hoped_for.outcome is not Outcome.GRANTED or not self._help.lease(wanted.id, until=until):
            return decision, found
        if self._lease_of(hoped_for, moment) is None:
            return decision, found
        return hoped_for, lent

    def _lease_of(self, decision: Decision, moment: Moment) -> str | None:
        """The lease that the decision's use is spent of."""
        used = decision.entitlement
        if used is None or not used.is_strict or not decision.takes_use:
            return None
        return self._leases.lent((used.id,), now=moment.now, clock=moment.trust).get(used.id)

    def _asked(self, presented: Presented, found: _Found, moment: Moment, until: float) -> _Found | None:
        point, rules, mark = found.point, found.rules, found.mark
        answer = self._help.person(presented.fingerprint, until=until) if point and rules and mark else None
        if answer is None or point is None or rules is None or mark is None:
            return None
        known = self._facts.answered(answer, Known(found.status, found.facts, mark), point, rules, now=moment.now)
        if known is None:
            return None
        return replace(found, status=known.status, facts=known.facts, mark=known.mark, again=known.again)

    def _direction(self, place: Place, point: AccessPoint | None) -> Direction:
        """The reader's own direction, else the access point's; a point for both ways takes a scan as an entry."""
        if place.direction is None and point is not None and point.direction is Direction.OUT:
            self._exits.add(point.id)
        return Direction.OUT if self._is_exit(place) else Direction.IN

    def _is_exit(self, place: Place) -> bool:
        return place.direction is Direction.OUT or (place.direction is None and place.access_point in self._exits)

    def _not_recorded(self, presented: Presented, place: Place, reason: str) -> None:
        is_exit = self._is_exit(place)
        if is_exit:
            self._release(place.access_point, _PULSE_MS_WITHOUT_RULES / 1000)
        else:
            self._failed(place.access_point)
        _log.error(
            "scan_not_recorded",
            alarm=True,
            access_point=place.access_point,
            reader=presented.reader,
            credential=presented.fingerprint,
            reason=reason,
            is_released=is_exit,
        )

    def _log_scan(self, scan: Scan, presented: Presented) -> None:
        event = scan.event
        _log.info(
            "scan",
            outcome=event.outcome.value,
            reasons=[reason.value for reason in event.reasons],
            kind=event.kind.value,
            access_point=event.access_point,
            reader=event.reader,
            credential=presented.fingerprint,
            seq=event.seq,
            cache_seq=event.cache.seq if event.cache else None,
            is_offline=event.is_offline,
            record_ms=round((scan.recorded_at - scan.read_at) * 1000, 2),
        )


def _decide(request: AccessRequest, found: _Found, moment: Moment) -> Decision:
    if found.point is None or found.rules is None:
        return Decision(outcome=Outcome.GRANTED, direction=Direction.OUT)
    facts = found.facts
    if found.again is not None and request.direction is Direction.IN:
        without = decide(request, found.again.without, found.point, now=moment.now, zone=found.rules.zone)
        facts = found.again.with_it if without.outcome is Outcome.GRANTED else facts
    return decide(request, facts, found.point, now=moment.now, zone=found.rules.zone)


def _now(read: Read, clock: DoorClock) -> Read:
    """A read that waited for a choice counts from the choice on."""
    return replace(read, read_at=clock.monotonic())


def _is_guess(found: _Found, direction: Direction) -> bool:
    is_nobody = found.status in (CredentialStatus.UNKNOWN, CredentialStatus.UNREADABLE)
    return is_nobody and direction is Direction.IN
