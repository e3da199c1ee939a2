"""What staff do in the back office is recorded as doors record: a gapless chain of a device of the centre."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from access.domain.policy import AccessType
from access.wire.events import FIRST_PREV, AttendanceMark, EventKind, UsedEntitlement
from access.wire.feed import EntityKind
from server.db import Database
from server.desk.errors import AlreadyUndone, CannotBeUndone
from server.desk.service import Deed, record, undo
from server.devices.repository import active_devices
from server.errors import NotFound
from server.feed.snapshot import SnapshotStore
from server.ingest.service import record_batch
from server.models import Alarm, Device, Event, FeedEntry, PassUse, Person, QuarantinedMessage


def come(note: str = "", **given: Any) -> Deed:
    """Somebody comes in at the entrance."""
    held = {"access_point_id": "entrance", "person_id": "ann", "account_id": "family", **given}
    return Deed(kind=EventKind.CHECKED_IN, note=note, **held)


def chain(database: Database) -> list[Event]:
    """The events of the centre's devices in their order."""
    with database.read() as session:
        made = select(Event).join(Device, Device.id == Event.device_id).where(Device.is_centre)
        return list(session.scalars(made.order_by(Event.seq)))


def count(database: Database, model: type[Any]) -> int:
    """How many rows."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_many_at_once_make_one_chain_without_gaps(club: Database, now: datetime) -> None:
    """Also the very first ones, which make the device."""

    def work(number: int) -> None:
        for place in range(5):
            with club.write() as session:
                record(session, "club", come(f"{number} {place}"), staff_id="kim", now=now)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = chain(club)
    assert [each.seq for each in events] == list(range(1, 21))
    assert [each.prev_hash for each in events] == [FIRST_PREV, *(each.body_hash for each in events[:-1])]
    assert {each.device_id for each in events} == {events[0].device_id}
    assert all((each.flags, each.staff_id, each.is_offline) == ([], "kim", False) for each in events)
    assert (count(club, Alarm), count(club, QuarantinedMessage)) == (0, 0)


def test_undoing_a_doors_entry_gives_the_use_back_once(club: Database, pen: Callable[..., Any], now: datetime) -> None:
    """Both stay in the history; the second to undo is told."""
    door = pen("door")
    used = door.use("pass", person="ann")
    with club.write() as session:
        record_batch(session, door.topic, door.batch(used), now=now)
    with club.write() as session:
        undoing = undo(session, "club", used["id"], staff_id="kim", now=now, note="wrong card")
    with club.read() as session:
        assert session.get_one(PassUse, used["id"]).is_undone
        event = session.get_one(Event, undoing)
        assert (event.refers_to, event.staff_id, event.person_id) == (used["id"], "kim", "ann")
    with pytest.raises(AlreadyUndone), club.write() as session:
        undo(session, "club", used["id"], staff_id="lee", now=now)
    with pytest.raises(CannotBeUndone), club.write() as session:
        undo(session, "club", undoing, staff_id="lee", now=now)
    with pytest.raises(NotFound), club.write() as session:
        undo(session, "elsewhere", used["id"], staff_id="lee", now=now)
    assert len(chain(club)) == 1


def test_a_use_taken_at_the_centre_counts(club: Database, now: datetime) -> None:
    """As one at a door does."""
    held = UsedEntitlement(type=AccessType.MULTIPASS, id="pass", name="Pool", takes_use=True)
    with club.write() as session:
        event_id = record(session, "club", come(entitlement=held), staff_id="kim", now=now)
    with club.read() as session:
        assert session.get_one(PassUse, event_id).multipass_id == "pass"


def told(database: Database, folder: Path) -> tuple[dict[str, Any], set[str]]:
    """What the feed has told the doors of the back office, by id, and the ids in a new snapshot."""
    with database.read() as session:
        entries = session.scalars(select(FeedEntry).where(FeedEntry.kind == EntityKind.OFFICE_ACT.value)).all()
    assert {(each.site_id, each.account_id) for each in entries} <= {("main", None)}
    with closing(sqlite3.connect(SnapshotStore(database, folder).get("club", "main").path)) as snapshot:
        rows = snapshot.execute("SELECT id FROM entity WHERE kind = ?", (EntityKind.OFFICE_ACT.value,)).fetchall()
    return {each.entity_id: json.loads(each.body or "null") for each in entries}, {id_ for (id_,) in rows}


def test_the_doors_of_the_site_are_told(club: Database, pen: Callable[..., Any], now: datetime, tmp_path: Path) -> None:
    """Who came, who was marked and what was undone, signed by the feed; what a door did, other doors hear itself.
    Whoever starts anew hears of the last two days, and of nobody who has left the doors."""
    door = pen("door")
    entered = door.use("pass", person="ann")
    noted = Deed(
        kind=EventKind.ATTENDANCE_MARKED, access_point_id="entrance", person_id="ann", account_id="family",
        mark=AttendanceMark.ABSENT, note="ill",
        entitlement=UsedEntitlement(type=AccessType.SESSION, id="place", name="Yoga", occurrence_id="monday"),
    )  # fmt: skip
    with club.write() as session:
        record_batch(session, door.topic, door.batch(entered), now=now)
        came = record(session, "club", come(), staff_id="kim", now=now)
        old = record(session, "club", come(), staff_id="kim", now=datetime.now(UTC) - timedelta(days=3))
        marked = record(session, "club", noted, staff_id="kim", now=datetime.now(UTC))
    with club.write() as session:
        undone = undo(session, "club", entered["id"], staff_id="kim", now=datetime.now(UTC))
    entries, in_snapshot = told(club, tmp_path)
    assert {id_: (body.get("move"), body.get("undoes")) for id_, body in entries.items()} == {
        came: ("in", None), old: ("in", None), marked: ("absent", None), undone: (None, entered["id"]),
    }  # fmt: skip
    assert (entries[marked]["occurrence_id"], entries[marked]["note"], entries[marked]["staff_id"]) == (
        "monday", "ill", "kim",
    )  # fmt: skip
    assert in_snapshot >= {marked, undone}
    assert old not in in_snapshot
    with club.write() as session:
        session.get_one(Person, "ann").archived_at = now
    assert told(club, tmp_path / "again")[1] == set()


def test_a_failed_transaction_leaves_no_gap(club: Database, now: datetime) -> None:
    """The seq is taken with the event, or not at all."""

    def fail() -> None:
        with club.write() as session:
            record(session, "club", come(), staff_id="kim", now=now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with club.write() as session:
        record(session, "club", come(), staff_id="kim", now=now + timedelta(seconds=1))
    assert [each.seq for each in chain(club)] == [1]


def test_the_centres_device_is_no_door(club: Database, now: datetime) -> None:
    """It is in no broker's password file; another organization's access point is not there."""
    with club.write() as session:
        record(session, "club", come(), staff_id="kim", now=now)
    with club.read() as session:
        assert all(not each.is_centre for each in active_devices(session))
    with pytest.raises(NotFound), club.write() as session:
        record(session, "elsewhere", come(), staff_id="kim", now=now)


def test_nothing_is_said_to_be_done_when_the_centres_device_is_ended(club: Database, now: datetime) -> None:
    """Whoever did it hears that it was not."""
    with club.write() as session:
        record(session, "club", come(), staff_id="kim", now=now)
        device = session.scalars(select(Device).where(Device.is_centre)).one()
        device.revoked_at = now
    with pytest.raises(NotFound), club.write() as session:
        record(session, "club", come(), staff_id="kim", now=now)
    assert len(chain(club)) == 1
