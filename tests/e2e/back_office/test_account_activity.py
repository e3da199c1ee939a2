"""Account activity in Chromium: a flagged row is found by its flag and settled, a wrong one undone, by keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from server.models import Event, Settlement, Staff, utc_now
from tests.component.server_web.sample import event
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser
ACTIVITY = "/admin/accounts/home-account/activity"


@pytest.mark.parametrize(
    ("language", "filter_", "title", "record", "done"),
    [
        ("en", "Filter", "Settlement", "Record the decision", "Let be – Alex Admin"),
        ("fr", "Filtrer", "Règlement", "Enregistrer la décision", "Laissé tel quel – Alex Admin"),
    ],
)
def test_a_flagged_row_is_settled_by_keyboard(
    admin: Page, office: Office, language: str, filter_: str, title: str, record: str, done: str
) -> None:
    """Filter, open, choose, write a note, send; the decision stands on the row."""
    with office.database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = language
        for number in range(3):
            event(session, occurred_at=utc_now() - timedelta(minutes=number + 5))
        event(session, occurred_at=utc_now() - timedelta(minutes=30), flags=["clone"])
    try:
        admin.goto(f"{office.url}{ACTIVITY}")
        rows = admin.locator("tbody tr")
        expect(rows).to_have_count(4)
        admin.locator("#flag").select_option("clone")
        admin.get_by_role("button", name=filter_, exact=True).press("Enter")
        expect(rows).to_have_count(1)
        admin.locator("summary", has_text=title).press("Enter")
        admin.locator("input[name=choice][value=none]").press("Space")
        admin.locator("input[name=note]").press_sequentially("ok")
        admin.get_by_role("button", name=record).press("Enter")
        expect(rows.first).to_contain_text(done)
    finally:
        with office.database.write() as session:
            for made in session.scalars(select(Settlement)):
                session.delete(made)
            session.execute(delete(Event))
            session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = "en"


def test_a_wrong_row_is_undone_by_keyboard(admin: Page, office: Office) -> None:
    """The reason is asked beside the row; Escape leaves it; once sent, the correction stands on the row."""
    with office.database.write() as session:
        event(session, occurred_at=utc_now() - timedelta(minutes=5))
    try:
        admin.goto(f"{office.url}{ACTIVITY}")
        undo, reason = admin.locator("details.undo > summary"), admin.get_by_role("textbox", name="Reason")
        undo.press("Enter")
        expect(reason).to_be_focused()
        reason.press("Escape")
        expect(reason).to_be_hidden()
        expect(undo).to_be_focused()
        undo.press("Enter")
        expect(reason).to_be_focused()
        reason.press_sequentially("Wrong sister")
        reason.press("Enter")
        expect(admin.get_by_role("status").filter(has_text="It is undone.")).to_be_visible()
        expect(admin.locator("tbody tr:target")).to_contain_text("Undone")
        expect(undo).to_have_count(0)
    finally:
        with office.database.write() as session:
            session.execute(delete(Event))
