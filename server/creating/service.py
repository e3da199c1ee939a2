"""Creates client accounts: by name, or by inviting somebody whom another organization knows. The caller commits.

The organization's row is locked first, so that one address does not begin two accounts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from access.domain.names import without_accents
from access.domain.people import AgeGroup
from server.accounts import repository as accounts
from server.accounts.errors import OwnerRefused
from server.audit.actor import SYSTEM, acting
from server.audit.hook import note
from server.creating.checking import EmailAnswer, check_email, known_elsewhere
from server.creating.errors import AddressRefused, NotSendable
from server.creating.requests import Post, ask_consent, request_activation, standing_of
from server.errors import NotFound
from server.feed.projection import age_group
from server.identities.hook import shared_of
from server.mail.addresses import checked, half_hidden
from server.models import Account, ClientLogin, Person, new_id
from server.pictures.service import start_access_picture

__all__ = ["NewAccount", "ask_again", "create_account", "invite", "people_meant", "share_rest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is known of a new account and its owner. `more` are other columns of the person, such as the address."""

    first_name: str
    last_name: str = ""
    email: str = ""
    date_of_birth: date | None = None
    language: str | None = None
    phone: str = ""
    company: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def create_account(session: Session, organization_id: str, given: NewAccount, post: Post, *, today: date) -> Account:
    """A new account with its owner; with an e-mail, an activation request goes out.

    Raises OwnerRefused (under_age) and AddressRefused. Whether somebody has this name already is for the caller to ask.
    """
    _lock(session, organization_id)
    if age_group(given.date_of_birth, today) is not AgeGroup.ADULT:
        raise OwnerRefused("under_age")
    address = None
    if given.email.strip():
        check = check_email(session, organization_id, given.email, today=today)
        if check.answer is not EmailAnswer.NEW:
            raise AddressRefused(check.answer)
        address = check.address
    person = Person(
        id=new_id(),
        organization_id=organization_id,
        identity_id=new_id(),
        first_name=given.first_name,
        last_name=given.last_name,
        date_of_birth=given.date_of_birth,
        email=address,
        language=given.language or None,
        phone=given.phone or None,
        **given.more,
    )
    account = _begin(session, organization_id, person, company=given.company)
    if address is not None:
        request_activation(session, person, post)
    return account


def invite(session: Session, organization_id: str, typed: str, post: Post, *, today: date) -> Account:
    """A new account for somebody whom another organization knows by this address: the owner at once, with what every
    organization shares and that address; whoever else is on their account there, once they consent by e-mail.

    Raises AddressRefused.
    """
    _lock(session, organization_id)
    check = check_email(session, organization_id, typed, today=today)
    known = known_elsewhere(session, organization_id, check.address, today=today)
    if check.answer is not EmailAnswer.ELSEWHERE or known is None:
        raise AddressRefused(check.answer)
    person = Person(
        id=new_id(),
        organization_id=organization_id,
        identity_id=_identity_of(session, known),
        email=check.address,
        **shared_of(known),
    )
    account = _begin(session, organization_id, person, company="")
    start_access_picture(session, person, now=post.now)
    note(
        session,
        entity="account",
        entity_id=account.id,
        what="invited",
        organization_id=organization_id,
        account_id=account.id,
        person_id=person.id,
        changes={"email": [None, half_hidden(check.address)]},
    )
    rest = _rest_of(session, known)
    if rest:
        ask_consent(session, person, post, address=check.address, account_id=known.account_id, people=rest)
    if session.get(ClientLogin, person.identity_id) is None:
        request_activation(session, person, post)
    return account


def ask_again(session: Session, person: Person, post: Post) -> None:
    """Asks for the consent once more, about those who were asked about. Raises NotSendable and SentTooOften."""
    asked = standing_of(session, person.account, person).consent
    address = checked(person.email or "")
    if asked is None or address is None:
        raise NotSendable("no_email")
    people = people_meant(session, person, asked.details)
    if asked.answer in ("accepted", "declined") or not people:
        raise NotSendable("answered")
    account_id = str(asked.details["from_account"])
    ask_consent(session, person, post, address=address, account_id=account_id, people=people)


def share_rest(session: Session, person: Person, details: Mapping[str, Any], post: Post) -> list[Person]:
    """The people of the owner's other account appear on this one, as far as they were asked about and are still there.

    Each with what every organization shares, and nothing else.
    """
    known_here = {each.identity_id for each in person.account.people}
    made = []
    for known in people_meant(session, person, details):
        if known.identity_id is not None and known.identity_id in known_here:
            continue
        made.append(
            Person(
                id=new_id(),
                organization_id=person.organization_id,
                account_id=person.account_id,
                identity_id=_identity_of(session, known),
                **shared_of(known),
            )
        )
        session.add(made[-1])
        session.flush()
        start_access_picture(session, made[-1], now=post.now)
    return made


def people_meant(session: Session, person: Person, details: Mapping[str, Any]) -> list[Person]:
    """Those a consent is about, by name: of the other account still, and only while its owner is who was asked."""
    account = session.get(Account, str(details.get("from_account")))
    if account is None or account.archived_at is not None or account.owner_id is None:
        return []
    owner = next((each for each in account.people if each.id == account.owner_id), None)
    if owner is None or owner.identity_id != person.identity_id:
        return []
    asked = set(details.get("people", ()))
    meant = [each for each in account.people if each.id in asked and _is_current(each)]
    return sorted(meant, key=lambda each: (without_accents(each.first_name), without_accents(each.last_name)))


def _rest_of(session: Session, known: Person) -> list[Person]:
    """Only the owner may answer for the others of an account."""
    if known.account.owner_id != known.id:
        return []
    return [each for each in known.account.people if each.id != known.id and _is_current(each)]


def _is_current(person: Person) -> bool:
    return person.archived_at is None and person.merged_into is None


def _identity_of(session: Session, known: Person) -> str:
    """The identity of another organization's row; its log names nobody from here."""
    if known.identity_id is None:
        with acting(SYSTEM):
            known.identity_id = new_id()
            session.flush()
    return known.identity_id


def _begin(session: Session, organization_id: str, person: Person, *, company: str) -> Account:
    account = Account(id=new_id(), organization_id=organization_id, name=company)
    session.add(account)
    session.flush()
    person.account_id = account.id
    session.add(person)
    session.flush()
    account.owner_id = person.id
    session.flush()
    return account


def _lock(session: Session, organization_id: str) -> None:
    if accounts.locked_organization(session, organization_id) is None:
        raise NotFound("there is no such organization")
