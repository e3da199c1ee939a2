"""Two organizations on one server, on both engines: the pool and the library, and a family that the pool knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from server.creating import service
from server.creating.requests import Post
from server.creating.service import NewAccount
from server.db import Database
from server.mail.outbox import MailBox
from server.models import Account, Mail, Organization, Person

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
KEY = "cd" * 32


@dataclass
class Town:
    """The server, with a clock of its own."""

    database: Database
    now: datetime = NOW
    box: MailBox = field(default_factory=lambda: MailBox(KEY))

    @property
    def today(self) -> date:
        """The day it is there."""
        return self.now.date()

    @property
    def post(self) -> Post:
        """What letters are sent with."""
        return Post(self.box, self.now)

    def create(self, organization_id: str = "pool", **given: object) -> str:
        """A new account; its id."""
        with self.database.write() as session:
            made = NewAccount(**{"first_name": "Maya", "last_name": "Tremblay", **given})  # type: ignore[arg-type]
            return service.create_account(session, organization_id, made, self.post, today=self.today).id

    def invite(self, address: str, organization_id: str = "library") -> str:
        """Invites somebody; the account's id."""
        with self.database.write() as session:
            return service.invite(session, organization_id, address, self.post, today=self.today).id

    def join(self, account_id: str, **given: object) -> str:
        """One more person on an account; their id."""
        with self.database.write() as session:
            account = session.get_one(Account, account_id)
            person = Person(organization_id=account.organization_id, account_id=account_id, **given)
            session.add(person)
            session.flush()
            return person.id

    def people(self, account_id: str) -> list[Person]:
        """Those on an account, by first name."""
        with self.database.read() as session:
            wanted = select(Person).where(Person.account_id == account_id)
            return list(session.scalars(wanted.order_by(Person.first_name)))

    def owner(self, account_id: str) -> Person:
        """The account's owner."""
        with self.database.read() as session:
            owner = session.get_one(Account, account_id).owner
            assert owner is not None
            return owner

    def mails(self, organization_id: str) -> list[Mail]:
        """What an organization wrote, oldest first."""
        with self.database.read() as session:
            wanted = select(Mail).where(Mail.organization_id == organization_id)
            return list(session.scalars(wanted.order_by(Mail.made_at, Mail.id)))

    def token(self, organization_id: str, purpose: str) -> str:
        """The token of the newest letter of a purpose."""
        mail = [each for each in self.mails(organization_id) if each.purpose == purpose][-1]
        found = re.search(r"\?t=([\w-]{43})$", self.box.path_of(mail) or "")
        assert found
        return found[1]

    def later(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)


@pytest.fixture
def make_town() -> Callable[[Database], Town]:
    """Makes the two organizations in an empty database."""

    def make(database: Database) -> Town:
        with database.write() as session:
            session.add(Organization(id="pool", name_en="The Pool", name_fr="La piscine"))
            session.add(Organization(id="library", name_en="The Library", name_fr="La bibliothèque"))
        return Town(database)

    return make


@pytest.fixture
def town(database: Database, make_town: Callable[[Database], Town]) -> Town:
    """The two organizations, on both engines."""
    return make_town(database)


@pytest.fixture
def family(town: Town) -> str:
    """The pool's account of Maya, with Léo and Zoé; its id."""
    id_ = town.create(
        email="Maya@Example.org", phone="514 555 0100", date_of_birth=date(1990, 5, 17), more={"city": "Laval"}
    )
    town.join(id_, first_name="Léo", last_name="Tremblay", date_of_birth=date(2018, 2, 3), email="leo@example.org")
    town.join(id_, first_name="Zoé", last_name="Roy", profile_picture="ab" * 32, admin_note="secret", is_blocked=True)
    return id_
