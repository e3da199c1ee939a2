"""Two at once on PostgreSQL: whoever changes accounts, people and events waits for the other, and neither fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from access.domain.policy import AccessType
from access.domain.registrations import ActivityKind
from access.wire.events import EventKind, UsedEntitlement
from server.accounts.locks import hold_account, hold_people
from server.accounts.people import move_person
from server.attendance.errors import NotPossible
from server.attendance.service import Mark, mark
from server.db import Database
from server.desk.service import Deed, hold, record, undo
from server.ingest.service import record_batch
from server.leases.repository import locked_multipass
from server.merging.service import merge_people
from server.models import (
    AccessPoint,
    Account,
    Activity,
    Event,
    Multipass,
    Occurrence,
    PassUse,
    Person,
    Registration,
    Settlement,
)
from server.privacy.archiving import archive_account, archive_person
from server.privacy.erasure import erase_person
from server.privacy.errors import ArchiveRefused
from server.privacy.obstacles import Obstacle
from server.settlements import repository as settlements
from server.settlements.proposals import Choice, proposal
from server.settlements.service import Wanted, settle
from tests.component.server.imports.saying import Speaker
from tests.patience import PATIENCE_S, wait_until

pytestmark = pytest.mark.postgres
Work = Callable[[Session], object]


def instant(at: datetime) -> str:
    """As a door says it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def busy(postgresql_database: Database, fill_club: Callable[[Database], None], pen: Any, now: datetime) -> Database:
    """Ann, who is also `anne` of an account of her own, has used her pass four times of three."""
    fill_club(postgresql_database)
    door = pen("door")
    with postgresql_database.write() as session:
        session.add(Account(id="alone", organization_id="club"))
        session.flush()
        session.add(Person(id="anne", organization_id="club", account_id="alone", first_name="Ann"))
        uses = [door.use(occurred_at=instant(now + timedelta(minutes=minute))) for minute in range(1, 5)]
        record_batch(session, door.topic, door.batch(*uses), now=now)
    return postgresql_database


def both(database: Database, *, first: Work, rest: Work, other: Work) -> None:
    """One transaction is half done, another comes and waits for it, and the one goes on: neither fails."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with database.write() as session:
                other(session)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    try:
        with database.write() as session:
            first(session)
            thread.start()
            wait_until(lambda: failed or _is_somebody_waiting(database))
            rest(session)
    finally:
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert not failed


def _is_somebody_waiting(database: Database) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.write_engine.connect() as connection:
        return bool(connection.scalar(text(waiting)))


def test_a_form_and_what_takes_a_person_away(busy: Database, now: datetime) -> None:
    """The form holds the account, then changes somebody on it: merging, archiving and erasing wait for it."""
    works: dict[str, Work] = {
        "cy": lambda session: merge_people(session, "club", kept_id="anne", gone_id="cy", now=now),
        "di": lambda session: archive_person(session, "club", "di", now=now, is_confirmed=True),
        "el": lambda session: erase_person(session, "club", "el", now=now, is_confirmed=True),
    }
    with busy.write() as session:
        for id_ in works:
            session.add(Person(id=id_, organization_id="club", account_id="family", first_name=id_))
    for id_, other in works.items():

        def change(session: Session, id_: str = id_) -> None:
            session.get_one(Person, id_).phone = "1"
            session.flush()

        both(busy, first=lambda session: hold_account(session, "club", "family"), rest=change, other=other)
    with busy.read() as session:
        people = {id_: session.get_one(Person, id_) for id_ in works}
        assert people["cy"].merged_into == "anne"
        assert all(each.archived_at is not None for each in people.values())
        assert {id_: each.phone for id_, each in people.items()} == {"cy": "1", "di": "1", "el": None}


def test_what_is_brought_in_and_archiving_whom_it_is_for(busy: Database, now: datetime) -> None:
    """A record holds the account that it goes on: archiving waits for it, and then sees what was put there."""
    other_system = Speaker(busy, now)
    refused: list[tuple[str, ...]] = []
    said = {"external_id": "M-1", "type": "GYM", "people": ["ann"], "starts_on": now.date()}

    def archive(session: Session) -> None:
        with pytest.raises(ArchiveRefused) as caught:
            archive_account(session, "club", "family", now=now)
        refused.append(caught.value.codes)

    both(
        busy,
        first=lambda session: other_system.puts(session, "memberships", **said),
        rest=lambda session: session.flush(),
        other=archive,
    )
    assert refused == [(Obstacle.ACTIVE_MEMBERSHIP,)]


def test_decisions_and_those_who_change_what_they_are_about(busy: Database, pen: Any, now: datetime) -> None:
    """A door's late scan, a loan of the pass, and a merge of the person: each at the same time as a settlement."""
    door = pen("door")
    door.seq, door.prev = 4, "1" * 64
    said = door.use(occurred_at=instant(now), credential={"kind": "nfc", "fingerprint": "a" * 32})
    with busy.read() as session:
        third, fourth = session.scalars(select(Event.id).where(Event.seq > 2).order_by(Event.seq))

    def decide(event_id: str, choice: Choice) -> Work:
        wanted = Wanted(choice=choice, person_ids=("ann", "anne"), said="why")

        def work(session: Session) -> None:
            seen = proposal(session, "club", session.get_one(Event, event_id))
            settle(session, "club", event_id, wanted, staff_id="kim", now=now)
            assert seen.event.id == event_id

        return work

    both(
        busy,
        first=lambda session: settlements.people(session, "club", ["ann"]),
        rest=lambda session: settlements.locked_event(session, "club", third),
        other=lambda session: record_batch(session, door.topic, door.batch(said), now=now),
    )
    both(
        busy,
        first=lambda session: locked_multipass(session, "club", "pass"),
        rest=lambda session: settlements.locked_event(session, "club", fourth),
        other=decide(fourth, Choice.CREDIT),
    )
    both(
        busy,
        first=lambda session: hold_people(session, "club", ("ann", "anne")),
        rest=lambda session: merge_people(session, "club", kept_id="anne", gone_id="ann", now=now),
        other=decide(third, Choice.BLOCK),
    )
    with busy.read() as session:
        assert "overdrawn" in session.get_one(Event, third).flags
        assert session.get_one(Multipass, "pass").total == 4
        assert set(session.scalars(select(Settlement.decision))) == {"credit", "block"}
        assert session.get_one(Person, "ann").merged_into == "anne"
        assert set(session.scalars(select(Person.id).where(Person.is_blocked))) == {"anne"}


def test_a_use_that_a_door_is_saying_comes_along_with_who_moves(busy: Database, pen: Any, now: datetime) -> None:
    """Moving waits for it: a use left behind on the old account would be a use given back."""
    door = pen("door")
    door.seq, door.prev = 4, "1" * 64
    with busy.write() as session:
        held = {"organization_id": "club", "account_id": "family", "type_id": "pool", "purchased_on": now.date()}
        session.add(Multipass(id="hers", person_id="ann", total=5, **held))
    said = door.use("hers", occurred_at=instant(now))
    both(
        busy,
        first=lambda session: record_batch(session, door.topic, door.batch(said), now=now),
        rest=lambda session: session.flush(),
        other=lambda session: move_person(session, session.get_one(Person, "ann"), "alone"),
    )
    with busy.read() as session:
        assert session.get_one(Multipass, "hers").account_id == "alone"
        assert session.get_one(PassUse, said["id"]).account_id == "alone"


def test_undoing_at_the_same_time_as_somebody_else_records(busy: Database, now: datetime) -> None:
    """Who undoes holds the centre's device first, as everybody who records does, and only then the event."""
    with busy.read() as session:
        third = session.scalars(select(Event.id).where(Event.seq == 3)).one()
    both(
        busy,
        first=lambda session: hold(session, "club", "entrance", now=now),
        rest=lambda session: settlements.locked_event(session, "club", third),
        other=lambda session: undo(session, "club", third, staff_id="kim", now=now),
    )
    with busy.read() as session:
        assert session.scalars(select(Event.refers_to).where(Event.kind == "undone")).all() == [third]


def test_two_who_mark_the_same_person_at_once(busy: Database, now: datetime) -> None:
    """The second is told that the list says something else by now: nobody comes in twice."""
    with busy.write() as session:
        session.get_one(AccessPoint, "entrance").settings = {
            "access_rules": [{"type": "session"}],
            "attendance": {"is_on": True},
        }
        own = {"organization_id": "club", "activity_id": "yoga"}
        session.add(Activity(id="yoga", organization_id="club", kind=ActivityKind.SESSION, name_en="Yoga"))
        session.flush()
        times = {"starts_at": now + timedelta(hours=1), "ends_at": now + timedelta(hours=2)}
        session.add(Occurrence(id="monday", activity_id="yoga", **times))
        session.add(Registration(id="place", person_id="anne", account_id="alone", **own))
    wanted = Mark(do="in", occurrence_id="monday", person_id="anne", seen="")
    came = Deed(
        kind=EventKind.CHECKED_IN,
        access_point_id="entrance",
        person_id="anne",
        account_id="alone",
        entitlement=UsedEntitlement(type=AccessType.SESSION, id="place", name="Yoga", occurrence_id="monday"),
    )

    def late(_session: Session) -> None:
        with pytest.raises(NotPossible):
            mark(busy, "club", wanted, staff_id="lee", now=now)

    both(
        busy,
        first=lambda session: record(session, "club", came, staff_id="kim", now=now),
        rest=lambda _session: None,
        other=late,
    )
    with busy.read() as session:
        assert session.scalars(select(Event.staff_id).where(Event.person_id == "anne")).all() == ["kim"]
