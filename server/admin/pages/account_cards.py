"""Membership cards of an account: seen by who sees accounts; issued, replaced, cancelled and printed by who may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain.credentials import CredentialKind
from server.access_points.values import Problem
from server.accounts.repository import account_of, person_of
from server.admin.account.editing import AccountSubpage, Edit
from server.admin.account.form import Field, Kind, Refused
from server.admin.card_printing import MOST_CARDS, pdf_answer, print_cards
from server.admin.office import in_thread, signed_in_staff
from server.admin.say import masked
from server.admin.texts import texts
from server.cards import repository, service
from server.cards.errors import CardRefused, CardTaken
from server.cards.printing import Paper
from server.cards.service import RevokedBecause
from server.checkins.repository import access_points
from server.errors import NotFound
from server.models import Credential, Event, Person
from server.pictures.repository import staff_names
from server.staff.permissions import Permission

__all__ = ["AccountCardPage", "AccountCardsPage"]

_KINDS: Final = (CredentialKind.BARCODE, CredentialKind.QR, CredentialKind.NFC)
REASONS: Final = tuple(each for each in RevokedBecause if each is not RevokedBecause.REPLACED)
SCAN_S: Final = 60


class AccountCardsPage(AccountSubpage):
    """`/admin/accounts/{account_id}/cards`."""

    path = "/accounts/{account_id}/cards"
    route_name = "account_cards"
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """Every card, those in use first."""
        head, staff = await self.head(request), signed_in_staff(request)

        def read() -> dict[str, Any]:
            with self.office.database.read() as session:
                cards = repository.cards_of_account(session, staff.organization_id, head.account.id)
                ids = {each for card in cards for each in (card.issued_by, card.revoked_by)}
                return {
                    "cards": cards,
                    "names": staff_names(session, staff.organization_id, ids),
                    "templates": repository.templates_of(session, staff.organization_id),
                }

        shown = await in_thread(read)
        return self.tab(
            request,
            head,
            "cards",
            reasons=REASONS,
            papers=list(Paper),
            by_id={card.id: card for card in shown["cards"]},
            can_print=any(is_printable(card) for card in shown["cards"]),
            is_printable=is_printable,
            **shown,
        )


class AccountCardPage(AccountSubpage):
    """`/admin/accounts/{account_id}/card` and what is done below it."""

    path = "/accounts/{account_id}/card"
    route_name = "account_card"
    permission = Permission.CARDS

    @route("")
    async def index(self, request: Request) -> Response:
        """Cards are listed on their tab."""
        return RedirectResponse(self._back(request), status_code=303)

    @route("/new", methods=["GET", "POST"], name="account_card_new")
    async def new(self, request: Request) -> Response:
        """Issues a card: with the next number, or with what is typed or scanned."""
        return await self.account_form(request, "cards", lambda session: self._issuing(session, request))

    @route("/{credential_id}/replace", methods=["GET", "POST"], name="account_card_replace")
    async def replace(self, request: Request) -> Response:
        """Issues another one in its place."""
        return await self.account_form(request, "cards", lambda session: self._replacing(session, request))

    @route("/{credential_id}/revoke", methods=["POST"], name="account_card_revoke")
    async def revoke(self, request: Request) -> Response:
        """Cancels a card for good."""
        because, staff = str((await request.form()).get("because", "")), signed_in_staff(request)

        def work(session: Session) -> None:
            card = self._card(session, request)
            if because not in REASONS or card.revoked_at is not None:
                raise NotFound("not a reason, or not a card in use")
            service.revoke(card, RevokedBecause(because), by=staff.staff_id, now=self.office.now())

        return await self.act(request, work, done="card.revoked_done", back=self._back(request))

    @route("/print", methods=["POST"], name="account_card_print")
    async def print(self, request: Request) -> Response:
        """The chosen cards as a PDF; all that can be printed when none is chosen."""
        form, staff = await request.form(), signed_in_staff(request)
        head = await self.head(request)
        chosen, paper = {str(each) for each in form.getlist("card")}, str(form.get("paper", ""))
        template_id = str(form.get("template", ""))

        if paper not in list(Paper):
            raise HTTPException(404)

        def choose(session: Session) -> list[Credential]:
            known = repository.cards_of_account(session, staff.organization_id, head.account.id)
            return [each for each in known if is_printable(each) and (not chosen or each.id in chosen)]

        try:
            made = await in_thread(
                lambda: print_cards(self.office, staff, choose, template_id=template_id, paper=Paper(paper))
            )
        except NotFound as error:
            raise HTTPException(404) from error
        if isinstance(made, bytes):
            return pdf_answer(self.office, staff, made)
        flash(request, texts(staff.language)(made, most=MOST_CARDS), "error")
        return RedirectResponse(self._back(request), status_code=303)

    @route("/scan", name="account_card_scan")
    async def scan(self, request: Request) -> Response:
        """Waits for an unknown card at a door, once an access point is chosen."""
        head, staff = await self.head(request), signed_in_staff(request)

        def read() -> list[Any]:
            with self.office.database.read() as session:
                return list(access_points(session, staff.organization_id))

        points = await in_thread(read)
        chosen = next((each for each in points if each.id == request.query_params.get("point")), None)
        person = next((each for each in head.people if each.id == request.query_params.get("person")), None)
        return self.page(
            request,
            "office/account_card_scan.html",
            title=head.name,
            head=head,
            tab="cards",
            points=points,
            chosen=chosen,
            person=person or head.owner or next(iter(head.people), None),
            seconds=SCAN_S,
            since=self.office.now().isoformat(),
        )

    @route("/scan/found", name="account_card_found")
    async def found(self, request: Request) -> Response:
        """What unknown cards were scanned since, as the waiting page asks for it."""
        await self.head(request)
        staff, asked = signed_in_staff(request), request.query_params
        now = self.office.now()
        since = max(_instant(asked.get("since", ""), now), now - timedelta(seconds=2 * SCAN_S))

        def read() -> list[dict[str, Any]]:
            with self.office.database.read() as session:
                events = repository.unknown_cards(session, staff.organization_id, asked.get("point", ""), since)
                return [found for each in events if (found := self._offered(session, each, staff.language))]

        return JSONResponse(await in_thread(read))

    @route("/scan/assign", methods=["POST"], name="account_card_assign")
    async def assign(self, request: Request) -> Response:
        """Gives somebody the card that was scanned."""
        form, staff = await request.form(), signed_in_staff(request)
        event_id, person_id = str(form.get("event", "")), str(form.get("person", ""))

        def work(session: Session) -> None:
            person = self._person(session, request, person_id)
            event = session.get(Event, event_id)
            is_fresh = event is not None and event.occurred_at >= self.office.now() - timedelta(minutes=15)
            if event is None or event.organization_id != staff.organization_id or not is_fresh:
                raise NotFound("no such scan")
            service.assign(session, person, event, by=staff.staff_id, now=self.office.now())

        try:
            return await self.act(request, work, done="card.issued_done", back=self._back(request))
        except CardRefused as refused:
            problem = problem_of(refused)
            flash(request, texts(staff.language)(problem.code, **problem.details), "error")
            return RedirectResponse(self._back(request), status_code=303)

    def _offered(self, session: Session, event: Event, language: str) -> dict[str, Any] | None:
        presented = repository.presented_in(event)
        if presented is None:
            return None
        kind, mark = presented
        known = repository.credential_by_fingerprint(session, event.organization_id, mark)
        t = texts(language)
        taken = ""
        if known is not None:
            taken = (
                t("card_problem.revoked") if known.revoked_at else t("card_problem.taken", name=known.person.full_name)
            )
        return {"event": event.id, "kind": t(f"card_kind.{kind.value.removesuffix('_text')}"), "taken": taken}

    def _back(self, request: Request) -> str:
        return self.url(request, "account_cards")

    def _card(self, session: Session, request: Request) -> Credential:
        staff, parts = signed_in_staff(request), request.path_params
        return repository.credential_of(session, staff.organization_id, parts["account_id"], parts["credential_id"])

    def _person(self, session: Session, request: Request, person_id: str) -> Person:
        account_id = request.path_params["account_id"]
        return person_of(session, signed_in_staff(request).organization_id, account_id, person_id)

    def _fields(self, language: str) -> tuple[Field, ...]:
        t = texts(language)
        kinds = [(each.value, t(f"card_kind.{each}")) for each in _KINDS]
        return (
            Field(name="number", label="card.number", most=512, help="card.number_help"),
            Field(name="kind", label="card.kind", kind=Kind.CHOICE, choices=kinds, is_required=True),
        )

    def _issuing(self, session: Session, request: Request) -> Edit:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        head_people = people_of(session, staff.organization_id, account_id)
        asked = request.query_params.get("person", "")
        people = [(each.id, each.full_name) for each in head_people]
        chosen = asked if asked in dict(people) else people[0][0] if len(people) == 1 else ""
        who = Field(name="person", label="card.person", kind=Kind.CHOICE, choices=people, is_required=True)

        def save(session: Session, found: Mapping[str, Any]) -> None:
            person = self._person(session, request, found["person"])
            kind, by = CredentialKind(found["kind"]), staff.staff_id
            _refusing(lambda: service.issue(session, person, kind, found["number"], by=by, now=self.office.now()))

        number, kind = self._fields(staff.language)
        return Edit(
            title=texts(staff.language)("card.new"),
            fields=(who, number, kind),
            values={"person": [chosen], "number": [""], "kind": [CredentialKind.BARCODE.value]},
            save=save,
            back=self._back(request),
            done="card.issued_done",
            submit="card.issue",
            why="card.new_why",
        )

    def _replacing(self, session: Session, request: Request) -> Edit:
        staff, old = signed_in_staff(request), self._card(session, request)

        def save(session: Session, found: Mapping[str, Any]) -> None:
            kind, by = CredentialKind(found["kind"]), staff.staff_id
            _refusing(lambda: service.replace(session, old, kind, found["number"], by=by, now=self.office.now()))

        t = texts(staff.language)
        number = masked(old.value) or t("card.unknown_number")
        kind = old.kind if old.kind in _KINDS else CredentialKind.NFC
        return Edit(
            title=t("card.replace_of", number=number, name=old.person.full_name),
            fields=self._fields(staff.language),
            values={"number": [""], "kind": [kind.value]},
            save=save,
            back=self._back(request),
            done="card.replaced_done",
            submit="card.replace",
            why="card.replace_why",
        )


def is_printable(card: Credential) -> bool:
    """Whether there is something to print: a code that is known, of a card in use."""
    return bool(card.value) and card.revoked_at is None and card.kind in (CredentialKind.BARCODE, CredentialKind.QR)


def problem_of(refused: CardRefused) -> Problem:
    """What is said about a card that is not issued."""
    details = {"name": refused.holder} if isinstance(refused, CardTaken) else {}
    return Problem(f"card_problem.{refused.code}", details)


def people_of(session: Session, organization_id: str, account_id: str) -> list[Person]:
    """The people of an account by first name. Raises NotFound."""
    return list(account_of(session, organization_id, account_id).members)


def _refusing(work: Callable[[], object]) -> None:
    try:
        work()
    except CardRefused as refused:
        raise Refused({"" if refused.code == "not_in_use" else "number": problem_of(refused)}) from refused


def _instant(text: str, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return now
    return at if at.tzinfo is not None else now
