"""Single changes to the facts of a scan: what they are, and the facts with one of them in it.

Which of them are worth trying is in `access.domain.candidates`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from access.domain.credentials import CredentialStatus
from access.domain.facts import AccessRequest, ClockTrust, Facts, Presence
from access.domain.instants import elapsed, in_utc
from access.domain.memberships import Membership
from access.domain.multipasses import Effective, Multipass
from access.domain.people import Participant, Text
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration, RegistrationStatus

__all__ = ["AN_HOUR_S", "NEW", "Change", "ChangeKind", "Situation", "applied", "later", "lendable", "new_of"]

_T = TypeVar("_T", Membership, Multipass, Registration)
NEW = "new"
"""The id of what is sold, and of its type where the access point takes every type."""
AN_HOUR_S = 3600.0
"""How long an activity lasts of which nothing is known but that it is on."""
_ANY_PICTURE = "0" * 64
_LAST = datetime.max.replace(tzinfo=UTC)


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
    SELL_REGISTRATION = "sell_registration"


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


def later(at: datetime, seconds: float) -> datetime:
    """The instant so many seconds later, in UTC; beyond the calendar, its last moment."""
    try:
        return in_utc(at) + timedelta(seconds=seconds)
    except OverflowError:
        return _LAST


def new_of(activity_id: str) -> str:
    """The id of a registration that there is not yet."""
    return f"{NEW}:{activity_id}"


def lendable(facts: Facts) -> frozenset[str]:
    """The multipasses of which the centre could lend a use to a door that hears it."""
    return frozenset(each.id for each in facts.multipasses if each.is_strict)


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
    waited = replace(situation, now=now)
    return waited if heard_at is None else _with_facts(waited, data_as_of=later(heard_at, waited_s))


def _pay(change: Change, situation: Situation) -> Situation:
    account = situation.facts.account
    assert account is not None
    return _with_facts(situation, account=replace(account, balance_cents=account.balance_cents - change.amount))


def _check_out(_change: Change, situation: Situation) -> Situation:
    entered_at = situation.facts.movements.last_in_at or situation.now
    left_at = max(in_utc(entered_at), in_utc(situation.now))
    # One second after the entry, so that nobody takes it for the same scan.
    moved = Presence(last_in_at=entered_at, last_out_at=later(left_at, 1))
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
    for activity in situation.facts.activities:
        if change.id == new_of(activity.id):
            return _with_registration(situation, activity.id)
    return _registration(situation, change, lambda each: replace(each, status=RegistrationStatus.REGISTERED))


def _invoice(change: Change, situation: Situation) -> Situation:
    return _registration(situation, change, lambda each: replace(each, has_invoice=True))


def _sell_registration(change: Change, situation: Situation) -> Situation:
    """With an activity that is on for an hour from then."""
    kind, _, activity_id = change.id.partition(":")
    starts_at = in_utc(change.at or situation.now)
    occurrence = Occurrence(id=NEW, starts_at=starts_at, ends_at=later(starts_at, AN_HOUR_S))
    sold = Activity(id=activity_id, kind=ActivityKind(kind), name=Text(""), occurrences=(occurrence,))
    others = [each for each in situation.facts.activities if each.id != activity_id]
    return _with_registration(_with_facts(situation, activities=(*others, sold)), activity_id)


def _with_registration(situation: Situation, activity_id: str) -> Situation:
    person = situation.facts.participant
    assert person is not None
    new = Registration(
        id=new_of(activity_id), account_id=person.account_id, person_id=person.id, activity_id=activity_id
    )
    return _with_facts(situation, registrations=(*situation.facts.registrations, new))


def _fresh_data(_change: Change, situation: Situation) -> Situation:
    return _with_facts(
        situation, data_as_of=situation.now, lent=(*situation.facts.lent, *sorted(lendable(situation.facts)))
    )


def _sell_membership(change: Change, situation: Situation) -> Situation:
    person, day = situation.facts.participant, change.on
    assert person is not None
    assert day is not None
    sold = Membership(
        id=NEW,
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
        id=NEW,
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
    ChangeKind.FRESH_DATA: _fresh_data,
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
    ChangeKind.SELL_REGISTRATION: _sell_registration,
}
