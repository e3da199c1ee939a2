"""Settings of the organization: its currency, the questions it asks about people, the skills it records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from babel.numbers import get_currency_name
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.access_points.values import Problem
from server.accounts import repository
from server.admin.account.editing import Edit, FormPage
from server.admin.account.form import Field, Kind, Refused
from server.admin.account.members import QUESTION_KINDS
from server.admin.office import in_thread, signed_in_staff, whose
from server.admin.say import LOCALES
from server.admin.texts import lazy_text, texts
from server.errors import NotFound
from server.models import ExtraQuestion, Skill, new_id
from server.staff.permissions import Permission

__all__ = ["OrganizationPage"]

CURRENCIES: Final = ("CAD", "USD", "EUR", "GBP", "CHF", "AUD", "NZD", "MXN")
"""Those with hundredths: every amount is kept in them."""
_KINDS: Final = {
    "text": "question.kind_text",
    "yes_no": "question.kind_yes_no",
    "choice": "question.kind_choice",
    "date": "question.kind_date",
}
_MOST_LINES: Final = 50


class OrganizationPage(FormPage):
    """`/admin/organization`."""

    menu_label = lazy_text("organization.title")
    icon = "fa-solid fa-sliders"
    path = "/organization"
    route_name = "organization"
    rank = 10
    permission = Permission.ORGANIZATION
    add_to_menu = True

    @route("")
    async def index(self, request: Request) -> Response:
        """Everything at a glance."""
        questions, skills, currency = await in_thread(lambda: self._read(request))
        staff = signed_in_staff(request)
        return self.page(
            request,
            "office/organization.html",
            title=self.title(request),
            questions=questions,
            skills=skills,
            currency=get_currency_name(currency, locale=LOCALES[staff.language]),
            kinds=_KINDS,
        )

    @route("/currency", methods=["GET", "POST"], name="organization_currency")
    async def currency(self, request: Request) -> Response:
        """The currency of every amount."""
        return await self._edited(request, lambda session: self._currency(session, request))

    @route("/question", methods=["GET", "POST"], name="organization_question_new")
    async def new_question(self, request: Request) -> Response:
        """Another question."""
        return await self._edited(request, lambda session: self._question(session, request, ""))

    @route("/question/{question_id}", methods=["GET", "POST"], name="organization_question")
    async def question(self, request: Request) -> Response:
        """Changes a question."""
        question_id = request.path_params["question_id"]
        return await self._edited(request, lambda session: self._question(session, request, question_id))

    @route("/skill", methods=["GET", "POST"], name="organization_skill_new")
    async def new_skill(self, request: Request) -> Response:
        """Another skill."""
        return await self._edited(request, lambda session: self._skill(session, request, ""))

    @route("/skill/{skill_id}", methods=["GET", "POST"], name="organization_skill")
    async def skill(self, request: Request) -> Response:
        """Changes a skill."""
        skill_id = request.path_params["skill_id"]
        return await self._edited(request, lambda session: self._skill(session, request, skill_id))

    @route("/{what}/{id}/archive", methods=["POST"], name="organization_archive")
    async def archive(self, request: Request) -> Response:
        """Is asked or recorded no more; what is there stays."""
        return await self._done(request, lambda session: self._archive(session, request))

    @route("/{what}/{id}/move", methods=["POST"], name="organization_move")
    async def move(self, request: Request) -> Response:
        """One place up or down."""
        step = -1 if (await request.form()).get("to") == "up" else 1
        return await self._done(request, lambda session: self._move(session, request, step))

    async def _edited(self, request: Request, make: Any) -> Response:
        return await self.edited(
            request,
            make,
            lock=lambda session: (
                repository.locked_organization(session, signed_in_staff(request).organization_id) is not None
            ),
        )

    async def _done(self, request: Request, work: Any) -> Response:
        def locked() -> None:
            with self.office.database.write() as session:
                repository.locked_organization(session, signed_in_staff(request).organization_id)
                work(session)

        try:
            await in_thread(locked)
        except NotFound as error:
            raise HTTPException(404) from error
        flash(request, texts(signed_in_staff(request).language)("account_form.saved"), "success")
        return RedirectResponse(self._home(request), status_code=303)

    def _read(self, request: Request) -> tuple[Sequence[ExtraQuestion], Sequence[Skill], str]:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            return (
                repository.questions_of(session, organization_id),
                repository.skills_of(session, organization_id),
                repository.organization_of(session, organization_id).currency,
            )

    def _home(self, request: Request) -> str:
        return request.url_for("admin:organization").path

    def _listed(self, session: Session, request: Request) -> Sequence[ExtraQuestion] | Sequence[Skill]:
        organization_id, what = whose(request, "what")
        if what == "question":
            return repository.questions_of(session, organization_id)
        if what == "skill":
            return repository.skills_of(session, organization_id)
        raise NotFound

    def _archive(self, session: Session, request: Request) -> None:
        found = next((each for each in self._listed(session, request) if each.id == request.path_params["id"]), None)
        if found is None:
            raise NotFound
        found.archived_at = self.office.now()

    def _move(self, session: Session, request: Request, step: int) -> None:
        listed: list[ExtraQuestion | Skill] = [*self._listed(session, request)]
        place = next((at for at, each in enumerate(listed) if each.id == request.path_params["id"]), None)
        if place is None:
            raise NotFound
        if 0 <= place + step < len(listed):
            listed[place], listed[place + step] = listed[place + step], listed[place]
        for position, each in enumerate(listed):
            each.position = position

    def _currency(self, session: Session, request: Request) -> Edit:
        staff = signed_in_staff(request)
        organization = repository.organization_of(session, staff.organization_id)
        codes = sorted({*CURRENCIES, organization.currency})
        choices = [(code, f"{code} – {get_currency_name(code, locale=LOCALES[staff.language])}") for code in codes]
        field = Field(
            name="currency", label="organization.currency", kind=Kind.CHOICE, is_required=True, choices=choices
        )

        def save(_session: Session, found: Mapping[str, Any]) -> None:
            organization.currency = found["currency"]

        return Edit(
            title=texts(staff.language)("organization.currency"),
            fields=(field,),
            values={"currency": [organization.currency]},
            save=save,
            back=self._home(request),
            why="organization.currency_why",
        )

    def _question(self, session: Session, request: Request, question_id: str) -> Edit:
        staff, t = signed_in_staff(request), texts(signed_in_staff(request).language)
        question = repository.question_of(session, staff.organization_id, question_id) if question_id else None
        fields = (
            Field(name="label_en", label="question.label_en", is_required=True, most=300),
            Field(name="label_fr", label="question.label_fr", most=300),
            Field(
                name="kind",
                label="fields.kind",
                kind=Kind.CHOICE,
                is_required=True,
                choices=[(kind, t(_KINDS[kind])) for kind in QUESTION_KINDS],
            ),
            Field(name="choices", label="question.choices", kind=Kind.LONG, most=4000, help="question.choices_help"),
            Field(name="is_required", label="question.is_required", kind=Kind.CHECK),
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            choices = _lines(found["choices"], "choices")
            if found["kind"] == "choice" and len(choices) < 2:
                raise Refused({"choices": Problem("account_problem.two_choices")})
            kept = question
            if kept is None:
                last = repository.questions_of(session, staff.organization_id)
                kept = ExtraQuestion(id=new_id(), organization_id=staff.organization_id, position=len(last))
                session.add(kept)
            kept.label_en, kept.label_fr, kept.kind = found["label_en"], found["label_fr"], found["kind"]
            kept.is_required, kept.choices = found["is_required"], choices if found["kind"] == "choice" else []

        return Edit(
            title=t("question.change" if question else "question.new"),
            fields=fields,
            values={
                "label_en": [question.label_en if question else ""],
                "label_fr": [question.label_fr if question else ""],
                "kind": [question.kind if question else "text"],
                "choices": ["\n".join(question.choices) if question else ""],
                "is_required": ["on"] if question and question.is_required else [],
            },
            save=save,
            back=self._home(request),
        )

    def _skill(self, session: Session, request: Request, skill_id: str) -> Edit:
        staff, t = signed_in_staff(request), texts(signed_in_staff(request).language)
        skill = repository.skill_of(session, staff.organization_id, skill_id) if skill_id else None
        fields = (
            Field(name="name_en", label="fields.name_en", is_required=True),
            Field(name="name_fr", label="fields.name_fr"),
            Field(name="levels", label="skills.levels", kind=Kind.LONG, most=4000, help="skills.levels_help"),
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            kept = skill
            if kept is None:
                last = repository.skills_of(session, staff.organization_id)
                kept = Skill(id=new_id(), organization_id=staff.organization_id, position=len(last))
                session.add(kept)
            kept.name_en, kept.name_fr = found["name_en"], found["name_fr"]
            kept.levels = _lines(found["levels"], "levels")

        return Edit(
            title=t("skills.change_skill" if skill else "skills.new_skill"),
            fields=fields,
            values={
                "name_en": [skill.name_en if skill else ""],
                "name_fr": [skill.name_fr if skill else ""],
                "levels": ["\n".join(skill.levels) if skill else ""],
            },
            save=save,
            back=self._home(request),
        )


def _lines(typed: str, field: str) -> list[str]:
    """One a line, each once."""
    lines = list(dict.fromkeys(line.strip() for line in typed.splitlines() if line.strip()))
    if len(lines) > _MOST_LINES or any(len(line) > 100 for line in lines):
        raise Refused({field: Problem("account_problem.too_many_lines", {"most": _MOST_LINES})})
    return lines
