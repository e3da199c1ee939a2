"""What organizations share of a person, and that nothing else ever crosses: whatever is changed, by whomever."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from access.wire.feed import EntityKind
from server.audit.actor import Actor, acting
from server.db import Database
from server.identities.hook import SHARED
from server.models import Account, AuditEntry, FeedEntry, Organization, Person
from server.staff.service import create_staff

ORGANIZATIONS = ("pool", "library", "gym")
NAMES = st.text("abcéñ ", min_size=1, max_size=8)
VALUES = {
    "first_name": NAMES,
    "last_name": NAMES,
    "date_of_birth": st.none() | st.dates(date(1950, 1, 1), date(2020, 1, 1)),
    "profile_picture": st.none() | st.sampled_from(["ab" * 32, "cd" * 32]),
    "email": st.none() | st.sampled_from(["a@example.org", "b@example.org"]),
    "phone": st.none() | st.sampled_from(["1", "2"]),
    "access_picture": st.none() | st.sampled_from(["12" * 32, "34" * 32]),
    "is_blocked": st.booleans(),
    "has_notify_flag": st.booleans(),
    "admin_note": NAMES,
    "city": NAMES,
    "member_id": st.none() | st.sampled_from(["M1", "M2"]),
}
CHANGES = st.lists(
    st.tuples(st.sampled_from(ORGANIZATIONS), st.fixed_dictionaries({}, optional=VALUES)), min_size=1, max_size=5
)


def fill(database: Database) -> None:
    """One person whom three organizations know."""
    with database.write() as session:
        for id_ in ORGANIZATIONS:
            if session.get(Organization, id_) is None:
                session.add(Organization(id=id_, name_en=id_))
                session.flush()
            session.add(Account(id=f"{id_}-a", organization_id=id_))
            session.flush()
            session.add(
                Person(
                    id=f"{id_}-p", organization_id=id_, account_id=f"{id_}-a", identity_id="shared", first_name="Maya"
                )
            )


def rows(database: Database) -> dict[str, dict[str, Any]]:
    """Every value of every row."""
    with database.read() as session:
        return {
            each.organization_id: {name: getattr(each, name) for name in VALUES}
            for each in session.scalars(select(Person))
        }


@given(changes=CHANGES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_shared_is_the_same_everywhere_and_everything_else_stays_at_home(
    sqlite_database: Database, changes: list[tuple[str, dict[str, Any]]]
) -> None:
    """Against a model that knows the four names only."""
    if not rows(sqlite_database):
        fill(sqlite_database)
    model = rows(sqlite_database)
    for organization, given_values in changes:
        with sqlite_database.write() as session:
            person = session.get_one(Person, f"{organization}-p")
            for name, value in given_values.items():
                setattr(person, name, value)
        for name, value in given_values.items():
            for each in ORGANIZATIONS if name in SHARED else (organization,):
                model[each][name] = value
        assert rows(sqlite_database) == model


def test_the_doors_and_the_log_of_each_organization_hear_of_it_and_name_nobody_from_elsewhere(
    database: Database,
) -> None:
    """In one transaction; on both engines."""
    fill(database)
    with database.write() as session:
        staff = create_staff(
            session, organization_id="pool", email="s@example.org", name="Sam", password="a long enough password"
        ).id
    with acting(Actor("staff", staff)), database.write() as session:
        session.get_one(Person, "pool-p").first_name = "Maïa"
        session.get_one(Person, "pool-p").phone = "514"
    with database.read() as session:
        for id_ in ORGANIZATIONS:
            told = session.scalars(
                select(AuditEntry).where(AuditEntry.organization_id == id_, AuditEntry.action == "person:changed")
            ).one()
            is_home = id_ == "pool"
            assert (told.actor_kind, told.actor_id) == (("staff", staff) if is_home else ("system", None))
            assert set(told.changes) == ({"first_name", "phone"} if is_home else {"first_name"})
            last = session.scalars(
                select(FeedEntry)
                .where(FeedEntry.organization_id == id_, FeedEntry.kind == EntityKind.PERSON)
                .order_by(FeedEntry.seq.desc())
            ).first()
            assert last is not None
            assert "Maïa" in str(last.body)


def test_a_row_that_leaves_its_identity_speaks_for_nobody_else(sqlite_database: Database) -> None:
    """As when it is erased: the others keep their name."""
    fill(sqlite_database)
    with sqlite_database.write() as session:
        person = session.get_one(Person, "pool-p")
        person.identity_id, person.first_name = None, "Erased"
    assert [rows(sqlite_database)[each]["first_name"] for each in ORGANIZATIONS] == ["Erased", "Maya", "Maya"]
