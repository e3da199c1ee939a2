"""Laws of the decision, over arbitrary facts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from access.domain.credentials import CredentialStatus
from access.domain.decision import decide
from access.domain.facts import AccessRequest, ClockTrust, Decision, Facts
from access.domain.instants import Hours, add_days, local_day
from access.domain.memberships import Cancellation, CancellationState, Membership, MembershipStatus, Pause
from access.domain.multipasses import Multipass, PassUse
from access.domain.people import Account, Memo, Text
from access.domain.policy import AccessPoint, AccessRule, AccessType, AntiPassback, AntiPassbackMode, Direction, Mode
from access.domain.reasons import Outcome, Reason
from access.domain.registrations import RegistrationStatus
from tests.unit.access import facts as some

NOW = some.NOW
Case = some.Case


def decided(case: Case, zone: ZoneInfo, now: datetime = NOW) -> Decision:
    request, facts, policy = case
    return decide(request, facts, policy, now=now, zone=zone)


@given(some.cases() | some.wild_cases, some.zones, some.near_instants)
@settings(max_examples=150, deadline=None)
def test_it_is_total_and_deterministic(case: Case, zone: ZoneInfo, now: datetime) -> None:
    """Whatever the facts: an answer, the same each time, that fits together."""
    decision = decided(case, zone, now)
    assert decision == decided(case, zone, now)
    severities = [finding.outcome.severity for finding in decision.findings]
    assert severities == sorted(severities, reverse=True)
    assert decision.outcome is Outcome.strictest(*(finding.outcome for finding in decision.findings))
    assert len(set(decision.reasons)) == len(decision.reasons)
    assert not decision.takes_use or decision.outcome is Outcome.GRANTED
    assert decision.choices == () or decision.entitlement in decision.choices


@given(some.cases(), some.zones)
@settings(max_examples=150, deadline=None)
def test_nobody_is_let_in_by_nothing(case: Case, zone: ZoneInfo) -> None:
    """A grant at an entry names what let in, or is a repeated scan."""
    decision = decided(case, zone)
    if decision.direction is Direction.IN and decision.outcome is not Outcome.DENIED:
        assert decision.entitlement is not None or Reason.ALREADY_CHECKED_IN in decision.reasons


@given(some.cases(), some.zones)
@settings(max_examples=150, deadline=None)
def test_going_out_is_never_denied_nor_reviewed(case: Case, zone: ZoneInfo) -> None:
    """And takes no use."""
    request, facts, policy = case
    decision = decided((replace(request, direction=Direction.OUT), facts, policy), zone)
    assert decision.outcome is Outcome.GRANTED
    assert not decision.takes_use


@given(some.cases(), some.zones, st.data())
@settings(max_examples=200, deadline=None)
def test_the_order_and_the_repetition_of_uses_change_nothing(case: Case, zone: ZoneInfo, data: st.DataObject) -> None:
    """The same set of uses gives the same remaining and the same decision, even when tellings of a use differ."""
    request, facts, policy = case
    again = data.draw(st.lists(st.sampled_from(facts.uses), max_size=4)) if facts.uses else []
    shuffled = replace(facts, uses=tuple(data.draw(st.permutations([*facts.uses, *again]))))
    assert decided((request, shuffled, policy), zone) == decided(case, zone)
    for multipass in facts.multipasses:
        assert multipass.state(shuffled.uses, zone) == multipass.state(facts.uses, zone)


@given(some.multipasses, st.lists(some.uses, max_size=8), some.zones)
@settings(max_examples=200, deadline=None)
def test_remaining_counts_no_use_twice(multipass: Multipass, uses: list[PassUse], zone: ZoneInfo) -> None:
    """Remaining = total - distinct uses that nobody undid (or their distinct person-days)."""
    remaining = multipass.state(uses, zone).remaining
    own = [use for use in uses if use.multipass_id == multipass.id]
    kept = {use.id for use in own} - {use.id for use in own if use.is_undone}
    if multipass.total is None:
        assert remaining is None
    elif not multipass.is_one_use_a_day:
        assert remaining == multipass.total - len(kept)
    else:
        person_days = {(use.person_id, local_day(use.used_at, zone)) for use in own if use.id in kept}
        assert remaining is not None
        assert multipass.total - len(kept) <= remaining <= multipass.total
        assert remaining >= multipass.total - len(person_days)


@given(some.cases(), some.zones)
@settings(max_examples=200, deadline=None)
def test_a_use_is_taken_only_of_what_is_left(case: Case, zone: ZoneInfo) -> None:
    """Whoever is let in by a counted pass that loses a use had more than none."""
    request, facts, policy = case
    decision = decided((AccessRequest(choice=request.choice), facts, some.lenient(policy)), zone)
    if decision.takes_use and decision.entitlement is not None:
        assert decision.entitlement.type is AccessType.MULTIPASS
        assert decision.entitlement.remaining is None or decision.entitlement.remaining > 0


@given(some.cases(), some.zones, st.sampled_from(some.ZONES))
@settings(max_examples=150, deadline=None)
def test_an_instant_is_the_same_in_every_spelling(case: Case, zone: ZoneInfo, other: ZoneInfo) -> None:
    """Facts and now written in UTC, or all in one local time zone: the same decision."""
    in_utc, in_other = retold(case, UTC), retold(case, other)
    first = decided(case, zone)
    for each in (decided(in_utc, zone, NOW), decided(in_other, zone, NOW.astimezone(other))):
        assert (each.outcome, each.reasons, each.takes_use) == (first.outcome, first.reasons, first.takes_use)
        assert each.is_new_movement == first.is_new_movement


def retold(case: Case, zone: Any) -> Case:
    """The case with every instant written in this zone (those that have such a spelling)."""

    def spelt(at: datetime) -> datetime:
        try:
            return at.astimezone(zone)
        except OverflowError:
            return at

    def maybe(at: datetime | None) -> datetime | None:
        return spelt(at) if at else None

    request, facts, policy = case
    uses = tuple(replace(use, used_at=spelt(use.used_at)) for use in facts.uses)
    presence = replace(
        facts.presence, last_in_at=maybe(facts.presence.last_in_at), last_out_at=maybe(facts.presence.last_out_at)
    )
    activities = tuple(
        replace(
            activity,
            occurrences=tuple(
                replace(each, starts_at=spelt(each.starts_at), ends_at=spelt(each.ends_at))
                for each in activity.occurrences
            ),
        )
        for activity in facts.activities
    )
    facts = replace(facts, uses=uses, presence=presence, activities=activities, data_as_of=maybe(facts.data_as_of))
    return request, facts, policy


# -- more against someone never lowers the outcome

STRICTER = {Mode.IGNORE: Mode.REVIEW, Mode.REVIEW: Mode.DENY, Mode.DENY: Mode.DENY}
HARDER = {
    AntiPassbackMode.OFF: AntiPassbackMode.SOFT,
    AntiPassbackMode.SOFT: AntiPassbackMode.HARD,
    AntiPassbackMode.HARD: AntiPassbackMode.HARD,
}
NEVER = Hours(days=(4,))


def person(**changes: Any) -> Callable[[Case], Case]:
    def worse(case: Case) -> Case:
        request, facts, policy = case
        changed = replace(facts.participant, **changes) if facts.participant else None
        return request, replace(facts, participant=changed), policy

    return worse


def known(change: Callable[[Facts], Facts]) -> Callable[[Case], Case]:
    return lambda case: (case[0], change(case[1]), case[2])


def settled(change: Callable[[AccessPoint], AccessPoint]) -> Callable[[Case], Case]:
    return lambda case: (case[0], case[1], change(case[2]))


def presented(credential: CredentialStatus) -> Callable[[Case], Case]:
    return lambda case: (replace(case[0], credential=credential), case[1], case[2])


def owing_more(facts: Facts) -> Facts:
    account = facts.account or Account(id="a1")
    return replace(facts, account=replace(account, balance_cents=account.balance_cents + 10_000))


def owing_longer(facts: Facts) -> Facts:
    if facts.account is None or facts.account.due_since is None:
        return facts
    return replace(facts, account=replace(facts.account, due_since=add_days(facts.account.due_since, -60)))


def staler(facts: Facts) -> Facts:
    at = facts.data_as_of
    older = None if at is None or at.year < 2000 or at.year > 9000 else at - timedelta(days=10)
    return replace(facts, data_as_of=older)


def one_use_more(facts: Facts) -> Facts:
    used_at = NOW - timedelta(days=30)
    extra = tuple(PassUse(id=f"extra-{id_}", multipass_id=id_, person_id="p2", used_at=used_at) for id_ in ("x", "y"))
    return replace(facts, uses=facts.uses + extra)


def each_membership(change: Callable[[Membership], Membership]) -> Callable[[Case], Case]:
    return known(lambda facts: replace(facts, memberships=tuple(change(each) for each in facts.memberships)))


def each_multipass(change: Callable[[Multipass], Multipass]) -> Callable[[Case], Case]:
    return known(lambda facts: replace(facts, multipasses=tuple(change(each) for each in facts.multipasses)))


def each_rule(change: Callable[[AccessRule], AccessRule]) -> Callable[[Case], Case]:
    return settled(lambda policy: replace(policy, access_rules=tuple(change(each) for each in policy.access_rules)))


def cancelled_yesterday(membership: Membership) -> Membership:
    return replace(membership, cancellation=Cancellation(CancellationState.SCHEDULED, date(2026, 10, 30)))


def without_occurrences(facts: Facts) -> Facts:
    cancelled = [
        replace(each, occurrences=tuple(replace(one, is_cancelled=True) for one in each.occurrences))
        for each in facts.activities
    ]
    return replace(facts, activities=tuple(cancelled))


def without_invoices(facts: Facts) -> Facts:
    return replace(facts, registrations=tuple(replace(each, has_invoice=False) for each in facts.registrations))


def waiting(facts: Facts) -> Facts:
    status = RegistrationStatus.WAITING
    return replace(facts, registrations=tuple(replace(each, status=status) for each in facts.registrations))


def fewer_places(policy: AccessPoint) -> AccessPoint:
    limit = 5 if policy.capacity.limit is None else max(policy.capacity.limit - 5, 0)
    return replace(policy, capacity=replace(policy.capacity, limit=limit))


def longer_period(policy: AccessPoint) -> AccessPoint:
    period_s = policy.anti_passback.period_s
    return replace(policy, anti_passback=replace(policy.anti_passback, period_s=period_s * 2 if period_s else 0))


AGAINST: dict[str, Callable[[Case], Case]] = {
    "blocked": person(is_blocked=True),
    "notify flag": person(has_notify_flag=True),
    "memo": person(memos=(Memo("Ask"),)),
    "picture gone": person(picture=None),
    "person unknown": known(lambda facts: replace(facts, participant=None)),
    **{f"card {status}": presented(status) for status in CredentialStatus if status is not CredentialStatus.VALID},
    "owes more": known(owing_more),
    "owes for longer": known(owing_longer),
    "fuller": known(lambda facts: replace(facts, occupancy=facts.occupancy + 5)),
    "staler": known(staler),
    "clock untrusted": known(lambda facts: replace(facts, clock=ClockTrust.UNTRUSTED)),
    "one use more": known(one_use_more),
    "memberships gone": known(lambda facts: replace(facts, memberships=())),
    "one membership less": known(lambda facts: replace(facts, memberships=facts.memberships[1:])),
    "multipasses gone": known(lambda facts: replace(facts, multipasses=())),
    "one multipass less": known(lambda facts: replace(facts, multipasses=facts.multipasses[1:])),
    "registrations gone": known(lambda facts: replace(facts, registrations=())),
    "activities gone": known(lambda facts: replace(facts, activities=())),
    "occurrences cancelled": known(without_occurrences),
    "invoices gone": known(without_invoices),
    "waiting list": known(waiting),
    "paused": each_membership(lambda each: replace(each, pauses=(*each.pauses, Pause(date(2026, 10, 30))))),
    "cancelled": each_membership(cancelled_yesterday),
    "passes expired": each_multipass(lambda each: replace(each, expires_on=date(2026, 10, 1))),
    "smaller passes": each_multipass(lambda each: replace(each, total=0 if each.total is None else each.total // 2)),
    "stricter about balance": settled(
        lambda policy: replace(policy, balance=replace(policy.balance, mode=STRICTER[policy.balance.mode]))
    ),
    "lower threshold": settled(
        lambda policy: replace(
            policy, balance=replace(policy.balance, threshold_cents=policy.balance.threshold_cents - 1)
        )
    ),
    "younger debts too": settled(
        lambda policy: replace(policy, balance=replace(policy.balance, age_days=policy.balance.age_days - 10))
    ),
    "stricter about capacity": settled(
        lambda policy: replace(policy, capacity=replace(policy.capacity, mode=STRICTER[policy.capacity.mode]))
    ),
    "fewer places": settled(fewer_places),
    "stricter about pictures": settled(
        lambda policy: replace(policy, missing_picture=STRICTER[policy.missing_picture])
    ),
    "stricter about old data": settled(
        lambda policy: replace(policy, offline=replace(policy.offline, stale=STRICTER[policy.offline.stale]))
    ),
    "less patience with old data": settled(
        lambda policy: replace(
            policy, offline=replace(policy.offline, max_cache_age_s=policy.offline.max_cache_age_s // 10)
        )
    ),
    "stricter about clocks": settled(
        lambda policy: replace(
            policy, offline=replace(policy.offline, untrusted_clock=STRICTER[policy.offline.untrusted_clock])
        )
    ),
    "harder anti-passback": settled(
        lambda policy: replace(
            policy, anti_passback=replace(policy.anti_passback, mode=HARDER[policy.anti_passback.mode])
        )
    ),
    "longer anti-passback": settled(longer_period),
    "endless anti-passback": settled(
        lambda policy: replace(policy, anti_passback=AntiPassback(mode=policy.anti_passback.mode, period_s=0))
    ),
    "shorter duplicate window": settled(
        lambda policy: replace(policy, duplicate_window_s=policy.duplicate_window_s // 2)
    ),
    "closed": settled(lambda policy: replace(policy, opening_hours=(NEVER,))),
    "fewer access types": settled(lambda policy: replace(policy, access_rules=policy.access_rules[1:])),
    "schedule never": each_rule(lambda rule: replace(rule, schedule=(NEVER,))),
    "other things chosen": each_rule(lambda rule: replace(rule, chosen=("nothing-anyone-has",))),
    "shorter windows": each_rule(lambda rule: replace(rule, window=replace(rule.window, minutes_before=0))),
}


@given(case=some.cases(is_entry=True), zone=some.zones)
@settings(max_examples=400, deadline=None)
def test_more_against_someone_never_lowers_the_outcome(case: Case, zone: ZoneInfo) -> None:
    """Each kind of thing that can speak against an entry, put on top of anything."""
    before = decided(case, zone).outcome.severity
    lowered = [name for name, worse in AGAINST.items() if decided(worse(case), zone).outcome.severity < before]
    assert lowered == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_arbitrary_cases_reach_every_outcome(outcome: Outcome) -> None:
    """Laws over cases that are always denied would say nothing."""
    assert find(
        some.cases(is_entry=True),
        lambda case: decided(case, some.ZONES[0]).outcome is outcome,
        settings=settings(max_examples=200, deadline=None, phases=[Phase.generate]),
    )


# -- statuses


@given(some.memberships, some.days)
@settings(max_examples=300, deadline=None)
def test_a_membership_has_one_status_every_day(membership: Membership, day: date) -> None:
    """Or none once it has expired; and then never one again."""
    status = membership.status_on(day)
    assert status is None or status in MembershipStatus
    if status is None and day >= membership.starts_on:
        assert membership.status_on(add_days(day, 1)) is None


@given(some.memberships, some.days)
@settings(max_examples=200, deadline=None)
def test_paused_through_names_the_last_paused_day(membership: Membership, day: date) -> None:
    """Every day until it is paused, the day after it is not."""
    if membership.pause_on(day) is None:
        return
    last = membership.paused_through(day)
    if last is None:
        assert membership.pause_on(date.max) is not None
        return
    assert last >= day
    assert membership.pause_on(last) is not None
    assert last == date.max or membership.pause_on(add_days(last, 1)) is None


@given(some.memberships, some.zones)
@settings(max_examples=200, deadline=None)
def test_the_status_and_the_door_agree(membership: Membership, zone: ZoneInfo) -> None:
    """A membership alone opens a door exactly when its status says so."""
    facts = Facts(participant=some.MAYA, memberships=(membership,))
    policy = some.lenient(AccessPoint(id="door", name=Text("")))
    status = membership.status_on(local_day(NOW, zone))
    opens = status is not None and status.opens_door and "p1" in membership.person_ids
    assert (decided((AccessRequest(), facts, policy), zone).outcome is Outcome.GRANTED) == opens


@given(some.multipasses, st.lists(some.uses, max_size=4), some.days, some.zones)
@settings(max_examples=200, deadline=None)
def test_a_multipass_has_a_status_while_something_is_left(
    multipass: Multipass, uses: list[PassUse], day: date, zone: ZoneInfo
) -> None:
    """None exactly when it is used up or expired."""
    state = multipass.state(uses, zone)
    is_empty = state.remaining is not None and state.remaining <= 0
    assert (state.status_on(day) is None) == (is_empty or state.is_expired_on(day))
