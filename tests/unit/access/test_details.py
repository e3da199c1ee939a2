"""What a finding and an entitlement say beside their code: the dates and names that the texts for people need."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from access.domain.decision import decide
from access.domain.facts import AccessRequest, Decision, Facts
from access.domain.memberships import Membership, MembershipStatus, Pause
from access.domain.multipasses import Effective, Multipass, Period
from access.domain.people import Participant, Text
from access.domain.policy import AccessPoint, AccessRule, AccessType, Window, WindowKind
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration

ZONE = ZoneInfo("America/Toronto")
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
MAYA = Participant(id="p1", account_id="a1", first_name="Maya", picture="0" * 64)
GYM = Membership(
    id="m", account_id="a1", type_id="gym", name=Text("Gym"), person_ids=("p1",), starts_on=date(2025, 1, 1)
)
POOL = Multipass(id="x", account_id="a1", type_id="pool", name=Text("Pool"), purchased_on=date(2026, 1, 1), total=5)


def decided(*rules: AccessRule, now: datetime = NOW, **held: Any) -> Decision:
    point = AccessPoint(
        id="door", name=Text("Door"), access_rules=rules or AccessPoint(id="d", name=Text("")).access_rules
    )
    return decide(AccessRequest(), Facts(participant=MAYA, data_as_of=now, **held), point, now=now, zone=ZONE)


def test_paused_until_the_last_day_of_pauses_that_touch() -> None:
    """Two pauses that overlap and a third right after them are one; open-ended has no day."""
    pauses = (
        Pause(TODAY, date(2026, 3, 12)),
        Pause(date(2026, 3, 11), date(2026, 3, 20)),
        Pause(date(2026, 3, 21), date(2026, 3, 22)),
    )
    (finding,) = decided(memberships=(replace(GYM, pauses=pauses),)).findings
    assert (finding.on, finding.name) == (date(2026, 3, 22), Text("Gym"))
    (finding,) = decided(memberships=(replace(GYM, pauses=(*pauses, Pause(date(2026, 3, 22)))),)).findings
    assert finding.on is None
    apart = (pauses[0], Pause(date(2026, 3, 14)))
    (finding,) = decided(memberships=(replace(GYM, pauses=apart),)).findings
    assert finding.on == date(2026, 3, 12)


def test_starts_on_and_ended_on_the_day_nearest_to_now() -> None:
    """Of several of a kind the nearest is named."""
    later = [replace(GYM, id=f"m{n}", starts_on=TODAY + timedelta(days=n)) for n in (30, 2, 9)]
    (finding,) = decided(memberships=tuple(later)).findings
    assert finding.on == TODAY + timedelta(days=2)
    gone = [replace(GYM, id=f"m{n}", ends_on=TODAY - timedelta(days=n)) for n in (300, 3, 90)]
    (finding,) = decided(memberships=tuple(gone)).findings
    assert finding.on == TODAY - timedelta(days=3)
    (finding,) = decided(multipasses=(replace(POOL, expires_on=date(2026, 3, 9)),)).findings
    assert (finding.on, finding.name) == (date(2026, 3, 9), Text("Pool"))


def test_an_early_arrival_says_when_the_next_window_opens() -> None:
    """The nearest of those to come, as an instant; none when all are over."""
    occurrences = tuple(
        Occurrence(id=f"o{n}", starts_at=NOW + timedelta(hours=n), ends_at=NOW + timedelta(hours=n + 1))
        for n in (72, -3, 24)
    )
    swim = Activity(id="swim", kind=ActivityKind.SESSION, name=Text("Swim"), occurrences=occurrences)
    registration = Registration(id="r", account_id="a1", person_id="p1", activity_id="swim")
    rule = AccessRule(type=AccessType.SESSION, window=Window(WindowKind.AROUND, 15))
    (finding,) = decided(rule, activities=(swim,), registrations=(registration,)).findings
    assert finding.at == NOW + timedelta(hours=23, minutes=45)
    (finding,) = decided(
        rule, activities=(replace(swim, occurrences=occurrences[1:2]),), registrations=(registration,)
    ).findings
    assert finding.at is None


def test_the_occurrence_that_a_check_in_counts_for_is_the_one_not_yet_over() -> None:
    """On the day of the activity, of three the current one; after the last, the last."""
    occurrences = tuple(
        Occurrence(id=f"o{n}", starts_at=NOW + timedelta(hours=n), ends_at=NOW + timedelta(hours=n + 1))
        for n in (-1, 0, 1)
    )
    swim = Activity(id="swim", kind=ActivityKind.SESSION, name=Text("Swim"), occurrences=occurrences)
    registration = Registration(id="r", account_id="a1", person_id="p1", activity_id="swim")
    held: dict[str, Any] = {"activities": (swim,), "registrations": (registration,)}
    for now, expected in ((NOW, "o0"), (NOW + timedelta(hours=2), "o1"), (NOW - timedelta(hours=5), "o-1")):
        entitlement = decided(AccessRule(type=AccessType.SESSION), now=now, **held).entitlement
        assert entitlement is not None
        assert entitlement.occurrence_id == expected


@pytest.mark.parametrize(("people", "is_family"), [(("p1",), False), (("p1", "p2"), True)])
def test_a_membership_of_several_is_a_family_one(people: tuple[str, ...], is_family: bool) -> None:
    """Shown under each of them."""
    entitlement = decided(memberships=(replace(GYM, person_ids=people, ends_on=date(2026, 12, 31)),)).entitlement
    assert entitlement is not None
    assert (entitlement.is_family, entitlement.ends_on) == (is_family, date(2026, 12, 31))


def test_a_pass_says_whose_it_is_and_when_it_will_end() -> None:
    """A first use shows the expiry that it brings, unless the fixed one comes first."""
    fresh = replace(POOL, effective=Effective.ON_FIRST_USE, expires_after=Period(days=7))
    for multipass, expected in (
        (fresh, (date(2026, 3, 17), True)),
        (replace(fresh, expires_on=date(2026, 3, 12)), (date(2026, 3, 12), True)),
        (replace(POOL, person_id="p1"), (None, False)),
    ):
        entitlement = decided(multipasses=(multipass,)).entitlement
        assert entitlement is not None
        assert (entitlement.ends_on, entitlement.is_family) == expected


def test_which_statuses_open_a_door() -> None:
    """Five of the seven."""
    shut = {status for status in MembershipStatus if not status.opens_door}
    assert shut == {MembershipStatus.SOON_TO_BE_ACTIVE, MembershipStatus.ON_PAUSE}
