"""Membership cards in the back office: numbers, replacing, cancelling, scanning at a door, printing, templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from access.domain.credentials import Code, CredentialKind, fingerprint
from server.cards.preview import page_picture
from server.db import Database
from server.models import CardTemplate, Credential, FeedEntry, Organization, Person, SavedList, Staff
from tests.component.server_web import sample as some
from tests.component.server_web.browser import Browser

CARDS = "/admin/accounts/home-account/cards"
CARD = "/admin/accounts/home-account/card"


def send(browser: Browser, path: str, **fields: Any) -> httpx.Response:
    """Opens a form and sends it with what it was opened with."""
    page = browser.get(path)
    assert page.status_code == 200, page.status_code
    seen = page.text.split('name="seen" value="')[1].split('"')[0]
    return browser.post(path, seen=seen, **fields)


def issue(browser: Browser, person: str = "home-emile", number: str = "", kind: str = "barcode") -> httpx.Response:
    """Sends the form that issues a card."""
    return send(browser, f"{CARD}/new", person=person, number=number, kind=kind)


def cards(database: Database, person_id: str = "home-emile") -> list[Credential]:
    """A person's cards, oldest first."""
    with database.read() as session:
        wanted = select(Credential).where(Credential.person_id == person_id)
        return list(session.scalars(wanted.order_by(Credential.issued_at, Credential.id)))


def in_use(database: Database, person_id: str = "home-emile") -> list[str]:
    """The codes that open doors."""
    return [card.value for card in cards(database, person_id) if card.revoked_at is None]


@pytest.fixture(autouse=True)
def _numbers(database: Database) -> None:
    """Émile has no card and no member ID yet; two of the next numbers are taken."""
    with database.write() as session:
        emile = session.get_one(Person, "home-emile")
        emile.member_id = None
        for card in list(emile.credentials):
            session.delete(card)
        home = session.get_one(Organization, "home")
        home.next_member_number = 41
        session.get_one(Person, "home-zoe").member_id = "000042"
        session.flush()
        session.add(Credential.of(home, session.get_one(Person, "home-zoe"), Code(CredentialKind.QR, "000041")))


def test_the_next_number_is_one_that_nobody_has(admin: Browser, database: Database) -> None:
    """With its zeros; it becomes the member ID; who issued it is kept, and the doors are told."""
    assert issue(admin).status_code == 303
    (card,) = cards(database)
    assert card.value == "000043"
    with database.read() as session:
        assert session.get_one(Person, "home-emile").member_id == "000043"
        assert session.get_one(Organization, "home").next_member_number == 44
        assert card.issued_by == session.scalars(select(Staff.id).where(Staff.email == "admin@example.org")).one()
        last = session.scalars(select(FeedEntry).where(FeedEntry.body.contains(card.fingerprint))).first()
        assert last is not None
    assert "000043" not in admin.get(CARDS).text
    assert "•" in admin.get(CARDS).text


def test_a_member_id_that_is_no_card_yet_is_issued_first(admin: Browser, database: Database) -> None:
    """And the next card has the next number."""
    issue(admin, "home-zoe", kind="qr")
    issue(admin, "home-zoe")
    assert in_use(database, "home-zoe")[-2:] == ["000042", "000043"]


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("barcode", "0007", "0007"),
        ("barcode", "]C10007\r", "0007"),
        ("qr", " abc ", "abc"),
        ("nfc", "04:a2:24:b2", "04A224B2"),
    ],
)
def test_what_is_typed_or_scanned_is_kept_as_doors_read_it(
    admin: Browser, database: Database, kind: str, typed: str, kept: str
) -> None:
    """A scanner at the desk's computer types what it reads, with whatever it puts around it."""
    assert issue(admin, number=typed, kind=kind).status_code == 303
    (card,) = cards(database)
    assert (card.value, card.kind) == (kept, kind)
    with database.read() as session:
        key = session.get_one(Organization, "home").fingerprint_key
    assert card.fingerprint == fingerprint(key, Code(CredentialKind(kind), kept))


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("nfc", "", "needs its number"),
        ("nfc", "hello", "not the number of an NFC card"),
        ("barcode", "a\u0007b", "cannot have this number"),
        ("barcode", "x" * 400, "too long for a card"),
        ("barcode", "000041", "Zoé Tremblay has this card"),
    ],
)
def test_what_cannot_be_a_card_is_said_beside_the_number(
    admin: Browser, database: Database, kind: str, typed: str, said: str
) -> None:
    """Whose a card is, is said where it is one of the organization's."""
    answer = issue(admin, number=typed, kind=kind)
    assert answer.status_code == 422
    assert said in answer.text
    assert cards(database) == []


def test_a_card_of_another_organization_is_nobodys_here(admin: Browser, database: Database) -> None:
    """Each has its own keys and its own numbers."""
    with database.write() as session:
        elsewhere = session.get_one(Organization, "elsewhere")
        card = Credential.of(elsewhere, session.get_one(Person, "elsewhere-zoe"), Code(CredentialKind.BARCODE, "777"))
        session.add(card)
    assert issue(admin, number="777").status_code == 303


def test_replacing_cancels_the_old_card_and_links_the_new_one(admin: Browser, database: Database) -> None:
    """The member ID follows; the old number is never given out again."""
    issue(admin)
    (old,) = cards(database)
    assert send(admin, f"{CARD}/{old.id}/replace", number="", kind="qr").status_code == 303
    old, new = cards(database)
    assert (old.revoked_because, new.replaces_id, new.value) == ("replaced", old.id, "000044")
    assert old.revoked_at is not None
    assert old.revoked_by == new.issued_by
    with database.read() as session:
        assert session.get_one(Person, "home-emile").member_id == "000044"
    again = issue(admin, number="000043")
    assert again.status_code == 422
    assert "cancelled card never comes back" in again.text
    assert "instead of" in admin.get(CARDS).text


def test_a_card_that_is_cancelled_stays_cancelled(admin: Browser, database: Database) -> None:
    """With its reason; doors hear of it in the same transaction."""
    issue(admin)
    (card,) = cards(database)
    assert admin.post(f"{CARD}/{card.id}/revoke", because="nonsense").status_code == 404
    assert admin.post(f"{CARD}/{card.id}/revoke", because="lost").status_code == 303
    assert in_use(database) == []
    assert cards(database)[0].revoked_because == "lost"
    assert "Lost" in admin.get(CARDS).text
    assert admin.post(f"{CARD}/{card.id}/revoke", because="stolen").status_code == 404
    answer = send(admin, f"{CARD}/{card.id}/replace", number="", kind="barcode")
    assert answer.status_code == 422
    assert len(cards(database)) == 1


def unknown_card(database: Database, mark: str, *, at: datetime, kind: str = "nfc", length: int | None = None) -> str:
    """A door refuses a card that it does not know."""
    with database.write() as session:
        event = some.event(
            session, occurred_at=at, kind="denied", outcome="denied", reasons=["unknown_card"], person_id=None
        )
        event.body = json.dumps({"credential": {"kind": kind, "fingerprint": mark, "length": length}})
        return event.id


def test_a_card_scanned_at_a_door_is_given_to_somebody(admin: Browser, database: Database) -> None:
    """Only what came after the wait began, only unknown cards, and only once."""
    now = datetime.now(UTC)
    unknown_card(database, "a" * 32, at=now - timedelta(minutes=5))
    unknown_card(database, "b" * 32, at=now, length=3)
    event = unknown_card(database, "c" * 32, at=now)
    found = admin.get(
        f"{CARD}/scan/found?point=home-pool&since={(now - timedelta(seconds=1)).isoformat()[:19]}%2B00:00"
    )
    assert [each["event"] for each in found.json()] == [event]
    assert admin.get(f"{CARD}/scan/found?point=home-gym").json() == []
    assert admin.post(f"{CARD}/scan/assign", event=event, person="home-emile").status_code == 303
    (card,) = cards(database)
    assert (card.fingerprint, card.value, card.kind) == ("c" * 32, "", "nfc")
    admin.post(f"{CARD}/scan/assign", event=event, person="home-zoe")
    assert "Émile Tremblay has this card" in admin.get(CARDS).text
    assert len(cards(database)) == 1


def test_an_old_scan_or_one_of_others_is_not_given(admin: Browser, database: Database) -> None:
    """Nor a scan to somebody of another account."""
    old = unknown_card(database, "d" * 32, at=datetime.now(UTC) - timedelta(hours=1))
    fresh = unknown_card(database, "e" * 32, at=datetime.now(UTC))
    with database.write() as session:
        theirs = some.event(session, "elsewhere", occurred_at=datetime.now(UTC), reasons=["unknown_card"]).id
    for event, person in ((old, "home-emile"), (theirs, "home-emile"), (fresh, "elsewhere-emile")):
        assert admin.post(f"{CARD}/scan/assign", event=event, person=person).status_code == 404
    assert cards(database) == []


def test_the_waiting_page_names_the_door_and_the_person(admin: Browser) -> None:
    """For a minute."""
    page = admin.get(f"{CARD}/scan?person=home-emile&point=home-pool")
    assert 'data-seconds="60"' in page.text
    assert "Give it to Émile Tremblay" in page.text


def test_cards_are_printed_and_remember_it(admin: Browser, database: Database) -> None:
    """One person's, or the whole account's; a card without a known code is left out."""
    issue(admin)
    (card,) = cards(database)
    answer = admin.post(f"{CARD}/print", card=card.id, paper="cr80")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    with pytest.raises(IndexError):
        page_picture(answer.content, 1)
    assert cards(database)[0].printed_at is not None
    assert cards(database, "home-zoe")[0].printed_at is None
    everybody = admin.post(f"{CARD}/print", paper="cr80")
    assert page_picture(everybody.content, 3) is not None
    assert admin.post(f"{CARD}/print", paper="papyrus").status_code == 404
    assert admin.post(f"{CARD}/print", paper="a4", template="nobodys").status_code == 404


def test_the_cards_of_a_list_are_printed(admin: Browser, database: Database) -> None:
    """By last name; those never printed only, if so wanted; and when there are none, that is said."""
    issue(admin)
    with database.write() as session:
        owner = session.scalars(select(Staff.id).where(Staff.email == "admin@example.org")).one()
        saved = SavedList(organization_id="home", staff_id=owner, name="É", query={"q": "Émile"})
        session.add(saved)
        session.flush()
        list_id = saved.id
    answer = admin.post("/admin/print-cards/pdf", list=list_id, paper="letter", new_only="on")
    assert answer.content.startswith(b"%PDF")
    assert cards(database)[0].printed_at is not None
    assert cards(database, "home-zoe")[0].printed_at is None
    assert admin.post("/admin/print-cards/pdf", list=list_id, paper="letter", new_only="on").status_code == 303
    assert "no card to print" in admin.get("/admin/print-cards").text
    assert admin.post("/admin/print-cards/pdf", paper="a4").content.startswith(b"%PDF")
    assert admin.post("/admin/print-cards/pdf", list="nobodys", paper="a4").status_code == 404


TEMPLATE = {"name": "Plain", "colour": "#AA2200", "code": "qr", "language": "fr", "prefix": "m", "digits": "4"}


def test_a_template_says_how_cards_and_numbers_look(admin: Browser, database: Database) -> None:
    """The first one is the default one; there is one default at a time."""
    assert send(admin, "/admin/card-templates/new", **TEMPLATE, has_picture="on").status_code == 303
    issue(admin)
    assert in_use(database) == ["M0041"]
    send(admin, "/admin/card-templates/new", **{**TEMPLATE, "name": "Annual", "prefix": "S"}, is_default="on")
    with database.read() as session:
        found = {each.name: each.is_default for each in session.scalars(select(CardTemplate))}
    assert found == {"Plain": False, "Annual": True}
    page = admin.get("/admin/card-templates")
    assert page.text.index("Annual") < page.text.index("Plain")
    with database.read() as session:
        second = session.scalars(select(CardTemplate).where(CardTemplate.name == "Annual")).one()
    admin.post(f"/admin/card-templates/edit/{second.id}/archive")
    assert "Annual" not in admin.get("/admin/card-templates").text
    assert send(admin, "/admin/card-templates/new", **{**TEMPLATE, "name": "Annual"}).status_code == 303


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("colour", "blue", "Type # and six digits"),
        ("digits", "13", "from 1 to 12"),
        ("digits", "x", "from 1 to 12"),
        ("prefix", "É", "capital letters"),
        ("name", "", "This is needed"),
    ],
)
def test_what_makes_no_template_is_said(admin: Browser, database: Database, field: str, typed: str, said: str) -> None:
    """Beside its field."""
    answer = send(admin, "/admin/card-templates/new", **{**TEMPLATE, field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    with database.read() as session:
        assert session.scalars(select(CardTemplate)).all() == []


def test_the_preview_is_the_card(admin: Browser) -> None:
    """As a picture, front and back; while the form makes no sense there is none."""
    wanted = {**TEMPLATE, "back_fr": "Trouvée ?"}
    front, back = (
        admin.send("GET", "/admin/card-templates/preview", params={**wanted, "side": side}) for side in ("", "back")
    )
    assert front.headers["content-type"] == "image/png"
    assert front.content != back.content
    wrong = admin.send("GET", "/admin/card-templates/preview", params={**wanted, "colour": "red"})
    assert wrong.status_code == 422


def test_who_may_only_look_sees_cards_and_does_nothing(
    log_in: Callable[[str], Browser], admin: Browser, database: Database
) -> None:
    """Neither forms nor buttons."""
    issue(admin)
    (card,) = cards(database)
    viewer = log_in("viewer")
    page = viewer.get(CARDS)
    assert page.status_code == 200
    assert "/card/new" not in page.text
    for path in (f"{CARD}/{card.id}/revoke", f"{CARD}/print", f"{CARD}/scan/assign", "/admin/print-cards/pdf"):
        assert viewer.post(path, because="lost", paper="cr80").status_code == 403
    assert log_in("desk").get("/admin/card-templates").status_code == 403


def test_another_organizations_cards_are_not_there(log_in: Callable[[str], Browser], database: Database) -> None:
    """Not through an account of one's own either."""
    (card, *_) = cards(database, "home-zoe")
    stranger = log_in("other")
    own = "/admin/accounts/elsewhere-account/card"
    assert stranger.post(f"{own}/{card.id}/revoke", because="lost").status_code == 404
    assert stranger.get(f"{own}/{card.id}/replace").status_code == 404
    before = stranger.post(f"{own}/print", card=card.id, paper="cr80")
    assert before.status_code == 303
    assert cards(database, "home-zoe")[0].printed_at is None
