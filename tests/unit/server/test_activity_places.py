"""Places: what is taken in the fullest occurrence, and who is ahead on the waitlist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from access.domain.registrations import RegistrationStatus
from server.activities.places import ahead, crowd, overlap

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A registration, as far as it is counted."""

    id: str
    person_id: str
    status: RegistrationStatus = RegistrationStatus.REGISTERED
    occurrence_ids: tuple[str, ...] = ()
    registered_at: datetime = NOON
    activity_id: str = "swim"


WAITING, CANCELLED = RegistrationStatus.WAITING, RegistrationStatus.CANCELLED


def test_the_fullest_occurrence_counts() -> None:
    """Who is registered for all of it is in each; people are counted once, whatever their rows."""
    rows = [
        Row("1", "ann"),
        Row("2", "ben", occurrence_ids=("mon",)),
        Row("3", "cleo", occurrence_ids=("tue",)),
        Row("4", "cleo", occurrence_ids=("mon",)),
        Row("5", "ann", occurrence_ids=("mon",)),
        Row("6", "dan", CANCELLED),
        Row("7", "eve", WAITING, ("mon",)),
    ]
    assert (crowd(rows, (), ("mon", "tue")).registered, crowd(rows, (), ("mon", "tue")).in_all) == (3, 4)
    assert (crowd(rows, ("tue",), ("mon", "tue")).registered, crowd(rows, ("tue",), ("mon", "tue")).in_all) == (2, 2)


def test_what_is_over_is_free_again() -> None:
    """Only occurrences to come matter; without any, those registered for all of it."""
    rows = [Row("1", "ann", occurrence_ids=("gone",)), Row("2", "ben")]
    assert crowd(rows, (), ("tue",)).registered == 1
    assert crowd(rows, (), ()).registered == 1


def test_nobody_overtakes_who_waits() -> None:
    """A free place is not a newcomer's while somebody waits for it; a second one is."""
    found = crowd([Row("1", "ann"), Row("2", "ben", WAITING)], (), ("mon",))
    assert found.free(2)
    assert not found.free_for_newcomers(2)
    assert found.free_for_newcomers(3)
    assert not found.free(1)
    assert found.free_for_newcomers(None)


def test_ahead_is_who_waits_for_the_same_and_came_first() -> None:
    """Not who waits for another occurrence or another activity."""
    later = NOON + timedelta(minutes=1)
    line = [
        Row("1", "ann", WAITING, ("mon",)),
        Row("2", "ben", WAITING),
        Row("3", "cleo", WAITING, ("tue",)),
        Row("4", "dan", WAITING, activity_id="skate"),
        Row("5", "eve", WAITING, ("mon",), later),
    ]
    assert [ahead(each, line) for each in line] == [0, 1, 1, 0, 2]


def test_ahead_are_people_not_their_registrations() -> None:
    """Who waits for two occurrences is one person, and nobody is ahead of themselves."""
    later = NOON + timedelta(minutes=1)
    line = [
        Row("1", "ann", WAITING, ("mon",)),
        Row("2", "ann", WAITING, ("tue",)),
        Row("3", "ben", WAITING, (), later),
        Row("4", "ann", WAITING, (), later),
    ]
    assert [ahead(each, line) for each in line] == [0, 0, 1, 1]


def test_overlap() -> None:
    """None named means all."""
    assert overlap((), ("mon",))
    assert overlap(("mon", "tue"), ("tue",))
    assert not overlap(("mon",), ("tue",))
