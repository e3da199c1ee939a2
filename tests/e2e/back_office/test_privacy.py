"""Duplicates made one and a person erased, in Chromium: by what the pages say, in both languages, on a telephone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from access.domain.people import Language
from server.models import Account, Memo, Person, Staff
from tests.chromium import faint_texts, resize
from tests.e2e.back_office.conftest import Office

_TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_NUMBERS = itertools.count(1)


@pytest.fixture
def pair(office: Office) -> Callable[[], tuple[str, str]]:
    """Makes somebody who is in the list twice."""

    def make() -> tuple[str, str]:
        number = next(_NUMBERS)
        ids = (f"one-{number}", f"two-{number}")
        with office.database.write() as session:
            for place, id_ in enumerate(ids):
                session.add(Account(id=f"account-{id_}", organization_id="home"))
                session.flush()
                person = Person(
                    id=id_,
                    organization_id="home",
                    account_id=f"account-{id_}",
                    first_name="Odile",
                    last_name=f"Lapointe{'abcdefghij'[number]}",
                    date_of_birth=date(1990, 2, 3),
                    phone=(f"418 555-010{number}", None)[place],
                    email=(None, f"odile{number}@example.org")[place],
                )
                session.add(person)
                session.flush()
                session.get_one(Account, f"account-{id_}").owner_id = id_
                session.add(Memo(person_id=id_, text=f"Memo of {id_}"))
        return ids

    return make


@pytest.fixture
def french(office: Office) -> Callable[[bool], None]:
    """Has the admin read French, or English again."""

    def speak(is_french: bool) -> None:
        with office.database.write() as session:
            staff = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
            staff.language = Language.FR if is_french else Language.EN

    return speak


def test_duplicates_become_one(admin: Page, office: Office, pair: Callable[[], tuple[str, str]]) -> None:
    """From the member's page to the pair, side by side, and back with everything on one row."""
    one, two = pair()
    admin.goto(f"{office.url}/admin/accounts/account-{one}/members/{one}")
    admin.get_by_role("link", name="Duplicates").last.click()
    expect(admin.get_by_text("same name and date of birth")).to_have_count(1)
    admin.get_by_role("link", name="Compare").click()
    expect(admin.get_by_role("radio", name="E-mail, Is merged")).to_be_checked()
    admin.get_by_role("checkbox").check()
    admin.get_by_role("button", name="Make them one").press("Enter")
    expect(admin.get_by_text("They are one now.")).to_be_visible()
    expect(admin.get_by_text(f"Memo of {two}").first).to_be_visible()
    with office.database.read() as session:
        kept, gone = session.get_one(Person, one), session.get_one(Person, two)
        assert gone.merged_into == one
        assert kept.phone is not None
        assert kept.email is not None
        assert session.get_one(Account, f"account-{two}").merged_into == f"account-{one}"


def test_erasing_takes_the_name(admin: Page, office: Office, pair: Callable[[], tuple[str, str]]) -> None:
    """Another name changes nothing; the person's own erases."""
    one, _ = pair()
    with office.database.read() as session:
        name = session.get_one(Person, one).full_name
    admin.goto(f"{office.url}/admin/people/{one}/privacy")
    admin.get_by_text(f"Erase everything about {name}").press("Enter")
    admin.get_by_label("To confirm").fill("Somebody else")
    admin.get_by_role("button", name="Erase for good").click()
    expect(admin.get_by_text("That is not the person's name")).to_be_visible()
    admin.get_by_text(f"Erase everything about {name}").press("Enter")
    admin.get_by_label("To confirm").fill(name)
    admin.get_by_role("button", name="Erase for good").click()
    expect(admin.get_by_text("What there was about this person was erased")).to_be_visible()
    expect(admin.get_by_text(name)).to_have_count(0)
    with office.database.read() as session:
        assert session.get_one(Person, one).erased_at is not None
        assert session.scalars(select(Memo).where(Memo.person_id == one)).all() == []


def test_archived_and_brought_back(admin: Page, office: Office, pair: Callable[[], tuple[str, str]]) -> None:
    """What deleting still waits for is said."""
    one, _ = pair()
    admin.goto(f"{office.url}/admin/people/{one}/leaving")
    admin.get_by_role("button", name="Archive").click()
    expect(admin.get_by_text("Archived since")).to_be_visible()
    expect(admin.get_by_text("Deleting is off")).to_be_visible()
    expect(admin.get_by_role("button", name="Delete for good")).to_have_count(0)
    admin.get_by_role("button", name="Bring back").click()
    expect(admin.get_by_role("button", name="Archive")).to_be_visible()


def test_retention_is_set_within_its_bounds(admin: Page, office: Office) -> None:
    """Longer for movements than for the log that vouches for them is refused beside the field."""
    admin.goto(f"{office.url}/admin/retention")
    expect(admin.get_by_label("Movements", exact=True)).to_have_value("90")
    admin.get_by_label("Movements", exact=True).fill("3000")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("has to be kept at least as long")).to_be_visible()
    expect(admin.get_by_label("Movements", exact=True)).to_have_value("3000")
    admin.get_by_label("Movements", exact=True).fill("60")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Saved. It counts from the next night on.")).to_be_visible()
    expect(admin.get_by_label("Movements", exact=True)).to_have_value("60")
    expect(admin.get_by_label("Archived people", exact=True)).to_have_value("")


@pytest.mark.parametrize("is_french", [False, True], ids=["en", "fr"])
def test_every_page_fits_a_telephone(
    admin: Page,
    office: Office,
    pair: Callable[[], tuple[str, str]],
    french: Callable[[bool], None],
    is_french: bool,
) -> None:
    """No page is wider than 360 px, and no text is faint."""
    one, two = pair()
    french(is_french)
    try:
        resize(admin, 360, 800)
        for path in (
            f"people/{one}/leaving",
            f"people/{one}/privacy",
            "duplicates",
            f"duplicates/{one}/{two}",
            "retention",
        ):
            admin.goto(f"{office.url}/admin/{path}")
            expect(admin.locator("h1")).to_be_visible()
            assert admin.evaluate(_TOO_WIDE) == 0, path
            assert faint_texts(admin) == [], path
    finally:
        french(False)
