"""What if: the real scans of some days decided again, by the rules in force now and by a draft of others.

Nothing is written. Both decisions of a scan are made from the same facts, so what differs is the rules' doing: had a
draft refused somebody in reality, their later scans that day would look different too, and that is not replayed.
Doors of a site are taken to have heard each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.decision import decide
from access.domain.facts import Decision
from access.domain.policy import AccessPoint, AntiPassbackMode, Direction
from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.errors import NotFound
from server.explain import repository
from server.explain.facts import SCANS, Doubt, Recorded, Remade, remade
from server.explain.history import History
from server.explain.movements import Around, Movements
from server.explain.repository import Move
from server.explain.service import differences

__all__ = ["MAX_SCANS", "MAX_TURNED", "Turned", "WhatIf", "what_if"]

MAX_SCANS = 50_000
"""Scans replayed in one go, at most: the newest ones."""

MAX_TURNED = 200
"""Scans that would come out differently and are listed, at most: the newest ones. The counts have them all."""

_BATCH = 2000
_ENTRIES = SCANS - {EventKind.CHECKED_OUT, EventKind.ANONYMOUS_EXIT}
_LONGEST_WARM_UP = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A scan that the draft would have answered differently."""

    event_id: str
    occurred_at: datetime
    person_id: str | None
    account_id: str | None
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a draft would have changed. `counts` are scans by (outcome now, outcome with the draft).

    `doubts` count scans of which something could not be put together again, `unlike_recorded` those that today's rules
    answer otherwise than the door did then. `scans` were there in all, `replayed` of them decided again: acts of staff
    and second exits are not.
    """

    published: AccessPoint
    draft: AccessPoint
    since: datetime
    until: datetime
    scans: int = 0
    replayed: int = 0
    counts: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    turned: tuple[Turned, ...] = ()
    doubts: Counter[Doubt] = field(default_factory=Counter)
    unlike_recorded: int = 0
    people_lost: int = 0
    people_won: int = 0

    @property
    def turned_count(self) -> int:
        """How many scans would have come out differently."""
        return sum(count for (before, after), count in self.counts.items() if before is not after)

    @property
    def is_cut(self) -> bool:
        """Whether there were more scans than are replayed at once."""
        return self.scans > MAX_SCANS


def what_if(
    session: Session,
    organization_id: str,
    access_point_id: str,
    draft: AccessPoint,
    since: datetime,
    until: datetime,
    *,
    on_scan: Callable[[Recorded, Remade], None] = lambda recorded, found: None,
) -> WhatIf:
    """Replays the entries at an access point with `since <= occurred_at < until`. Raises `NotFound`.

    `on_scan` is told of each scan what it is decided from.
    """
    point = repository.access_point(session, organization_id, access_point_id)
    if point is None:
        raise NotFound("no such access point")
    published = point.policy()
    drafted = replace(draft, id=published.id, name=published.name, site_id=published.site_id)
    zone = ZoneInfo(repository.zone_name(session, organization_id))
    scans = repository.count_scans(session, organization_id, access_point_id, _ENTRIES, since=since, until=until)
    skipped = max(0, scans - MAX_SCANS)
    replay = _Replay(session, organization_id, published, drafted, zone, skipped=skipped, on_scan=on_scan)
    warm_since = since - _warm_up(published, drafted)
    moves = repository.site_moves(session, organization_id, point.site_id, since=warm_since, until=until)
    while batch := list(islice(moves, _BATCH)):
        replay.take(batch, since)
    return replay.result(scans, since, until)


def _warm_up(*policies: AccessPoint) -> timedelta:
    """How far back somebody may have come in who is still taken for inside."""
    longest = timedelta(days=1)
    for each in policies:
        if each.anti_passback.mode is not AntiPassbackMode.OFF:
            period = timedelta(seconds=min(each.anti_passback.period_s, _LONGEST_WARM_UP.total_seconds()))
            longest = max(longest, period or _LONGEST_WARM_UP)
    return longest


class _Replay:
    """One replay on its way."""

    def __init__(
        self,
        session: Session,
        organization_id: str,
        published: AccessPoint,
        draft: AccessPoint,
        zone: tzinfo,
        *,
        skipped: int,
        on_scan: Callable[[Recorded, Remade], None],
    ) -> None:
        self._session = session
        self._published, self._draft, self._zone = published, draft, zone
        self._history = History(session, organization_id)
        self._movements = Movements()
        self._facility = repository.facility_points(session, organization_id, draft)
        self._skipped = skipped
        self._on_scan = on_scan
        self._replayed = self._unlike = 0
        self._counts: Counter[tuple[Outcome, Outcome]] = Counter()
        self._doubts: Counter[Doubt] = Counter()
        self._turned: list[Turned] = []
        self._lost: set[str] = set()
        self._won: set[str] = set()

    def take(self, batch: list[Move], since: datetime) -> None:
        """Takes the next events, oldest first; those before `since` only tell who is where."""
        replayed = {each.id for each in self._to_replay(batch, since)}
        scans = repository.scan_bodies(self._session, replayed)
        self._history.load({each.account_id for each in scans.values() if each.account_id})
        for move in batch:
            if move.id in scans:
                self._decide(Recorded.of(scans[move.id]))
                self._session.expunge(scans[move.id])
            self._movements.note(move)

    def _to_replay(self, batch: list[Move], since: datetime) -> Iterator[Move]:
        for move in batch:
            is_scan = move.access_point_id == self._published.id and move.kind in _ENTRIES
            if is_scan and move.occurred_at >= since:
                if self._skipped:
                    self._skipped -= 1
                else:
                    yield move

    def _decide(self, recorded: Recorded) -> None:
        event = recorded.event
        if event.staff_id is not None or recorded.is_count or recorded.direction is Direction.OUT:
            return
        policies = (self._published, self._draft)
        around = Around(event.device_id, event.access_point_id, self._facility, is_shared=True)
        found = remade(recorded, self._history, self._movements, around, policies, zone=self._zone)
        self._on_scan(recorded, found)
        before, after = (
            decide(found.request, found.facts, each, now=event.occurred_at, zone=self._zone) for each in policies
        )
        self._replayed += 1
        self._doubts.update(found.doubts)
        self._unlike += bool(differences(before, recorded))
        self._counts[before.outcome, after.outcome] += 1
        if before.outcome is not after.outcome:
            self._keep(recorded, before, after)

    def _keep(self, recorded: Recorded, before: Decision, after: Decision) -> None:
        event = recorded.event
        self._turned.append(
            Turned(
                event_id=event.id,
                occurred_at=event.occurred_at,
                person_id=event.person_id,
                account_id=event.account_id,
                before=before,
                after=after,
            )
        )
        # Only the newest are shown, so only they are kept.
        del self._turned[:-MAX_TURNED]
        if event.person_id is not None and Outcome.GRANTED in (before.outcome, after.outcome):
            (self._lost if before.outcome is Outcome.GRANTED else self._won).add(event.person_id)

    def result(self, scans: int, since: datetime, until: datetime) -> WhatIf:
        """All of it, the newest scan first."""
        return WhatIf(
            published=self._published,
            draft=self._draft,
            since=since,
            until=until,
            scans=scans,
            replayed=self._replayed,
            counts=self._counts,
            turned=tuple(reversed(self._turned)),
            doubts=self._doubts,
            unlike_recorded=self._unlike,
            people_lost=len(self._lost),
            people_won=len(self._won),
        )
