"""What an e-mail address means for a new account, and who already has a name like this. Reads only.

Of what other organizations know, the one answer is that one of them does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from server.accounts.people import is_minor
from server.clients.filters import ClientFilter
from server.clients.folding import fold
from server.clients.listed import ListedPerson
from server.clients.service import Scope, find_clients
from server.clients.terms import errors_in, parse
from server.creating import repository
from server.db import Database
from server.mail.addresses import checked
from server.models import Person

__all__ = ["EmailAnswer", "EmailCheck", "check_email", "known_elsewhere", "people_like"]

_MOST_ALIKE: Final = 10
_ASKED: Final = 30


class EmailAnswer(StrEnum):
    """What is said of an address."""

    INVALID = "invalid"
    HERE = "here"
    ELSEWHERE = "elsewhere"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class EmailCheck:
    """The answer, the address as it is kept, and the organization's own people who have it."""

    answer: EmailAnswer
    address: str = ""
    people: Sequence[Person] = ()


def check_email(session: Session, organization_id: str, typed: str, *, today: date) -> EmailCheck:
    """The three answers: no address; in this list already; known to another organization; or none of them."""
    address = checked(typed)
    if address is None:
        return EmailCheck(EmailAnswer.INVALID, typed.strip()[:254])
    people = repository.here(session, organization_id, address)
    if people:
        return EmailCheck(EmailAnswer.HERE, address, people)
    if known_elsewhere(session, organization_id, address, today=today) is not None:
        return EmailCheck(EmailAnswer.ELSEWHERE, address)
    return EmailCheck(EmailAnswer.NEW, address)


def known_elsewhere(session: Session, organization_id: str, address: str, *, today: date) -> Person | None:
    """Who could be invited by this address: an adult of another organization. Never for a page to show."""
    found = repository.elsewhere(session, organization_id, address)
    return next((each for each in found if not is_minor(each, today)), None)


def people_like(database: Database, scope: Scope, first_name: str, last_name: str) -> list[ListedPerson]:
    """The organization's people of about this name: accents do not count, nor do the typing errors the search forgives.

    Somebody with one more name is like them, too.
    """
    meant = fold(f"{first_name} {last_name}").split()
    if not meant:
        return []
    wanted = ClientFilter(term=parse(f"{first_name} {last_name}"), archived="all")
    rows = find_clients(database, scope, wanted, limit=_ASKED).rows
    found = [each.person for row in rows for each in row.members if each.is_meant and not each.reached_by]
    return [each for each in found if _is_alike(meant, fold(each.full_name).split())][:_MOST_ALIKE]


def _is_alike(meant: Sequence[str], names: Sequence[str]) -> bool:
    short, long = sorted((meant, names), key=len)
    return all(any(word == name or errors_in(word, name) is not None for name in long) for word in short)
