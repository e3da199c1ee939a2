"""Single changes to the facts of a scan that could turn its answer: "if only ...".

Only candidates are made here, no rule is: whether a change opens the door is for `decide` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TypeVar

from access.domain.checks import Judgement
from access.domain.credentials import CredentialStatus
from access.domain.facts import AccessRequest, ClockTrust, Facts, Finding, Presence
from access.domain.instants import Hours, add_days, elapsed, in_utc, local_day, start_of_day
from access.domain.memberships import Membership
from access.domain.multipasses import Effective, Multipass
from access.domain.people import Participant, Text
from access.domain.policy import AccessPoint, AccessType
from access.domain.registrations import Registration, RegistrationStatus

__all__ = ["Change", "ChangeKind", "Situation", "applied", "candidates"]

_T = TypeVar("_T", Membership, Multipass, Registration)
_NEW = "new"
_ANY_PICTURE = "0" * 64
_LAST = datetime.max.replace(tzinfo=UTC)
_HOURS_AHEAD_DAYS = 8


class ChangeKind(StrEnum):
    """What could be otherwise."""

    WAIT = "wait"
    FRESH_DATA = "fresh_data"
    TRUSTED_CLOCK = "trusted_clock"
    CHECK_OUT = "check_out"
    FEWER_INSIDE = "fewer_inside"
    CLEAR_NOTE = "clear_note"
    ADD_PICTURE = "add_picture"
    ISSUE_INVOICE = "issue_invoice"
    REGISTER = "register"
    PAY = "pay"
    NEW_CARD = "new_card"
    LIFT_PAUSE = "lift_pause"
    START_MEMBERSHIP = "start_membership"
    START_MULTIPASS = "start_multipass"
    ADD_USES = "add_uses"
    EXTEND_MULTIPASS = "extend_multipass"
    RENEW_MEMBERSHIP = "renew_membership"
    COVER_PERSON = "cover_person"
    UNBLOCK = "unblock"
    SELL_MEMBERSHIP = "sell_membership"
    SELL_MULTIPASS = "sell_multipass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. `id` and `name` say of what; `at` is until when to wait, `on` through or from which day, `amount`
    cents to pay, uses to add or people to leave."""

    kind: ChangeKind
    id: str = ""
    name: Text | None = None
    at: datetime | None = None
    on: date | None = None
    amount: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A scan: what was asked, what was known, when."""

    request: AccessRequest
    facts: Facts
    now: datetime


def applied(change: Change, situation: Situation) -> Situation:
    """The situation as it would be with the change."""
    return _APPLY[change.kind](change, situation)


def candidates(situation: Situation, judgement: Judgement, policy: AccessPoint, *, zone: tzinfo) -> Iterator[Change]:
    """Every single change worth trying, in no order."""
    if situation.facts.participant is None:
        return
    yield from _about_person(situation, policy)
    yield from _about_things(situation, zone)
    yield from _sales(situation, policy, zone)
    for at in sorted(set(_instants(situation, judgement, policy, zone))):
        if elapsed(situation.now, at) > timedelta(0):
            yield Change(kind=ChangeKind.WAIT, at=at)


# -- what could be otherwise


def _about_person(situation: Situation, policy: AccessPoint) -> Iterator[Change]:
    facts, person = situation.facts, situation.facts.participant
    owed = facts.account.balance_cents - max(policy.balance.threshold_cents, 0) if facts.account else 0
    over = facts.occupancy - policy.capacity.limit + 1 if policy.capacity.limit is not None else 0
    can_leave = min(over, facts.occupancy)
    possible = (
        (situation.request.credential is not CredentialStatus.VALID, Change(kind=ChangeKind.NEW_CARD)),
        (person is not None and person.is_blocked, Change(kind=ChangeKind.UNBLOCK)),
        (person is not None and (person.has_notify_flag or person.memos), Change(kind=ChangeKind.CLEAR_NOTE)),
        (person is not None and person.picture is None, Change(kind=ChangeKind.ADD_PICTURE)),
        (owed > 0, Change(kind=ChangeKind.PAY, amount=owed)),
        (can_leave > 0, Change(kind=ChangeKind.FEWER_INSIDE, amount=can_leave)),
        (facts.movements.last_in_at is not None, Change(kind=ChangeKind.CHECK_OUT)),
        (facts.data_as_of != situation.now, Change(kind=ChangeKind.FRESH_DATA)),
        (facts.clock is ClockTrust.UNTRUSTED, Change(kind=ChangeKind.TRUSTED_CLOCK)),
    )
    return (change for is_possible, change in possible if is_possible)


def _about_things(situation: Situation, zone: tzinfo) -> Iterator[Change]:
    day, facts = local_day(situation.now, zone), situation.facts
    for membership in facts.memberships:
        for kind in (
            ChangeKind.RENEW_MEMBERSHIP,
            ChangeKind.START_MEMBERSHIP,
            ChangeKind.LIFT_PAUSE,
            ChangeKind.COVER_PERSON,
        ):
            yield Change(kind=kind, id=membership.id, name=membership.name, on=day)
    for multipass in facts.multipasses:
        left = multipass.state(facts.uses, zone).remaining
        if left is not None and left <= 0:
            yield Change(kind=ChangeKind.ADD_USES, id=multipass.id, name=multipass.name, amount=1 - left)
        for kind in (ChangeKind.START_MULTIPASS, ChangeKind.EXTEND_MULTIPASS):
            yield Change(kind=kind, id=multipass.id, name=multipass.name, on=day)
    names = {each.id: each.name for each in facts.activities}
    for registration in facts.registrations:
        for kind in (ChangeKind.REGISTER, ChangeKind.ISSUE_INVOICE):
            yield Change(kind=kind, id=registration.id, name=names.get(registration.activity_id))


def _sales(situation: Situation, policy: AccessPoint, zone: tzinfo) -> Iterator[Change]:
    kinds = {
        AccessType.MEMBERSHIP: ChangeKind.SELL_MEMBERSHIP,
        AccessType.MULTIPASS: ChangeKind.SELL_MULTIPASS,
    }
    day = local_day(situation.now, zone)
    for rule in policy.access_rules:
        if (kind := kinds.get(rule.type)) is not None:
            yield Change(kind=kind, id=rule.chosen[0] if rule.chosen else _NEW, on=day)


def _instants(situation: Situation, judgement: Judgement, policy: AccessPoint, zone: tzinfo) -> Iterator[datetime]:
    """When something begins, opens or ends that could matter."""
    facts, day = situation.facts, local_day(situation.now, zone)
    yield from _openings(policy.opening_hours, day, zone)
    for rule in policy.access_rules:
        yield from _openings(rule.schedule, day, zone)
    for membership in facts.memberships:
        yield start_of_day(membership.starts_on, zone)
        paused_through = membership.paused_through(day)
        if paused_through is not None:
            yield start_of_day(add_days(paused_through, 1), zone)
    for multipass in facts.multipasses:
        effective_on = multipass.state(facts.uses, zone).effective_on
        if effective_on is not None:
            yield start_of_day(effective_on, zone)
    for judged in judgement.held.judged if judgement.held else ():
        if isinstance(judged.answer, Finding) and judged.answer.at is not None:
            yield in_utc(judged.answer.at)
    if facts.movements.last_in_at is not None and policy.anti_passback.period_s > 0:
        yield _later(facts.movements.last_in_at, policy.anti_passback.period_s)


def _openings(hours: Iterable[Hours], today: date, zone: tzinfo) -> Iterator[datetime]:
    days = [add_days(today, number) for number in range(_HOURS_AHEAD_DAYS)]
    for each in hours:
        for day in days:
            if day.isoweekday() in each.days:
                yield in_utc(datetime.combine(day, each.opens, tzinfo=zone))


def _later(at: datetime, seconds: float) -> datetime:
    try:
        return in_utc(at) + timedelta(seconds=seconds)
    except OverflowError:
        return _LAST


# -- the facts with a change in them


def _with_facts(situation: Situation, **changed: object) -> Situation:
    return replace(situation, facts=replace(situation.facts, **changed))  # type: ignore[arg-type]


def _with_person(situation: Situation, **changed: object) -> Situation:
    person = situation.facts.participant
    assert person is not None
    changed_person: Participant = replace(person, **changed)  # type: ignore[arg-type]
    return _with_facts(situation, participant=changed_person)


def _each(things: tuple[_T, ...], id_: str, change: Callable[[_T], _T]) -> tuple[_T, ...]:
    return tuple(change(each) if each.id == id_ else each for each in things)


def _membership(situation: Situation, change: Change, to: Callable[[Membership, date], Membership]) -> Situation:
    day = change.on or date.max
    changed = _each(situation.facts.memberships, change.id, lambda each: to(each, day))
    return _with_facts(situation, memberships=changed)


def _multipass(situation: Situation, change: Change, to: Callable[[Multipass], Multipass]) -> Situation:
    return _with_facts(situation, multipasses=_each(situation.facts.multipasses, change.id, to))


def _registration(situation: Situation, change: Change, to: Callable[[Registration], Registration]) -> Situation:
    return _with_facts(situation, registrations=_each(situation.facts.registrations, change.id, to))


def _wait(change: Change, situation: Situation) -> Situation:
    """Later, by a door that meanwhile hears from the centre as it did: its data is as old then as it is now."""
    now, heard_at = change.at or situation.now, situation.facts.data_as_of
    waited_s = elapsed(situation.now, now).total_seconds()
    later = replace(situation, now=now)
    return later if heard_at is None else _with_facts(later, data_as_of=_later(heard_at, waited_s))


def _pay(change: Change, situation: Situation) -> Situation:
    account = situation.facts.account
    assert account is not None
    return _with_facts(situation, account=replace(account, balance_cents=account.balance_cents - change.amount))


def _check_out(_change: Change, situation: Situation) -> Situation:
    entered_at = situation.facts.movements.last_in_at or situation.now
    left_at = max(in_utc(entered_at), in_utc(situation.now))
    # One second after the entry, so that nobody takes it for the same scan.
    moved = Presence(last_in_at=entered_at, last_out_at=_later(left_at, 1))
    return _with_facts(situation, presence=moved, facility_presence=None)


def _fewer(change: Change, situation: Situation) -> Situation:
    return _with_facts(situation, occupancy=situation.facts.occupancy - change.amount)


def _renewed(membership: Membership, day: date) -> Membership:
    return replace(membership, ends_on=max(day, membership.starts_on), cancellation=None)


def _started(membership: Membership, day: date) -> Membership:
    return replace(membership, starts_on=min(day, membership.starts_on))


def _unpaused(membership: Membership, day: date) -> Membership:
    return replace(membership, pauses=tuple(each for each in membership.pauses if not each.contains(day)))


def _covering(change: Change, situation: Situation) -> Situation:
    person = situation.facts.participant
    added = (person.id,) if person is not None else ()

    def cover(membership: Membership, _day: date) -> Membership:
        kept = tuple(each for each in membership.person_ids if each not in added)
        return replace(membership, person_ids=(*kept, *added))

    return _membership(situation, change, cover)


def _more_uses(change: Change, situation: Situation) -> Situation:
    def add(multipass: Multipass) -> Multipass:
        return replace(multipass, total=None if multipass.total is None else multipass.total + change.amount)

    return _multipass(situation, change, add)


def _start_multipass(change: Change, situation: Situation) -> Situation:
    return _multipass(
        situation, change, lambda each: replace(each, effective=Effective.ON_DATE, effective_on=change.on)
    )


def _extend(change: Change, situation: Situation) -> Situation:
    return _multipass(situation, change, lambda each: replace(each, expires_on=change.on, expires_after=None))


def _register(change: Change, situation: Situation) -> Situation:
    return _registration(situation, change, lambda each: replace(each, status=RegistrationStatus.REGISTERED))


def _invoice(change: Change, situation: Situation) -> Situation:
    return _registration(situation, change, lambda each: replace(each, has_invoice=True))


def _sell_membership(change: Change, situation: Situation) -> Situation:
    person, day = situation.facts.participant, change.on
    assert person is not None
    assert day is not None
    sold = Membership(
        id=_NEW,
        account_id=person.account_id,
        type_id=change.id,
        name=Text(""),
        person_ids=(person.id,),
        starts_on=day,
    )
    return _with_facts(situation, memberships=(*situation.facts.memberships, sold))


def _sell_multipass(change: Change, situation: Situation) -> Situation:
    person, day = situation.facts.participant, change.on
    assert person is not None
    assert day is not None
    sold = Multipass(
        id=_NEW,
        account_id=person.account_id,
        type_id=change.id,
        name=Text(""),
        purchased_on=day,
        person_id=person.id,
        total=1,
    )
    return _with_facts(situation, multipasses=(*situation.facts.multipasses, sold))


_APPLY: dict[ChangeKind, Callable[[Change, Situation], Situation]] = {
    ChangeKind.WAIT: _wait,
    ChangeKind.FRESH_DATA: lambda _, each: _with_facts(each, data_as_of=each.now),
    ChangeKind.TRUSTED_CLOCK: lambda _, each: _with_facts(each, clock=ClockTrust.TRUSTED),
    ChangeKind.CHECK_OUT: _check_out,
    ChangeKind.FEWER_INSIDE: _fewer,
    ChangeKind.CLEAR_NOTE: lambda _, each: _with_person(each, has_notify_flag=False, memos=()),
    ChangeKind.ADD_PICTURE: lambda _, each: _with_person(each, picture=_ANY_PICTURE),
    ChangeKind.ISSUE_INVOICE: _invoice,
    ChangeKind.REGISTER: _register,
    ChangeKind.PAY: _pay,
    ChangeKind.NEW_CARD: lambda _, each: replace(
        each, request=replace(each.request, credential=CredentialStatus.VALID)
    ),
    ChangeKind.LIFT_PAUSE: lambda change, each: _membership(each, change, _unpaused),
    ChangeKind.START_MEMBERSHIP: lambda change, each: _membership(each, change, _started),
    ChangeKind.START_MULTIPASS: _start_multipass,
    ChangeKind.ADD_USES: _more_uses,
    ChangeKind.EXTEND_MULTIPASS: _extend,
    ChangeKind.RENEW_MEMBERSHIP: lambda change, each: _membership(each, change, _renewed),
    ChangeKind.COVER_PERSON: _covering,
    ChangeKind.UNBLOCK: lambda _, each: _with_person(each, is_blocked=False),
    ChangeKind.SELL_MEMBERSHIP: _sell_membership,
    ChangeKind.SELL_MULTIPASS: _sell_multipass,
}
