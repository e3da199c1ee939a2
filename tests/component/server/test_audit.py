"""The audit log: no change of an audited row misses it, secrets do, and its chain tells what somebody did to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from access.domain.credentials import Code, CredentialKind
from server.audit.actor import Actor, acting
from server.audit.hook import erase, note
from server.db import Database
from server.ingest.service import record_batch
from server.models import (
    Account,
    AuditEntry,
    AuditHead,
    Credential,
    FeedEntry,
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Memo,
    Organization,
    Person,
    Staff,
    Tag,
)
from server.staff.service import create_staff, set_password


def log(database: Database, organization_id: str = "club") -> list[AuditEntry]:
    """Every entry in its order."""
    with database.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.organization_id == organization_id)
        return list(session.scalars(wanted.order_by(AuditEntry.seq)))


def last(database: Database) -> AuditEntry:
    """The newest entry."""
    return log(database)[-1]


def told(entry: AuditEntry) -> tuple[str, str, dict[str, Any]]:
    """What an entry says."""
    return entry.action, entry.entity_id, entry.changes


def test_a_new_row_a_changed_one_and_a_deleted_one(club: Database) -> None:
    """With the values before and after, the account and the person, and nothing of what did not change."""
    with club.write() as session:
        session.add(Person(id="ben", organization_id="club", account_id="family", first_name="Ben"))
    made = last(club)
    assert told(made) == ("person:created", "ben", {"account_id": [None, "family"], "first_name": [None, "Ben"]})
    assert (made.account_id, made.person_id, made.actor_kind, made.actor_id) == ("family", "ben", "system", None)
    with club.write() as session:
        ben = session.get_one(Person, "ben")
        ben.date_of_birth, ben.first_name = date(2015, 2, 3), "Ben"
    assert told(last(club)) == ("person:changed", "ben", {"date_of_birth": [None, "2015-02-03"]})
    with club.write() as session:
        session.delete(session.get_one(Person, "ben"))
    gone = last(club)
    assert told(gone)[:2] == ("person:deleted", "ben")
    assert gone.changes["first_name"] == ["Ben", None]


def test_what_was_not_loaded_is_read_before_it_goes(club: Database) -> None:
    """An object that forgot its values still knows what they were."""
    with club.write() as session:
        ann = session.get_one(Person, "ann")
        session.expire(ann)
        ann.first_name = "Anne"
    assert told(last(club)) == ("person:changed", "ann", {"first_name": ["Ann", "Anne"]})


def test_one_transaction_tells_each_row_once(club: Database) -> None:
    """From the first value to the last, whatever was in between; what came and went is not told."""
    before = len(log(club))
    with club.write() as session:
        ann = session.get_one(Person, "ann")
        for name in ("Anna", "Annie", "Anne"):
            ann.first_name = name
            session.flush()
        ann.phone = "1"
        session.flush()
        ann.phone = None
        passing = Tag(id="passing", organization_id="club", name="Passing")
        session.add(passing)
        session.flush()
        session.delete(passing)
    assert [told(each) for each in log(club)[before:]] == [
        ("person:changed", "ann", {"first_name": ["Ann", "Anne"]}),
    ]


def test_nothing_is_told_of_what_was_rolled_back(club: Database) -> None:
    """Neither of a transaction nor of a savepoint; what was changed before the savepoint is told, to doors too."""
    before = len(log(club))
    with club.write() as session:
        session.get_one(Person, "ann").first_name = "Nobody"
        session.flush()
        session.rollback()
    with club.write() as session:
        session.get_one(Person, "ann").first_name = "Anne"
        savepoint = session.begin_nested()
        session.add(Tag(id="never", organization_id="club", name="Never"))
        session.flush()
        savepoint.rollback()
    assert [told(each)[:2] for each in log(club)[before:]] == [("person:changed", "ann")]
    with club.read() as session:
        newest = session.scalars(select(FeedEntry).order_by(FeedEntry.seq.desc())).first()
    assert newest is not None
    assert (newest.kind, newest.entity_id) == ("person", "ann")


def test_secrets_stay_out(club: Database) -> None:
    """Of a password only that it changed, of a card its last digits."""
    with club.write() as session:
        staff = create_staff(
            session, organization_id="club", email="a@example.org", name="A", password="ten letters at least"
        )
        set_password(session, staff, "and other ten letters")
        organization, ann = session.get_one(Organization, "club"), session.get_one(Person, "ann")
        session.add(Credential.of(organization, ann, Code(CredentialKind.BARCODE, "123456789012")))
    entries = log(club)[-2:]
    assert entries[0].changes["password_hash"] == "changed"
    assert entries[1].changes["value"] == [None, "••••••••9012"]
    assert (entries[1].person_id, entries[1].account_id) == ("ann", "family")
    kept = str([each.changes for each in log(club)])
    with club.read() as session:
        secret = session.scalars(select(Staff.password_hash)).one()
        key = session.get_one(Organization, "club").fingerprint_key
    assert secret not in kept
    assert key.hex() not in kept
    assert "123456789012" not in kept


def test_people_and_pauses_are_told_as_part_of_their_membership(club: Database) -> None:
    """Before the arrow who left, after it who came."""
    with club.write() as session:
        session.add(MembershipType(id="gym", organization_id="club", name_en="Gym"))
        made = Membership(
            id="m", organization_id="club", account_id="family", type_id="gym", starts_on=date(2026, 1, 1)
        )
        made.people.append(MembershipPerson(person_id="ann"))
        session.add(made)
    assert last(club).changes["people"] == [[], ["ann"]]
    with club.write() as session:
        membership = session.get_one(Membership, "m")
        membership.pauses.append(MembershipPause(id="p", first_on=date(2026, 7, 1)))
        membership.people.clear()
    changed = last(club)
    assert told(changed) == ("membership:changed", "m", {"people": [["ann"], []], "pauses": [[], ["2026-07-01/"]]})
    assert changed.account_id == "family"
    with club.write() as session:
        session.get_one(Membership, "m").pauses[0].last_on = date(2026, 7, 31)
    assert told(last(club))[2] == {"pauses": [["2026-07-01/"], ["2026-07-01/2026-07-31"]]}


def test_tags_and_memos_are_told_with_their_person(club: Database) -> None:
    """A memo names its person and the account; tags are a list of the person's."""
    with club.write() as session:
        ann = session.get_one(Person, "ann")
        ann.tags.append(Tag(id="vip", organization_id="club", name="VIP"))
        session.add(Memo(id="memo", person_id="ann", text="nuts", is_starred=True))
    found = {each.entity: each for each in log(club)[-3:]}
    assert found["person"].changes == {"tags": [[], ["vip"]]}
    assert (found["memo"].person_id, found["memo"].account_id) == ("ann", "family")


def test_the_actor_is_whoever_acts(club: Database) -> None:
    """Two actors in one transaction are two entries."""
    with club.write() as session:
        ann = session.get_one(Person, "ann")
        with acting(Actor("staff", "olga")):
            ann.first_name = "Anne"
            session.flush()
        with acting(Actor("token", "t1")):
            ann.first_name = "Anna"
    entries = log(club)[-2:]
    assert [(each.actor_kind, each.actor_id) for each in entries] == [("staff", "olga"), ("system", None)]


def test_bulk_statements_are_refused(club: Database) -> None:
    """They would change rows behind the log's back."""
    with club.write() as session, pytest.raises(TypeError, match="audit log"):
        session.execute(update(Tag).values(colour="red"))


def test_what_changes_no_row_can_be_told(club: Database) -> None:
    """An export, for one."""
    with club.write() as session:
        note(session, entity="person", entity_id="ann", what="exported", organization_id="club", person_id="ann")
    entry = last(club)
    assert (entry.action, entry.account_id) == ("person:exported", "family")


def test_numbers_are_gapless_and_the_head_is_the_last(club: Database) -> None:
    """One chain for each organization."""
    with club.write() as session:
        session.add(Organization(id="other", name_en="Other"))
    entries = log(club)
    assert [each.seq for each in entries] == list(range(1, len(entries) + 1))
    assert [each.prev_hash for each in entries[1:]] == [each.hash for each in entries[:-1]]
    with club.read() as session:
        head = session.get_one(AuditHead, "club")
    assert (head.seq, head.hash) == (entries[-1].seq, entries[-1].hash)
    assert [each.action for each in log(club, "other")] == ["organization:created"]


def test_many_writers_make_one_chain_and_never_wait_for_each_other(club: Database) -> None:
    """Each changes rows that doors need, in two organizations, so that all four heads are locked."""
    with club.write() as session:
        session.add(Organization(id="other", name_en="Other"))
        session.flush()
        session.add_all(Account(id=f"{org}-{n}", organization_id=org) for org in ("club", "other") for n in range(4))
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                with club.write() as session:
                    both = ("club", "other") if (number + turn) % 2 else ("other", "club")
                    for organization_id in both:
                        session.get_one(Account, f"{organization_id}-{number}").balance_cents += 1
                        session.flush()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for organization_id in ("club", "other"):
        entries = log(club, organization_id)
        assert [each.seq for each in entries] == list(range(1, len(entries) + 1))
        assert [each.prev_hash for each in entries[1:]] == [each.hash for each in entries[:-1]]
        assert sum(each.action == "account:changed" for each in entries) == 40


def test_erasing_empties_what_is_said_of_a_person(club: Database) -> None:
    """Of them and of nobody else, with what the same transaction changed."""
    with club.write() as session:
        session.add(Person(id="ben", organization_id="club", account_id="family", first_name="Ben"))
    with club.write() as session:
        session.get_one(Person, "ben").first_name = "Erased"
        erase(session, organization_id="club", person_id="ben")
    entries = log(club)
    assert "Ben" not in str([each.changes for each in entries])
    assert {each.erased_by for each in entries if each.person_id == "ben"} == {None, entries[-1].seq}
    assert entries[-1].action == "person:erased"
    assert any(each.changes.get("first_name") == [None, "Ann"] for each in entries)


def test_what_a_desk_did_is_told_with_who_stood_there(club: Database, pen: Callable[..., Any]) -> None:
    """A card that staff assigned at a door."""
    with club.write() as session:
        desk = create_staff(
            session, organization_id="club", email="d@example.org", name="D", password="ten letters at least"
        )
    door = pen("door")
    card = {"kind": "nfc", "fingerprint": "ab" * 16}
    asked = door.event(kind="card_requested", credential=card, staff=desk.id, outcome="denied")
    with club.write() as session:
        assert record_batch(session, door.topic, door.batch(asked)) is not None
    entry = last(club)
    assert (entry.action, entry.actor_kind, entry.actor_id) == ("credential:created", "door", desk.id)
    assert entry.changes["issued_by"] == [None, desk.id]
