"""Registrations: order, what is listed, and the date that goes with each line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from access.domain.memberships import Cancellation, CancellationState, Membership, MembershipStatus, Pause
from access.domain.multipasses import Effective, Multipass, PassUse, Period
from access.domain.people import Text
from server.admin.account.registrations import Registrations, by_first_name, registrations

ZONE = ZoneInfo("America/Toronto")
TODAY = date(2026, 11, 21)


def _membership(**given: object) -> Membership:
    values: dict[str, object] = {
        "id": "m",
        "account_id": "a",
        "type_id": "t",
        "name": Text("Gym"),
        "person_ids": ("p",),
    }
    return Membership(**{**values, "starts_on": date(2026, 1, 1), **given})  # type: ignore[arg-type]


def _multipass(**given: object) -> Multipass:
    values: dict[str, object] = {"id": "x", "account_id": "a", "type_id": "t", "name": Text("Pool"), "person_id": "p"}
    return Multipass(**{**values, "purchased_on": date(2026, 1, 1), **given})  # type: ignore[arg-type]


def _listed(*held: Membership | Multipass, uses: tuple[PassUse, ...] = ()) -> Registrations:
    return registrations(
        ["p", "q"],
        [each for each in held if isinstance(each, Membership)],
        [each for each in held if isinstance(each, Multipass)],
        uses,
        day=TODAY,
        zone=ZONE,
    )


@pytest.mark.parametrize(
    ("given", "status", "day"),
    [
        ({}, MembershipStatus.ACTIVE_RECURRING, None),
        ({"ends_on": date(2027, 5, 31)}, MembershipStatus.ACTIVE_UNTIL, date(2027, 5, 31)),
        ({"starts_on": date(2026, 12, 1)}, MembershipStatus.SOON_TO_BE_ACTIVE, date(2026, 12, 1)),
        ({"pauses": (Pause(TODAY, date(2026, 12, 1)),)}, MembershipStatus.ON_PAUSE, date(2026, 12, 1)),
        ({"pauses": (Pause(date(2026, 12, 20)),)}, MembershipStatus.UPCOMING_PAUSE, date(2026, 12, 20)),
        (
            {"cancellation": Cancellation(CancellationState.REQUESTED)},
            MembershipStatus.CANCELLATION_REQUESTED,
            None,
        ),
        (
            {"cancellation": Cancellation(CancellationState.SCHEDULED, date(2026, 12, 31))},
            MembershipStatus.UPCOMING_CANCELLATION,
            date(2026, 12, 31),
        ),
    ],
)
def test_each_status_comes_with_its_date(given: dict[str, object], status: MembershipStatus, day: date | None) -> None:
    """Until, from, or nothing."""
    (line,) = _listed(_membership(**given)).people[0].memberships
    assert (line.status, line.date) == (status, day)


def test_what_is_over_is_not_listed() -> None:
    """Expired memberships, used-up and expired multipasses."""
    used = tuple(
        PassUse(id=f"u{n}", multipass_id="x", person_id="p", used_at=datetime(2026, 2, n + 1, tzinfo=UTC))
        for n in range(3)
    )
    assert _listed(_membership(ends_on=date(2026, 11, 20))).people[0].memberships == ()
    assert _listed(_multipass(total=3), uses=used).people[0].multipasses == ()
    assert _listed(_multipass(expires_on=date(2026, 11, 20))).people[0].multipasses == ()
    (left,) = _listed(_multipass(total=5), uses=used).people[0].multipasses
    assert left.state.remaining == 2


def test_unlimited_without_expiry_always_shows() -> None:
    """However often it was used."""
    assert len(_listed(_multipass()).people[0].multipasses) == 1


def test_family_multipasses_stand_apart_and_everyone_is_listed() -> None:
    """Also who has nothing."""
    shown = _listed(_multipass(person_id=None, total=10))
    assert [line.state.remaining for line in shown.family] == [10]
    assert [(each.person_id, each.memberships, each.multipasses) for each in shown.people] == [
        ("p", (), ()),
        ("q", (), ()),
    ]


def test_first_use_and_later_dates_are_told() -> None:
    """Activates on first use; takes effect on a date."""
    (first_use,) = (
        _listed(_multipass(effective=Effective.ON_FIRST_USE, expires_after=Period(months=6))).people[0].multipasses
    )
    assert (first_use.is_ahead, first_use.date) == (False, None)
    later = date(2026, 12, 1)
    (ahead,) = _listed(_multipass(effective=Effective.ON_DATE, effective_on=later)).people[0].multipasses
    assert (ahead.is_ahead, ahead.date) == (True, later)


def test_people_are_sorted_as_people_sort_them() -> None:
    """Accents and case apart."""
    names = ["Zoé", "émile", "Eve", "Adam", "Élodie"]
    assert sorted(names, key=lambda name: by_first_name(name, "")) == ["Adam", "Élodie", "émile", "Eve", "Zoé"]
