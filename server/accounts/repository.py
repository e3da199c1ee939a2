"""Queries about accounts and what they owe. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.models import Account, BalanceEntry, Organization

__all__ = ["amounts", "entries_of", "entry_by_external_id", "locked_account", "time_zone"]


def locked_account(session: Session, organization_id: str, account_id: str) -> Account | None:
    """The account as it is now, locked until the commit."""
    wanted = select(Account).where(Account.id == account_id, Account.organization_id == organization_id)
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one_or_none()


def time_zone(session: Session, organization_id: str) -> str:
    """The name of the organization's time zone."""
    return session.scalars(select(Organization.time_zone).where(Organization.id == organization_id)).one()


def amounts(session: Session, account: Account) -> list[tuple[int, date | None]]:
    """The amounts of the account's entries with their due dates."""
    wanted = select(BalanceEntry.amount_cents, BalanceEntry.due_on).where(
        BalanceEntry.organization_id == account.organization_id, BalanceEntry.account_id == account.id
    )
    return [(cents, due_on) for cents, due_on in session.execute(wanted)]


def entries_of(session: Session, organization_id: str, account_id: str) -> Sequence[BalanceEntry]:
    """The account's entries, newest first."""
    wanted = select(BalanceEntry).where(
        BalanceEntry.organization_id == organization_id, BalanceEntry.account_id == account_id
    )
    return session.scalars(wanted.order_by(BalanceEntry.entered_at.desc(), BalanceEntry.id.desc())).all()


def entry_by_external_id(session: Session, organization_id: str, external_id: str) -> BalanceEntry | None:
    """The entry that another system knows by this key."""
    wanted = select(BalanceEntry).where(
        BalanceEntry.organization_id == organization_id, BalanceEntry.external_id == external_id
    )
    return session.scalars(wanted).one_or_none()
