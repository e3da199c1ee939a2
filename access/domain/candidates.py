"""The single changes worth trying: "if only ...".

No rule is made here: whether a change opens the door is for `decide` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo

from access.domain.changes import AN_HOUR_S, NEW, Change, ChangeKind, Situation, later, lendable, new_of
from access.domain.checks import Judgement
from access.domain.credentials import CredentialStatus
from access.domain.facts import ClockTrust, Finding
from access.domain.instants import Hours, add_days, elapsed, in_utc, is_within_hours, local_day, start_of_day
from access.domain.policy import AccessPoint, AccessType

__all__ = ["candidates"]

_HOURS_AHEAD_DAYS = 8


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
        (
            facts.data_as_of != situation.now or not lendable(facts) <= {*facts.lent},
            Change(kind=ChangeKind.FRESH_DATA),
        ),
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
        state = multipass.state(facts.uses, zone)
        if state.remaining is not None and state.remaining <= 0:
            yield Change(kind=ChangeKind.ADD_USES, id=multipass.id, name=multipass.name, amount=1 - state.remaining)
        # What is in effect stays so: an expired pass is extended, never begun anew.
        kind = ChangeKind.EXTEND_MULTIPASS if state.has_started_on(day) else ChangeKind.START_MULTIPASS
        yield Change(kind=kind, id=multipass.id, name=multipass.name, on=day)
    names = {each.id: each.name for each in facts.activities}
    for registration in facts.registrations:
        for kind in (ChangeKind.REGISTER, ChangeKind.ISSUE_INVOICE):
            yield Change(kind=kind, id=registration.id, name=names.get(registration.activity_id))
    person = facts.participant
    own = {each.activity_id for each in facts.registrations if person is not None and each.person_id == person.id}
    for activity in facts.activities:
        if activity.id not in own:
            yield Change(kind=ChangeKind.REGISTER, id=new_of(activity.id), name=activity.name)


def _sales(situation: Situation, policy: AccessPoint, zone: tzinfo) -> Iterator[Change]:
    kinds = {
        AccessType.MEMBERSHIP: ChangeKind.SELL_MEMBERSHIP,
        AccessType.MULTIPASS: ChangeKind.SELL_MULTIPASS,
    }
    day = local_day(situation.now, zone)
    for rule in policy.access_rules:
        if (kind := kinds.get(rule.type)) is not None:
            yield Change(kind=kind, id=rule.chosen[0] if rule.chosen else NEW, on=day)
    now = situation.now
    dated = [
        each for each in policy.access_rules if each.type not in kinds and is_within_hours(each.schedule, now, zone)
    ]
    if dated and elapsed(now, later(now, AN_HOUR_S)) > timedelta(0):
        # One is enough to say: an activity of which the door knows nothing has no name.
        chosen = dated[0].chosen[0] if dated[0].chosen else NEW
        yield Change(kind=ChangeKind.SELL_REGISTRATION, id=f"{dated[0].type}:{chosen}", at=now)


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
        yield later(facts.movements.last_in_at, policy.anti_passback.period_s)


def _openings(hours: Iterable[Hours], today: date, zone: tzinfo) -> Iterator[datetime]:
    days = [add_days(today, number) for number in range(_HOURS_AHEAD_DAYS)]
    for each in hours:
        for day in days:
            if day.isoweekday() in each.days:
                yield in_utc(datetime.combine(day, each.opens, tzinfo=zone))
