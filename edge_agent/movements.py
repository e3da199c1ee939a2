"""Presence, uses and leases at one scan: what the centre said, what this door recorded, and what its neighbours told.

What a neighbour told is never allowed to open a door by itself: a told use only ever takes away, a use that anybody
else knows is left as they know it, and a told entry makes a repeated scan only of what would have been granted anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from access.domain.facts import Facts, Presence
from access.domain.instants import elapsed, local_day, start_of_day
from access.domain.multipasses import PassUse
from access.domain.policy import AccessPoint
from edge_agent.heard import Entry, HeardEvents
from edge_agent.leases import LeaseBook
from edge_agent.ledger import SqliteLedger

__all__ = ["Movements", "Surroundings", "ToldAgain"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and when a scan is: `facility` are the access points that lead to the same facility."""

    point: AccessPoint
    facility: tuple[str, ...]
    zone: tzinfo
    now: datetime


@dataclass(frozen=True, slots=True)
class ToldAgain:
    """A neighbour told an entry here within the duplicate window. Only when `without` it the person would have been
    granted is the scan one `with_it`: a repeated one."""

    without: Facts
    with_it: Facts


class Movements:
    """Reads the ledger. Every method raises `LedgerFault` when it cannot be read."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self._heard = HeardEvents(ledger)
        self._leases = LeaseBook(ledger)

    def added_to(self, facts: Facts, place: Surroundings) -> tuple[Facts, ToldAgain | None]:
        """The facts of the cache with presence, occupancy and uses."""
        person, point = facts.participant, place.point
        facts = replace(facts, occupancy=self._occupancy(place))
        if person is None:
            return facts, None
        own_uses = tuple(self._ledger.uses(person.account_id)) if facts.multipasses else ()
        own = self._presence_here(point.id, person.id)
        strict = [each.id for each in facts.multipasses if each.is_strict]
        lent = tuple(self._leases.lent(strict, now=place.now, clock=facts.clock))
        bare = replace(facts, uses=facts.uses + own_uses, presence=own, lent=lent)
        told = self._told_uses(bare, place)
        known = replace(
            bare, uses=bare.uses + told, facility_presence=self._facility_presence(place.facility, person.id)
        )
        entry = self._heard.last_entry(point.id, person.id)
        if entry is None or not _is_again(entry, own, place):
            return known, None
        without = replace(
            bare,
            uses=bare.uses + tuple(use for use in told if use.id != entry.id),
            facility_presence=self._facility_presence(place.facility, person.id, but=entry.id),
        )
        return known, ToldAgain(without, replace(known, presence=replace(own, last_in_at=entry.at)))

    def _occupancy(self, place: Surroundings) -> int:
        capacity = place.point.capacity
        if capacity.limit is None and capacity.warning_at is None:
            return 0
        today = start_of_day(local_day(place.now, place.zone), place.zone)
        return self._heard.inside(place.facility, today)

    def _presence_here(self, point: str, person_id: str) -> Presence:
        """This door's own record, ended by a told exit: who left by another door is asked for everything anew."""
        own, told = self._ledger.presence(point, person_id), self._heard.presence((point,), person_id)
        left = [at for at in (own.last_out_at, told.last_out_at) if at is not None]
        return Presence(last_in_at=own.last_in_at, last_out_at=max(left, default=None))

    def _facility_presence(self, points: tuple[str, ...], person_id: str, *, but: str = "") -> Presence:
        told = self._heard.presence(points, person_id, but=but)
        own = [self._ledger.presence(point, person_id) for point in points]
        ins = [each.last_in_at for each in (*own, told) if each.last_in_at is not None]
        outs = [each.last_out_at for each in (*own, told) if each.last_out_at is not None]
        return Presence(last_in_at=max(ins, default=None), last_out_at=max(outs, default=None))

    def _told_uses(self, facts: Facts, place: Surroundings) -> tuple[PassUse, ...]:
        """The told uses that nobody else knows. Of a pass that costs one use a day, a told use of the same day is left
        out: the scan takes the day's use itself, which counts once with the told one, and no claim makes it free."""
        person = facts.participant
        if person is None or not facts.multipasses:
            return ()
        known = {use.id for use in facts.uses}
        day_passes = {each.id for each in facts.multipasses if each.is_one_use_a_day}
        today = local_day(place.now, place.zone)

        def is_todays(use: PassUse) -> bool:
            is_own = use.multipass_id in day_passes and use.person_id == person.id
            return is_own and local_day(use.used_at, place.zone) == today

        return tuple(use for use in self._heard.uses(person.account_id) if use.id not in known and not is_todays(use))


def _is_again(entry: Entry, own: Presence, place: Surroundings) -> bool:
    """Whether the told entry is newer than what this door saw here and still within the duplicate window."""
    seen = [at for at in (own.last_in_at, own.last_out_at) if at is not None]
    is_newer = all(elapsed(at, entry.at).total_seconds() > 0 for at in seen)
    return is_newer and abs(elapsed(entry.at, place.now).total_seconds()) < place.point.duplicate_window_s
