"""Nothing is put on whoever is archived: what was there stays as it was, and can be ended, and nothing else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from access.domain.registrations import RegistrationStatus
from server.db import Database
from server.imports.records.base import Change, Outcome
from server.models import (
    Account,
    BalanceEntry,
    Credential,
    Membership,
    Multipass,
    PassUse,
    Person,
    Registration,
)
from server.privacy.archiving import archive_account, archive_person, unarchive_account, unarchive_person
from server.privacy.erasure import erase_person
from tests.component.server.imports.saying import Speaker

_DAY = date(2026, 1, 1)
_THINGS: dict[str, dict[str, Any]] = {
    "memberships": {"external_id": "M", "type": "GYM", "people": ["P-1"], "starts_on": _DAY},
    "multipasses": {"external_id": "X", "type": "pool", "person": "P-1", "purchased_on": _DAY, "used": 1},
    "registrations": {"external_id": "R", "activity": "SWIM", "person": "P-1"},
    "cards": {"code": "4711", "person": "P-1"},
    "balances": {"external_id": "B", "person": "P-1", "amount_cents": 500},
}
_ROWS = (Membership, Multipass, PassUse, Registration, Credential, BalanceEntry)


class Club(Speaker):
    """A system that knows Ann (`P-1`) and Bo (`P-2`) of the family `F-1`."""

    def __init__(self, database: Database, now: datetime) -> None:
        super().__init__(database, now)
        with database.write() as session:
            bo = {"organization_id": "club", "account_id": "family", "external_id": "P-2"}
            session.add(Person(id="bo", first_name="Bo", **bo))

    def archives(self, person_id: str = "") -> None:
        """The office archives one of them, or everybody."""
        with self.database.write() as session:
            if person_id:
                archive_person(session, "club", person_id, now=self.now, is_confirmed=True)
            else:
                archive_account(session, "club", "family", now=self.now, is_confirmed=True)

    def count(self) -> list[int]:
        """How many rows of each model there are."""
        with self.database.read() as session:
            return [session.scalar(select(func.count()).select_from(each)) or 0 for each in _ROWS]


@pytest.fixture
def office(club: Database, now: datetime) -> Club:
    """On each engine."""
    return Club(club, now)


@pytest.mark.parametrize("row", [0, 2], ids=["by the API", "in a file"])
def test_nothing_new_is_put_on_an_archived_account(office: Club, row: int) -> None:
    """Named by its person or by itself, in each way; back again, everything goes in."""
    office.archives()
    before = office.count()
    for kind, said in _THINGS.items():
        assert office.refused(kind, row=row, **said) == ["account_archived"], kind
    family = {"external_id": "F", "account": "F-1"}
    assert office.refused("multipasses", **family, type="pool", purchased_on=_DAY) == ["account_archived"]
    assert office.refused("balances", external_id="F", account_id="family", amount_cents=5) == ["account_archived"]
    assert office.refused("people", external_id="P-3", first_name="Cy", account="F-1") == ["account_archived"]
    assert office.refused("people", external_id="P-1", is_owner=True) == ["account_archived"]
    assert office.refused("accounts", external_id="F-1", owner="P-1") == ["account_archived"]
    assert office.count() == before
    with office.database.write() as session:
        unarchive_account(session, "club", "family")
    for kind, said in _THINGS.items():
        assert office.says(kind, row=row, **said).outcome is Outcome.ADDED, kind


def test_nothing_new_is_put_on_somebody_archived(office: Club) -> None:
    """Whose account goes on: what is the account's goes in, and what is another member's; they come to own nothing."""
    office.archives("ann")
    for kind, said in _THINGS.items():
        if kind == "balances":
            assert office.says(kind, **said).outcome is Outcome.ADDED
            continue
        assert office.refused(kind, **said) == ["person_archived"], kind
    both = {**_THINGS["memberships"], "people": ["P-2", "P-1"]}
    assert office.refused("memberships", **both) == ["person_archived"]
    assert office.says("memberships", **{**both, "people": ["P-2"]}).outcome is Outcome.ADDED
    assert office.refused("memberships", external_id="M", people=["P-1", "P-2"]) == ["person_archived"]
    assert office.says("memberships", external_id="M", ends_on=date(2026, 12, 31)).outcome is Outcome.CHANGED
    assert office.refused("people", external_id="P-1", is_owner=True) == ["person_archived"]
    assert office.says("people", external_id="P-1", phone="1").outcome is Outcome.CHANGED
    with office.database.write() as session:
        assert session.get_one(Account, "family").owner_id is None
        unarchive_person(session, "club", "ann")
    assert office.says("cards", **_THINGS["cards"]).outcome is Outcome.ADDED


def test_what_is_there_stays_unchanged_and_is_changed_by_nothing(office: Club) -> None:
    """A file that comes again after the account was archived is told as before; any other value is refused."""
    with office.database.write() as session:
        session.get_one(Multipass, "pass").external_id = "OLD"
    things = {kind: said for kind, said in _THINGS.items() if kind != "balances"}
    first = {kind: office.says(kind, row=2, **said) for kind, said in things.items()}
    office.archives()
    office.claims.clear()
    for kind, said in things.items():
        assert office.says(kind, row=2, **said) == Change(Outcome.UNCHANGED, first[kind].id), kind
    before = office.count()
    refused: dict[str, list[dict[str, Any]]] = {
        "memberships": [
            {"ends_on": date(2026, 12, 31)},
            {"people": ["P-1", "P-2"]},
            {"pauses": [{"first_on": _DAY}]},
        ],
        "multipasses": [{"used": 2}, {"used": 0}, {"total": 9}],
        "registrations": [{"status": "waiting"}, {"has_invoice": False}],
    }
    for kind, changes in refused.items():
        for each in changes:
            for who in ({"external_id": things[kind]["external_id"]}, {"id": first[kind].id}):
                assert office.refused(kind, **who, **each) == ["account_archived"], (kind, each)
    assert office.refused("multipasses", external_id="OLD", total=9) == ["account_archived"]
    assert office.count() == before
    with office.database.read() as session:
        held = session.get_one(Multipass, first["multipasses"].id)
        membership = session.get_one(Membership, first["memberships"].id)
        assert (held.total, membership.ends_on, len(membership.people), membership.pauses) == (3, None, 1, [])


def test_what_is_there_can_be_ended(office: Club) -> None:
    """A place is cancelled and a lost card revoked, so that neither comes back with the person; not the other way."""
    registration, card = (office.says(kind, **_THINGS[kind]) for kind in ("registrations", "cards"))
    office.archives()
    assert office.says("registrations", external_id="R", status="cancelled").outcome is Outcome.CHANGED
    assert office.says("cards", code="4711", is_revoked=True).outcome is Outcome.CHANGED
    assert office.refused("registrations", external_id="R", status="registered") == ["account_archived"]
    assert office.refused("cards", code="4711", is_revoked=False) == ["account_archived"]
    with office.database.read() as session:
        assert session.get_one(Registration, registration.id).status is RegistrationStatus.CANCELLED
        assert session.get_one(Credential, card.id).revoked_at == office.now


def test_an_entry_of_the_balance_is_the_same_entry_after_archiving(office: Club) -> None:
    """Paid, then archived: both rows are known when the file comes again, and a third is refused."""
    rows = [{"external_id": key, "account": "F-1", "amount_cents": cents} for key, cents in (("1", 500), ("2", -500))]
    first = [office.says("balances", **each) for each in rows]
    office.archives()
    assert [office.says("balances", **each) for each in rows] == [Change(Outcome.UNCHANGED, each.id) for each in first]
    assert office.refused("balances", **{**rows[0], "external_id": "3"}) == ["account_archived"]


def test_nobody_finds_whom_was_erased(office: Club) -> None:
    """Their id is nobody's: nothing can be brought back first."""
    with office.database.write() as session:
        erase_person(session, "club", "ann", now=office.now, is_confirmed=True)
    assert office.refused("cards", code="4711", person_id="ann") == ["unknown_person"]
