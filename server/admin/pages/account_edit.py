"""Changing one account member: the sections, extra questions, tags, memos, block and notify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from access.domain.instants import local_day
from server.access_points.values import Problem
from server.accounts import people, pick_up, repository
from server.accounts.errors import OwnerRefused
from server.admin.account.editing import AccountSubpage, Edit
from server.admin.account.form import Field, Kind, Refused
from server.admin.account.members import SECTIONS, answer_fields, pick_up_fields, shown_questions, values_of_person
from server.admin.office import signed_in_staff
from server.admin.texts import texts
from server.errors import NotFound
from server.models import ExtraAnswer, Memo, Person, new_id
from server.staff.permissions import Permission

__all__ = ["AccountEditPage"]

_TITLES = {
    "personal": "member.personal",
    "address": "member.address",
    "communications": "member.communications",
    "note": "member.note",
    "questions": "member.questions",
    "pick-up": "member.pick_up_title",
}
_EMPTY_IS_NONE = ("member_id", "email", "phone", "language")
_MEMO = (
    Field(name="text", label="memo.text", kind=Kind.LONG, is_required=True, most=2000),
    Field(name="is_starred", label="memo.is_starred", kind=Kind.CHECK, help="memo.starred_help"),
    Field(name="is_allergy", label="memo.is_allergy", kind=Kind.CHECK, help="memo.allergy_help"),
)
_FLAGS = {"block": "is_blocked", "notify": "has_notify_flag"}


class AccountEditPage(AccountSubpage):
    """Everything that changes a person; each form holds the account while it saves."""

    path = "/accounts/{account_id}/person"
    route_name = "account_person"
    permission = Permission.EDIT_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """There is nothing here but what is below."""
        raise HTTPException(404)

    @route("/{person_id}/section/{section}", methods=["GET", "POST"], name="account_section")
    async def section(self, request: Request) -> Response:
        """A section of the member's page."""
        section = request.path_params["section"]
        if section == "questions":
            return await self.account_form(request, "members", lambda session: self._questions(session, request))
        if section == "pick-up":
            return await self.account_form(request, "members", lambda session: self._pick_up(session, request))
        if section not in SECTIONS:
            raise HTTPException(404)
        return await self.account_form(request, "members", lambda session: self._columns(session, request, section))

    @route("/{person_id}/memo", methods=["GET", "POST"], name="account_memo_new")
    async def new_memo(self, request: Request) -> Response:
        """Writes a memo."""
        return await self.account_form(request, "members", lambda session: self._memo(session, request, ""))

    @route("/{person_id}/memo/{memo_id}", methods=["GET", "POST"], name="account_memo")
    async def memo(self, request: Request) -> Response:
        """Changes a memo."""
        memo_id = request.path_params["memo_id"]
        return await self.account_form(request, "members", lambda session: self._memo(session, request, memo_id))

    @route("/{person_id}/memo/{memo_id}/delete", methods=["POST"], name="account_memo_delete")
    async def delete_memo(self, request: Request) -> Response:
        """Takes a memo away."""

        def work(session: Session) -> None:
            person = self._person(session, request)
            person.memos.remove(repository.memo_of(session, person, request.path_params["memo_id"]))

        return await self.act(request, work, done="memo.deleted", back=self._back(request, "memos"))

    @route("/{person_id}/flag/{flag}", methods=["POST"], name="account_flag")
    async def flag(self, request: Request) -> Response:
        """Blocks, or has the staff notified; and the other way round."""
        column = _FLAGS.get(request.path_params["flag"])
        if column is None:
            raise HTTPException(404)
        is_on = (await request.form()).get("on") == "1"

        def work(session: Session) -> None:
            setattr(self._person(session, request), column, is_on)

        return await self.act(request, work, done="account_form.saved", back=self._back(request, "flags"))

    @route("/{person_id}/tags", methods=["POST"], name="account_tags")
    async def tags(self, request: Request) -> Response:
        """Puts exactly the ticked tags on the person."""
        wanted = [str(each) for each in (await request.form()).getlist("tag")]

        def work(session: Session) -> None:
            tags = repository.tags_of(session, signed_in_staff(request).organization_id)
            people.put_tags(self._person(session, request), tags, wanted)

        return await self.act(request, work, done="account_form.saved", back=self._back(request, "tags"))

    def _person(self, session: Session, request: Request) -> Person:
        parts = request.path_params
        return repository.person_of(
            session, signed_in_staff(request).organization_id, parts["account_id"], parts["person_id"]
        )

    def _back(self, request: Request, section: str) -> str:
        return f"{self.url(request, 'account_member', person_id=request.path_params['person_id'])}#{section}"

    def _titled(self, request: Request, key: str, person: Person) -> str:
        return texts(signed_in_staff(request).language)(
            "member.section_of", section=texts(signed_in_staff(request).language)(key), name=person.full_name
        )

    def _columns(self, session: Session, request: Request, section: str) -> Edit:
        person, fields = self._person(session, request), SECTIONS[section]

        def save(session: Session, found: Mapping[str, Any]) -> None:
            changes = {name: found[name] for name in (field.name for field in fields)}
            for name in _EMPTY_IS_NONE:
                if name in changes:
                    changes[name] = changes[name] or None
            if "country" in changes:
                changes["country"] = changes["country"].upper()
            member_id = changes.get("member_id")
            if member_id and repository.is_member_id_taken(session, person.organization_id, member_id, but=person.id):
                raise Refused({"member_id": Problem("records.taken")})
            today = local_day(self.office.now(), signed_in_staff(request).zone)
            try:
                people.change_person(session, person, {**changes, "today": today})
            except OwnerRefused as refused:
                raise Refused({"date_of_birth": Problem("account_problem.owner_under_age")}) from refused

        return Edit(
            title=self._titled(request, _TITLES[section], person),
            fields=fields,
            values=values_of_person(person, fields),
            save=save,
            back=self._back(request, section),
            why="member.shared" if section == "personal" else "",
        )

    def _questions(self, session: Session, request: Request) -> Edit:
        staff, person = signed_in_staff(request), self._person(session, request)
        is_all, t = request.query_params.get("all") == "1", texts(signed_in_staff(request).language)
        answers = repository.answers_of(session, person.id)
        asked = [(each, answers.get(each.id)) for each in repository.questions_of(session, staff.organization_id)]
        questions = [question for question, _ in shown_questions(asked, is_all=is_all)]
        fields = answer_fields(questions, staff.language, (t("activity.yes"), t("activity.no")))

        def save(session: Session, found: Mapping[str, Any]) -> None:
            for question, field in zip(questions, fields, strict=True):
                held, value = answers.get(question.id), str(found[field.name] or "")
                if held is not None and not value:
                    session.delete(held)
                elif held is not None and held.value != value:
                    held.value, held.answered_at = value, self.office.now()
                elif held is None and value:
                    session.add(
                        ExtraAnswer(
                            person_id=person.id, question_id=question.id, value=value, answered_at=self.office.now()
                        )
                    )

        values = {
            field.name: [answers[question.id].value if question.id in answers else ""]
            for question, field in zip(questions, fields, strict=True)
        }
        return Edit(
            title=self._titled(request, _TITLES["questions"], person),
            fields=fields,
            values=values,
            save=save,
            back=self._back(request, "questions"),
        )

    def _pick_up(self, session: Session, request: Request) -> Edit:
        """Which children of the account this adult member may pick up."""
        person, staff = self._person(session, request), signed_in_staff(request)
        today = local_day(self.office.now(), staff.zone)
        rows = repository.allowed_adults(session, staff.organization_id, person.account_id)
        held = pick_up.children_of(rows, person)
        children = [each for each in person.account.members if people.is_minor(each, today)]
        fields = pick_up_fields([(each.id, each.full_name) for each in children])
        relations = {row.relation_en for row in held}
        if people.is_minor(person, today):
            raise NotFound("a child picks nobody up")

        def save(session: Session, found: Mapping[str, Any]) -> None:
            pick_up.may_pick_up(session, person, found["children"], relation=found["relation"])

        return Edit(
            title=self._titled(request, _TITLES["pick-up"], person),
            fields=fields,
            values={"children": [row.child_id for row in held], "relation": [min(relations, default="")]},
            save=save,
            back=self._back(request, "contacts"),
            why="contact.pick_up_why",
        )

    def _memo(self, session: Session, request: Request, memo_id: str) -> Edit:
        person, staff = self._person(session, request), signed_in_staff(request)
        memo = repository.memo_of(session, person, memo_id) if memo_id else None

        def save(session: Session, found: Mapping[str, Any]) -> None:
            written = memo
            if written is None:
                written = Memo(
                    id=new_id(), person_id=person.id, written_by=staff.staff_id, written_at=self.office.now()
                )
                session.add(written)
            for field in _MEMO:
                setattr(written, field.name, found[field.name])

        values = {
            "text": [memo.text if memo else ""],
            "is_starred": ["on"] if memo and memo.is_starred else [],
            "is_allergy": ["on"] if memo and memo.is_allergy else [],
        }
        return Edit(
            title=self._titled(request, "memo.change" if memo else "memo.new", person),
            fields=_MEMO,
            values=values,
            save=save,
            back=self._back(request, "memos"),
        )
