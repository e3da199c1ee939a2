"""The client list: accounts by name, or those a search means, best first, with the people who are meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from server.clients import repository
from server.clients.filters import ClientFilter, account_conditions, person_conditions, starts
from server.clients.folding import fold
from server.clients.listed import ListedAccount, ListedPerson, listed_accounts
from server.clients.ranking import ranked, reached_by
from server.clients.repository import Conditions
from server.db import Database
from server.models import Person

__all__ = ["PAGE", "ClientPage", "ClientRow", "Member", "Scope", "all_people", "find_clients"]

PAGE: Final = 50
_MOST_FOUND: Final = 150
_FACES: Final = 6
_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose clients, and which day it is there."""

    organization_id: str
    today: date
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the account; `reached_by` says which particular of theirs the search means, if not the name."""

    person: ListedPerson
    is_meant: bool
    reached_by: str = ""


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One account. `members` are the people shown, those who are meant first; `more` counts the others."""

    account: ListedAccount
    owner: ListedPerson | None
    members: tuple[Member, ...]
    more: int
    meant_ids: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the account is called in the list: its owner, else its own name, else whoever is on it."""
        if self.owner is not None:
            return self.owner.full_name
        return self.account.name or (self.members[0].person.full_name if self.members else self.account.id)


@dataclass(frozen=True, slots=True)
class ClientPage:
    """Some rows; `after` is the key of the next page, `is_cut` says that a search found more than it shows."""

    rows: tuple[ClientRow, ...]
    after: tuple[str, str] | None = None
    is_cut: bool = False


def find_clients(
    database: Database, scope: Scope, wanted: ClientFilter, *, after: tuple[str, str] | None = None, limit: int = PAGE
) -> ClientPage:
    """One page of the list. A search is answered in one page: the best come first, and more letters narrow it."""
    where = conditions(scope, wanted)
    with database.read() as session:
        where = repository.narrowed(session, where)
        if not wanted.term.is_empty:
            found = ranked(wanted.term, repository.candidates(session, where, wanted.term, limit=_MOST_FOUND))
            meant: dict[str, list[str]] = {}
            for _, person in found:
                meant.setdefault(person.account_id, []).append(person.person_id)
            ids = list(meant)[:limit]
            accounts = listed_accounts(session, scope.organization_id, ids)
            rows = [_row(accounts[id_], meant[id_], wanted) for id_ in ids if id_ in accounts]
            return ClientPage(tuple(rows), is_cut=len(meant) > limit)
        is_personal = wanted.is_personal
        keys = repository.accounts_in_order(session, where, is_personal=is_personal, after=after, limit=limit + 1)
        ids = [id_ for id_, _ in keys[:limit]]
        accounts = listed_accounts(session, scope.organization_id, ids)
        matching = repository.people_found(session, where, ids) if is_personal else None
        rows = [_row(accounts[id_], matching, wanted) for id_ in ids if id_ in accounts]
    is_more = len(keys) > limit
    return ClientPage(tuple(rows), after=(keys[limit - 1][1], keys[limit - 1][0]) if is_more else None)


def conditions(scope: Scope, wanted: ClientFilter) -> Conditions:
    """The filters as conditions."""
    organization_id = scope.organization_id
    people = person_conditions(wanted, organization_id, today=scope.today, zone=scope.zone)
    accounts = account_conditions(wanted)
    return Conditions(
        organization_id, people, accounts, starts(wanted, organization_id, today=scope.today, zone=scope.zone)
    )


def _row(account: ListedAccount, meant: Iterable[str] | None, wanted: ClientFilter) -> ClientRow:
    """`meant` None means that nobody in particular is."""
    people = [each for each in account.people if wanted.archived or _is_current(each)]
    owner = next((each for each in account.people if each.id == account.owner_id), None)
    ids = list(meant) if meant is not None else []
    chosen = set(ids)
    people.sort(key=lambda each: (each.id not in chosen, each.id != account.owner_id, fold(each.full_name), each.id))
    members = [Member(each, each.id in chosen, _reached_by(wanted, each, chosen)) for each in people]
    shown = max(_FACES, sum(each.is_meant for each in members[: 4 * _FACES]))
    own = tuple(each.id for each in people if meant is None or each.id in chosen)
    return ClientRow(account, owner, tuple(members[:shown]), len(members[shown:]), own)


def _is_current(person: ListedPerson) -> bool:
    return person.archived_at is None and person.merged_into is None


def _reached_by(wanted: ClientFilter, person: ListedPerson, chosen: set[str]) -> str:
    if wanted.term.is_empty or person.id not in chosen:
        return ""
    return reached_by(wanted.term, person.full_name, member_id=person.member_id, email=person.email, phone=person.phone)


def all_people(database: Database, scope: Scope, wanted: ClientFilter) -> Iterator[Person]:
    """Everyone on the list by last name, for an export; read in pieces, so that no reader is held for long."""
    where = conditions(scope, wanted)
    with database.read() as session:
        where = repository.narrowed(session, where)
    after: tuple[str, int] | None = None
    while True:
        with database.read() as session:
            some = repository.people_in_order(session, where, wanted.term, after=after, limit=_CHUNK)
        yield from (person for person, _, _ in some)
        if len(some) < _CHUNK:
            return
        after = (some[-1][1], some[-1][2])
