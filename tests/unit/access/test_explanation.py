"""Explanations agree with decisions, and every way they name really opens the door."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from access.domain.changes import Change, ChangeKind, Situation, applied
from access.domain.checks import Rule, Standing
from access.domain.credentials import CredentialStatus
from access.domain.decision import decide
from access.domain.explanation import Explanation, explain, size_of
from access.domain.facts import AccessRequest, ClockTrust, Facts, Presence
from access.domain.instants import Hours
from access.domain.memberships import Membership, Pause
from access.domain.multipasses import Effective, Multipass, PassUse, Period
from access.domain.people import Account, Memo, Text
from access.domain.policy import (
    AccessPoint,
    AccessRule,
    AccessType,
    AntiPassback,
    AntiPassbackMode,
    BalanceRule,
    Capacity,
    Mode,
    Window,
    WindowKind,
)
from access.domain.reasons import Outcome, Reason
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration, RegistrationStatus
from tests.unit.access import facts as some

ZONE = ZoneInfo("America/Toronto")
NOW = datetime(2026, 3, 10, 14, tzinfo=UTC)  # ten in the morning in Toronto, a Tuesday
TODAY = NOW.astimezone(ZONE).date()
DAY = timedelta(days=1)
GYM = Membership(
    id="gym", account_id="a1", type_id="gym", name=Text("Gym"), person_ids=("p1",), starts_on=TODAY - 90 * DAY
)
POOL = Multipass(id="pool", account_id="a1", type_id="pool", name=Text("Pool"), purchased_on=TODAY - 9 * DAY, total=1)
USE = PassUse(id="u1", multipass_id="pool", person_id="p1", used_at=NOW - DAY)
SWIM = Activity(
    id="swim",
    kind=ActivityKind.SESSION,
    name=Text("Swim"),
    occurrences=(Occurrence(id="o1", starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2)),),
)
SWIMMER = Registration(id="r1", account_id="a1", person_id="p1", activity_id="swim")
POINT = AccessPoint(id="door", name=Text("Door"))
INSIDE = Presence(last_in_at=NOW - timedelta(hours=1))


def explained(
    policy: AccessPoint = POINT, credential: CredentialStatus = CredentialStatus.VALID, **known: Any
) -> Explanation:
    given = {"participant": some.MAYA, "data_as_of": NOW, **known}
    return explain(AccessRequest(credential=credential), Facts(**given), policy, now=NOW, zone=ZONE)


def ways(explanation: Explanation) -> list[list[ChangeKind]]:
    return [[change.kind for change in way.changes] for way in explanation.nearest]


@given(some.cases() | some.wild_cases, some.zones, some.near_instants)
@settings(max_examples=150, deadline=None)
def test_it_agrees_with_the_decision(case: some.Case, zone: ZoneInfo, now: datetime) -> None:
    """The checks that are against someone are exactly the decision's findings; every rule is there."""
    request, facts, policy = case
    explanation = explain(request, facts, policy, now=now, zone=zone)
    assert explanation.decision == decide(request, facts, policy, now=now, zone=zone)
    checks = [line.check for line in explanation.checks]
    found = [each.finding for each in checks if each.standing is Standing.AGAINST and each.finding]
    assert sorted(found, key=repr) == sorted(explanation.decision.findings, key=repr)
    assert {each.rule for each in checks} | {Rule.HELD} == set(Rule)
    opening = [each.judged.answer for each in checks if each.rule is Rule.HELD and each.is_passed and each.judged]
    assert (explanation.decision.entitlement in opening) is (explanation.decision.entitlement is not None)
    assert explanation == explain(request, facts, policy, now=now, zone=zone)


@given(some.cases() | some.wild_cases, some.zones, some.near_instants)
@settings(max_examples=150, deadline=None)
def test_every_way_opens_the_door(case: some.Case, zone: ZoneInfo, now: datetime) -> None:
    """Applied one after the other the changes lead to a yes, and not one of them can be left out."""
    request, facts, policy = case
    explanation = explain(request, facts, policy, now=now, zone=zone)
    assert explanation.decision.outcome is not Outcome.GRANTED or not explanation.nearest
    assert [way.size for way in explanation.nearest] == sorted(way.size for way in explanation.nearest)
    for way in explanation.nearest:
        assert outcome_with(way.changes, case, zone, now) is Outcome.GRANTED
        for left_out in way.changes:
            rest = tuple(each for each in way.changes if each is not left_out)
            assert outcome_with(rest, case, zone, now) is not Outcome.GRANTED


def outcome_with(changes: tuple[Change, ...], case: some.Case, zone: ZoneInfo, now: datetime) -> Outcome:
    request, facts, policy = case
    situation = Situation(request=request, facts=facts, now=now)
    for change in changes:
        situation = applied(change, situation)
    return decide(situation.request, situation.facts, policy, now=situation.now, zone=zone).outcome


@pytest.mark.parametrize(
    ("nearest", "known"),
    [
        (ChangeKind.RENEW_MEMBERSHIP, {"memberships": (replace(GYM, ends_on=TODAY - DAY),)}),
        (ChangeKind.LIFT_PAUSE, {"memberships": (replace(GYM, pauses=(Pause(TODAY - DAY, TODAY),)),)}),
        (ChangeKind.START_MEMBERSHIP, {"memberships": (replace(GYM, starts_on=TODAY + DAY),)}),
        (ChangeKind.COVER_PERSON, {"memberships": (replace(GYM, person_ids=("p2",)),)}),
        (ChangeKind.ADD_USES, {"multipasses": (POOL,), "uses": (USE,)}),
        (ChangeKind.START_MULTIPASS, {"multipasses": (replace(POOL, purchased_on=TODAY + DAY),)}),
        (ChangeKind.EXTEND_MULTIPASS, {"multipasses": (replace(POOL, expires_on=TODAY - DAY),)}),
        (ChangeKind.UNBLOCK, {"memberships": (GYM,), "participant": replace(some.MAYA, is_blocked=True)}),
        (ChangeKind.CLEAR_NOTE, {"memberships": (GYM,), "participant": replace(some.MAYA, memos=(Memo("Nuts"),))}),
        (ChangeKind.TRUSTED_CLOCK, {"memberships": (GYM,), "clock": ClockTrust.UNTRUSTED}),
        (ChangeKind.FRESH_DATA, {"memberships": (GYM,), "data_as_of": NOW - 30 * DAY}),
        (ChangeKind.FRESH_DATA, {"multipasses": (replace(POOL, is_strict=True),)}),
        (ChangeKind.SELL_MULTIPASS, {}),
    ],
)
def test_the_nearest_change_is_named(nearest: ChangeKind, known: dict[str, Any]) -> None:
    """What staff would think of first comes first."""
    assert ways(explained(**known))[0] == [nearest]


@pytest.mark.parametrize(
    ("nearest", "policy", "known"),
    [
        (ChangeKind.PAY, {"balance": BalanceRule(mode=Mode.DENY)}, {"account": Account(id="a1", balance_cents=500)}),
        (ChangeKind.ADD_PICTURE, {"missing_picture": Mode.DENY}, {"participant": replace(some.MAYA, picture=None)}),
        (ChangeKind.FEWER_INSIDE, {"capacity": Capacity(limit=3)}, {"occupancy": 5}),
        (ChangeKind.CHECK_OUT, {"anti_passback": AntiPassback(mode=AntiPassbackMode.HARD)}, {"presence": INSIDE}),
        (ChangeKind.WAIT, {"opening_hours": (Hours(opens=time(17), closes=time(20)),)}, {}),
    ],
)
def test_the_access_points_own_rules_have_their_change(
    nearest: ChangeKind, policy: dict[str, Any], known: dict[str, Any]
) -> None:
    """Balance, picture, capacity, anti-passback and opening hours."""
    assert ways(explained(replace(POINT, **policy), memberships=(GYM,), **known))[0] == [nearest]


def test_waiting_says_until_when() -> None:
    """The next opening, and no later one."""
    policy = replace(POINT, opening_hours=(Hours(days=(1, 3), opens=time(17), closes=time(20)),))
    [way] = explained(policy, memberships=(GYM,)).nearest
    assert way.changes[0].at == datetime(2026, 3, 11, 21, tzinfo=UTC)


def test_an_activity_is_waited_for_registered_or_invoiced() -> None:
    """Its window, the waitlist, the invoice."""
    around = Window(WindowKind.AROUND, 15)
    policy = replace(POINT, access_rules=(AccessRule(type=AccessType.SESSION, window=around),))
    [early] = explained(policy, activities=(SWIM,), registrations=(SWIMMER,)).nearest
    assert (early.changes[0].kind, early.changes[0].at) == (ChangeKind.WAIT, NOW + timedelta(minutes=45))
    on_the_day = replace(POINT, access_rules=(AccessRule(type=AccessType.SESSION),))
    waiting = replace(SWIMMER, status=RegistrationStatus.WAITING)
    assert ways(explained(on_the_day, activities=(SWIM,), registrations=(waiting,))) == [[ChangeKind.REGISTER]]
    booked = replace(POINT, access_rules=(AccessRule(type=AccessType.FACILITY_BOOKING),))
    hall, unpaid = replace(SWIM, kind=ActivityKind.FACILITY_BOOKING), replace(SWIMMER, has_invoice=False)
    assert ways(explained(booked, activities=(hall,), registrations=(unpaid,))) == [[ChangeKind.ISSUE_INVOICE]]


def test_who_is_registered_for_nothing_is_told_of_an_activity() -> None:
    """By its name when the door knows of one that opens, a sibling's too; else of any that is on."""
    policy = replace(POINT, access_rules=(AccessRule(type=AccessType.SESSION, window=Window(WindowKind.AROUND, 60)),))
    [swim] = explained(policy, activities=(SWIM,), registrations=(replace(SWIMMER, person_id="p2"),)).nearest
    assert [(each.kind, each.name) for each in swim.changes] == [(ChangeKind.REGISTER, Text("Swim"))]
    assert ways(explained(policy)) == [[ChangeKind.SELL_REGISTRATION]]


def test_a_pass_that_is_over_is_extended_and_not_begun_anew() -> None:
    """The first check-in fixed its first day for good."""
    over = replace(POOL, effective=Effective.ON_FIRST_USE, expires_after=Period(days=1), total=5)
    used = replace(USE, used_at=NOW - 3 * DAY)
    assert ways(explained(multipasses=(over,), uses=(used,))) == [[ChangeKind.EXTEND_MULTIPASS]]


def test_two_small_changes_are_nearer_than_a_sale() -> None:
    """A membership that ended during its pause is renewed and its pause ended; nobody is sold a second one."""
    gym = replace(GYM, ends_on=TODAY - DAY, pauses=(Pause(TODAY - 9 * DAY, TODAY + 9 * DAY),))
    [way] = explained(memberships=(gym,)).nearest
    assert {each.kind for each in way.changes} == {ChangeKind.RENEW_MEMBERSHIP, ChangeKind.LIFT_PAUSE}


def test_two_things_against_someone_need_two_changes() -> None:
    """Pairs when no single change is enough; a cancelled card hides the rest and yet does not stop the search."""
    person = replace(some.MAYA, is_blocked=True)
    blocked = explained(participant=person, memberships=(replace(GYM, ends_on=TODAY - DAY),))
    assert set(ways(blocked)[0]) == {ChangeKind.UNBLOCK, ChangeKind.RENEW_MEMBERSHIP}
    revoked = explained(credential=CredentialStatus.REVOKED, memberships=(replace(GYM, ends_on=TODAY - DAY),))
    assert ways(revoked)[0] == [ChangeKind.NEW_CARD, ChangeKind.RENEW_MEMBERSHIP]


def test_nobody_known_has_no_way() -> None:
    """A card that nobody holds says nothing of whose it should be."""
    unknown = explained(participant=None)
    assert (unknown.decision.reasons, unknown.nearest) == ((Reason.UNKNOWN_CARD,), ())


def test_each_line_has_the_facts_it_looked_at() -> None:
    """Amounts, dates and settings, beside the outcome that they cause."""
    policy = replace(POINT, balance=BalanceRule(mode=Mode.REVIEW, threshold_cents=1000))
    owing = explained(policy, memberships=(GYM,), account=Account(id="a1", balance_cents=4250, due_since=TODAY))
    [line] = [each for each in owing.checks if each.check.rule is Rule.BALANCE]
    assert dict(line.facts) == {
        "balance_cents": 4250,
        "due_since_on": TODAY,
        "threshold_cents": 1000,
        "age_days": 0,
        "mode": Mode.REVIEW,
    }
    assert line.check.finding is not None
    assert line.check.finding.outcome is Outcome.REVIEW


def test_what_is_ignored_and_what_is_not_accepted_is_said() -> None:
    """A debt that the access point ignores, a pass that it does not take, a card that hides all else."""
    chosen = replace(POINT, access_rules=(AccessRule(type=AccessType.MEMBERSHIP, chosen=("other",)),))
    explanation = explained(chosen, memberships=(GYM,), account=Account(id="a1", balance_cents=1))
    standings = {(line.check.rule, line.check.standing) for line in explanation.checks}
    assert (Rule.BALANCE, Standing.IGNORED) in standings
    assert (Rule.HELD, Standing.NOT_ACCEPTED) in standings
    revoked = explained(credential=CredentialStatus.REVOKED, memberships=(GYM,))
    assert (Rule.HELD, Standing.NOT_ASKED) in {(line.check.rule, line.check.standing) for line in revoked.checks}


def test_a_longer_wait_is_a_larger_change() -> None:
    """An hour is nearer than a purchase, a month is not."""
    sizes = [size_of(Change(kind=ChangeKind.WAIT, at=NOW + timedelta(hours=hours)), NOW) for hours in (1, 10, 40, 700)]
    assert sizes == sorted(set(sizes))
