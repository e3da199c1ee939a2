"""How membership cards look, with a preview of the very PDF; and printing the cards of many people at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain.credentials import CredentialKind
from server.access_points.values import Problem
from server.accounts.repository import locked_organization, organization_of
from server.admin.account.editing import Edit, FormPage
from server.admin.account.form import Field, Kind, Refused
from server.admin.card_printing import MOST_CARDS, card_words, pdf_answer, print_cards
from server.admin.frame import OfficePage
from server.admin.menu import Group
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.cards import repository
from server.cards.drawing import CardFace
from server.cards.layout import MAX_BACK, CardCode, CardLanguage, CardLayout
from server.cards.preview import page_png
from server.cards.printing import Paper, cards_pdf
from server.clients import lists
from server.clients.filters import ClientFilter
from server.clients.service import all_people
from server.errors import NotFound
from server.models import CardTemplate, Credential, new_id
from server.staff.permissions import Permission

__all__ = ["CardTemplatesPage", "PrintCardsPage"]

_SAMPLE_NAME: Final = "Zoé Tremblay-Côté"


class CardTemplatesPage(FormPage):
    """`/admin/card-templates`."""

    menu_label = lazy_text("card_template.title")
    icon = "fa-solid fa-palette"
    path = "/card-templates"
    route_name = "card_templates"
    permission = Permission.ORGANIZATION
    group = Group.PASSES
    add_to_menu = True

    @route("")
    async def index(self, request: Request) -> Response:
        """Every template in use, the default one first."""
        staff = signed_in_staff(request)

        def read() -> Sequence[CardTemplate]:
            with self.office.database.read() as session:
                return repository.templates_of(session, staff.organization_id)

        templates = await in_thread(read)
        title = texts(staff.language)("card_template.title")
        return self.page(request, "office/card_templates.html", title=title, templates=templates)

    @route("/new", methods=["GET", "POST"], name="card_template_new")
    async def new(self, request: Request) -> Response:
        """Adds one."""
        return await self._form_of(request, "")

    @route("/preview", name="card_template_preview")
    async def preview(self, request: Request) -> Response:
        """The card that the form would print, as a picture; 422 while the form cannot be read."""
        try:
            layout = layout_from(request.query_params)
        except ValidationError as error:
            raise HTTPException(422) from error
        side = 1 if request.query_params.get("side") == "back" and layout.back else 0
        made = await in_thread(lambda: page_png(self._sample(request, layout), side))
        return Response(made, media_type="image/png")

    @route("/edit/{template_id}", methods=["GET", "POST"], name="card_template")
    async def edit(self, request: Request) -> Response:
        """Changes one."""
        return await self._form_of(request, request.path_params["template_id"])

    @route("/edit/{template_id}/archive", methods=["POST"], name="card_template_archive")
    async def archive(self, request: Request) -> Response:
        """Takes one out of use."""
        staff, template_id = signed_in_staff(request), request.path_params["template_id"]

        def work() -> None:
            with self.office.database.write() as session:
                template = repository.template_of(session, staff.organization_id, template_id)
                template.archived_at, template.is_default = self.office.now(), False
                # The name is free for another one.
                template.name = f"{template.name[:60]} {template.id[-12:]}"

        try:
            await in_thread(work)
        except NotFound as error:
            raise HTTPException(404) from error
        flash(request, texts(staff.language)("account_form.saved"), "success")
        return RedirectResponse(self._back(request), status_code=303)

    def _back(self, request: Request) -> str:
        return request.url_for("admin:card_templates").path

    async def _form_of(self, request: Request, template_id: str) -> Response:
        organization_id = signed_in_staff(request).organization_id
        return await self.edited(
            request,
            lambda session: self._edit(session, request, template_id),
            lock=lambda session: locked_organization(session, organization_id) is not None,
        )

    def _edit(self, session: Session, request: Request, template_id: str) -> Edit:
        staff = signed_in_staff(request)
        t, organization_id = texts(staff.language), staff.organization_id
        template = repository.template_of(session, organization_id, template_id) if template_id else None
        layout = CardLayout.model_validate(template.layout) if template else CardLayout()

        def save(session: Session, found: Mapping[str, Any]) -> None:
            others = [each for each in repository.templates_of(session, organization_id) if each is not template]
            if any(each.name.casefold() == found["name"].casefold() for each in others):
                raise Refused({"name": Problem("card_template_problem.name")})
            try:
                wanted = layout_from(found)
            except ValidationError as error:
                names = {str(each["loc"][0]) for each in error.errors()}
                raise Refused({name: Problem(f"card_template_problem.{name}") for name in names}) from error
            kept = template
            if kept is None:
                kept = CardTemplate(id=new_id(), organization_id=organization_id, name=found["name"])
                session.add(kept)
            kept.name, kept.layout = found["name"], wanted.model_dump(mode="json")
            kept.is_default = found["is_default"] or not any(each.is_default for each in others)
            if kept.is_default:
                for each in others:
                    each.is_default = False

        values = {name: [str(value)] for name, value in layout.model_dump(mode="json").items()}
        flags = {
            "has_picture": layout.has_picture,
            "has_membership": layout.has_membership,
            "is_default": template.is_default if template else False,
        }
        return Edit(
            title=template.name if template else t("card_template.new"),
            fields=_fields(staff.language),
            values={
                **values,
                **{name: ["on"] if is_on else [] for name, is_on in flags.items()},
                "name": [template.name if template else ""],
            },
            save=save,
            back=self._back(request),
            template="office/card_template.html",
            context={"preview": request.url_for("admin:card_template_preview").path, "head": None},
        )

    def _sample(self, request: Request, layout: CardLayout) -> bytes:
        with self.office.database.read() as session:
            organization = organization_of(session, signed_in_staff(request).organization_id).name
        words, number = card_words(layout), layout.number(123)
        t = texts(signed_in_staff(request).language)
        face = CardFace(
            organization=words.name(organization),
            name=_SAMPLE_NAME,
            initials="ZT",
            number_label=words.number,
            number=number,
            value=number,
            kind=CredentialKind.BARCODE,
            lines=(t("card_template.sample_membership"), words.until(date(self.office.now().year + 1, 5, 31))),
        )
        return cards_pdf([face], layout, Paper.CR80, title="")


class PrintCardsPage(OfficePage):
    """`/admin/print-cards`: the cards of everybody on a list."""

    menu_label = lazy_text("card_print.title")
    icon = "fa-solid fa-print"
    path = "/print-cards"
    route_name = "print_cards"
    permission = Permission.CARDS

    @route("")
    async def index(self, request: Request) -> Response:
        """Chooses the list, the paper and the template."""
        staff = signed_in_staff(request)

        def read() -> dict[str, Any]:
            with self.office.database.read() as session:
                return {
                    "saved": lists.visible_lists(session, staff.organization_id, staff.staff_id),
                    "templates": repository.templates_of(session, staff.organization_id),
                }

        shown = await in_thread(read)
        return self.page(
            request, "office/card_print.html", title=self.title(request), papers=list(Paper), most=MOST_CARDS, **shown
        )

    @route("/pdf", methods=["POST"], name="print_cards_pdf")
    async def pdf(self, request: Request) -> Response:
        """The file, or why there is none."""
        form, staff = await request.form(), signed_in_staff(request)
        list_id, paper = str(form.get("list", "")), str(form.get("paper", ""))
        template_id, is_new_only = str(form.get("template", "")), form.get("new_only") == "on"
        if paper not in list(Paper):
            raise HTTPException(404)
        try:
            made = await in_thread(lambda: self._print(request, list_id, Paper(paper), template_id, is_new_only))
        except NotFound as error:
            raise HTTPException(404) from error
        if isinstance(made, bytes):
            return pdf_answer(self.office, staff, made)
        flash(request, texts(staff.language)(made, most=MOST_CARDS), "error")
        return RedirectResponse(request.url_for("admin:print_cards"), status_code=303)

    def _print(self, request: Request, list_id: str, paper: Paper, template_id: str, is_new_only: bool) -> bytes | str:
        staff, database = signed_in_staff(request), self.office.database
        with database.read() as session:
            visible = lists.visible_lists(session, staff.organization_id, staff.staff_id)
        chosen = next((each for each in visible if each.id == list_id), None)
        if list_id and chosen is None:
            raise NotFound("there is no such list")
        wanted = ClientFilter.of({name: str(value) for name, value in (chosen.query if chosen else {}).items()})
        people = []
        for person in all_people(database, self.office.scope(staff), wanted):
            people.append(person.id)
            if len(people) > 20 * MOST_CARDS:
                return "card.too_many"
        place = {person_id: number for number, person_id in enumerate(people)}

        def choose(session: Session) -> list[Credential]:
            found = [
                each
                for start in range(0, len(people), MOST_CARDS)
                for each in repository.cards_of_people(
                    session, staff.organization_id, people[start : start + MOST_CARDS]
                )
                if not (is_new_only and each.printed_at)
            ]
            return sorted(found, key=lambda card: place[card.person_id])

        return print_cards(self.office, staff, choose, template_id=template_id, paper=paper)


def layout_from(found: Mapping[str, Any]) -> CardLayout:
    """The layout of a form's fields, or of an address's. Raises pydantic's ValidationError."""
    flags = {name: found.get(name) in (True, "on") for name in ("has_picture", "has_membership")}
    others = ("code", "colour", "language", "back_en", "back_fr", "prefix", "digits")
    given = {name: str(found.get(name, "")).strip() for name in others}
    given["colour"], given["prefix"] = given["colour"].lower(), given["prefix"].upper()
    return CardLayout.model_validate({**given, **flags})


def _fields(language: str) -> tuple[Field, ...]:
    t = texts(language)
    codes = [(each.value, t(f"card_code.{each}")) for each in CardCode]
    languages = [(each.value, t(f"card_language.{each}")) for each in CardLanguage]
    return (
        Field(name="name", label="card_template.name", most=60, is_required=True),
        Field(name="colour", label="card_template.colour", most=7, is_required=True, help="card_template.colour_help"),
        Field(name="code", label="card_template.code", kind=Kind.CHOICE, choices=codes, is_required=True),
        Field(name="language", label="card_template.language", kind=Kind.CHOICE, choices=languages, is_required=True),
        Field(name="has_picture", label="card_template.has_picture", kind=Kind.CHECK),
        Field(name="has_membership", label="card_template.has_membership", kind=Kind.CHECK),
        Field(name="prefix", label="card_template.prefix", most=8, help="card_template.prefix_help"),
        Field(name="digits", label="card_template.digits", most=2, is_required=True, help="card_template.digits_help"),
        Field(name="back_en", label="card_template.back_en", kind=Kind.LONG, most=MAX_BACK),
        Field(name="back_fr", label="card_template.back_fr", kind=Kind.LONG, most=MAX_BACK),
        Field(name="is_default", label="card_template.is_default", kind=Kind.CHECK),
    )
