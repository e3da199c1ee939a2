"""Archiving, bringing back and deleting people and accounts, by the rules of `server.privacy`.

Deleting is what the retention settings allow, and nothing can be waved through. An erasure that somebody asked for is
for staff, who see whom it concerns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from server.accounts.locks import hold_people
from server.accounts.repository import account_of
from server.api import repository as api_repository
from server.api.auth import actor_of, caller_of, needs, problems
from server.api.errors import StandsInTheWay
from server.api.etags import TAGGED, check_match, shown
from server.api.kinds import SHOWN, view_of
from server.api.params import Id, IfMatch
from server.api.scopes import Scope
from server.api.views import AccountView, PersonView, View
from server.audit.actor import acting
from server.devices.auth import Store, Values
from server.imports.problems import Problem
from server.models import utc_now
from server.privacy import archiving, repository
from server.privacy.erasure import Erased, delete_person
from server.privacy.errors import PrivacyError
from server.privacy.files import PersonalFiles

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What every step is asked with; `done` takes it."""

    request: Request
    response: Response
    database: Store
    settings: Values
    id: Id
    if_match: IfMatch = None

    def done(self, name: str, work: _Work) -> View:
        """Does it in one transaction, and cleans the files after it; what is shown then."""
        kind, organization_id = SHOWN[name], caller_of(self.request).organization_id
        try:
            with acting(actor_of(self.request)), self.database.write() as session:
                api_repository.held(session, kind.model, organization_id, self.id)
                check_match(self.if_match, view_of(session, kind, organization_id, self.id))
                erased = work(session, organization_id, self.id)
                session.flush()
                view = view_of(session, kind, organization_id, self.id)
        except PrivacyError as refused:
            raise StandsInTheWay(Problem(code) for code in refused.codes) from refused
        for each in erased:
            PersonalFiles(self.database, self.settings.data_dir).clean(each)
        shown(self.response, view)
        return view


_Asked = Annotated[_Step, Depends()]


@router.post("/people/{id}/archive", **_PEOPLE)
def archive_person(asked: _Asked, is_confirmed: _IsConfirmed = False) -> Any:
    """Archive somebody: off the lists and the doors; their account with them, when nobody else is left on it."""
    archive = partial(archiving.archive_person, now=utc_now(), is_confirmed=is_confirmed)
    return asked.done("people", _quiet(archive))


@router.post("/people/{id}/unarchive", **_PEOPLE)
def unarchive_person(asked: _Asked) -> Any:
    """Bring somebody back to the lists and the doors, and their account."""
    return asked.done("people", _quiet(archiving.unarchive_person))


@router.delete("/people/{id}", **_PEOPLE)
def remove_person(asked: _Asked) -> Any:
    """Delete somebody for good, once the retention settings let them go: archived, and not seen for long enough.

    What stays is an erased row, to which counts and events still belong.
    """

    def work(session: Session, organization_id: str, person_id: str) -> list[Erased]:
        return [delete_person(session, organization_id, person_id, now=utc_now())]

    return asked.done("people", work)


@router.post("/accounts/{id}/archive", **_ACCOUNTS)
def archive_account(asked: _Asked, is_confirmed: _IsConfirmed = False) -> Any:
    """Archive an account with everyone on it."""
    archive = partial(archiving.archive_account, now=utc_now(), is_confirmed=is_confirmed)
    return asked.done("accounts", _quiet(archive))


@router.post("/accounts/{id}/unarchive", **_ACCOUNTS)
def unarchive_account(asked: _Asked) -> Any:
    """Bring back an account with those who were archived with it."""
    return asked.done("accounts", _quiet(archiving.unarchive_account))


@router.delete("/accounts/{id}", **_ACCOUNTS)
def remove_account(asked: _Asked) -> Any:
    """Delete everybody on an account, all or nobody, each by the rules for people; one without people is archived."""
    return asked.done("accounts", _delete_everybody)


def _delete_everybody(session: Session, organization_id: str, account_id: str) -> list[Erased]:
    account, now = account_of(session, organization_id, account_id), utc_now()
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
