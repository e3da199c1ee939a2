"""The facts of a recorded scan as its door knew them, put together again from the feed's log and earlier events."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from access.domain.credentials import CredentialStatus
from access.domain.facts import AccessRequest, ClockTrust, Facts
from access.domain.instants import local_day, start_of_day
from access.domain.multipasses import PassUse
from access.domain.policy import AccessPoint, Direction
from access.domain.reasons import Reason
from access.wire.events import CacheMark, EventKind
from server.explain.history import History, Then
from server.explain.movements import Around, Movements
from server.models import Event

__all__ = ["SCANS", "Doubt", "Recorded", "Remade", "remade"]

SCANS = frozenset(
    {
        EventKind.CHECKED_IN,
        EventKind.CHECKED_OUT,
        EventKind.REPEATED,
        EventKind.REVIEW_REQUESTED,
        EventKind.DENIED,
        EventKind.ANONYMOUS_EXIT,
    }
)
"""The kinds of events that the rules decided."""

_BAD_CARDS = {
    Reason.UNREADABLE_CODE: CredentialStatus.UNREADABLE,
    Reason.UNKNOWN_CARD: CredentialStatus.UNKNOWN,
    Reason.CARD_REVOKED: CredentialStatus.REVOKED,
    Reason.FORGED_CARD: CredentialStatus.FORGED,
    Reason.REPLAYED_CARD: CredentialStatus.REPLAYED,
    Reason.EXPIRED_CODE: CredentialStatus.EXPIRED,
}


class Doubt(StrEnum):
    """What could not be put together again with certainty.

    `no_mark`: the event does not say what its door knew. `other_epoch`: its number means nothing here any more.
    `state_gone`: the log no longer reaches back that far. In these three the present state stands in.
    `person_gone`: the person was not among what the door knew by that mark. `data_age` and `direction`: the event does
    not say how old the door's data was, or which way the scan went, and it was inferred. `rules_now`: the access
    point's rules are those of now. `neighbours`: only with what other doors of the site recorded does it come out as
    the door decided.
    """

    NO_MARK = "no_mark"
    OTHER_EPOCH = "other_epoch"
    STATE_GONE = "state_gone"
    PERSON_GONE = "person_gone"
    DATA_AGE = "data_age"
    DIRECTION = "direction"
    RULES_NOW = "rules_now"
    NEIGHBOURS = "neighbours"


@dataclass(frozen=True)
class Recorded:
    """An event row with its body read once; whatever cannot be read of it counts as not said."""

    event: Event
    body: dict[str, Any]

    @classmethod
    def of(cls, event: Event) -> Recorded:
        """Reads the body."""
        try:
            body = json.loads(event.body)
        except ValueError:
            body = {}
        return cls(event, body if isinstance(body, dict) else {})

    @property
    def mark(self) -> CacheMark | None:
        """The state of the feed that the door decided by."""
        said = self.body.get("cache")
        try:
            return CacheMark.model_validate(said) if said else None
        except ValueError:
            return None

    @property
    def clock(self) -> ClockTrust:
        """How far the door believed its clock."""
        said = self.body.get("clock")
        return ClockTrust(said) if said in list(ClockTrust) else ClockTrust.TRUSTED

    @property
    def reasons(self) -> frozenset[str]:
        """What the door said."""
        return frozenset(self.event.reasons)

    @property
    def fingerprint(self) -> str | None:
        """Of what was presented."""
        said = self.body.get("credential")
        found = said.get("fingerprint") if isinstance(said, dict) else None
        return found if isinstance(found, str) else None

    @property
    def data_as_of(self) -> datetime | None:
        """The instant of the centre's state that the door decided by, if it says so."""
        return _instant(self.body.get("data_as_of"))

    @property
    def lease(self) -> str | None:
        """The lease that a use of a strict pass was spent of."""
        said = self.body.get("entitlement")
        found = said.get("lease") if isinstance(said, dict) else None
        return found if isinstance(found, str) else None

    @property
    def is_count(self) -> bool:
        """Whether it stands for scans that the door had no time to decide."""
        return self.body.get("count") is not None

    @property
    def choice(self) -> str | None:
        """What the visitor chose to use."""
        said = self.body.get("entitlement")
        return self.event.pass_id if isinstance(said, dict) and said.get("is_chosen") is True else None

    @property
    def is_direction_said(self) -> bool:
        """Whether the event itself tells which way."""
        return self.body.get("direction") in (Direction.IN, Direction.OUT)

    @property
    def direction(self) -> Direction:
        """Which way. Where the event does not say so: a repeated entry says that the person was in already, a repeated
        exit does not."""
        if self.is_direction_said:
            return Direction(self.body["direction"])
        is_exit = self.event.kind in (EventKind.CHECKED_OUT, EventKind.ANONYMOUS_EXIT)
        is_second_exit = self.event.kind == EventKind.REPEATED and Reason.ALREADY_CHECKED_IN not in self.reasons
        return Direction.OUT if is_exit or is_second_exit else Direction.IN


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """A scan ready to be decided again. `doubts` say what is not certain about it."""

    request: AccessRequest
    facts: Facts
    doubts: tuple[Doubt, ...] = ()


def remade(
    recorded: Recorded,
    history: History,
    movements: Movements,
    around: Around,
    policies: Iterable[AccessPoint],
    *,
    zone: tzinfo,
) -> Remade:
    """The request and the facts of a scan. `movements` stand just before it; `policies` are those to be asked;
    `around` says where it is and whether its door had heard of its neighbours.
    """
    event, mark, asked = recorded.event, recorded.mark, tuple(policies)
    doubts: list[Doubt] = []
    data_as_of, is_certain = _data_as_of(recorded, history, asked)
    if not is_certain:
        doubts.append(Doubt.DATA_AGE)
    if event.kind == EventKind.REPEATED and not recorded.is_direction_said:
        doubts.append(Doubt.DIRECTION)
    known = Facts(data_as_of=data_as_of, clock=recorded.clock)
    if event.account_id is None or event.person_id is None:
        return Remade(request=_request(recorded, None), facts=known, doubts=tuple(doubts))
    is_marked = mark is not None and history.is_of_this_epoch(mark)
    then = history.then(event.account_id, event.person_id, mark if is_marked else None)
    if not is_marked:
        doubts.append(Doubt.NO_MARK if mark is None else Doubt.OTHER_EPOCH)
    elif not then.is_whole:
        doubts.append(Doubt.STATE_GONE)
    if then.facts.participant is None:
        doubts.append(Doubt.PERSON_GONE)
    today = start_of_day(local_day(event.occurred_at, zone), zone)
    is_counted = any(each.capacity.limit is not None or each.capacity.warning_at is not None for each in asked)
    facts = replace(
        then.facts,
        uses=_uses_before(event, then) + movements.uses(around, event.account_id),
        presence=movements.presence(around, event.person_id),
        facility_presence=movements.facility_presence(around, event.person_id),
        occupancy=movements.inside(around, today) if is_counted else 0,
        lent=(event.pass_id,) if recorded.lease is not None and event.pass_id is not None else (),
        data_as_of=data_as_of,
        clock=recorded.clock,
    )
    card = then.credentials.get(recorded.fingerprint or "")
    return Remade(request=_request(recorded, card.is_revoked if card else None), facts=facts, doubts=tuple(doubts))


def _uses_before(event: Event, then: Then) -> tuple[PassUse, ...]:
    """Without what the present state knows only since the scan, and without the scan's own use."""
    if then.is_whole and then.is_then:
        return then.facts.uses
    return tuple(each for each in then.facts.uses if each.used_at < event.occurred_at and each.id != event.id)


def _instant(said: object) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _request(recorded: Recorded, is_revoked: bool | None) -> AccessRequest:
    """What was presented: as the door found it, or by the card's own state when that is known."""
    said = next((status for reason, status in _BAD_CARDS.items() if reason in recorded.reasons), CredentialStatus.VALID)
    if is_revoked is not None and said in (CredentialStatus.VALID, CredentialStatus.REVOKED):
        said = CredentialStatus.REVOKED if is_revoked else CredentialStatus.VALID
    return AccessRequest(direction=recorded.direction, credential=said, choice=recorded.choice)


def _data_as_of(
    recorded: Recorded, history: History, policies: tuple[AccessPoint, ...]
) -> tuple[datetime | None, bool]:
    """How new the door's data was, and whether that is certain enough for these rules.

    The event says it. Of one that does not: a connected door hears from the centre every few seconds, and an offline
    one knew at least what its mark says.
    """
    event, mark = recorded.event, recorded.mark
    if recorded.data_as_of is not None:
        return recorded.data_as_of, True
    if not event.is_offline:
        return event.occurred_at, True
    heard_at = history.heard_at(mark) if mark is not None else None
    age_s = (event.occurred_at - heard_at).total_seconds() if heard_at else float("inf")
    is_certain = all(age_s <= each.offline.max_cache_age_s for each in policies)
    if Reason.CACHE_STALE in recorded.reasons or heard_at is not None:
        return heard_at, is_certain or Reason.CACHE_STALE in recorded.reasons
    return event.occurred_at, is_certain
