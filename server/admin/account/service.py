"""What the account page shows besides the activity. Reads only; every answer belongs to one organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from access.domain.instants import local_day
from server.admin.account import repository
from server.admin.account.dated import DatedLine, dated_lines
from server.admin.account.registrations import Registrations, by_first_name, registrations
from server.db import Database
from server.models import Account, Person, Tag
from server.staff.service import SignedIn

__all__ = ["AccountHead", "account_dated", "account_head", "account_registrations", "last_entries"]


@dataclass(frozen=True, slots=True)
class AccountHead:
    """The header that stays on every subtab. `people` are by first name."""

    account: Account
    owner: Person | None
    people: tuple[Person, ...]
    has_cards: bool
    has_skills: bool = False

    @property
    def name(self) -> str:
        """What the account is called: its own name, else its owner's."""
        return self.account.name or (self.owner.full_name if self.owner else "") or self.account.id

    @property
    def tags(self) -> list[Tag]:
        """Every tag that somebody on the account has, once, by name."""
        found = {tag.id: tag for person in self.people for tag in person.tags}
        return sorted(found.values(), key=lambda tag: tag.name.casefold())


def account_head(database: Database, staff: SignedIn, account_id: str) -> AccountHead | None:
    """The header of an account of the staff member's organization; None when there is no such account there."""
    with database.read() as session:
        account = repository.account_by_id(session, staff.organization_id, account_id)
        if account is None:
            return None
        has_cards = bool(repository.credentials_of(session, staff.organization_id, account_id))
        has_skills = repository.has_skills(session, staff.organization_id)
    there = [each for each in account.people if each.merged_into is None and each.erased_at is None]
    people = sorted(there, key=lambda each: (*by_first_name(each.first_name, each.last_name), each.id))
    owner = next((each for each in people if each.id == account.owner_id), None)
    return AccountHead(account, owner, tuple(people), has_cards, has_skills)


def account_registrations(database: Database, staff: SignedIn, head: AccountHead, *, now: datetime) -> Registrations:
    """The account's memberships and multipasses, as of now."""
    with database.read() as session:
        memberships = repository.memberships_of(session, staff.organization_id, head.account.id)
        multipasses = repository.multipasses_of(session, staff.organization_id, head.account.id)
        uses = repository.uses_of(session, staff.organization_id, [each.id for each in multipasses])
    return registrations(
        [person.id for person in head.people],
        memberships,
        multipasses,
        uses,
        day=local_day(now, staff.zone),
        zone=staff.zone,
    )


def account_dated(
    database: Database, staff: SignedIn, head: AccountHead, *, now: datetime
) -> dict[str, list[DatedLine]]:
    """What the account's people are registered for, as of now."""
    with database.read() as session:
        places, meetings, waiting = repository.dated_of(session, staff.organization_id, head.account.id)
    return dated_lines(places, meetings, waiting, now=now)


def last_entries(database: Database, staff: SignedIn, head: AccountHead) -> dict[str, datetime]:
    """When each person last came in."""
    with database.read() as session:
        return repository.last_entries(session, staff.organization_id, [each.id for each in head.people])
