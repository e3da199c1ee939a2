"""New client accounts, by the rules of the back office: what an e-mail address means, who has this name already, an
activation request, and consent before another organization's people appear here.

`POST /accounts` and `POST /people` put records in and ask nobody anything: they are for bringing in what another system
holds. These are for clients who begin.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints
from sqlalchemy.orm import Session

from access.domain.instants import local_day
from access.domain.people import Language
from server.accounts.errors import OwnerRefused
from server.api.auth import actor_of, caller_of, needs, problems
from server.api.errors import RecordRefused, StandsInTheWay
from server.api.examples import EMAIL, NEW_ACCOUNT
from server.api.schemas import body_schema, read_body
from server.api.scopes import Scope
from server.audit.actor import acting
from server.audit.hook import note
from server.clients.service import Scope as Clients
from server.creating import service
from server.creating.checking import EmailAnswer, EmailCheck, check_email, people_like
from server.creating.errors import AddressRefused
from server.creating.probing import Probes
from server.creating.requests import Post, standing_of
from server.creating.service import NewAccount
from server.db import Database
from server.devices.auth import Body, Store, Values
from server.imports.problems import Problem
from server.imports.records.base import Record, line
from server.mail.addresses import half_hidden
from server.mail.outbox import MailBox
from server.models import Account, Organization, utc_now
from server.settings import ServerSettings

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/accounts", tags=["accounts"], dependencies=[needs(Scope.ACCOUNTS_CREATE)])
_FIRST_BIRTH: Final = date(1850, 1, 1)
_ADDRESS: Final = ("address_line_1", "address_line_2", "city", "province", "postal_code", "country")
_NOT_MADE: Final = "It was not made: `errors` say what has to be decided first, and name the people whom it is about"
_Email = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class EmailRecord(Record):
    """An address."""

    email: _Email


class NewAccountRecord(Record):
    """A new account and the adult who owns it; without a date of birth presumed to be one."""

    first_name: Annotated[line(200), StringConstraints(min_length=1)]  # type: ignore[valid-type]
    last_name: line(200) = ""  # type: ignore[valid-type]
    email: _Email | None = None
    """With one, an activation request goes there."""
    date_of_birth: date | None = None
    language: Language | None = None
    phone: line(40) = ""  # type: ignore[valid-type]
    company: line(200) = ""  # type: ignore[valid-type]
    """The account's own name; families are called by their owner."""
    address_line_1: line(200) = ""  # type: ignore[valid-type]
    address_line_2: line(200) = ""  # type: ignore[valid-type]
    city: line(100) = ""  # type: ignore[valid-type]
    province: line(100) = ""  # type: ignore[valid-type]
    postal_code: line(20) = ""  # type: ignore[valid-type]
    country: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")] = ""
    """Two letters (ISO 3166-1)."""
    is_another: bool = False
    """Whether it is somebody else than those here who have about this name."""


class EmailView(BaseModel):
    """What an address means. `people_ids` are the organization's own who have it; of others nothing is said but that
    there is somebody."""

    answer: EmailAnswer
    email: str
    people_ids: list[str]


class Began(StrEnum):
    """How an account began."""

    CREATED = "created"
    INVITED = "invited"


class NewAccountView(BaseModel):
    """An account that began. Somebody invited is the owner at once, with what every organization shares; whoever else
    is on their account elsewhere appears when they consent."""

    outcome: Began
    account_id: str
    owner_id: str
    is_activation_sent: bool
    is_consent_asked: bool


@router.post(
    "/check-email", response_model=EmailView, responses=problems(413), openapi_extra=body_schema(EmailRecord, EMAIL)
)
def check_address(request: Request, database: Store, raw: Body) -> Any:
    """Ask what an address means: invalid, here, elsewhere (another organization knows it) or new.

    So many an hour for each token; an address that is known elsewhere is noted in the audit log.
    """
    check = _checked(request, database, read_body(EmailRecord, raw).email)
    return EmailView(answer=check.answer, email=check.address, people_ids=[each.id for each in check.people])


@router.post(
    "/new",
    status_code=201,
    response_model=NewAccountView,
    responses=problems(409, 413, said={409: _NOT_MADE}),
    openapi_extra=body_schema(NewAccountRecord, NEW_ACCOUNT),
)
def begin(request: Request, database: Store, settings: Values, raw: Body) -> Any:
    """Begin an account. An address or a name that is known already is not made twice: 409 says which and whose."""
    given = read_body(NewAccountRecord, raw)
    organization_id, today, zone = _here(request, database)
    if given.date_of_birth is not None and not _FIRST_BIRTH <= given.date_of_birth <= today:
        raise RecordRefused([Problem("born_in_future", "date_of_birth")])
    if given.email is not None:
        check = _checked(request, database, given.email)
        if check.answer is not EmailAnswer.NEW:
            raise _refused(check)
    if not given.is_another:
        alike = people_like(database, Clients(organization_id, today, zone), given.first_name, given.last_name)
        if alike:
            details = {"people_ids": [each.id for each in alike]}
            raise StandsInTheWay([Problem("name_alike", "first_name", details=details)])
    made = NewAccount(
        **given.model_dump(include={"first_name", "last_name", "date_of_birth", "language", "phone", "company"}),
        email=given.email or "",
        more=given.model_dump(include=set(_ADDRESS)),
    )
    try:
        with acting(actor_of(request)), database.write() as session:
            account = service.create_account(session, organization_id, made, _post(settings), today=today)
            return _view(session, account, Began.CREATED)
    except OwnerRefused as refused:
        raise RecordRefused([Problem("owner_minor", "date_of_birth")]) from refused
    except AddressRefused as refused:
        raise _taken(refused) from refused


@router.post(
    "/invite",
    status_code=201,
    response_model=NewAccountView,
    responses=problems(409, 413, said={409: _NOT_MADE}),
    openapi_extra=body_schema(EmailRecord, EMAIL),
)
def invite(request: Request, database: Store, settings: Values, raw: Body) -> Any:
    """Begin an account for somebody whom another organization knows by this address."""
    typed = read_body(EmailRecord, raw).email
    organization_id, today, _ = _here(request, database)
    check = _checked(request, database, typed)
    if check.answer is not EmailAnswer.ELSEWHERE:
        raise _refused(check)
    try:
        with acting(actor_of(request)), database.write() as session:
            account = service.invite(session, organization_id, typed, _post(settings), today=today)
            return _view(session, account, Began.INVITED)
    except AddressRefused as refused:
        raise _taken(refused) from refused


def _here(request: Request, database: Database) -> tuple[str, date, ZoneInfo]:
    """Whose account it will be, and which day it is there."""
    organization_id = caller_of(request).organization_id
    with database.read() as session:
        zone = ZoneInfo(session.get_one(Organization, organization_id).time_zone)
    return organization_id, local_day(utc_now(), zone), zone


def _checked(request: Request, database: Database, typed: str) -> EmailCheck:
    """The answer about an address, counted and noted."""
    probes: Probes = request.app.state.api_probes
    organization_id, today, _ = _here(request, database)
    probes.ask(caller_of(request).token_id, organization_id, now=time.monotonic())
    with database.read() as session:
        check = check_email(session, organization_id, typed, today=today)
    if check.answer is EmailAnswer.ELSEWHERE:
        with acting(actor_of(request)), database.write() as session:
            note(
                session,
                entity="organization",
                entity_id=organization_id,
                what="email_known_elsewhere",
                organization_id=organization_id,
                changes={"email": [None, half_hidden(check.address)]},
            )
    return check


def _refused(check: EmailCheck) -> RecordRefused | StandsInTheWay:
    if check.answer is EmailAnswer.INVALID:
        return RecordRefused([Problem("not_an_email", "email")])
    details = {"people_ids": [each.id for each in check.people]} if check.people else {}
    return StandsInTheWay([Problem(f"email_{check.answer}", "email", details=details)])


def _taken(refused: AddressRefused) -> StandsInTheWay:
    """Somebody began with the address between the question and the answer."""
    return StandsInTheWay([Problem(f"email_{refused.answer}", "email")])


def _view(session: Session, account: Account, outcome: Began) -> NewAccountView:
    session.flush()
    session.refresh(account)
    owner = next(each for each in account.people if each.id == account.owner_id)
    standing = standing_of(session, account, owner)
    return NewAccountView(
        outcome=outcome,
        account_id=account.id,
        owner_id=owner.id,
        is_activation_sent=standing.activation is not None,
        is_consent_asked=standing.consent is not None,
    )


def _post(settings: ServerSettings) -> Post:
    now: datetime = utc_now()
    return Post(MailBox(settings.secret_key), now)
