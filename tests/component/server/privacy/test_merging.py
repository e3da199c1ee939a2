"""Two rows become one person with both histories; nothing is left more, or less, of any pass than before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from access.domain.credentials import Code, CredentialKind
from access.wire.feed import EntityKind
from server.audit.check import check_audit_log, check_device
from server.db import Database
from server.errors import NotFound
from server.feed.projection import project
from server.ingest.service import record_batch
from server.merging.errors import MergeRefused
from server.merging.service import merge_accounts, merge_people
from server.merging.suggestions import suggestions
from server.models import (
    Account,
    AuditEntry,
    BalanceEntry,
    Contact,
    Credential,
    Event,
    Membership,
    MembershipPerson,
    MembershipType,
    Memo,
    Multipass,
    Organization,
    PassUse,
    Person,
    Tag,
)

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


@pytest.fixture
def twice(club: Database) -> Database:
    """Ann of the family is also `anne`, alone on an account of her own, with a pass, a card and a balance there."""
    with club.write() as session:
        session.add(Account(id="alone", organization_id="club", balance_cents=700, external_id="K-1"))
        session.add(MembershipType(id="gym", organization_id="club", name_en="Gym"))
        session.add(Tag(id="t", organization_id="club", name="T"))
        session.flush()
        ann = session.get_one(Person, "ann")
        ann.last_name, ann.date_of_birth = "Roy", date(1980, 1, 2)
        ann.account.owner_id = "ann"
        anne = Person(
            id="anne",
            organization_id="club",
            account_id="alone",
            first_name="Ann",
            last_name="Roy",
            date_of_birth=date(1980, 1, 2),
            email="ann@example.org",
            is_blocked=True,
            member_id="77",
        )
        session.add(anne)
        session.flush()
        session.get_one(Account, "alone").owner_id = "anne"
        anne.tags = [session.get_one(Tag, "t")]
        session.add(Credential.of(session.get_one(Organization, "club"), anne, Code(CredentialKind.BARCODE, "77")))
        session.add(Memo(person_id="anne", text="old", is_starred=True))
        session.add(Contact(organization_id="club", account_id="alone", first_name="Bo"))
        held = {"organization_id": "club", "account_id": "alone"}
        session.add(Membership(id="m", type_id="gym", starts_on=NOW.date(), **held))
        bought = {"type_id": "pool", "purchased_on": NOW.date(), "total": 5, **held}
        session.add(Multipass(id="hers", person_id="anne", **bought))
        session.add(Multipass(id="daily", is_one_use_a_day=True, **bought))
        session.add(BalanceEntry(kind="charge", amount_cents=700, source="hand", due_on=NOW.date(), **held))
        session.flush()
        session.add(MembershipPerson(membership_id="m", person_id="anne"))
    return club


def merged(database: Database, **given: Any) -> None:
    """Makes anne part of ann."""
    with database.write() as session:
        merge_people(session, "club", **{"kept_id": "ann", "gone_id": "anne", "now": NOW, **given})


def uses(database: Database) -> dict[str, int]:
    """The uses of each pass, as different days of different people and as rows."""
    with database.read() as session:
        found: dict[str, int] = {}
        for use in session.scalars(select(PassUse)):
            found[use.multipass_id] = found.get(use.multipass_id, 0) + 1
        people = select(func.count(func.distinct(PassUse.person_id))).where(PassUse.multipass_id == "daily")
        return {**found, "people": session.scalar(people) or 0}


def test_everything_comes_together(twice: Database, pen: Callable[..., Any]) -> None:
    """Cards, passes with their uses, memberships, memos, tags, contacts, the balance, and both histories."""
    door = pen("door")
    hers = {"person": "anne", "account": "alone"}
    with twice.write() as session:
        said = [door.use("hers", **hers), door.use("daily", **hers), door.use("daily"), door.event()]
        record_batch(session, door.topic, door.batch(*said), now=NOW)
    before = uses(twice)
    merged(twice, chosen=["email", "member_id"])
    assert uses(twice) == before == {"hers": 1, "daily": 2, "people": 2}
    with twice.read() as session:
        ann = session.get_one(Person, "ann")
        assert (ann.email, ann.member_id, ann.is_blocked, [tag.id for tag in ann.tags]) == (
            "ann@example.org",
            "77",
            True,
            ["t"],
        )
        gone, alone = session.get_one(Person, "anne"), session.get_one(Account, "alone")
        assert (gone.merged_into, alone.merged_into) == ("ann", "family")
        family = session.get_one(Account, "family")
        assert (family.balance_cents, family.due_since, alone.balance_cents, family.external_id) == (
            700,
            NOW.date(),
            0,
            None if alone.external_id else "K-1",
        )
        for class_ in (Multipass, PassUse, Membership, Contact, Event, BalanceEntry):
            assert set(session.scalars(select(class_.account_id))) == {"family"}, class_
        assert set(session.scalars(select(Event.person_id))) == {"ann"}
        assert session.get_one(Multipass, "hers").person_id == "ann"
        assert session.scalars(select(Memo.person_id)).all() == ["ann"]
        (membership,) = project(session, EntityKind.MEMBERSHIP, ids=["m"])
        assert (membership.account_id, membership.body.person_ids) == ("family", ("ann",))
        card = session.scalars(select(Credential.fingerprint)).one()
        (credential,) = project(session, EntityKind.CREDENTIAL, ids=[card])
        assert (credential.account_id, credential.body.person_id) == ("family", "ann")
        assert not list(project(session, EntityKind.PERSON, ids=["anne"]))
        assert check_device(session, "club", "door").faults == ()
        assert check_audit_log(session, "club").faults == ()
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "person:merged")).one()
        assert told.changes["merged_id"] == ["anne", "ann"]
        assert told.changes["multipass"][0] == ["hers"]
        assert told.changes["email"] == [None, "ann@example.org"]


def test_what_comes_late_under_the_old_id_lands_with_the_survivor(twice: Database, pen: Callable[..., Any]) -> None:
    """A door that was away; through two merges; once only, whatever it repeats."""
    door = pen("door")
    late = [door.use("hers", person="anne", account="alone"), door.event(person=None, account="alone")]
    merged(twice)
    with twice.write() as session:
        session.add(Account(id="third", organization_id="club"))
        session.flush()
        session.add(Person(id="cleo", organization_id="club", account_id="third", first_name="Ann"))
    merged(twice, kept_id="cleo", gone_id="ann")
    for _ in range(2):
        with twice.write() as session:
            record_batch(session, door.topic, door.batch(*late), now=NOW)
    with twice.read() as session:
        rows = session.scalars(select(Event).order_by(Event.seq)).all()
        assert [(each.person_id, each.account_id) for each in rows] == [("cleo", "third"), (None, "third")]
        assert '"person":"anne"' in rows[0].body
        use = session.scalars(select(PassUse)).one()
        assert (use.person_id, use.account_id) == ("anne", "third")
        assert check_device(session, "club", "door").faults == ()


def test_what_refuses_a_merge(twice: Database) -> None:
    """Itself, somebody else's, who is merged, an owner of others, a membership that others share."""
    with pytest.raises(MergeRefused, match="same"):
        merged(twice, gone_id="ann")
    with pytest.raises(NotFound), twice.write() as session:
        merge_people(session, "other", kept_id="ann", gone_id="anne", now=NOW)
    with twice.write() as session:
        session.add(Person(id="kid", organization_id="club", account_id="alone", first_name="Kid"))
    with pytest.raises(MergeRefused, match="has_others"):
        merged(twice)
    with twice.write() as session:
        session.get_one(Account, "alone").owner_id = "kid"
        session.add(MembershipPerson(membership_id="m", person_id="kid"))
    with pytest.raises(MergeRefused, match="shared_membership"):
        merged(twice)
    with twice.write() as session:
        merge_accounts(session, "club", kept_id="family", gone_id="alone", now=NOW)
    merged(twice)
    with pytest.raises(MergeRefused, match="gone"):
        merged(twice)
    with twice.read() as session:
        assert set(session.scalars(select(MembershipPerson.person_id))) == {"ann", "kid"}
        assert session.get_one(Account, "family").owner_id == "ann"


def test_who_shares_an_account_only_brings_what_is_theirs(twice: Database, pen: Callable[..., Any]) -> None:
    """Others stay on the old account with what is the family's; a pass of the person's own comes with its uses."""
    door = pen("door")
    with twice.write() as session:
        said = [door.use("hers", person="anne", account="alone"), door.use("daily", person="anne", account="alone")]
        record_batch(session, door.topic, door.batch(*said), now=NOW)
        session.add(Person(id="kid", organization_id="club", account_id="alone", first_name="Kid"))
        session.get_one(Account, "alone").owner_id = "kid"
    merged(twice)
    with twice.read() as session:
        at = {each.multipass_id: each.account_id for each in session.scalars(select(PassUse))}
        assert at == {"hers": "family", "daily": "alone"}
        assert session.get_one(Multipass, "hers").account_id == "family"
        assert session.get_one(Multipass, "daily").account_id == "alone"
        assert session.get_one(Account, "alone").merged_into is None
        assert session.get_one(Account, "family").balance_cents == 0


def test_suggestions(twice: Database) -> None:
    """The same name and birth; a shared address alone is a family; another birth is another person."""
    with twice.write() as session:
        more = {"organization_id": "club", "account_id": "family"}
        session.add(Person(id="bob", first_name="Bob", email="ann@example.org", **more))
        session.add(Person(id="annie", first_name="Annie", email="ANN@example.org", **more))
        session.add(Person(id="young", first_name="Ann", last_name="Roy", date_of_birth=date(2015, 1, 1), **more))
    with twice.read() as session:
        found = {(each.first_id, each.second_id): each.reasons for each in suggestions(session, "club")}
        assert found == {("ann", "anne"): ("name_and_birth",), ("anne", "annie"): ("email",)}
        assert suggestions(session, "other") == []
        assert len(suggestions(session, "club", person_id="annie")) == 1
