"""Entries and the account's balance, on both engines, up to what doors are told."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.balance import MOST_CENTS, EntryKind, EntrySource, enter
from server.accounts.errors import EntryDiffers, InvalidEntry
from server.db import Database
from server.errors import NotFound
from server.models import Account, BalanceEntry, FeedEntry, Organization

_NOW = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)
"""Still the 10th in Toronto."""


def _enter(database: Database, cents: int, kind: str = "charge", **more: Any) -> str:
    given: dict[str, Any] = {"source": EntrySource.HAND, "now": _NOW, **more}
    with database.write() as session:
        return enter(session, "club", "family", kind=EntryKind(kind), amount_cents=cents, **given).id


def _owed(database: Database) -> tuple[int, date | None]:
    with database.read() as session:
        account = session.get_one(Account, "family")
        return account.balance_cents, account.due_since


def test_a_charge_is_due_on_the_organizations_day(club: Database) -> None:
    """Unless a day is given."""
    _enter(club, 1250)
    assert _owed(club) == (1250, date(2026, 3, 10))
    _enter(club, 500, due_on=date(2026, 2, 1))
    assert _owed(club) == (1750, date(2026, 2, 1))


def test_payments_move_the_day_on_and_a_credit_ends_it(club: Database) -> None:
    """First due, first paid."""
    _enter(club, 500, due_on=date(2026, 2, 1))
    _enter(club, 1250, due_on=date(2026, 3, 1))
    _enter(club, -600, "payment")
    assert _owed(club) == (1150, date(2026, 3, 1))
    _enter(club, -2000, "credit")
    assert _owed(club) == (-850, None)
    _enter(club, 850, "adjustment")
    assert _owed(club) == (0, None)


def test_doors_hear_of_it_in_the_same_transaction(club: Database) -> None:
    """One entry of the feed, with the sum."""
    _enter(club, 1250)
    with club.read() as session:
        last = session.scalars(select(FeedEntry).order_by(FeedEntry.seq.desc()).limit(1)).one()
    assert last.kind == "account"
    assert json.loads(last.body or "") == {"id": "family", "balance_cents": 1250, "due_since": "2026-03-10"}


def test_a_balance_that_was_set_without_entries_is_kept(club: Database) -> None:
    """It becomes the first entry, with its day."""
    with club.write() as session:
        account = session.get_one(Account, "family")
        account.balance_cents, account.due_since = 4250, date(2025, 10, 1)
    _enter(club, -250, "payment")
    assert _owed(club) == (4000, date(2025, 10, 1))
    with club.read() as session:
        found = session.scalars(select(BalanceEntry).order_by(BalanceEntry.amount_cents)).all()
    assert [(each.kind, each.amount_cents) for each in found] == [("payment", -250), ("adjustment", 4250)]


def test_the_key_of_another_system_enters_once(club: Database) -> None:
    """An import that runs twice adds nothing; one that says something else is told so."""
    first = _enter(club, 1250, external_id="inv-1", source=EntrySource.IMPORT)
    assert _enter(club, 1250, external_id="inv-1", source=EntrySource.IMPORT) == first
    assert _owed(club)[0] == 1250
    with pytest.raises(EntryDiffers):
        _enter(club, 1300, external_id="inv-1", source=EntrySource.IMPORT)
    with pytest.raises(EntryDiffers):
        _enter(club, 1250, external_id="inv-1", due_on=date(2026, 1, 1), source=EntrySource.IMPORT)
    assert _owed(club)[0] == 1250


@pytest.mark.parametrize(
    ("cents", "kind"),
    [(0, "adjustment"), (-1, "charge"), (1, "payment"), (1, "credit"), (MOST_CENTS + 1, "charge")],
)
def test_what_cannot_be_is_refused(sqlite_club: Database, cents: int, kind: str) -> None:
    """And nothing is written."""
    with pytest.raises(InvalidEntry):
        _enter(sqlite_club, cents, kind)
    assert _owed(sqlite_club) == (0, None)


def test_another_organizations_account_is_not_there(sqlite_club: Database) -> None:
    """Whatever its id."""
    with sqlite_club.write() as session:
        session.add(Organization(id="other", name_en="Other"))
    with pytest.raises(NotFound), sqlite_club.write() as session:
        enter(
            session,
            "other",
            "family",
            kind=EntryKind.CHARGE,
            amount_cents=100,
            source=EntrySource.API,
            now=_NOW,
        )
    assert _owed(sqlite_club) == (0, None)


def test_entries_made_at_once_are_all_in_the_sum(club: Database) -> None:
    """Each waits for the other's commit."""
    with ThreadPoolExecutor(8) as people:
        made = list(people.map(lambda cents: _enter(club, cents), range(100, 900, 100)))
    assert len(set(made)) == 8
    assert _owed(club)[0] == sum(range(100, 900, 100))
