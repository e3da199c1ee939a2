"""Selling from the account: a membership for some of its people, its pause and cancellation, and a multipass."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.routing import route

from access.domain.instants import local_day
from access.domain.memberships import CancellationState
from access.domain.multipasses import Effective
from server.access_points.values import Problem
from server.accounts import repository, selling
from server.admin.account.editing import AccountSubpage, Edit, refuse_archived
from server.admin.account.form import Field, Kind, Refused, typed_day
from server.admin.account.registrations import by_first_name
from server.admin.office import signed_in_staff
from server.admin.texts import texts
from server.models import Account
from server.staff.permissions import Permission

__all__ = ["AccountSellingPage"]


class AccountSellingPage(AccountSubpage):
    """`/admin/accounts/{account_id}/sell/...`."""

    path = "/accounts/{account_id}/sell"
    route_name = "account_sell"
    permission = Permission.EDIT_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """What was sold is in Registrations."""
        await self.head(request)
        return RedirectResponse(self.url(request, "account"), status_code=303)

    @route("/membership", methods=["GET", "POST"], name="account_sell_membership")
    async def sell_membership(self, request: Request) -> Response:
        """A new membership."""
        return await self.account_form(request, "registrations", lambda session: self._membership(session, request))

    @route("/membership/{membership_id}", methods=["GET", "POST"], name="account_membership")
    async def membership(self, request: Request) -> Response:
        """People, days, pause and cancellation of one that was sold."""
        return await self.account_form(request, "registrations", lambda session: self._change(session, request))

    @route("/multipass", methods=["GET", "POST"], name="account_sell_multipass")
    async def sell_multipass(self, request: Request) -> Response:
        """A new multipass."""
        return await self.account_form(request, "registrations", lambda session: self._multipass(session, request))

    def _account(self, session: Session, request: Request) -> tuple[Account, date]:
        staff = signed_in_staff(request)
        account = repository.account_of(session, staff.organization_id, request.path_params["account_id"])
        return account, local_day(self.office.now(), staff.zone)

    def _membership(self, session: Session, request: Request) -> Edit:
        staff, (account, today) = signed_in_staff(request), self._account(session, request)
        types = selling.membership_types(session, staff.organization_id)
        fields = (
            _type([(each.id, each.name.in_language(staff.language)) for each in types]),
            _people(account),
            Field(name="starts_on", label="fields.starts_on", kind=Kind.DAY, is_required=True),
            Field(name="ends_on", label="selling.ends_on", kind=Kind.DAY, help="selling.ends_help"),
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            refuse_archived(account)
            _in_order(found, "starts_on", "ends_on")
            selling.sell_membership(
                session,
                account,
                type_id=found["type"],
                person_ids=found["people"],
                starts_on=found["starts_on"],
                ends_on=found["ends_on"],
            )

        return Edit(
            title=texts(staff.language)("selling.membership"),
            fields=fields,
            values={"starts_on": typed_day(today)},
            save=save,
            back=self.url(request, "account"),
            done="selling.sold",
            submit="selling.sell",
        )

    def _change(self, session: Session, request: Request) -> Edit:
        staff, (account, today) = signed_in_staff(request), self._account(session, request)
        sold = selling.membership_of(session, staff.organization_id, account.id, request.path_params["membership_id"])
        pause, t = selling.open_pause(sold, today), texts(staff.language)
        fields = (
            _people(account),
            Field(name="starts_on", label="fields.starts_on", kind=Kind.DAY, is_required=True),
            Field(name="ends_on", label="selling.ends_on", kind=Kind.DAY, help="selling.ends_help"),
            Field(name="pause_first_on", label="selling.pause_first_on", kind=Kind.DAY, help="selling.pause_help"),
            Field(name="pause_last_on", label="selling.pause_last_on", kind=Kind.DAY),
            Field(
                name="cancellation",
                label="fields.cancellation_state",
                kind=Kind.CHOICE,
                choices=[("requested", t("cancellation.requested")), ("scheduled", t("cancellation.scheduled"))],
                none="selling.no_cancellation",
            ),
            Field(name="cancellation_ends_on", label="fields.cancellation_ends_on", kind=Kind.DAY),
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            _in_order(found, "starts_on", "ends_on")
            _in_order(found, "pause_first_on", "pause_last_on")
            first_on, state, ends_on = found["pause_first_on"], found["cancellation"], found["cancellation_ends_on"]
            if found["pause_last_on"] and not first_on:
                raise Refused({"pause_first_on": Problem("records.date_needed")})
            if state == "scheduled" and not ends_on:
                raise Refused({"cancellation_ends_on": Problem("records.date_needed")})
            if ends_on and not state:
                raise Refused({"cancellation": Problem("account_problem.choose")})
            selling.change_membership(
                session,
                sold,
                person_ids=found["people"],
                starts_on=found["starts_on"],
                ends_on=found["ends_on"],
                pause=(first_on, found["pause_last_on"]) if first_on else None,
                cancellation=(CancellationState(state), ends_on) if state else None,
                today=today,
            )

        return Edit(
            title=sold.type.name.in_language(staff.language),
            fields=fields,
            values={
                "people": [each.person_id for each in sold.people],
                "starts_on": typed_day(sold.starts_on),
                "ends_on": typed_day(sold.ends_on),
                "pause_first_on": typed_day(pause.first_on if pause else None),
                "pause_last_on": typed_day(pause.last_on if pause else None),
                "cancellation": [sold.cancellation_state.value if sold.cancellation_state else ""],
                "cancellation_ends_on": typed_day(sold.cancellation_ends_on),
            },
            save=save,
            back=self.url(request, "account"),
        )

    def _multipass(self, session: Session, request: Request) -> Edit:
        staff, (account, today) = signed_in_staff(request), self._account(session, request)
        types = {each.id: each for each in selling.multipass_types(session, staff.organization_id)}
        fields = (
            _type([(each.id, each.name.in_language(staff.language)) for each in types.values()]),
            Field(
                name="person",
                label="fields.person",
                kind=Kind.CHOICE,
                choices=_choices(account),
                none="selling.family",
                help="selling.family_help",
            ),
            Field(name="purchased_on", label="fields.purchased_on", kind=Kind.DAY, is_required=True),
            Field(name="effective_on", label="fields.effective_on", kind=Kind.DAY, help="selling.effective_help"),
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            refuse_archived(account)
            sold = types[found["type"]]
            if sold.effective is Effective.ON_DATE and not found["effective_on"]:
                raise Refused({"effective_on": Problem("records.date_needed")})
            if sold.is_family and found["person"]:
                raise Refused({"person": Problem("account_problem.is_family")})
            if not sold.is_family and not found["person"]:
                raise Refused({"person": Problem("account_problem.choose")})
            selling.sell_multipass(
                session,
                account,
                sold,
                person_id=found["person"] or None,
                purchased_on=found["purchased_on"],
                effective_on=found["effective_on"],
            )

        return Edit(
            title=texts(staff.language)("selling.multipass"),
            fields=fields,
            values={"purchased_on": typed_day(today), "person": [only] if (only := _only_member(account)) else []},
            save=save,
            back=self.url(request, "account"),
            done="selling.sold",
            submit="selling.sell",
        )


def _choices(account: Account) -> list[tuple[str, str]]:
    people = sorted(account.members, key=lambda each: (*by_first_name(each.first_name, each.last_name), each.id))
    return [(each.id, each.full_name) for each in people]


def _only_member(account: Account) -> str | None:
    """Whom a pass is for when there is nobody else."""
    return account.members[0].id if len(account.members) == 1 else None


def _type(choices: list[tuple[str, str]]) -> Field:
    return Field(name="type", label="fields.type", kind=Kind.CHOICE, is_required=True, choices=choices)


def _people(account: Account) -> Field:
    return Field(name="people", label="selling.people", kind=Kind.CHECKS, is_required=True, choices=_choices(account))


def _in_order(found: Mapping[str, Any], first: str, last: str) -> None:
    if found[first] and found[last] and found[last] < found[first]:
        raise Refused({last: Problem("account_problem.before_start")})
