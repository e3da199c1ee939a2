"""Movements become counts and nothing else changes: no use comes back, the chain holds, a resend adds nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text, update
from typer.testing import CliRunner

from access.wire.events import EventKind
from access.wire.feed import EntityKind
from gatehouse.cli import app
from server.audit.check import check_audit_log, check_device
from server.centre import sole_user
from server.db import Database
from server.desk.service import Deed, record
from server.ingest.service import record_batch
from server.models import (
    Account,
    Alarm,
    Base,
    ClientSession,
    DeviceTrim,
    EarlyUndo,
    EnrolmentCode,
    Event,
    FeedEntry,
    Mail,
    MovementCount,
    Multipass,
    Organization,
    PassUse,
    Person,
    PictureVersion,
    QuarantinedMessage,
    RetentionRun,
    Staff,
    StaffRole,
    StaffSession,
)
from server.models.privacy import UNDONE_OF
from server.privacy.files import PersonalFiles
from server.retention import movements
from server.retention.keeper import RetentionKeeper
from server.retention.keeping import SPANS, Keeping, refused
from server.retention.service import Retention, set_keeping

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=91)


def at(instant: datetime) -> str:
    """As the wire has it."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def retention(club: Database, tmp_path: Path) -> Retention:
    """Retention on the sample organization."""
    return Retention(club, PersonalFiles(club, tmp_path / "data"), pause=lambda: None)


def recorded(database: Database, door: Any, *events: dict[str, Any], now: datetime = NOW) -> None:
    """Takes a batch in."""
    with database.write() as session:
        assert record_batch(session, door.topic, door.batch(*events), now=now) is not None


def left(database: Database, multipass: str = "pass") -> int | None:
    """What is left of a pass, as its uses say."""
    with database.read() as session:
        used = select(func.count()).where(PassUse.multipass_id == multipass, PassUse.is_undone.is_(False))
        total = session.get_one(Multipass, multipass).total
        return None if total is None else total - (session.scalar(used) or 0)


def counts(database: Database) -> int:
    """Everything that is counted, as events and as counts."""
    with database.read() as session:
        events = session.scalar(select(func.count()).select_from(Event)) or 0
        gone = select(func.coalesce(func.sum(MovementCount.count), 0)).where(~MovementCount.kind.startswith(UNDONE_OF))
        return events + int(session.scalar(gone) or 0)


def is_whole(database: Database, device: str = "door") -> bool:
    """Whether both chains hold."""
    with database.read() as session:
        return not check_device(session, "club", device).faults and not check_audit_log(session, "club").faults


def test_old_movements_become_counts_and_uses_stay(
    club: Database, pen: Callable[..., Any], retention: Retention
) -> None:
    """The first days go, the last day stays; the chain goes on from the mark; what is left of the pass is the same."""
    door = pen("door")
    recorded(club, door, door.use(), door.event(kind="checked_out"), door.use())
    recorded(club, door, door.use(occurred_at=at(LATER)), now=LATER)
    assert left(club) == 0
    planned = retention.plan("club", now=LATER)
    assert planned["movements"] == 3
    assert counts(club) == 4
    done = retention.run("club", now=LATER)
    assert done["movements"] == 3
    assert (left(club), counts(club)) == (0, 4)
    assert is_whole(club)
    with club.read() as session:
        found = {
            (each.day.isoformat(), each.hour, each.kind, each.pass_type, each.count)
            for each in session.scalars(select(MovementCount))
        }
        assert found == {("2026-03-10", 10, "checked_in", "multipass", 2), ("2026-03-10", 10, "checked_out", "", 1)}
        assert session.get_one(DeviceTrim, "door").through_seq == 3
        run = session.scalars(select(RetentionRun)).one()
        assert (run.finished_at, run.counts["movements"]) == (LATER, 3)
    assert retention.run("club", now=LATER)["movements"] == 0
    assert counts(club) == 4


def test_nor_is_an_old_one_of_the_office_left_in_the_feeds_log(club: Database, retention: Retention) -> None:
    """Doors were told of it; a new one stays for them."""
    noted = {"access_point_id": "entrance", "person_id": "ann", "account_id": "family"}
    for note, when in (("OLD-SECRET", NOW), ("new", LATER)):
        with club.write() as session:
            deed = Deed(kind=EventKind.ATTENDANCE_MARKED, note=note, **noted)
            record(session, "club", deed, staff_id="kim", now=when)
    assert retention.run("club", now=LATER)["movements"] == 1
    with club.read() as session:
        told = select(FeedEntry.body).where(FeedEntry.kind == EntityKind.OFFICE_ACT.value).order_by(FeedEntry.seq)
        old, new = session.scalars(told)
    assert old is None
    assert json.loads(new or "")["note"] == "new"


def test_a_door_that_says_it_again_adds_nothing(club: Database, pen: Callable[..., Any], retention: Retention) -> None:
    """A receipt that was lost: the same events come again after they became counts."""
    door = pen("door")
    events = [door.use(), door.use()]
    recorded(club, door, *events)
    retention.run("club", now=LATER)
    with club.write() as session:
        receipt = record_batch(session, door.topic, door.batch(*events), now=LATER)
    assert receipt is not None
    assert receipt.through_seq == 2
    assert (left(club), counts(club)) == (1, 2)
    assert is_whole(club)


def test_a_run_stops_where_a_number_is_missing(club: Database, pen: Callable[..., Any], retention: Retention) -> None:
    """What the door still has may come late, and is not below the mark then."""
    door = pen("door")
    first, missing, third = door.use(), door.use(), door.use()
    recorded(club, door, first, third)
    assert retention.run("club", now=LATER)["movements"] == 1
    recorded(club, door, missing, now=LATER)
    assert left(club) == 0
    assert retention.run("club", now=LATER)["movements"] == 0, "what came late is there for a week"
    assert retention.run("club", now=LATER + timedelta(days=8))["movements"] == 2
    assert (left(club), counts(club)) == (0, 3)
    assert is_whole(club)


def test_an_undo_that_is_gone_still_gives_the_use_back(
    club: Database, pen: Callable[..., Any], retention: Retention
) -> None:
    """The check-in lay at a door that was away for longer than movements are kept."""
    with club.write() as session:
        session.execute(
            text(
                "INSERT INTO device (id, organization_id, site_id, name, secret_hash, broker_password, "
                "version, enrolled_at) VALUES ('other', 'club', 'main', 'B', 'x', '', '', "
                "'2026-01-01 00:00:00')"
            )
        )
    away, here = pen("other"), pen("door")
    use = away.use()
    recorded(club, here, here.undo(use))
    retention.run("club", now=LATER)
    with club.read() as session:
        assert session.scalars(select(EarlyUndo.event_id)).all() == [use["id"]]
    recorded(club, away, use, now=LATER)
    assert left(club) == 3


def test_a_cut_off_run_goes_on(
    club: Database, pen: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut after each transaction: every event is counted once."""
    door = pen("door")
    recorded(club, door, *[door.event() for _ in range(10)])

    class Cut(Exception):
        pass

    def cut() -> None:
        raise Cut

    cutting = Retention(club, PersonalFiles(club, tmp_path / "data"), pause=cut)
    monkeypatch.setitem(movements.reduce_chunk.__kwdefaults__, "limit", 3)
    for _ in range(3):
        with pytest.raises(Cut):
            cutting.run("club", now=LATER)
    with club.read() as session:
        assert session.get_one(DeviceTrim, "door").through_seq == 9
        assert {each.failure for each in session.scalars(select(RetentionRun))} == {"Cut"}
    Retention(club, PersonalFiles(club, tmp_path / "data"), pause=lambda: None).run("club", now=LATER)
    assert counts(club) == 10
    assert is_whole(club)


def test_a_mark_that_was_moved_by_hand_is_found(club: Database, pen: Callable[..., Any], retention: Retention) -> None:
    """Whoever deletes events and moves the mark is told of by the audit log."""
    door = pen("door")
    recorded(club, door, *[door.event() for _ in range(4)])
    recorded(club, door, *[door.event(occurred_at=at(LATER)) for _ in range(3)], now=LATER)
    retention.run("club", now=LATER)
    assert is_whole(club)
    with club.write() as session:
        sixth = session.scalars(select(Event).where(Event.seq == 6)).one()
        session.execute(update(DeviceTrim).values(through_seq=6, hash=sixth.body_hash))
        session.execute(delete(Event).where(Event.seq <= 6))
    with club.read() as session:
        assert {each.kind for each in check_device(session, "club", "door").faults} == {"trimmed"}


def test_the_audit_log_is_trimmed_and_still_checked(club: Database, retention: Retention) -> None:
    """Its head says where it goes on; a head that says otherwise is found."""
    for number in range(5):
        with club.write() as session:
            session.get_one(Person, "ann").phone = str(number)
    with club.write() as session:
        session.execute(text("UPDATE audit_entry SET at = at"))
    far = datetime.now(UTC) + timedelta(days=3000)
    assert retention.run("club", now=far)["audit"] > 5
    assert is_whole(club)
    with club.write() as session:
        session.execute(text("UPDATE audit_head SET trimmed_through = trimmed_through + 1"))
    with club.read() as session:
        assert "trimmed" in {each.kind for each in check_audit_log(session, "club").faults}


def test_what_is_old_goes_and_the_rest_stays(club: Database, retention: Retention) -> None:
    """Alarms that are settled, e-mails that were sent, quarantine, replaced pictures; what is open stays."""
    old, new = NOW - timedelta(days=800), NOW - timedelta(days=1)
    with club.write() as session:
        for when in (old, new, None):
            session.add(Alarm(organization_id="club", kind="x", subject=str(when), raised_at=old, settled_at=when))
            mail = {"purpose": "x", "to_address": "a@b.c", "subject": "s", "body": "b"}
            session.add(Mail(organization_id="club", sent_at=when, made_at=old, **mail))
        for seq in (None, 7):
            session.add(
                QuarantinedMessage(
                    organization_id="club",
                    site_id="main",
                    device_id="door",
                    reason="x",
                    payload=b"secret",
                    payload_size=6,
                    payload_hash=str(seq),
                    received_at=old,
                    seq=seq,
                    body_hash="h" * 64,
                )
            )
        for number, when in enumerate((old, old + timedelta(days=1), new)):
            session.add(
                PictureVersion(
                    organization_id="club",
                    person_id="ann",
                    role="access",
                    picture=str(number) * 64,
                    source="upload",
                    changed_at=when,
                )
            )
        session.get_one(Person, "ann").access_picture = "2" * 64
        session.get_one(Person, "ann").identity_id = "ann-everywhere"
        staff = {"email": "kim@club.example", "name": "Kim", "password_hash": "x"}
        session.add(Staff(id="kim", organization_id="club", role=StaffRole.DESK, **staff))
        session.flush()
        for number, ends_at in enumerate((old, new)):
            over = {"token_hash": str(number) * 64, "created_at": old, "last_seen_at": old, "expires_at": ends_at}
            session.add(StaffSession(staff_id="kim", **over))
            for identity in ("ann-everywhere", "somebody-elsewhere"):
                named = {"token_hash": f"{identity[:4]}{number}".ljust(64, "0"), "identity_id": identity}
                session.add(ClientSession(**{**over, **named}))
            code = {"site_id": "main", "name": "Door", "access_point_ids": [], "code_hash": str(number) * 64}
            session.add(EnrolmentCode(organization_id="club", created_at=old, expires_at=ends_at, **code))
    planned = retention.plan("club", now=NOW)
    done = retention.run("club", now=NOW)
    assert planned == done
    assert {name: count for name, count in done.items() if count} == {
        "alarms": 1,
        "mails": 1,
        "quarantine": 2,
        "pictures": 1,
        "sessions": 1,
        "client_sessions": 1,
        "codes": 1,
    }
    with club.read() as session:
        assert session.scalar(select(func.count()).select_from(Alarm)) == 2
        assert session.scalar(select(func.count()).select_from(ClientSession)) == 3
        kept = session.scalars(select(QuarantinedMessage)).one()
        assert (kept.seq, kept.payload) == (7, b"")
    assert retention.run("club", now=NOW) == dict.fromkeys(done, 0)


def test_nothing_of_another_organization_is_touched(
    club: Database, pen: Callable[..., Any], retention: Retention
) -> None:
    """Each organization runs by its own settings."""
    with club.write() as session:
        session.add(Organization(id="other", name_en="Other", time_zone="America/Toronto"))
        session.flush()
        session.add(Alarm(organization_id="other", kind="x", subject="y", raised_at=NOW, settled_at=NOW))
        set_keeping(session, "other", {**{name: span.default for name, span in SPANS.items()}, "alarms": 3650})
    door = pen("door")
    recorded(club, door, door.event())
    retention.run("other", now=LATER)
    assert counts(club) == 1
    retention.run("club", now=NOW + timedelta(days=800))
    with club.read() as session:
        assert session.scalar(select(func.count()).select_from(Alarm)) == 1
        assert session.scalar(select(func.count()).select_from(Event)) == 0


def test_nobody_is_deleted_unless_an_organization_says_after_how_long(club: Database, retention: Retention) -> None:
    """However long ago somebody was archived."""
    with club.write() as session:
        session.get_one(Person, "ann").archived_at = NOW
    long_after = NOW + timedelta(days=7000)
    assert retention.plan("club", now=long_after)["archived"] == 0
    assert retention.run("club", now=long_after)["archived"] == 0
    with club.write() as session:
        set_keeping(session, "club", {**{name: span.default for name, span in SPANS.items()}, "archived": 365})
    assert retention.run("club", now=NOW + timedelta(days=364))["archived"] == 0
    assert retention.run("club", now=NOW + timedelta(days=366))["archived"] == 1
    with club.read() as session:
        assert session.get_one(Person, "ann").erased_at is not None


def test_the_keeper_runs_once_a_local_day(club: Database, tmp_path: Path) -> None:
    """After four in the morning, Toronto's; again the day after."""
    moments = [datetime(2026, 3, 10, 7, 59, tzinfo=UTC)]
    keeper = RetentionKeeper(club, PersonalFiles(club, tmp_path), now=lambda: moments[0])
    assert keeper.run_due() == []
    moments[0] = datetime(2026, 3, 10, 8, 1, tzinfo=UTC)
    assert keeper.run_due() == ["club"]
    assert keeper.run_due() == []
    moments[0] += timedelta(days=1)
    assert keeper.run_due() == ["club"]


def test_the_keeper_has_the_engine_look_how_its_tables_are_filled(sqlite_club: Database, tmp_path: Path) -> None:
    """What a centre took in since it started is known after its night, to the readers too."""
    with sqlite_club.write() as session:
        for number in range(50):
            session.add(Account(id=f"new-{number}", organization_id="club"))

    def known() -> list[int]:
        with sqlite_club.read() as session:
            asked = "SELECT stat FROM sqlite_stat1 WHERE tbl = 'account'"
            return [int(each.split()[0]) for each in session.connection().exec_driver_sql(asked).scalars()]

    before = known()
    keeper = RetentionKeeper(
        sqlite_club, PersonalFiles(sqlite_club, tmp_path), now=lambda: datetime(2026, 3, 10, 9, tzinfo=UTC)
    )
    assert keeper.run_due() == ["club"]
    assert max(known()) >= 50 > max(before, default=0)


def test_settings_have_bounds() -> None:
    """What cannot be has its default; the log outlives the movements that it vouches for."""
    assert Keeping.of({"movements": 30, "audit": "x", "mails": True}).days["movements"] == 30
    assert Keeping.of({"movements": 1}).days == {name: span.default for name, span in SPANS.items()}
    days = {name: span.default for name, span in SPANS.items()}
    assert days["archived"] is None
    assert refused(days) == refused({**days, "archived": 30}) == {}
    assert refused({**days, "archived": 0}) == {"archived": "out_of_bounds"}
    assert refused({**days, "audit": None}) == {"audit": "out_of_bounds"}
    assert refused({**days, "mails": 0}) == {"mails": "out_of_bounds"}
    assert refused({**days, "movements": 3650}) == {"audit": "shorter_than_movements"}


def test_the_command_counts_and_acts(
    sqlite_club: Database, pen: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run changes nothing; a run does not start beside a centre, which writes the same file."""
    monkeypatch.setenv("GATEHOUSE_SERVER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GATEHOUSE_SERVER_DATABASE_URL", str(sqlite_club.url))
    (tmp_path / "data").mkdir()
    door, long_ago = pen("door"), datetime.now(UTC) - timedelta(days=200)
    recorded(sqlite_club, door, door.event(occurred_at=at(long_ago)), now=long_ago)
    asked = ["retention", "run", "--json"]
    planned = CliRunner().invoke(app, [*asked, "--dry-run"])
    assert json.loads(planned.stdout)["organizations"]["club"]["movements"] == 1
    with sole_user(tmp_path / "data"):
        assert CliRunner().invoke(app, asked).exit_code == 2
    done = CliRunner().invoke(app, asked)
    assert json.loads(done.stdout) == {**json.loads(planned.stdout), "is_dry_run": False}
    with sqlite_club.read() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 0
    assert "movements made into counts" in CliRunner().invoke(app, ["retention", "run", "--dry-run"]).stdout


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["use", "plain", "undo", "resend", "retain"]), st.integers(0, 30)), max_size=14
    )
)
def test_whatever_happens_no_use_comes_back(
    sqlite_database: Database,
    fill_club: Callable[[Database], None],
    pen: Callable[..., Any],
    tmp_path: Path,
    steps: list[tuple[str, int]],
) -> None:
    """Uses, undos, resends and runs in any order: what is left is what an honest count says, and the chain holds."""
    with sqlite_database.write_engine.begin() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
    fill_club(sqlite_database)
    retention = Retention(sqlite_database, PersonalFiles(sqlite_database, tmp_path / "data"), pause=lambda: None)
    door, said, used = pen("door"), [], set()
    now = NOW
    for what, days in steps:
        now += timedelta(days=days)
        if what == "retain":
            retention.run("club", now=now)
            continue
        if what == "resend":
            recorded(sqlite_database, door, *said[-50:], now=now) if said else None
            continue
        if what == "undo" and not used:
            continue
        if what == "undo":
            target = sorted(used)[0]
            used.discard(target)
            event = door.event(kind="undone", refers_to=target, occurred_at=at(now))
        else:
            event = door.use(occurred_at=at(now)) if what == "use" else door.event(occurred_at=at(now))
            used |= {event["id"]} if what == "use" else set()
        said.append(event)
        recorded(sqlite_database, door, event, now=now)
    retention.run("club", now=now)
    assert left(sqlite_database) == 3 - len(used)
    assert counts(sqlite_database) == len(said)
    assert is_whole(sqlite_database)
