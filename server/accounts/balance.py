"""What an account owes: entries that are never changed, and the sum of them on the account, for the doors.

`enter` is the one way in, whoever enters: staff by hand, an import, the REST API, the settlement of an overdrawn pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.instants import local_day
from server.accounts import repository
from server.accounts.errors import EntryDiffers, InvalidEntry
from server.errors import NotFound
from server.models import Account, BalanceEntry

__all__ = ["MOST_CENTS", "EntryKind", "EntrySource", "Standing", "enter", "standing"]

MOST_CENTS: Final = 10**10
"""The largest amount of one entry, in hundredths of the currency."""
_MOST_DESCRIPTION: Final = 300


class EntryKind(StrEnum):
    """What an entry is. A charge is above zero, a payment or credit below, an adjustment either."""

    CHARGE = "charge"
    PAYMENT = "payment"
    CREDIT = "credit"
    ADJUSTMENT = "adjustment"


class EntrySource(StrEnum):
    """How an entry came."""

    HAND = "hand"
    IMPORT = "import"
    API = "api"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is owed (below zero: a credit), and since when its oldest unpaid part is due; None when nothing is owed."""

    balance_cents: int
    due_since: date | None


def standing(amounts: Iterable[tuple[int, date]]) -> Standing:
    """The sum of amounts with their due dates. What was paid or credited covers what fell due first. Pure."""
    entries = list(amounts)
    owed = sorted((due_on, cents) for cents, due_on in entries if cents > 0)
    covered = -sum(cents for cents, _ in entries if cents < 0)
    balance_cents = sum(cents for cents, _ in entries)
    for due_on, cents in owed:
        covered -= cents
        if covered < 0:
            return Standing(balance_cents, due_on if balance_cents > 0 else None)
    return Standing(balance_cents, None)


def enter(
    session: Session,
    organization_id: str,
    account_id: str,
    *,
    kind: EntryKind,
    amount_cents: int,
    source: EntrySource,
    now: datetime,
    due_on: date | None = None,
    description: str = "",
    external_id: str | None = None,
    event_id: str | None = None,
    entered_by: str | None = None,
) -> BalanceEntry:
    """Adds an entry and brings the account's balance up to date; the caller commits, the doors hear of it.

    `amount_cents` above zero is owed, below zero paid or credited. What is owed without `due_on` is due on the
    organization's day of `now`. An `external_id` that is there already with the same values is that entry, and nothing
    is added. Raises NotFound, InvalidEntry or EntryDiffers.
    """
    _check(kind, amount_cents, description)
    account = repository.locked_account(session, organization_id, account_id)
    if account is None:
        raise NotFound("there is no such account here")
    today = local_day(now, ZoneInfo(repository.time_zone(session, organization_id)))
    entry = BalanceEntry(
        organization_id=organization_id,
        account_id=account.id,
        kind=kind.value,
        amount_cents=amount_cents,
        due_on=(due_on or today) if amount_cents > 0 else None,
        description=description.strip(),
        source=source.value,
        external_id=external_id,
        event_id=event_id,
        entered_by=entered_by,
        entered_at=now,
    )
    known = repository.entry_by_external_id(session, organization_id, external_id) if external_id else None
    if known is not None:
        return _same(known, entry, is_due_given=due_on is not None)
    _keep_what_is_there(session, account, today=today, now=now)
    session.add(entry)
    session.flush()
    _bring_up_to_date(session, account, today)
    return entry


def _check(kind: EntryKind, amount_cents: int, description: str) -> None:
    if amount_cents == 0 or abs(amount_cents) > MOST_CENTS:
        raise InvalidEntry("an amount is not zero, and not beyond any invoice")
    is_owed = amount_cents > 0
    if (kind is EntryKind.CHARGE and not is_owed) or (kind in (EntryKind.PAYMENT, EntryKind.CREDIT) and is_owed):
        raise InvalidEntry(f"the amount of a {kind.value} is {'above' if not is_owed else 'below'} zero")
    if len(description) > _MOST_DESCRIPTION:
        raise InvalidEntry(f"a description has at most {_MOST_DESCRIPTION} characters")


def _same(known: BalanceEntry, wanted: BalanceEntry, *, is_due_given: bool) -> BalanceEntry:
    is_same = (known.account_id, known.kind, known.amount_cents) == (
        wanted.account_id,
        wanted.kind,
        wanted.amount_cents,
    )
    if not is_same or (is_due_given and known.due_on != wanted.due_on):
        raise EntryDiffers("an entry with this key of another system says something else")
    return known


def _keep_what_is_there(session: Session, account: Account, *, today: date, now: datetime) -> None:
    """A balance that was set without entries becomes one, so that the sum is right from now on."""
    missing = account.balance_cents - sum(cents for cents, _ in repository.amounts(session, account))
    if missing:
        due_on = account.due_since or today
        session.add(
            BalanceEntry(
                organization_id=account.organization_id,
                account_id=account.id,
                kind=EntryKind.ADJUSTMENT.value,
                amount_cents=missing,
                due_on=due_on if missing > 0 else None,
                source=EntrySource.IMPORT.value,
                entered_at=now,
            )
        )
        session.flush()


def _bring_up_to_date(session: Session, account: Account, today: date) -> None:
    found = standing((cents, due_on or today) for cents, due_on in repository.amounts(session, account))
    account.balance_cents, account.due_since = found.balance_cents, found.due_since
    session.flush()
