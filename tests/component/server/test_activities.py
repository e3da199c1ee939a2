"""Activities by hand, on both engines: places are never sold twice, the waitlist keeps its order, doors hear of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from access.domain.registrations import ActivityKind, RegistrationStatus
from server.activities import repository, service
from server.activities.errors import (
    AlreadyThere,
    CodeTaken,
    Full,
    IsArchived,
    KindFixed,
    NotOpen,
    StatusDiffers,
    StillToCome,
)
from server.activities.overview import ActivityFilter, find_activities, find_open, occurrence_lines, waitlist
from server.activities.registering import cancel_registration, give_place, register
from server.activities.rows import add_registration
from server.activities.service import Particulars
from server.db import Database
from server.errors import NotFound
from server.models import AuditEntry, FeedEntry, Occurrence, Organization, Person, Registration

NOW = datetime(2026, 3, 10, 14, tzinfo=UTC)
PEOPLE = ("ann", "ben", "cleo", "dan", "eve")


@pytest.fixture
def swim(club: Database) -> str:
    """A session with two places and three occurrences: one over, two to come. Five people, and another organization."""
    with club.write() as session:
        for name in PEOPLE[1:]:
            session.add(Person(id=name, organization_id="club", account_id="family", first_name=name.title()))
        session.add(Organization(id="other", name_en="Other"))
        made = service.make(session, "club", _said(capacity=2))
        for number in (-7, 7, 14):
            at = NOW + timedelta(days=number)
            session.add(Occurrence(id=f"d{number}", activity_id=made.id, starts_at=at, ends_at=at + timedelta(hours=1)))
        return made.id


def _said(**given: Any) -> Particulars:
    plain: dict[str, Any] = {"kind": ActivityKind.SESSION, "name_en": "Swim level 1", "name_fr": "Natation été 1"}
    return Particulars(**{**plain, "code": None, "facility_id": None, "capacity": None, **given})


def _register(database: Database, activity_id: str, *people: str, **given: Any) -> list[int | None]:
    """Who is ahead of each; None for a place."""
    with database.write() as session:
        done = register(session, "club", activity_id, people, **{"now": NOW, **given})
        return [each.ahead for each in done]


def _held(database: Database, person: str) -> Registration:
    with database.read() as session:
        wanted = select(Registration).where(Registration.person_id == person)
        return session.scalars(wanted.order_by(Registration.registered_at.desc(), Registration.id)).first()  # type: ignore[return-value]


def _line(database: Database, activity_id: str) -> list[tuple[str, int, bool]]:
    with database.read() as session:
        activity = repository.activity_of(session, "club", activity_id)
        waiting = repository.registrations_of(session, "club", activity_id, RegistrationStatus.WAITING)
        return [
            (each.registration.person_id, each.ahead, each.has_place)
            for each in waitlist(session, "club", activity, waiting, now=NOW)
        ]


def test_who_finds_no_place_waits_and_is_given_one_by_hand(club: Database, swim: str) -> None:
    """In the order they came; a place that is free again is nobody's until it is given, and not a newcomer's."""
    assert _register(club, swim, "ann", "ben", "cleo") == [None, None, 0]
    assert _register(club, swim, "dan", now=NOW + timedelta(minutes=1)) == [1]
    assert _line(club, swim) == [("cleo", 0, False), ("dan", 1, False)]
    cleo = _held(club, "cleo").id
    with pytest.raises(Full), club.write() as session:
        give_place(session, "club", swim, cleo, now=NOW)
    with club.write() as session:
        cancel_registration(session, "club", swim, _held(club, "ann").id)
    assert _line(club, swim) == [("cleo", 0, True), ("dan", 1, True)]
    assert _register(club, swim, "eve", now=NOW + timedelta(minutes=2)) == [2]
    with club.write() as session:
        give_place(session, "club", swim, cleo, now=NOW)
    assert _line(club, swim) == [("dan", 0, False), ("eve", 1, False)]
    assert _held(club, "cleo").status is RegistrationStatus.REGISTERED


def test_a_place_is_in_each_occurrence(club: Database, swim: str) -> None:
    """Some of them are for some; all of it needs a place in every one to come."""
    assert _register(club, swim, "ann", "ben", occurrence_ids=["d7"]) == [None, None]
    assert _register(club, swim, "cleo", occurrence_ids=["d14"]) == [None]
    assert _register(club, swim, "dan") == [0]
    assert _register(club, swim, "eve", occurrence_ids=["d14"]) == [1]
    with club.read() as session:
        activity = repository.activity_of(session, "club", swim)
        found = repository.coming(session, swim, NOW)
        lines = occurrence_lines(session, "club", activity, found, now=NOW)
    assert [(line.registered, line.waiting, line.came) for line in lines] == [(2, 1, None), (1, 2, None)]


def test_twice_is_refused_and_another_occurrence_is_not(club: Database, swim: str) -> None:
    """Whether they have a place or wait; after a cancellation they may come again."""
    _register(club, swim, "ann", occurrence_ids=["d7"])
    for given in ({}, {"occurrence_ids": ["d7", "d14"]}):
        with pytest.raises(AlreadyThere) as refused:
            _register(club, swim, "ben", "ann", **given)
        assert (refused.value.name, refused.value.is_waiting) == ("Ann", False)
    assert _register(club, swim, "ann", occurrence_ids=["d14"]) == [None]
    _register(club, swim, "ben", "cleo")
    with pytest.raises(AlreadyThere) as refused:
        _register(club, swim, "cleo")
    assert refused.value.is_waiting
    with club.write() as session:
        cancel_registration(session, "club", swim, _held(club, "cleo").id)
    assert _register(club, swim, "cleo", now=NOW + timedelta(hours=1)) == [0]


def test_what_is_over_archived_or_elsewhere_is_not_open(club: Database, swim: str) -> None:
    """Nor is an occurrence that was cancelled; and nothing is written."""
    for given, refusal in (
        ({"occurrence_ids": ["d-7"]}, NotOpen),
        ({"occurrence_ids": ["d7", "d-7"]}, NotFound),
        ({"now": NOW + timedelta(days=30)}, NotOpen),
        ({"may_wait": False}, Full),
    ):
        with pytest.raises(refusal):
            _register(club, swim, "ann", "ben", "cleo", **given)
    for people in ((), ("ann", "nobody")):
        with pytest.raises(NotFound):
            _register(club, swim, *people)
    with pytest.raises(NotFound), club.write() as session:
        register(session, "other", swim, ["ann"], now=NOW)
    with club.write() as session:
        for id_ in ("d7", "d14"):
            service.cancel([repository.occurrence_of(session, swim, id_)])
    with pytest.raises(NotOpen):
        _register(club, swim, "ann")
    with club.read() as session:
        assert session.scalars(select(Registration)).all() == []


def test_who_left_cannot_be_registered(club: Database, swim: str) -> None:
    """The archive is not for activities."""
    with club.write() as session:
        session.get_one(Person, "ann").archived_at = NOW
    with pytest.raises(NotFound):
        _register(club, swim, "ann")


def test_who_is_archived_has_no_place_and_waits_for_none(club: Database, swim: str) -> None:
    """Their place is free for who waits, the line moves up, and what they had in the past stays counted."""
    _register(club, swim, "ann", "ben", "cleo", "dan")
    _archive(club, NOW, "ann", "cleo")
    assert _line(club, swim) == [("dan", 0, True)]
    with pytest.raises(StatusDiffers), club.write() as session:
        give_place(session, "club", swim, _held(club, "cleo").id, now=NOW)
    assert _register(club, swim, "eve", now=NOW + timedelta(minutes=1)) == [1]
    with club.write() as session:
        give_place(session, "club", swim, _held(club, "dan").id, now=NOW)
    with club.read() as session:
        activity = repository.activity_of(session, "club", swim)
        found = repository.occurrences_of(session, swim, ["d-7", "d7"])
        lines = occurrence_lines(session, "club", activity, found, now=NOW)
        assert [(line.registered, line.waiting) for line in lines] == [(3, 2), (2, 1)]
        listed, _ = find_open(session, "club", "", now=NOW, language="en")
        gone = repository.registrations_of(session, "club", swim, RegistrationStatus.CANCELLED)
    assert [(line.registered, line.waiting) for line in listed] == [(2, 1)]
    assert [each.person_id for each in gone] == ["ann", "cleo"]
    _archive(club, None, "cleo")
    assert _line(club, swim) == [("cleo", 0, False), ("eve", 1, False)]


def _archive(database: Database, at: datetime | None, *people: str) -> None:
    with database.write() as session:
        for name in people:
            session.get_one(Person, name).archived_at = at


def test_what_is_archived_takes_place_no_more(club: Database, swim: str) -> None:
    """No new dates, none put back or moved, and nobody gets a place, until it is out of the archive."""
    _register(club, swim, "ann", "ben", "cleo")
    span = (NOW + timedelta(days=50), NOW + timedelta(days=50, hours=1))
    with club.write() as session:
        service.cancel(repository.coming(session, swim, NOW))
        cancel_registration(session, "club", swim, _held(club, "ann").id)
        service.archive(session, repository.activity_of(session, "club", swim), now=NOW)
    with club.write() as session:
        activity = repository.activity_of(session, "club", swim)
        occurrence = repository.occurrence_of(session, swim, "d14")
        for act in (
            lambda: service.schedule(session, activity, [span]),
            lambda: service.reinstate(occurrence),
            lambda: service.move(occurrence, span),
        ):
            with pytest.raises(IsArchived):
                act()
        session.add(Occurrence(id="fact", activity_id=swim, starts_at=span[0], ends_at=span[1]))
    with pytest.raises(NotOpen), club.write() as session:
        give_place(session, "club", swim, _held(club, "cleo").id, now=NOW)
    with club.write() as session:
        activity = repository.activity_of(session, "club", swim)
        service.put_back(activity)
        assert service.schedule(session, activity, [(span[0] + timedelta(days=1), span[1] + timedelta(days=1))]) == 1
        service.reinstate(repository.occurrence_of(session, swim, "d14"))


def test_two_at_once_never_share_the_last_place(club: Database, swim: str) -> None:
    """On PostgreSQL they really are at once."""

    def work(person: str) -> int | None:
        return _register(club, swim, person)[0]

    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(work, PEOPLE))
    assert sorted(found, key=str) == [0, 1, 2, None, None]
    with club.read() as session:
        rows = repository.standing_of(session, "club", swim)
    assert sum(each.status is RegistrationStatus.REGISTERED for each in rows) == 2


def test_two_who_give_the_same_place_give_it_once(club: Database, swim: str) -> None:
    """And two who cancel the same registration cancel it once."""
    _register(club, swim, "ann", "ben", "cleo", "dan")
    ids = [_held(club, each).id for each in ("cleo", "dan")]
    gone = _held(club, "ann").id

    def cancel(_number: int) -> str:
        try:
            with club.write() as session:
                cancel_registration(session, "club", swim, gone)
        except StatusDiffers:
            return "refused"
        return "done"

    def give(registration_id: str) -> str:
        try:
            with club.write() as session:
                give_place(session, "club", swim, registration_id, now=NOW)
        except Full:
            return "refused"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(cancel, range(2))) == ["done", "refused"]
        assert sorted(pool.map(give, ids)) == ["done", "refused"]


def test_doors_and_the_log_hear_of_everything(club: Database, swim: str) -> None:
    """The activity with its occurrences, and each registration, in the transaction that changed them."""
    _register(club, swim, "ann", "ben", "cleo")
    with club.write() as session:
        service.cancel([repository.occurrence_of(session, swim, "d14")])
        moved = repository.occurrence_of(session, swim, "d7")
        service.move(moved, (moved.starts_at + timedelta(hours=1), moved.ends_at + timedelta(hours=1)))
        cancel_registration(session, "club", swim, _held(club, "ann").id)
        give_place(session, "club", swim, _held(club, "cleo").id, now=NOW)
    with club.read() as session:
        feed = list(session.scalars(select(FeedEntry).order_by(FeedEntry.seq)))
        log = {tuple(row) for row in session.execute(select(AuditEntry.entity, AuditEntry.action))}
    activity = [json.loads(each.body or "") for each in feed if each.kind == "activity"][-1]
    assert [each.get("is_cancelled", False) for each in activity["occurrences"]] == [False, False, True]
    assert activity["occurrences"][1]["starts_at"] == "2026-03-17T15:00:00Z"
    bodies = [json.loads(each.body or "") for each in feed if each.kind == "registration"]
    latest = {each["person_id"]: each.get("status", "registered") for each in bodies}
    assert latest == {"ann": "cancelled", "ben": "registered", "cleo": "registered"}
    assert {("activity", "activity:created"), ("occurrence", "occurrence:changed")} <= log
    assert {("registration", "registration:created"), ("registration", "registration:changed")} <= log


def test_codes_kinds_and_the_archive(club: Database, swim: str) -> None:
    """What would take something from somebody is refused."""
    with club.write() as session:
        other = service.make(session, "club", _said(name_en="Skating", code="SK", kind=ActivityKind.DROP_IN)).id
        service.make(session, "other", _said(name_en="Theirs", code="SK"))
    with pytest.raises(CodeTaken), club.write() as session:
        service.change(session, repository.activity_of(session, "club", swim), _said(code="SK"))
    with pytest.raises(CodeTaken), club.write() as session:
        service.make(session, "club", _said(code="SK"))
    _register(club, swim, "ann")
    with pytest.raises(KindFixed), club.write() as session:
        service.change(session, repository.activity_of(session, "club", swim), _said(kind=ActivityKind.DROP_IN))
    with pytest.raises(StillToCome), club.write() as session:
        service.archive(session, repository.activity_of(session, "club", swim), now=NOW)
    with club.write() as session:
        service.archive(session, repository.activity_of(session, "club", other), now=NOW)
        service.archive(session, repository.activity_of(session, "club", swim), now=NOW + timedelta(days=30))
    assert _found(club) == []
    assert _found(club, archived="only") == ["Skating", "Swim level 1"]
    with club.write() as session:
        service.put_back(repository.activity_of(session, "club", swim))
    assert _found(club) == ["Swim level 1"]
    with pytest.raises(NotFound), club.read() as session:
        repository.activity_of(session, "other", swim)


def _found(database: Database, **form: str) -> Sequence[str]:
    with database.read() as session:
        zone = UTC
        lines, total = find_activities(session, "club", ActivityFilter.of(form), now=NOW, zone=zone, language="en")
    assert total == len(lines)
    return [each.activity.name_en for each in lines]


def test_the_list_finds_by_name_code_kind_and_dates(club: Database, swim: str) -> None:
    """Accents and case do not matter, and either language will do."""
    with club.write() as session:
        service.make(session, "club", _said(name_en="Skating", name_fr="", code="PAT-7", kind=ActivityKind.DROP_IN))
    for form, names in (
        ({"q": "NATATION ete"}, ["Swim level 1"]),
        ({"q": "pat-7"}, ["Skating"]),
        ({"q": "swim skating"}, []),
        ({"kind": "drop_in"}, ["Skating"]),
        ({"kind": "nonsense", "from": "soon"}, ["Skating", "Swim level 1"]),
        ({"from": "2026-03-17", "to": "2026-03-17"}, ["Swim level 1"]),
        ({"from": "2026-03-18", "to": "2026-03-23"}, []),
        ({"to": "2026-03-02"}, []),
    ):
        assert _found(club, **form) == names
    _register(club, swim, "ann", "ben", "cleo")
    with club.read() as session:
        lines, _ = find_open(session, "club", "", now=NOW, language="fr")
    assert [(line.activity.id, line.registered, line.waiting) for line in lines] == [(swim, 2, 1)]
    assert lines[0].span == (NOW - timedelta(days=7), NOW + timedelta(days=14, hours=1), NOW + timedelta(days=7))


def test_occurrences_are_made_once(club: Database, swim: str) -> None:
    """What is there already is not made again; what was cancelled is no hindrance."""
    spans = [(NOW + timedelta(days=each), NOW + timedelta(days=each, hours=1)) for each in (7, 14, 21, 21)]
    with club.write() as session:
        service.cancel([repository.occurrence_of(session, swim, "d14")])
    with club.write() as session:
        assert service.schedule(session, repository.activity_of(session, "club", swim), spans) == 2
    with club.read() as session:
        assert len(repository.coming(session, swim, NOW)) == 3


def test_what_another_system_registered_counts(club: Database, swim: str) -> None:
    """It is a fact, also beyond the places; who comes by hand then waits."""
    with club.write() as session:
        for name in ("ann", "ben", "cleo"):
            add_registration(session, session.get_one(Person, name), swim, registered_at=NOW, external_id=name)
    assert _register(club, swim, "dan") == [0]
