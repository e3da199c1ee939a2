"""The client account in Chromium: by keyboard, in both languages, on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from access.domain.people import Language
from server.models import AllowedAdult, ExtraQuestion, Memo, Person, Skill, Staff, Tag
from tests.chromium import faint_texts, resize
from tests.e2e.back_office.conftest import Office

_FLAWS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module", autouse=True)
def _more(office: Office) -> None:
    """A child, a tag, a question and a skill, once."""
    own: dict[str, Any] = {"organization_id": "home"}
    with office.database.write() as session:
        if session.get(Person, "home-nora") is not None:
            return
        session.add(Tag(id="camp", name="Summer camp", colour="green", **own))
        session.add(ExtraQuestion(id="school", label_en="School", label_fr="École", is_required=True, **own))
        session.add(Skill(id="swim", name_en="Swimming", name_fr="Natation", levels=["Otter", "Seal"], **own))
        child = Person(id="home-nora", account_id="home-account", first_name="Nora", last_name="Tremblay", **own)
        child.date_of_birth = date(2019, 5, 17)
        session.add(child)


@pytest.fixture
def french(office: Office) -> Iterator[None]:
    """The admin reads French."""
    _speak(office, Language.FR)
    yield
    _speak(office, Language.EN)


def _speak(office: Office, language: Language) -> None:
    with office.database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = language


def _open(page: Page, office: Office, path: str = "/members/home-zoe") -> None:
    page.goto(f"{office.url}/admin/accounts/home-account{path}")


def test_a_section_is_changed_by_keyboard(admin: Page, office: Office) -> None:
    """What is wrong is said beside its field, which has the cursor; what was typed stays."""
    _open(admin, office)
    admin.locator("#personal").get_by_role("link", name="Change").press("Enter")
    first = admin.get_by_label("First name")
    expect(first).to_be_focused()
    phone = admin.get_by_label("Telephone")
    phone.fill("call me")
    admin.get_by_label("E-mail").fill("zoe@example.org")
    phone.press("Enter")
    alert = admin.get_by_role("alert")
    expect(alert).to_contain_text("Nothing is saved yet")
    expect(alert).to_have_css("display", "block")
    expect(phone).to_be_focused()
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_accessible_description("This is not a telephone number.")
    expect(admin.get_by_label("E-mail")).to_have_value("zoe@example.org")
    phone.fill("514 555 0100")
    phone.press("Enter")
    expect(admin.locator("#personal")).to_contain_text("514 555 0100")
    expect(admin.locator("#personal")).to_contain_text("zoe@example.org")


def test_a_block_says_what_it_does_before_it_does_it(admin: Page, office: Office) -> None:
    """And is lifted again, all by keyboard."""
    _open(admin, office, "/members/home-emile")
    flags = admin.locator("#flags")
    flags.get_by_text("Block entry", exact=True).press("Enter")
    expect(flags).to_contain_text("Every door refuses them from now on.")
    flags.get_by_role("button", name="Block entry: Émile").press("Enter")
    expect(admin.locator(".member-head")).to_contain_text("Entry blocked")
    flags.get_by_text("Lift the block", exact=True).press("Enter")
    flags.get_by_role("button", name="Lift the block: Émile").press("Enter")
    expect(admin.locator(".member-head")).not_to_contain_text("Entry blocked")


def test_a_starred_memo_and_a_tag(admin: Page, office: Office) -> None:
    """The memo stands first with its writer; the tag in the header."""
    _open(admin, office)
    admin.get_by_role("link", name="New memo").press("Enter")
    memo = admin.get_by_role("textbox", name="Memo")
    expect(memo).to_be_focused()
    memo.press_sequentially("Carries an inhaler")
    admin.get_by_label("Starred: reaches the door").press("Space")
    admin.get_by_role("button", name="Save").press("Enter")
    expect(admin.locator("#memos .is-starred")).to_contain_text("Carries an inhaler")
    expect(admin.locator("#memos .is-starred")).to_contain_text("Alex Admin")
    with office.database.read() as session:
        assert session.scalars(select(Memo).where(Memo.text == "Carries an inhaler")).one().is_starred
    admin.locator("#tags").get_by_role("checkbox", name="Summer camp").press("Space")
    admin.locator("#tags").get_by_role("button", name="Save").press("Enter")
    expect(admin.get_by_role("list", name="Tags")).to_contain_text("Summer camp")


def test_the_same_name_is_asked_about(admin: Page, office: Office) -> None:
    """View, or create anyway."""
    _open(admin, office)
    admin.get_by_role("link", name="Add a person").press("Enter")
    admin.get_by_label("First name").fill("emile")
    admin.get_by_label("Last name").fill("Tremblay")
    admin.get_by_label("Last name").press("Enter")
    expect(admin.get_by_role("alert")).to_contain_text("Matches in this list")
    expect(admin.get_by_label("First name")).to_have_value("emile")
    admin.get_by_role("link", name="View Émile Tremblay").press("Enter")
    expect(admin.get_by_role("heading", level=2, name="Émile Tremblay")).to_be_visible()


@pytest.mark.usefixtures("french")
def test_a_contact_on_a_telephone_in_french(admin: Page, office: Office) -> None:
    """Who may pick up the child is told to the doors."""
    resize(admin, 390, 844)
    _open(admin, office, "/members/home-nora")
    admin.get_by_role("link", name="Ajouter un contact").press("Enter")
    admin.get_by_label("Prénom").fill("Rose")
    admin.get_by_label("Lien").fill("Grand-mère")
    admin.get_by_role("checkbox", name="Nora Tremblay").press("Space")
    admin.get_by_role("button", name="Enregistrer").press("Enter")
    expect(admin.locator("#contacts")).to_contain_text("Qui peut ramasser cet enfant")
    expect(admin.locator("#contacts")).to_contain_text("Grand-mère")
    with office.database.read() as session:
        assert session.scalars(select(AllowedAdult).where(AllowedAdult.name == "Rose")).one().child_id == "home-nora"


@pytest.mark.usefixtures("french")
@pytest.mark.parametrize(
    "path",
    ["", "/members/home-nora?all=1", "/skills", "/balance", "/person/home-zoe/section/personal", "/sell/membership"],
)
def test_nothing_is_cut_off_or_faint(admin: Page, office: Office, path: str) -> None:
    """At 360 pixels in French, in the light and in the dark."""
    resize(admin, 360, 740)
    _open(admin, office, path)
    assert admin.evaluate(_FLAWS) <= 0
    assert faint_texts(admin, "light") == []
    assert faint_texts(admin, "dark") == []


def test_settings_by_keyboard(admin: Page, office: Office) -> None:
    """A question is added and moved up."""
    admin.goto(f"{office.url}/admin/organization")
    admin.get_by_role("link", name="Add a question").press("Enter")
    admin.get_by_label("Question (English)").fill("Shirt size")
    admin.get_by_label("Question (English)").press("Enter")
    section = admin.get_by_role("region", name="Extra questions")
    expect(section.get_by_role("listitem").last).to_contain_text("Shirt size")
    section.get_by_role("button", name="Move up: Shirt size").press("Enter")
    expect(section.get_by_role("listitem").first).to_contain_text("Shirt size")
