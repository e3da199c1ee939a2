"""Archive, delete, erase: who leaves the doors, what refuses, and that nothing personal is left anywhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from access.domain.credentials import Code, CredentialKind
from access.wire.events import EventKind
from access.wire.feed import EntityKind
from server.audit.check import check_audit_log, check_device
from server.db import Database
from server.desk.service import Deed, record
from server.errors import NotFound
from server.feed.projection import project
from server.feed.snapshot import SnapshotStore
from server.ingest.service import record_batch
from server.merging.service import merge_accounts
from server.models import (
    Account,
    AllowedAdult,
    BalanceEntry,
    Base,
    Contact,
    Credential,
    Event,
    ExtraAnswer,
    ExtraQuestion,
    ImportJob,
    Mail,
    Memo,
    Organization,
    PassUse,
    Person,
    PictureVersion,
    QuarantinedMessage,
    SavedList,
    Staff,
)
from server.privacy.archiving import archive_account, archive_person, unarchive_account, unarchive_person
from server.privacy.erasure import delete_person, erase_person, redact_late
from server.privacy.errors import ArchiveRefused, ErasureRefused
from server.privacy.export import export_person
from server.privacy.files import PersonalFiles
from server.retention.keeping import SPANS
from server.retention.service import set_keeping

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
SECRETS = (
    "Zébulon",
    "Quatrefages",
    "zq@secret.example",
    "555-0199",
    "M-90210",
    "1987-06-05",
    "12 Hidden Lane",
    "ALLERGY-NUTS",
    "ANSWER-SECRET",
    "NOTE-SECRET",
    "AGNOTE-SECRET",
    "CODE90210SECRET",
    "REMARK-SECRET",
    "OFFICE-SECRET",
)
PICTURE = "ab" * 32


def fill_secrets(database: Database, data_dir: Path) -> str:
    """A person of whom everything is known, with the fingerprint of their card."""
    with database.write() as session:
        club = session.get_one(Organization, "club")
        session.add(Account(id="solo", organization_id="club", name="Quatrefages family"))
        session.add(ExtraQuestion(id="q", organization_id="club", label_en="Q"))
        session.add(Staff(id="boss", organization_id="club", email="boss@x.org", name="Boss", password_hash="x"))
        session.flush()
        person = Person(
            id="zeb",
            organization_id="club",
            account_id="solo",
            first_name="Zébulon",
            last_name="Quatrefages",
            email="zq@secret.example",
            phone="555-0199",
            member_id="M-90210",
            date_of_birth=date(1987, 6, 5),
            address_line_1="12 Hidden Lane",
            admin_note="AGNOTE-SECRET",
            access_picture=PICTURE,
            profile_picture=PICTURE,
            identity_id="shared",
        )
        session.add(person)
        session.flush()
        session.get_one(Account, "solo").owner_id = "zeb"
        card = Credential.of(club, person, Code(CredentialKind.BARCODE, "CODE90210SECRET"))
        session.add(card)
        session.add(Memo(person_id="zeb", text="ALLERGY-NUTS", is_starred=True))
        session.add(ExtraAnswer(person_id="zeb", question_id="q", value="ANSWER-SECRET"))
        session.add(Contact(organization_id="club", account_id="solo", first_name="Nana", last_name="Quatrefages"))
        session.add(PictureVersion(organization_id="club", person_id="zeb", role="access", picture=PICTURE, source="x"))
        adult = {"adult_person_id": "zeb", "name": "Zébulon Quatrefages", "picture": PICTURE}
        session.add(AllowedAdult(organization_id="club", account_id="family", child_id="ann", **adult))
        mail = {"purpose": "x", "to_address": "zq@secret.example", "subject": "Zébulon", "body": "hi"}
        session.add(Mail(organization_id="club", person_id="zeb", **mail))
        session.add(SavedList(organization_id="club", staff_id="boss", name="me", query={"q": "quatrefages"}))
        session.add(
            BalanceEntry(
                organization_id="club",
                account_id="solo",
                kind="charge",
                amount_cents=1,
                source="hand",
                description="for Quatrefages",
                entered_at=NOW,
            )
        )
        session.add(
            QuarantinedMessage(
                organization_id="club",
                site_id="main",
                device_id="door",
                reason="x",
                payload=b'{"person":"zeb"}',
                payload_size=1,
                payload_hash="1",
                seq=99,
                body_hash="2" * 64,
            )
        )
    (data_dir / "pictures" / "ab").mkdir(parents=True)
    (data_dir / "pictures" / "ab" / f"{PICTURE}.jpg").write_bytes(b"FACE-SECRET")
    with database.write() as session:
        session.get_one(Person, "zeb").phone = "555-0199 "
    with database.read() as session:
        return session.scalars(select(Credential.fingerprint).where(Credential.person_id == "zeb")).one()


def everything(database: Database, data_dir: Path) -> str:
    """Every value of every table, and every file of the data directory."""
    said = []
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            said += [repr(tuple(row)) for row in session.execute(select(table))]
    for path in data_dir.rglob("*"):
        if path.is_file():
            said.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(said)


def scan(door: Any, fingerprint: str, **changes: Any) -> dict[str, Any]:
    """A check-in with that card and a remark of the desk."""
    presented = {"kind": "barcode", "fingerprint": fingerprint}
    event: dict[str, Any] = door.use(
        person="zeb", account="solo", credential=presented, note="REMARK-SECRET NOTE-SECRET", **changes
    )
    return event


def note_in_office(database: Database) -> None:
    """A note of the back office's, about somebody on an attendance list."""
    noted = {"access_point_id": "entrance", "person_id": "zeb", "account_id": "solo", "note": "OFFICE-SECRET"}
    with database.write() as session:
        record(session, "club", Deed(kind=EventKind.ATTENDANCE_MARKED, **noted), staff_id="boss", now=NOW)


def test_nothing_of_an_erased_person_is_left(club: Database, pen: Callable[..., Any], tmp_path: Path) -> None:
    """In no table, no file, and what comes late is emptied, too; counts, uses and chains are as before."""
    data_dir = tmp_path / "data"
    fingerprint = fill_secrets(club, data_dir)
    door = pen("door")
    with club.write() as session:
        first = [scan(door, fingerprint), scan(door, fingerprint), door.event()]
        record_batch(session, door.topic, door.batch(*first), now=NOW)
        session.get_one(Account, "solo").balance_cents = 0
    note_in_office(club)
    SnapshotStore(club, data_dir / "snapshots").get("club", "main")
    before = everything(club, data_dir)
    assert [each for each in (*SECRETS, "FACE-SECRET", fingerprint) if each not in before] == []
    files = PersonalFiles(club, data_dir)
    with club.write() as session:
        erased = erase_person(session, "club", "zeb", now=NOW, is_confirmed=True)
    files.clean(erased)
    assert erased.events == 3
    late = scan(door, fingerprint)
    with club.write() as session:
        record_batch(session, door.topic, door.batch(late), now=NOW)
    with club.write() as session:
        assert redact_late(session, "club", "zeb") == 1
    after = everything(club, data_dir)
    assert [each for each in (*SECRETS, "FACE-SECRET", "quatrefages", "zebulon") if each in after] == []
    with club.read() as session:
        assert session.get_one(Person, "zeb").first_name == "Erased person"
        assert session.scalar(select(func.count()).select_from(Event)) == 5
        assert session.scalar(select(func.count()).select_from(PassUse)) == 3
        bodies = "".join(session.scalars(select(Event.body)))
        assert fingerprint not in bodies
        assert check_device(session, "club", "door").faults == ()
        assert check_audit_log(session, "club").faults == ()
        assert not list(project(session, EntityKind.PERSON, ids=["zeb"]))


def test_whoever_empties_one_event_more_is_found(club: Database, pen: Callable[..., Any], tmp_path: Path) -> None:
    """A declared erasure covers so many events and not one more; a body that says something else is an edit."""
    fingerprint = fill_secrets(club, tmp_path)
    door = pen("door")
    with club.write() as session:
        record_batch(session, door.topic, door.batch(scan(door, fingerprint), door.event()), now=NOW)
    with club.write() as session:
        erase_person(session, "club", "zeb", now=NOW, is_confirmed=True)
    with club.read() as session:
        assert check_device(session, "club", "door").faults == ()
        seq = session.scalars(select(Event.erased_by).where(Event.seq == 1)).one()
    with club.write() as session:
        session.execute(update(Event).where(Event.seq == 2).values(erased_by=seq))
    with club.read() as session:
        assert {each.kind for each in check_device(session, "club", "door").faults} == {"edited"}


def test_other_organizations_keep_what_is_theirs(club: Database, tmp_path: Path) -> None:
    """The same identity elsewhere keeps its name and its picture file."""
    fill_secrets(club, tmp_path)
    with club.write() as session:
        session.add(Organization(id="gym", name_en="Gym"))
        session.flush()
        session.add(Account(id="there", organization_id="gym"))
        session.flush()
        session.add(
            Person(
                id="twin",
                organization_id="gym",
                account_id="there",
                first_name="Zébulon",
                identity_id="shared",
                profile_picture=PICTURE,
            )
        )
    with club.write() as session, pytest.raises(NotFound):
        erase_person(session, "gym", "zeb", now=NOW)
    with club.write() as session:
        erased = erase_person(session, "club", "zeb", now=NOW, is_confirmed=True)
    PersonalFiles(club, tmp_path).clean(erased)
    with club.read() as session:
        twin = session.get_one(Person, "twin")
        assert (twin.first_name, twin.identity_id, twin.profile_picture) == ("Zébulon", "shared", PICTURE)
    assert (tmp_path / "pictures" / "ab" / f"{PICTURE}.jpg").exists()


def test_who_is_archived_leaves_the_doors_and_can_come_back(club: Database, tmp_path: Path) -> None:
    """Person, cards and the adults who pick up; the account when nobody is left on it."""
    fingerprint = fill_secrets(club, tmp_path)

    def at_the_doors() -> list[int]:
        with club.read() as session:
            asked = ((EntityKind.PERSON, ["zeb", "ann"]), (EntityKind.CREDENTIAL, [fingerprint]))
            return [len(list(project(session, kind, ids=ids))) for kind, ids in asked]

    assert at_the_doors() == [2, 1]
    with club.write() as session:
        archive_person(session, "club", "zeb", now=NOW)
    assert at_the_doors() == [1, 0]
    with club.read() as session:
        told = "SELECT kind FROM feed_entry WHERE body IS NULL AND entity_id IN ('zeb', :card) ORDER BY kind"
        assert session.scalars(text(told), {"card": fingerprint}).all() == ["credential", "person"]
        assert session.get_one(Account, "solo").archived_at == NOW
    with club.write() as session:
        unarchive_person(session, "club", "zeb")
    assert at_the_doors() == [2, 1]
    with club.write() as session:
        archive_account(session, "club", "solo", now=NOW)
    assert at_the_doors() == [1, 0]
    with club.write() as session:
        unarchive_account(session, "club", "solo")
    assert at_the_doors() == [2, 1]


def test_what_stands_in_the_way(club: Database, tmp_path: Path) -> None:
    """A balance and the owner of others refuse; uses left have to be confirmed; deleting follows the settings."""
    fill_secrets(club, tmp_path)
    with club.write() as session:
        session.get_one(Account, "solo").balance_cents = 500
    with club.write() as session, pytest.raises(ArchiveRefused) as refused:
        archive_person(session, "club", "zeb", now=NOW, is_confirmed=True)
    assert refused.value.codes == ("balance",)
    with club.write() as session:
        session.get_one(Account, "solo").balance_cents = 0
        session.add(Person(id="kid", organization_id="club", account_id="solo", first_name="Kid"))
    with club.write() as session, pytest.raises(ArchiveRefused) as refused:
        archive_person(session, "club", "zeb", now=NOW, is_confirmed=True)
    assert refused.value.codes == ("is_owner",)
    with club.write() as session:
        session.execute(text("UPDATE multipass SET person_id = 'kid', account_id = 'solo' WHERE id = 'pass'"))
    with club.write() as session, pytest.raises(ArchiveRefused) as refused:
        archive_person(session, "club", "kid", now=NOW)
    assert refused.value.codes == ("uses_left",)
    with club.write() as session, pytest.raises(ErasureRefused) as not_yet:
        delete_person(session, "club", "kid", now=NOW)
    assert not_yet.value.codes == ("not_archived",)
    with club.write() as session:
        archive_person(session, "club", "kid", now=NOW, is_confirmed=True)
    with club.write() as session, pytest.raises(ErasureRefused) as not_yet:
        delete_person(session, "club", "kid", now=NOW + timedelta(days=8000))
    assert not_yet.value.codes == ("kept_for_ever",)
    with club.write() as session:
        set_keeping(session, "club", {**{name: span.default for name, span in SPANS.items()}, "archived": 730})
    with club.write() as session, pytest.raises(ErasureRefused) as not_yet:
        delete_person(session, "club", "kid", now=NOW + timedelta(days=10))
    assert not_yet.value.codes == ("archived_too_short",)
    with club.write() as session:
        delete_person(session, "club", "kid", now=NOW + timedelta(days=800))
    with club.write() as session, pytest.raises(ErasureRefused) as not_yet:
        delete_person(session, "club", "kid", now=NOW + timedelta(days=800))
    assert not_yet.value.codes == ("already_erased", "not_archived")[:1]


def test_an_export_has_everything(club: Database, pen: Callable[..., Any], tmp_path: Path) -> None:
    """Every secret of the person and the picture; nothing of somebody else; the audit log notes that it was made."""
    import io
    import json
    import zipfile

    fingerprint = fill_secrets(club, tmp_path)
    door = pen("door")
    with club.write() as session:
        record_batch(session, door.topic, door.batch(scan(door, fingerprint), door.event()), now=NOW)
    note_in_office(club)
    made = export_person(club, PersonalFiles(club, tmp_path).pictures, "club", "zeb", language="fr", now=NOW)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        names = set(archive.namelist())
        said = archive.read("person.json").decode()
        page = archive.read("person.html").decode()
        assert archive.read(f"pictures/{PICTURE}.jpg") == b"FACE-SECRET"
    assert {"person.json", "person.html", "movements.csv"} <= names
    assert [each for each in SECRETS if each not in said] == []
    assert [each for each in SECRETS if each not in page] == []
    assert 'lang="fr"' in page
    assert [each for each in ("<dt>person id", "<dt>is blocked", "<dd>checked_in", "Z</dd>") if each in page] == []
    assert "<dt>Entrée bloquée</dt><dd>" in page
    document = json.loads(said)
    assert [each["kind"] for each in document["movements"]] == ["checked_in", "attendance_marked"]
    assert "ann" not in {each["person_id"] for each in document["movements"]}
    with club.read() as session:
        told = "SELECT count(*) FROM audit_entry WHERE action = 'person:exported' AND person_id = 'zeb'"
        assert session.scalar(text(told)) == 1


def test_abandoned_pictures_go_a_day_later(club: Database, tmp_path: Path) -> None:
    """What was just taken in may be about to be used."""
    folder = tmp_path / "pictures" / "cd"
    folder.mkdir(parents=True)
    path = folder / f"{'cd' * 32}.jpg"
    path.write_bytes(b"x")
    files = PersonalFiles(club, tmp_path)
    assert files.abandoned_pictures() == []
    os.utime(path, (time.time() - 100_000,) * 2)
    assert files.abandoned_pictures() == ["cd" * 32]
    assert files.drop_pictures(files.abandoned_pictures()) == 1


def test_what_files_to_import_said_goes_with_the_person(club: Database, tmp_path: Path) -> None:
    """The first rows of a file that waits to be mapped, the problems of one that ended; one that runs is left alone."""
    rows = {"first_rows": [["Zébulon", "Quatrefages"]], "header": ["first_name", "last_name"]}
    fill_secrets(club, tmp_path / "data")
    with club.write() as session:
        session.get_one(Account, "solo").balance_cents = 0
        for state in ("mapping", "checked", "failed", "done", "running"):
            job = ImportJob(id=state, organization_id="club", kind="people", file_name="x.csv", file_hash="0" * 64)
            job.state, job.plan, job.problems, job.created_at = state, rows, [{"value": "Quatrefages"}], NOW
            session.add(job)
    with club.write() as session:
        erase_person(session, "club", "zeb", now=NOW, is_confirmed=True)
    with club.read() as session:
        jobs = {each.id: each for each in session.scalars(select(ImportJob))}
    assert {id_: each.state for id_, each in jobs.items() if each.state != id_} == dict.fromkeys(
        ("mapping", "checked"), "cancelled"
    )
    said = {id_ for id_, each in jobs.items() if "Quatrefages" in f"{each.plan} {each.problems}"}
    assert said == {"running"}
    assert jobs["done"].plan["header"] == rows["header"]


def test_nor_in_the_account_that_was_merged_into_theirs(club: Database, tmp_path: Path) -> None:
    """Its name and key were the person's, too; they are in no table any more, nor in the audit log."""
    data_dir = tmp_path / "data"
    fill_secrets(club, data_dir)
    with club.write() as session:
        session.get_one(Account, "solo").balance_cents = 0
        session.add(Account(id="older", organization_id="club", name="QUATREFAGES-TRUST", external_id="QUATREFAGES-7"))
    with club.write() as session:
        merge_accounts(session, "club", kept_id="solo", gone_id="older", now=NOW)
    assert "QUATREFAGES-TRUST" in everything(club, data_dir)
    with club.write() as session:
        erase_person(session, "club", "zeb", now=NOW, is_confirmed=True)
    assert [each for each in ("QUATREFAGES-TRUST", "QUATREFAGES-7") if each in everything(club, data_dir)] == []
    with club.read() as session:
        assert session.get_one(Account, "older").merged_into == "solo"
        assert check_audit_log(session, "club").faults == ()
