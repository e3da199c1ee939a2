"""Registering people of an account: the activity is chosen, then who, and for which of its occurrences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.routing import route

from access.domain.registrations import ActivityKind
from server.access_points.values import Problem
from server.accounts import repository as accounts
from server.activities import repository
from server.activities.errors import AlreadyThere, Full, NotOpen
from server.activities.overview import ActivityLine, find_open
from server.activities.places import crowd
from server.activities.registering import Registered, register
from server.admin.account.editing import AccountSubpage, Edit
from server.admin.account.form import Field, Kind, Refused
from server.admin.account.registrations import by_first_name
from server.admin.office import in_thread, signed_in_staff
from server.admin.say import Say
from server.models import Account, Activity, Occurrence, Registration
from server.staff.permissions import Permission

__all__ = ["AccountRegisteringPage"]

_MOST_CHOICES: Final = 120
_ALL, _SOME = "all", "some"


class AccountRegisteringPage(AccountSubpage):
    """`/admin/accounts/{account_id}/registrations/...`."""

    path = "/accounts/{account_id}/registrations"
    route_name = "account_register"
    permission = Permission.EDIT_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """They are the account's first subtab."""
        await self.head(request)
        return RedirectResponse(self.url(request, "account"), status_code=303)

    @route("/choose", name="account_register_choose")
    async def choose(self, request: Request) -> Response:
        """Which activity: those that one can still be registered for."""
        head, person_id = await self.head(request), request.query_params.get("person", "")[:64]
        term = request.query_params.get("q", "")[:200]
        lines, total = await in_thread(lambda: self._open(request, term))
        return self.page(
            request,
            "office/account_register.html",
            title=head.name,
            head=head,
            tab="registrations",
            term=term,
            lines=lines,
            more=total - len(lines),
            add=lambda id_: self._form_url(request, id_, person_id),
        )

    @route("/add", methods=["GET", "POST"], name="account_register_add")
    async def add(self, request: Request) -> Response:
        """Who of the account, and for what of the activity."""
        if not request.query_params.get("activity"):
            await self.head(request)
            return RedirectResponse(self.url(request, "account_register_choose"), status_code=303)
        return await self.account_form(request, "registrations", lambda session: self._add(session, request))

    def _form_url(self, request: Request, activity_id: str, person_id: str) -> str:
        given = {"activity": activity_id, **({"person": person_id} if person_id else {})}
        return f"{self.url(request, 'account_register_add')}?{urlencode(given)}"

    def _open(self, request: Request, term: str) -> tuple[list[ActivityLine], int]:
        staff = signed_in_staff(request)
        with self.office.database.read() as session:
            return find_open(session, staff.organization_id, term, now=self.office.now(), language=staff.language)

    def _add(self, session: Session, request: Request) -> Edit:
        staff, now, query = signed_in_staff(request), self.office.now(), request.query_params
        account = accounts.account_of(session, staff.organization_id, request.path_params["account_id"])
        activity = repository.activity_of(session, staff.organization_id, query["activity"])
        to_come = repository.coming(session, activity.id, now)
        standing = repository.standing_of(session, staff.organization_id, activity.id)
        say = self.office.say(staff)
        said: list[str] = []
        is_from_activity = query.get("from") == "activity"
        of_activity = request.url_for("admin:activity_people", activity_id=activity.id).path
        back = of_activity if is_from_activity else self.url(request, "account")

        def save(session: Session, found: Mapping[str, Any]) -> None:
            chosen = found["occurrences"]
            if (found["scope"] == _SOME) is not bool(chosen):
                raise Refused({"occurrences": Problem(f"activity_problem.{'some' if chosen else 'none'}_ticked")})
            try:
                registered = register(
                    session,
                    staff.organization_id,
                    activity.id,
                    found["people"],
                    occurrence_ids=chosen,
                    has_invoice=found.get("has_invoice", True),
                    may_wait=found["may_wait"],
                    now=now,
                )
            except AlreadyThere as error:
                code = "already_waiting" if error.is_waiting else "already_registered"
                raise Refused({"people": Problem(f"activity_problem.{code}", {"name": error.name})}) from error
            except NotOpen as error:
                raise Refused({"": Problem("activity_problem.not_open")}) from error
            except Full as error:
                raise Refused({"may_wait": Problem("activity_problem.full")}) from error
            said.extend(_told(registered, say))

        return Edit(
            title=say.t("registering.for", name=activity.name.in_language(staff.language)),
            fields=_fields(account, activity, to_come, standing, say),
            values=_values(activity, query.get("person", "")),
            save=save,
            back=back,
            told=lambda: " ".join(said),
            submit="registering.register",
            template="office/account_register_add.html",
            context={
                "capacity": activity.capacity,
                "is_open": bool(to_come) and activity.archived_at is None,
                "occupied": crowd(standing, (), [each.id for each in to_come]),
                "chosen": activity.name.in_language(staff.language),
                "kind": activity.kind,
            },
        )


def _fields(
    account: Account,
    activity: Activity,
    to_come: Sequence[Occurrence],
    standing: Sequence[Registration],
    say: Say,
) -> tuple[Field, ...]:
    people = [each for each in account.members if each.archived_at is None]
    people.sort(key=lambda each: (*by_first_name(each.first_name, each.last_name), each.id))
    dates = [(each.id, _occurrence(each, activity, standing, say)) for each in to_come[:_MOST_CHOICES]]
    invoice = Field(name="has_invoice", label="registering.has_invoice", kind=Kind.CHECK)
    return (
        Field(
            name="people",
            label="registering.people",
            kind=Kind.CHECKS,
            is_required=True,
            choices=[(each.id, each.full_name) for each in people],
        ),
        Field(
            name="scope",
            label="registering.scope",
            kind=Kind.CHOICE,
            is_required=True,
            choices=[(_ALL, say.t.count("registering.all", len(to_come))), (_SOME, say.t("registering.some"))],
        ),
        Field(name="occurrences", label="registering.occurrences", kind=Kind.CHECKS, choices=dates),
        Field(name="may_wait", label="registering.may_wait", kind=Kind.CHECK),
        *((invoice,) if activity.kind is ActivityKind.FACILITY_BOOKING else ()),
    )


def _values(activity: Activity, person_id: str) -> dict[str, list[str]]:
    """What is ticked at first: a drop-in is for a day, everything else for all of it."""
    return {
        "people": [person_id] if person_id else [],
        "scope": [_SOME if activity.kind is ActivityKind.DROP_IN else _ALL],
        "occurrences": [],
        "may_wait": ["on"],
        "has_invoice": ["on"],
    }


def _occurrence(each: Occurrence, activity: Activity, standing: Sequence[Registration], say: Say) -> str:
    when = say.t("registering.when", start=say.when(each.starts_at), end=say.time(each.ends_at))
    if activity.capacity is None:
        return when
    left = max(0, activity.capacity - crowd(standing, [each.id], [each.id]).registered)
    return f"{when} · {say.t.count('registering.left', left)}" if left else f"{when} · {say.t('registering.full')}"


def _told(registered: Sequence[Registered], say: Say) -> list[str]:
    """Who has a place now, and who waits behind how many."""
    placed = [each.person.full_name for each in registered if each.ahead is None]
    told = [say.t("registering.registered", names=", ".join(placed))] if placed else []
    told += [
        say.t.count("registering.waits", each.ahead, name=each.person.full_name)
        for each in registered
        if each.ahead is not None
    ]
    return told
