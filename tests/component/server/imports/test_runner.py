"""Imports on both engines: a check that changes nothing, a run in chunks that goes on after a cut, and no doubles."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from access.domain.registrations import ActivityKind, RegistrationStatus
from server.activities.rows import add_activity, add_registration
from server.audit.actor import Actor
from server.db import Database
from server.imports import service, work
from server.imports.cells import DateOrder
from server.imports.errors import FileRefused
from server.imports.files import ImportFiles
from server.imports.runner import ImportRunner
from server.models import (
    Account,
    Activity,
    AuditEntry,
    BalanceEntry,
    Credential,
    FeedEntry,
    ImportJob,
    Membership,
    MembershipType,
    Multipass,
    MultipassType,
    PassUse,
    Person,
    PictureVersion,
    Registration,
    utc_now,
)
from server.pictures.store import PictureStore

PEOPLE = """external_id,member_id,account,is_owner,first_name,last_name,date_of_birth,email
P-1,000123,F-1,,Maya,Roy,1985-04-30,maya@example.org
P-2,000124,F-1,,Zoé,Roy,2015-11-02,
P-3,000125,F-2,,Léo,Côté,1990-01-01,
"""


class Desk:
    """Who brings files in, in the organization `club`."""

    def __init__(self, database: Database, folder: Path, now: datetime) -> None:
        self.database, self.now = database, now
        self.files = ImportFiles(folder / "imports")
        self.pictures = PictureStore(folder / "pictures")

    def runner(self) -> ImportRunner:
        """The server's task, as after a start."""
        return ImportRunner(self.database, self.files, self.pictures, now=lambda: self.now)

    def send(self, kind: str, content: bytes | str) -> str:
        """Sends a file; the import's id."""
        raw = content.encode() if isinstance(content, str) else content

        async def chunks() -> AsyncIterator[bytes]:
            yield raw

        job_id, digest = asyncio.run(self.files.receive(chunks(), most=service.most_bytes(kind)))
        given: dict[str, Any] = {"file_hash": digest, "file_name": f"{kind}.csv", "now": self.now}
        actor = Actor("staff", "sam")
        service.create(
            self.database, self.files, organization_id="club", kind=kind, job_id=job_id, actor=actor, **given
        )
        return job_id

    def work(self, job_id: str) -> ImportJob:
        """Has the server do what there is to do."""
        asyncio.run(self.runner()._do(job_id))
        return self.job(job_id)

    def job(self, job_id: str) -> ImportJob:
        """The import now."""
        with self.database.read() as session:
            return session.get_one(ImportJob, job_id)

    def check(self, job_id: str, **given: Any) -> ImportJob:
        """Checks a file."""
        service.check(self.database, "club", job_id, **given)
        return self.work(job_id)

    def bring_in(self, kind: str, content: bytes | str, **given: Any) -> ImportJob:
        """All of it."""
        job_id = self.send(kind, content)
        assert self.check(job_id, **given).state == "checked"
        service.start(self.database, "club", job_id, now=self.now)
        return self.work(job_id)

    def count(self, model: Any) -> int:
        """How many rows there are."""
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def desk(club: Database, tmp_path: Path, now: datetime) -> Desk:
    """On each engine."""
    return Desk(club, tmp_path, now)


@pytest.fixture
def quick_desk(sqlite_club: Database, tmp_path: Path, now: datetime) -> Desk:
    """On SQLite only."""
    return Desk(sqlite_club, tmp_path, now)


def codes(job: ImportJob) -> list[tuple[int, str, str]]:
    """Row, column and code of each problem."""
    return [(each["row"], each["column"], each["code"]) for each in job.problems]


def outcome(job: ImportJob) -> tuple[int, int, int, int]:
    """Added, changed, unchanged, refused."""
    return job.added, job.changed, job.unchanged, job.refused


def test_a_check_changes_nothing_and_the_run_does_what_it_said(desk: Desk) -> None:
    """Doors and the audit log hear of the run; the same file again changes nothing."""
    job_id = desk.send("people", PEOPLE)
    people, entries = desk.count(Person), desk.count(FeedEntry)
    checked = desk.check(job_id)
    assert (checked.state, outcome(checked)) == ("checked", (3, 0, 0, 0))
    assert (desk.count(Person), desk.count(FeedEntry)) == (people, entries)
    service.start(desk.database, "club", job_id, now=desk.now)
    done = desk.work(job_id)
    assert (done.state, outcome(done), done.problem_count) == ("done", (3, 0, 0, 0), 0)
    with desk.database.read() as session:
        maya = session.scalars(select(Person).where(Person.external_id == "P-1")).one()
        account = session.get_one(Account, maya.account_id)
        assert (maya.member_id, account.external_id, account.owner_id) == ("000123", "F-1", maya.id)
        actors = select(AuditEntry.actor_kind, AuditEntry.actor_id).where(AuditEntry.entity == "person")
        assert ("staff", "sam") in {(kind, id_) for kind, id_ in session.execute(actors)}
    assert desk.count(FeedEntry) > entries
    assert outcome(desk.bring_in("people", PEOPLE)) == (0, 0, 3, 0)


def test_rows_with_problems_stay_out_and_are_told(desk: Desk) -> None:
    """Row by row, with the column; the others go in."""
    content = (
        PEOPLE + "P-4,000123,F-3,,Max,Roy,,\nP-1,,F-1,,Eve,Roy,,\nP-5,,F-4,yes,Kim,Roy,2020-01-01,\n"
        "P-6,,,,,Roy,,no mail\nP-7,,,,Ann,Roy,03/04/2001,\n,,,,Nobody,Roy,,\n"
    )
    done = desk.bring_in("people", content)
    assert outcome(done) == (3, 0, 0, 6)
    assert codes(done) == [
        (5, "member_id", "twice"),
        (6, "external_id", "twice"),
        (7, "date_of_birth", "owner_minor"),
        (8, "email", "not_an_email"),
        (8, "first_name", "required"),
        (9, "date_of_birth", "ambiguous_date"),
        (10, "external_id", "key_missing"),
    ]
    assert [each["row"] for each in desk.files.problems(done.id)] == [5, 6, 7, 8, 8, 9, 10]


def test_everything_that_is_wrong_with_a_row_is_told_at_once(quick_desk: Desk) -> None:
    """What a cell cannot be, and what the person cannot be; nobody sends the file once for each."""
    content = "external_id,first_name,language,email,date_of_birth,country\nP-1,,de,no mail,2089-01-01,Canada\n"
    done = quick_desk.check(quick_desk.send("people", content))
    assert sorted(codes(done)) == [
        (2, "country", "too_long"),
        (2, "date_of_birth", "born_in_future"),
        (2, "email", "not_an_email"),
        (2, "language", "not_one_of"),
    ]
    content = "external_id,first_name,email\nP-1,,no mail\n"
    done = quick_desk.check(quick_desk.send("people", content))
    assert sorted(codes(done)) == [(2, "email", "not_an_email"), (2, "first_name", "required")]


def test_a_whole_file_can_be_refused(quick_desk: Desk) -> None:
    """Nothing goes in when one row has a problem and that was asked for."""
    job_id = quick_desk.send("people", PEOPLE + "P-4,000123,,,Max,,,\n")
    assert quick_desk.check(job_id, on_problems="refuse").problem_count == 1
    with pytest.raises(FileRefused):
        service.start(quick_desk.database, "club", job_id, now=quick_desk.now)
    assert quick_desk.check(job_id, on_problems="skip").state == "checked"


def test_changes_are_what_the_file_says_and_no_more(quick_desk: Desk) -> None:
    """An empty cell leaves, a hyphen clears, a date is read in the order that was said."""
    quick_desk.bring_in("people", PEOPLE)
    changed = quick_desk.bring_in(
        "people",
        "member_id;first_name;last_name;email;date_of_birth\n000123;;Roy-Côté;-;03/04/1985\n",
        date_order=DateOrder.DAY_FIRST,
    )
    assert outcome(changed) == (0, 1, 0, 0)
    with quick_desk.database.read() as session:
        maya = session.scalars(select(Person).where(Person.member_id == "000123")).one()
        assert (maya.first_name, maya.last_name, maya.email) == ("Maya", "Roy-Côté", None)
        assert maya.date_of_birth is not None
        assert maya.date_of_birth.isoformat() == "1985-04-03"


class PowerCut(Exception):
    """The server ends in the middle of its work."""


def _cut_off(desk: Desk, doing: Any) -> None:
    with desk.database.write() as session:
        doing.chunk(session, desk.now)
        session.flush()
        raise PowerCut


@pytest.mark.parametrize("cut_at", ["before the commit", "after the commit"])
def test_a_run_that_was_cut_off_goes_on_where_it_was(
    quick_desk: Desk, monkeypatch: pytest.MonkeyPatch, cut_at: str
) -> None:
    """Each row once, each problem once, a double across the cut is still found out."""
    monkeypatch.setattr(work, "CHUNK", 10)
    rows = [f"P-{n},{n:06},Name{n}" for n in range(1, 41)] + ["P-1,,Again", "P-41,,\x07"]
    job_id = quick_desk.send("people", "external_id,member_id,first_name\n" + "\n".join(rows) + "\n")
    quick_desk.check(job_id)
    service.start(quick_desk.database, "club", job_id, now=quick_desk.now)
    runner = quick_desk.runner()
    found = runner._open(job_id)
    assert found is not None
    job, doing = found
    assert runner._run(job, doing)
    doing.prepare()
    if cut_at == "before the commit":
        with pytest.raises(PowerCut):
            _cut_off(quick_desk, doing)
    else:
        assert work.run_chunk(quick_desk.database, doing, job, quick_desk.files, quick_desk.now)
    done = quick_desk.work(job_id)
    assert (done.state, outcome(done), done.rows_done) == ("done", (40, 0, 0, 2), 42)
    assert codes(done) == [(42, "external_id", "twice"), (43, "first_name", "control_characters")]
    assert len(list(quick_desk.files.problems(job_id))) == 2


def test_a_cancelled_run_stops_and_can_go_on(quick_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went in stays."""
    monkeypatch.setattr(work, "CHUNK", 1)
    job_id = quick_desk.send("people", PEOPLE)
    quick_desk.check(job_id)
    service.start(quick_desk.database, "club", job_id, now=quick_desk.now)
    runner = quick_desk.runner()
    found = runner._open(job_id)
    assert found is not None
    assert runner._run(*found)
    service.cancel(quick_desk.database, "club", job_id, now=quick_desk.now)
    assert not runner._run(*found)
    assert quick_desk.job(job_id).rows_done == 1
    service.resume(quick_desk.database, "club", job_id)
    assert outcome(quick_desk.work(job_id)) == (3, 0, 0, 0)


def test_what_people_hold(desk: Desk) -> None:
    """Memberships, multipasses, registrations, cards and balances; each file twice is each thing once."""
    with desk.database.write() as session:
        session.add(MembershipType(id="mt", organization_id="club", code="FAMILY", name_en="Family"))
        session.add(MultipassType(id="pt", organization_id="club", code="POOL10", name_en="Pool", total=10))
        session.add(Activity(id="lane", organization_id="club", code="LANE", kind="session", name_en="Lane"))
    desk.bring_in("people", PEOPLE)
    files = {
        "accounts": "external_id,name,owner\nF-1,The Roys,000123\n",
        "memberships": "external_id,type,people,starts_on,ends_on,pauses\n"
        "M-1,FAMILY,000123; 000124,2026-01-01,2026-12-31,2026-07-01/2026-07-31\n",
        "multipasses": "external_id,type,member_id,purchased_on,used\nL-1,POOL10,000123,2026-01-10,3\n",
        "registrations": "external_id,activity,member_id,status\nR-1,LANE,000124,waiting\n",
        "cards": "member_id,kind,code\n000123,barcode,00042\n000124,nfc,04:a2:24:b2\n",
        "balances": 'external_id,account,amount,due_on\nI-1,F-1,42.50,2026-03-01\nI-2,F-1,"-20,00",\n',
    }
    for kind, content in files.items():
        first = desk.bring_in(kind, content)
        assert (first.state, first.refused, first.problems) == ("done", 0, []), kind
        second = desk.bring_in(kind, content)
        assert (second.added, second.changed, second.unchanged) == (0, 0, first.rows), kind
    with desk.database.read() as session:
        assert session.scalars(select(Account.balance_cents).where(Account.external_id == "F-1")).one() == 2250
        assert {each.value for each in session.scalars(select(Credential))} == {"00042", "04A224B2"}
        membership = session.scalars(select(Membership).where(Membership.external_id == "M-1")).one()
        assert (len(membership.people), len(membership.pauses)) == (2, 1)
        sold = session.scalars(select(Multipass).where(Multipass.external_id == "L-1")).one()
        uses = session.scalars(select(PassUse).where(PassUse.multipass_id == sold.id)).all()
        assert (sold.total, len(uses)) == (10, 3)
    assert (desk.count(Registration), desk.count(BalanceEntry)) == (1, 2)


def test_a_person_who_was_registered_again_is_meant_by_that(quick_desk: Desk) -> None:
    """Not by the registration that was cancelled before; a file brings in what was decided, beyond the places too."""
    with quick_desk.database.write() as session:
        add_activity(session, "club", id="lane", code="LANE", kind=ActivityKind.SESSION, name_en="Lane", capacity=1)
    quick_desk.bring_in("people", PEOPLE)
    with quick_desk.database.write() as session:
        person = session.scalars(select(Person).where(Person.member_id == "000124")).one()
        for number, status in enumerate((RegistrationStatus.CANCELLED, RegistrationStatus.WAITING)):
            at = utc_now() + timedelta(minutes=number)
            add_registration(session, person, "lane", id=f"r{number}", registered_at=at, status=status)
    rows = "activity,member_id,status\nLANE,000124,registered\nLANE,000123,registered\n"
    done = quick_desk.bring_in("registrations", rows)
    assert (done.state, done.changed, done.added) == ("done", 1, 1)
    with quick_desk.database.read() as session:
        assert {each.id: each.status.value for each in session.scalars(select(Registration)) if each.id[0] == "r"} == {
            "r0": "cancelled",
            "r1": "registered",
        }


def test_of_several_registrations_the_one_in_force_is_meant(desk: Desk) -> None:
    """Whatever else the file names: a place, else the waitlist, else the cancelled; of two the first."""
    with desk.database.write() as session:
        add_activity(session, "club", id="lane", code="LANE", kind=ActivityKind.SESSION, name_en="Lane")
    desk.bring_in("people", PEOPLE)
    held = {
        "cancelled": (0, RegistrationStatus.CANCELLED, "R-OLD"),
        "waiting": (1, RegistrationStatus.WAITING, None),
        "second": (3, RegistrationStatus.REGISTERED, "R-2"),
        "first": (2, RegistrationStatus.REGISTERED, "R-1"),
    }
    with desk.database.write() as session:
        person = session.scalars(select(Person).where(Person.member_id == "000124")).one()
        for id_, (minute, status, key) in held.items():
            at = desk.now + timedelta(minutes=minute)
            add_registration(session, person, "lane", id=id_, registered_at=at, status=status, external_id=key)
    rows = [
        "R-OLD,LANE,000124,",
        ",LANE,000124,cancelled",
        "R-2,LANE,000124,cancelled",
        ",LANE,000124,registered",
        "R-NEW,LANE,000125,cancelled",
        "R-NEWER,LANE,000125,waiting",
        ",LANE,000125,registered",
    ]
    done = desk.bring_in("registrations", "\n".join(["external_id,activity,member_id,status", *rows]))
    assert (outcome(done), done.problems) == ((2, 4, 1, 0), [])
    with desk.database.read() as session:
        found = {each.external_id or each.id: each.status.value for each in session.scalars(select(Registration))}
    assert found == {
        "R-OLD": "cancelled",
        "R-1": "cancelled",
        "R-2": "cancelled",
        "waiting": "registered",
        "R-NEW": "cancelled",
        "R-NEWER": "registered",
    }


def test_a_card_of_somebody_else_is_refused_by_name(quick_desk: Desk) -> None:
    """Whose it is, so that staff can go there."""
    quick_desk.bring_in("people", PEOPLE)
    quick_desk.bring_in("cards", "member_id,code\n000123,42\n")
    checked = quick_desk.check(quick_desk.send("cards", "member_id,code\n000125,42\n999,43\n000125,\n"))
    assert codes(checked) == [(2, "code", "card_taken"), (3, "member_id", "unknown_person"), (4, "code", "required")]
    assert checked.problems[0]["details"] == {"holder": "Maya Roy (000123)"}


def picture(colour: str, size: tuple[int, int] = (80, 100), kind: str = "PNG") -> bytes:
    """A picture."""
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind)
    return made.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_pictures_come_as_a_zip(quick_desk: Desk) -> None:
    """By member ID or key; bombs, strangers and what is no picture stay out."""
    quick_desk.bring_in("people", PEOPLE)
    content = zipped(
        {
            "photos/000123.jpg": picture("teal", kind="JPEG"),
            "P-2.webp": picture("navy", kind="WEBP"),
            "__MACOSX/._000123.jpg": b"shadow",
            "000999.png": picture("red"),
            "000125.png": b"not a picture",
            "P-3.png": b"\x00" * (6 * 1024 * 1024),
            "P-1.png": picture("gray", (6000, 6000)),
            "more/000123.PNG": picture("gray"),
            "000124.heic": b"a telephone's",
        }
    )
    done = quick_desk.bring_in("pictures", content)
    assert outcome(done) == (2, 0, 0, 6)
    told = [(each["value"], each["code"], each.get("details")) for each in done.problems]
    assert told == [
        ("000999.png", "unknown_person", None),
        ("000125.png", "not_a_picture", None),
        ("P-3.png", "picture_too_large", None),
        ("P-1.png", "picture_too_large", None),
        ("000123.PNG", "twice", {"first": 1}),
        ("000124.heic", "not_a_picture", None),
    ]
    with quick_desk.database.read() as session:
        maya = session.scalars(select(Person).where(Person.external_id == "P-1")).one()
        assert maya.access_picture is not None
        assert quick_desk.pictures.path(maya.access_picture).read_bytes()[:2] == b"\xff\xd8"
        versions = session.scalars(select(PictureVersion).where(PictureVersion.person_id == maya.id)).all()
        assert {(each.role, each.source) for each in versions} == {("access", "import"), ("profile", "import")}


@pytest.mark.parametrize(("content", "code"), [(b"no zip", "not_a_zip"), (zipped({"a.txt": b"x"}), "no_pictures")])
def test_what_is_no_zip_of_pictures(quick_desk: Desk, content: bytes, code: str) -> None:
    """Said at once, and nothing of it is kept."""
    with pytest.raises(FileRefused) as caught:
        quick_desk.send("pictures", content)
    assert caught.value.code == code
    assert list(quick_desk.files._folder.iterdir()) == []


def test_another_organization_has_no_part_in_it(quick_desk: Desk) -> None:
    """Its imports are not there."""
    job_id = quick_desk.send("people", PEOPLE)
    for refused in (service.resume, service.check):
        with pytest.raises(Exception, match="no such import"):
            refused(quick_desk.database, "elsewhere", job_id)
