"""Archiving, bringing back and deleting people and accounts, by the rules of `server.privacy`.

Deleting is what the retention settings allow, and nothing can be waved through. An erasure that somebody asked for is
for staff, who see whom it concerns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from server.accounts.locks import hold_people
from server.api import repository as api_repository
from server.api.auth import actor_of, caller_of, needs, problems
from server.api.errors import StandsInTheWay
from server.api.etags import TAGGED, check_match, shown
from server.api.kinds import SHOWN, view_of
from server.api.params import Id, IfMatch
from server.api.scopes import Scope
from server.api.views import AccountView, PersonView, View
from server.audit.actor import acting
from server.db import Database
from server.devices.auth import Store, Values
from server.imports.problems import Problem
from server.models import utc_now
from server.privacy import archiving, repository
from server.privacy.erasure import Erased, delete_person
from server.privacy.errors import PrivacyError
from server.privacy.files import PersonalFiles
from server.settings import ServerSettings

__all__ = ["router"]

router = APIRouter(prefix="/api/v1")
_Work = Callable[[Session, str, str], list[Erased]]
_IsConfirmed = Annotated[
    bool,
    Query(description="Also while a membership is active, uses are left or registrations are to come: they lapse."),
]
_IN_THE_WAY: Final = "Something stands in the way; `errors` say what"
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    **problems(404, 409, 412, said={409: _IN_THE_WAY}),
    200: {"headers": TAGGED},
}
_PEOPLE: Final[dict[str, Any]] = {
    "tags": ["people"],
    "dependencies": [needs(Scope.PEOPLE_MANAGE)],
    "response_model": PersonView,
    "responses": _ANSWERS,
}
_ACCOUNTS: Final[dict[str, Any]] = {
    "tags": ["accounts"],
    "dependencies": [needs(Scope.ACCOUNTS_MANAGE)],
    "response_model": AccountView,
    "responses": _ANSWERS,
}


@router.post("/people/{id}/archive", **_PEOPLE)
def archive_person(
    request: Request,
    database: Store,
    settings: Values,
    id: Id,
    response: Response,
    is_confirmed: _IsConfirmed = False,
    if_match: IfMatch = None,
) -> Any:
    """Archive somebody: off the lists and the doors; their account with them, when nobody else is left on it."""
    work = _quiet(partial(archiving.archive_person, now=utc_now(), is_confirmed=is_confirmed))
    return _done(request, database, settings, response, "people", id, work, if_match)


@router.post("/people/{id}/unarchive", **_PEOPLE)
def unarchive_person(
    request: Request, database: Store, settings: Values, id: Id, response: Response, if_match: IfMatch = None
) -> Any:
    """Bring somebody back to the lists and the doors, and their account."""
    return _done(request, database, settings, response, "people", id, _quiet(archiving.unarchive_person), if_match)


@router.delete("/people/{id}", **_PEOPLE)
def remove_person(
    request: Request, database: Store, settings: Values, id: Id, response: Response, if_match: IfMatch = None
) -> Any:
    """Delete somebody for good, once the retention settings let them go: archived, and not seen for long enough.

    What stays is an erased row, to which counts and events still belong.
    """

    def work(session: Session, organization_id: str, person_id: str) -> list[Erased]:
        return [delete_person(session, organization_id, person_id, now=utc_now())]

    return _done(request, database, settings, response, "people", id, work, if_match)


@router.post("/accounts/{id}/archive", **_ACCOUNTS)
def archive_account(
    request: Request,
    database: Store,
    settings: Values,
    id: Id,
    response: Response,
    is_confirmed: _IsConfirmed = False,
    if_match: IfMatch = None,
) -> Any:
    """Archive an account with everyone on it."""
    work = _quiet(partial(archiving.archive_account, now=utc_now(), is_confirmed=is_confirmed))
    return _done(request, database, settings, response, "accounts", id, work, if_match)


@router.post("/accounts/{id}/unarchive", **_ACCOUNTS)
def unarchive_account(
    request: Request, database: Store, settings: Values, id: Id, response: Response, if_match: IfMatch = None
) -> Any:
    """Bring back an account with those who were archived with it."""
    return _done(request, database, settings, response, "accounts", id, _quiet(archiving.unarchive_account), if_match)


@router.delete("/accounts/{id}", **_ACCOUNTS)
def remove_account(
    request: Request, database: Store, settings: Values, id: Id, response: Response, if_match: IfMatch = None
) -> Any:
    """Delete everybody on an account, all or nobody, each by the rules for people; one without people is archived."""
    return _done(request, database, settings, response, "accounts", id, _delete_everybody, if_match)


def _delete_everybody(session: Session, organization_id: str, account_id: str) -> list[Erased]:
    account, now = repository.account_of(session, organization_id, account_id), utc_now()
    erased: list[Erased] = []
    found: list[Problem] = []
    people = repository.living(session, account)
    hold_people(session, organization_id, [each.id for each in people])
    for person in people:
        try:
            erased.append(delete_person(session, organization_id, person.id, now=now))
        except PrivacyError as refused:
            found += [Problem(code, details={"person_id": person.id}) for code in refused.codes]
    if found:
        raise StandsInTheWay(found)
    if not erased:
        archiving.archive_account(session, organization_id, account_id, now=now)
    return erased


def _quiet(work: Callable[[Session, str, str], None]) -> _Work:
    """What leaves nothing to clean."""

    def quietly(session: Session, organization_id: str, id_: str) -> list[Erased]:
        work(session, organization_id, id_)
        return []

    return quietly


def _done(
    request: Request,
    database: Database,
    settings: ServerSettings,
    response: Response,
    name: str,
    id_: str,
    work: _Work,
    if_match: str | None,
) -> View:
    """Does it in one transaction, and cleans the files after it; what is shown then."""
    kind, organization_id = SHOWN[name], caller_of(request).organization_id
    try:
        with acting(actor_of(request)), database.write() as session:
            api_repository.held(session, kind.model, organization_id, id_)
            check_match(if_match, view_of(session, kind, organization_id, id_))
            erased = work(session, organization_id, id_)
            session.flush()
            view = view_of(session, kind, organization_id, id_)
    except PrivacyError as refused:
        raise StandsInTheWay(Problem(code) for code in refused.codes) from refused
    for each in erased:
        PersonalFiles(database, settings.data_dir).clean(each)
    shown(response, view)
    return view
