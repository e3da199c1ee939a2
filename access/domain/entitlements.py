"""What a person holds that opens this access point now, and for what does not, the reason nearest to a yes.

The access point's rules are read as "any one is enough". A thing that no rule accepts here is passed over silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from access.domain.facts import Entitlement, Facts, Finding
from access.domain.instants import add_days, elapsed, in_utc, is_within_hours, local_day, shift, start_of_day
from access.domain.memberships import Membership, MembershipStatus
from access.domain.multipasses import Multipass
from access.domain.people import Participant
from access.domain.policy import AccessPoint, AccessRule, AccessType, EntitlementClass, WindowKind
from access.domain.reasons import NEAREST_FIRST, Outcome, Reason
from access.domain.registrations import Activity, Occurrence, Registration, RegistrationStatus

__all__ = ["Held", "Judged", "PassedOver", "Thing", "gather"]

_REGISTERED_TYPES = (AccessType.SESSION, AccessType.DROP_IN, AccessType.PRIVATE_LESSON)


Thing = Membership | Multipass | Registration
"""What a person can hold."""


class PassedOver(StrEnum):
    """Why a rule says nothing of a thing: it covers somebody else, is of a type the rule does not list, is not (or no
    longer) a registration, or is of an activity nobody knows."""

    OTHER_PERSON = "other_person"
    NOT_CHOSEN = "not_chosen"
    NOT_REGISTERED = "not_registered"
    UNKNOWN_ACTIVITY = "unknown_activity"


@dataclass(frozen=True, slots=True)
class Judged:
    """What one rule of the access point says of one thing: it opens the door, why it does not, or nothing at all.

    Without a thing: that nothing is held which the rule asks for.
    """

    rule: AccessRule
    thing: Thing | None
    answer: Entitlement | Finding | PassedOver


@dataclass(frozen=True, slots=True)
class Held:
    """The outcome of gathering: what opens the door in the order it is consumed, or why nothing does.

    `judged` has every judgement, in the order of the rules.
    """

    eligible: tuple[Entitlement, ...]
    misses: tuple[Finding, ...]
    judged: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class _Moment:
    now: datetime
    day: date
    zone: tzinfo
    facts: Facts
    person: Participant


_Answer = Entitlement | Finding | PassedOver
_Answers = Iterator[tuple[Thing | None, _Answer]]


def gather(point: AccessPoint, facts: Facts, person: Participant, *, now: datetime, zone: tzinfo) -> Held:
    """Judges everything the person holds against every rule of the access point."""
    moment = _Moment(in_utc(now), local_day(now, zone), zone, facts, person)
    judged = tuple(
        Judged(rule, thing, answer) for rule in point.access_rules for thing, answer in _JUDGES[rule.type](rule, moment)
    )
    best: dict[str, Entitlement] = {}
    misses: list[Finding] = []
    is_registered = any(isinstance(each.thing, Registration) and isinstance(each.answer, Finding) for each in judged)
    for each in judged:
        if isinstance(each.answer, Finding):
            # "Not registered" is not said to someone registered for what another rule here asks for.
            misses += [each.answer] if each.thing is not None or not is_registered else []
        elif isinstance(each.answer, Entitlement):
            best.setdefault(f"{each.answer.type}:{each.answer.id}:{each.answer.occurrence_id}", each.answer)
    ordered = sorted(best.values(), key=lambda each: _consumption_key(each, point, moment.now))
    # A strict pass without a lent use comes after everything else.
    eligible = [each for each in ordered if not each.needs_lease] or ordered
    return Held(tuple(eligible), () if eligible else _nearest_first(misses, moment), judged)


def _consumption_key(each: Entitlement, point: AccessPoint, now: datetime) -> tuple[object, ...]:
    # A class the access point does not list comes after those it does.
    place = point.order.index(each.class_) if each.class_ in point.order else len(point.order)
    # Whoever comes on the day comes for what is on or still to be; of what is over, for the latest.
    is_over = each.ends_at is not None and in_utc(each.ends_at) <= now
    starts = (each.starts_at.timestamp() if each.starts_at else 0.0) * (-1 if is_over else 1)
    # Of two memberships the one that lasts longer is named; of two counted passes the one that ends first is used.
    ends = each.ends_on or date.max
    by_end = ends.toordinal() if each.class_ is not EntitlementClass.MEMBERSHIP else -ends.toordinal()
    left = each.remaining if each.remaining is not None else 0
    return place, is_over, starts, by_end, left, each.id, each.occurrence_id or ""


def _nearest_first(misses: list[Finding], moment: _Moment) -> tuple[Finding, ...]:
    if not misses:
        return (_miss(Reason.NO_ELIGIBLE_ACCESS),)

    def distance(miss: Finding) -> float:
        at = miss.at or (start_of_day(miss.on, moment.zone) if miss.on else None)
        return abs(elapsed(moment.now, at).total_seconds()) if at else float("inf")

    def nearness(miss: Finding) -> int:
        # An activity that is over for good is as far away as one never registered for.
        is_over = miss.reason is Reason.OUTSIDE_ACTIVITY_WINDOW and miss.at is None
        return NEAREST_FIRST.index(Reason.NOT_REGISTERED if is_over else miss.reason)

    ordered = sorted(misses, key=lambda miss: (nearness(miss), distance(miss)))
    unique: dict[Reason, Finding] = {}
    for miss in ordered:
        unique.setdefault(miss.reason, miss)
    return tuple(unique.values())


def _miss(reason: Reason, **details: object) -> Finding:
    return Finding(reason=reason, outcome=Outcome.DENIED, **details)  # type: ignore[arg-type]


def _in_schedule(rule: AccessRule, moment: _Moment) -> bool:
    return is_within_hours(rule.schedule, moment.now, moment.zone)


def _memberships(rule: AccessRule, moment: _Moment) -> _Answers:
    for membership in moment.facts.memberships:
        yield membership, _judge_membership(membership, rule, moment)


def _judge_membership(membership: Membership, rule: AccessRule, moment: _Moment) -> _Answer:
    if moment.person.id not in membership.person_ids:
        return PassedOver.OTHER_PERSON
    if rule.chosen and membership.type_id not in rule.chosen:
        return PassedOver.NOT_CHOSEN
    status = membership.status_on(moment.day)
    if status is None:
        return _miss(Reason.MEMBERSHIP_EXPIRED, on=membership.last_on, name=membership.name)
    if status is MembershipStatus.SOON_TO_BE_ACTIVE:
        return _miss(Reason.MEMBERSHIP_NOT_STARTED, on=membership.starts_on, name=membership.name)
    if status is MembershipStatus.ON_PAUSE:
        return _miss(Reason.MEMBERSHIP_ON_PAUSE, on=membership.paused_through(moment.day), name=membership.name)
    if not _in_schedule(rule, moment):
        return _miss(Reason.OUTSIDE_SCHEDULE, name=membership.name)
    return Entitlement(
        type=AccessType.MEMBERSHIP,
        class_=EntitlementClass.MEMBERSHIP,
        id=membership.id,
        name=membership.name,
        type_id=membership.type_id,
        ends_on=membership.last_on,
        is_family=len(membership.person_ids) > 1,
    )


def _multipasses(rule: AccessRule, moment: _Moment) -> _Answers:
    for multipass in moment.facts.multipasses:
        yield multipass, _judge_multipass(multipass, rule, moment)


def _judge_multipass(multipass: Multipass, rule: AccessRule, moment: _Moment) -> _Answer:
    is_for_person = multipass.person_id in (None, moment.person.id)
    if multipass.account_id != moment.person.account_id or not is_for_person:
        return PassedOver.OTHER_PERSON
    if rule.chosen and multipass.type_id not in rule.chosen:
        return PassedOver.NOT_CHOSEN
    state = multipass.state(moment.facts.uses, moment.zone)
    is_used_today = multipass.is_one_use_a_day and state.is_used_on(moment.day, moment.person.id)
    if not state.has_started_on(moment.day):
        return _miss(Reason.MULTIPASS_NOT_STARTED, on=state.effective_on, name=multipass.name)
    if state.is_expired_on(moment.day):
        return _miss(Reason.MULTIPASS_EXPIRED, on=state.expires_on, name=multipass.name)
    if state.remaining is not None and state.remaining <= 0 and not is_used_today:
        return _miss(Reason.MULTIPASS_DEPLETED, name=multipass.name)
    if not _in_schedule(rule, moment):
        return _miss(Reason.OUTSIDE_SCHEDULE, name=multipass.name)
    is_free = multipass.total is None or is_used_today
    activates = state.effective_on is None
    counted_on = multipass.expires_after.after(moment.day) if activates and multipass.expires_after else None
    return Entitlement(
        type=AccessType.MULTIPASS,
        class_=EntitlementClass.UNLIMITED_MULTIPASS if is_free else EntitlementClass.COUNTED_MULTIPASS,
        id=multipass.id,
        name=multipass.name,
        type_id=multipass.type_id,
        ends_on=min((day for day in (state.expires_on, counted_on) if day), default=None),
        total=multipass.total,
        remaining=state.remaining,
        takes_use=not is_used_today,
        activates=activates,
        is_family=multipass.person_id is None,
        is_strict=multipass.is_strict and multipass.total is not None,
        is_lent=multipass.id in moment.facts.lent,
    )


def _dated(rule: AccessRule, moment: _Moment) -> _Answers:
    activities = {activity.id: activity for activity in moment.facts.activities}
    is_any_held = False
    for registration in moment.facts.registrations:
        activity = activities.get(registration.activity_id)
        if activity is not None and activity.kind.value != rule.type.value:
            continue
        answer = _judge_registration(registration, activity, rule, moment)
        is_any_held = is_any_held or not isinstance(answer, PassedOver)
        yield registration, answer
    if not is_any_held and rule.type in _REGISTERED_TYPES:
        yield None, _miss(Reason.NOT_REGISTERED)


def _judge_registration(
    registration: Registration, activity: Activity | None, rule: AccessRule, moment: _Moment
) -> _Answer:
    if registration.person_id != moment.person.id:
        return PassedOver.OTHER_PERSON
    if activity is None:
        return PassedOver.UNKNOWN_ACTIVITY
    if registration.status is not RegistrationStatus.REGISTERED:
        return PassedOver.NOT_REGISTERED
    if rule.chosen and activity.id not in rule.chosen:
        return PassedOver.NOT_CHOSEN
    if activity.kind.value == AccessType.FACILITY_BOOKING.value and not registration.has_invoice:
        return _miss(Reason.BOOKING_WITHOUT_INVOICE, name=activity.name)
    return _judge_activity(activity, registration, rule, moment)


def _judge_activity(activity: Activity, registration: Registration, rule: AccessRule, moment: _Moment) -> _Answer:
    mine = [
        each
        for each in activity.occurrences
        if not each.is_cancelled and (not registration.occurrence_ids or each.id in registration.occurrence_ids)
    ]
    mine.sort(key=lambda each: (each.starts_at.timestamp(), each.id))
    windows = [(*_window(each, rule, moment.zone), each) for each in mine]
    open_now = [each for opens_at, closes_at, each in windows if opens_at <= moment.now < closes_at]
    if not open_now:
        coming = [opens_at for opens_at, _, _ in windows if opens_at > moment.now]
        return _miss(Reason.OUTSIDE_ACTIVITY_WINDOW, at=min(coming, default=None), name=activity.name)
    if not _in_schedule(rule, moment):
        return _miss(Reason.OUTSIDE_SCHEDULE, name=activity.name)
    occurrence = next((each for each in open_now if in_utc(each.ends_at) > moment.now), open_now[-1])
    return Entitlement(
        type=rule.type,
        class_=EntitlementClass.ACTIVITY,
        id=registration.id,
        name=activity.name,
        type_id=activity.id,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        occurrence_id=occurrence.id,
    )


def _window(occurrence: Occurrence, rule: AccessRule, zone: tzinfo) -> tuple[datetime, datetime]:
    if rule.window.kind is WindowKind.AROUND:
        opens_at = shift(occurrence.starts_at, minutes=-rule.window.minutes_before)
        return opens_at, in_utc(occurrence.ends_at)
    first, last = local_day(occurrence.starts_at, zone), local_day(occurrence.ends_at, zone)
    ends_at_midnight = start_of_day(last, zone) == in_utc(occurrence.ends_at) and last > first
    end_day = last if ends_at_midnight else add_days(last, 1)
    return start_of_day(first, zone), start_of_day(end_day, zone)


_JUDGES: dict[AccessType, Callable[[AccessRule, _Moment], _Answers]] = {
    AccessType.MEMBERSHIP: _memberships,
    AccessType.MULTIPASS: _multipasses,
    AccessType.SESSION: _dated,
    AccessType.DROP_IN: _dated,
    AccessType.PRIVATE_LESSON: _dated,
    AccessType.FACILITY_BOOKING: _dated,
}
