"""Other systems go on naming whom was merged away: what they say goes to the row that stays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from server.db import Database
from server.imports.records.base import Change, Outcome
from server.merging.service import merge_accounts, merge_people
from server.models import (
    Account,
    BalanceEntry,
    Credential,
    Membership,
    Multipass,
    Person,
    Registration,
)
from tests.component.server.imports.saying import Speaker


class Other(Speaker):
    """Another system that speaks of Ann of the family as `P-2` of `F-2`, too: both were merged into `P-1` of `F-1`."""

    def __init__(self, database: Database, now: datetime) -> None:
        super().__init__(database, now)
        with database.write() as session:
            session.add_all([Account(id=id_, organization_id="club", external_id=f"F-{id_}") for id_ in ("2", "3")])
            session.flush()
            for id_, account in (("anne", "2"), ("bo", "3"), ("annie", "3")):
                person = Person(id=id_, organization_id="club", account_id=account, first_name=id_, member_id=id_)
                person.external_id = {"anne": "P-2", "bo": "P-3", "annie": "P-4"}[id_]
                session.add(person)
        with database.write() as session:
            merge_people(session, "club", kept_id="anne", gone_id="annie", now=now)
        with database.write() as session:
            merge_people(session, "club", kept_id="ann", gone_id="anne", now=now)


@pytest.fixture
def other(club: Database, now: datetime, tmp_path: Path) -> Other:
    """On each engine."""
    return Other(club, now)


def test_a_person_is_changed_by_the_key_of_the_row_that_was_merged_away(other: Other) -> None:
    """Key, member ID or both; by a chain of merges; the archived rows stay as they are, and nobody is made anew."""
    assert other.says("people", row=2, external_id="P-2", account="F-2", phone="1") == Change(Outcome.CHANGED, "ann")
    other.claims.clear()
    assert other.says("people", row=2, member_id="anne", email="ann@example.org").id == "ann"
    assert other.says("people", external_id="P-4", member_id="annie", account_id="3", city="Laval").id == "ann"
    assert other.says("people", external_id="P-1", member_id="anne", gender="f").id == "ann"
    with other.database.read() as session:
        ann = session.get_one(Person, "ann")
        said = (ann.external_id, ann.member_id, ann.phone, ann.email, ann.city, ann.gender, ann.account_id)
        assert said == ("P-1", None, "1", "ann@example.org", "Laval", "f", "family")
        for id_, key in (("anne", "P-2"), ("annie", "P-4")):
            gone = session.get_one(Person, id_)
            assert (gone.external_id, gone.member_id, gone.phone, gone.email, gone.city) == (key, id_, None, None, "")
            assert gone.archived_at is not None
        assert len(session.scalars(select(Person)).all()) == 4


def test_a_file_that_names_one_person_by_both_keys_says_them_once(other: Other) -> None:
    """The second row is told as a double, and does not undo the first."""
    other.says("people", row=2, external_id="P-1", phone="1")
    assert other.refused("people", row=3, external_id="P-2", phone="2") == ["twice"]
    other.says("accounts", row=2, external_id="F-1", name="Roy")
    assert other.refused("accounts", row=3, external_id="F-2", name="Roi") == ["twice"]
    with other.database.read() as session:
        assert session.get_one(Person, "ann").phone == "1"
        assert session.get_one(Account, "family").name == "Roy"


def test_a_key_of_a_merged_row_is_nobody_elses(other: Other) -> None:
    """Neither another person nor the kept one, when changed by its id, takes it."""
    assert other.refused("people", external_id="P-3", member_id="anne") == ["member_id_taken"]
    assert other.refused("people", id="bo", external_id="P-2") == ["external_id_taken"]
    assert other.refused("people", id="ann", external_id="P-2") == ["external_id_taken"]
    assert other.refused("people", id="ann", member_id="anne") == ["member_id_taken"]
    assert other.refused("accounts", id="family", external_id="F-2") == ["external_id_taken"]
    assert other.refused("accounts", id="3", external_id="F-2") == ["external_id_taken"]
    assert other.refused("people", external_id="P-3", account="F-2") == ["other_account"]


def test_an_account_is_changed_and_filled_by_the_key_of_the_one_that_was_merged_away(other: Other) -> None:
    """Its name, its owner, its new people and its balance."""
    with other.database.write() as session:
        assert session.get_one(Account, "2").merged_into == "family"
    assert other.says("accounts", external_id="F-2", name="Roy", owner="P-2").id == "family"
    other.says("people", external_id="P-9", first_name="New", account="F-2", account_id="family")
    other.says("balances", external_id="B-1", account="F-2", person="P-1", amount_cents=500)
    with other.database.read() as session:
        family, gone = session.get_one(Account, "family"), session.get_one(Account, "2")
        assert (family.name, family.external_id, family.owner_id) == ("Roy", "F-1", "ann")
        assert (gone.name, gone.external_id, gone.owner_id) == ("", "F-2", None)
        new = session.scalars(select(Person).where(Person.external_id == "P-9")).one()
        assert (new.account_id, session.scalars(select(BalanceEntry.account_id)).one()) == ("family", "family")


def test_what_is_sold_to_the_merged_row_goes_to_the_one_that_stays(other: Other, now: datetime) -> None:
    """Memberships, multipasses, registrations and cards; an own place in the other account's row changes no owner."""
    day = now.date()
    other.says("memberships", external_id="M-1", type="GYM", people=["P-2", "P-1"], starts_on=day)
    other.says("multipasses", external_id="X-1", type="pool", person="P-2", account="F-2", purchased_on=day)
    other.says("registrations", external_id="R-1", activity="SWIM", member_id="anne")
    other.says("cards", code="4711", person_id="annie")
    other.says("people", external_id="P-4", account="F-3", is_owner=True)
    with other.database.read() as session:
        membership = session.scalars(select(Membership)).one()
        covered = [each.person_id for each in membership.people]
        assert (membership.account_id, covered) == ("family", ["ann"])
        multipass = session.scalars(select(Multipass).where(Multipass.external_id == "X-1")).one()
        registration = session.scalars(select(Registration)).one()
        for row in (multipass, registration):
            assert (row.account_id, row.person_id) == ("family", "ann")
        assert session.scalars(select(Credential.person_id)).one() == "ann"
        owners = {each.id: each.owner_id for each in session.scalars(select(Account))}
        assert owners["family"] is None


def test_whole_accounts_too(other: Other, now: datetime) -> None:
    """A chain of merged accounts ends at the one that stays."""
    with other.database.write() as session:
        merge_accounts(session, "club", kept_id="3", gone_id="family", now=now)
    assert other.says("accounts", external_id="F-2", name="All").id == "3"
    assert other.says("people", external_id="P-2", account="F-1", phone="7").id == "ann"
    with other.database.read() as session:
        assert session.get_one(Account, "3").name == "All"
        assert session.get_one(Person, "ann").account_id == "3"
