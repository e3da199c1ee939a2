"""Account activity's page: corrections linked both ways, settling a flagged row, the workbook, where an alarm leads."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from server.db import Database
from server.models import Account, Alarm, Event, Multipass, MultipassType, PassUse, Settlement
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import event

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
ACTIVITY = "/admin/accounts/home-account/activity"


@pytest.fixture
def overdrawn(database: Database) -> str:
    """An overdrawn use of the family's pass; the id of its event."""
    with database.write() as session:
        session.get_one(MultipassType, "home-pt").price_cents = 4500
        session.get_one(Multipass, "home-pass").total = 2
        made = event(session, pass_type="multipass", pass_id="home-pass", pass_name="Swim pass", flags=["overdrawn"])
        session.flush()
        use = {"organization_id": "home", "multipass_id": "home-pass", "person_id": "home-zoe"}
        session.add(PassUse(id=made.id, used_at=made.occurred_at, **use))
        session.add(Alarm(organization_id="home", kind="pass_overdrawn", subject="home-pass"))
        return made.id


def test_a_correction_and_what_it_corrects_lead_to_each_other(admin: Browser, database: Database) -> None:
    """Both ways, and the link finds its row on whichever page it is."""
    with database.write() as session:
        wrong = event(session, occurred_at=NOON - timedelta(days=30)).id
        for number in range(60):
            event(session, occurred_at=NOON - timedelta(days=1, minutes=number))
        undone = event(session, kind="undone", refers_to=wrong, staff_id="gone", occurred_at=NOON).id
    newest = admin.get(ACTIVITY).text
    assert f"/admin/events/{wrong}" in newest
    assert f'<tr id="{wrong}"' not in newest
    found = admin.get(f"/admin/events/{wrong}")
    assert found.status_code == 303
    page = admin.get(found.headers["location"].split("#")[0]).text
    assert f'<tr id="{wrong}"' in page
    assert f"/admin/events/{undone}" in page
    assert "Undone:" in page


def test_an_event_of_nobody_is_explained_and_a_foreign_one_is_not_there(admin: Browser, database: Database) -> None:
    """An unknown card is on no account."""
    with database.write() as session:
        unknown = event(session, kind="denied", outcome="denied", person_id=None, account_id=None).id
        foreign = event(session, organization="elsewhere").id
    assert admin.get(f"/admin/events/{unknown}").headers["location"].endswith(f"/admin/why/{unknown}")
    for path in (f"/admin/events/{foreign}", "/admin/events/nothing", "/admin/alarms/nothing"):
        assert admin.get(path).status_code == 404


def test_a_charge_is_recorded_once_and_shown(admin: Browser, database: Database, overdrawn: str) -> None:
    """The amount as typed in either language, the decision on the row, the alarm settled; a second one is refused."""
    page = admin.get(ACTIVITY).text
    assert 'value="9.00"' in page
    for amount in ("12,34", "99"):
        answer = admin.post(f"{ACTIVITY}/{overdrawn}/settle", choice="charge", amount=amount, note="<b>paid</b>")
        assert answer.headers["location"].endswith(f"/activity?event={overdrawn}#{overdrawn}")
    with database.read() as session:
        assert session.get_one(Account, "home-account").balance_cents == 4250 + 1234
        (made,) = session.scalars(select(Settlement))
        assert made.decision == "charge"
        assert session.scalars(select(Alarm)).one().settled_at is not None
        assert session.get_one(Event, overdrawn).flags == ["overdrawn"]
    page = admin.get(ACTIVITY).text
    assert "Charged $12.34 – Alex Admin" in page
    assert "&lt;b&gt;paid&lt;/b&gt;" in page
    assert "Record the decision" not in page


@pytest.mark.parametrize(
    "form", [{}, {"choice": "charge", "amount": "0"}, {"choice": "charge", "amount": "x"}, {"choice": "block"}]
)
def test_a_form_that_says_too_little_changes_nothing(
    admin: Browser, database: Database, overdrawn: str, form: dict[str, str]
) -> None:
    """Back to the row, with what is missing."""
    assert admin.post(f"{ACTIVITY}/{overdrawn}/settle", **form).status_code == 303
    with database.read() as session:
        assert session.scalars(select(Settlement)).all() == []


def test_only_billing_settles_and_only_what_is_on_the_account(log_in: Callable[[str], Browser], overdrawn: str) -> None:
    """A viewer sees the proposal without its form."""
    viewer = log_in("viewer")
    page = viewer.get(ACTIVITY).text
    assert "These were the last one" in page
    assert "Record the decision" not in page
    assert viewer.post(f"{ACTIVITY}/{overdrawn}/settle", choice="none").status_code == 403
    other = log_in("other")
    assert other.post(f"{ACTIVITY}/{overdrawn}/settle", choice="none").status_code == 404
    foreign = f"/admin/accounts/elsewhere-account/activity/{overdrawn}/settle"
    assert other.post(foreign, choice="none").status_code == 404


def test_an_alarm_leads_to_the_flagged_rows(admin: Browser, database: Database, overdrawn: str) -> None:
    """The pass's overdrawn ones."""
    with database.read() as session:
        alarm = session.scalars(select(Alarm)).one()
    to = admin.get(f"/admin/alarms/{alarm.id}").headers["location"]
    assert to == f"{ACTIVITY}?flag=overdrawn&pass=home-pass"
    assert f'<tr id="{overdrawn}"' in admin.get(to).text


def test_the_workbook_has_real_dates_and_the_readers_headers(admin: Browser, overdrawn: str) -> None:
    """A text stays a text; the headers are French for who reads French."""
    admin.post("/admin/preferences", language="fr")
    answer = admin.get(f"{ACTIVITY}.xlsx?flag=overdrawn")
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "Règlement" in sheet
    assert sheet.count("<row ") == 2
    assert "<v>46347</v>" in sheet


def test_a_row_is_undone_with_a_reason_and_both_stay(admin: Browser, database: Database) -> None:
    """What it used is given back; the correction is on the row, which cannot be undone twice; a refusal never can."""
    with database.write() as session:
        use = event(session, pass_type="multipass", pass_id="home-pass", pass_name="Swim pass")
        session.flush()
        whose = {"organization_id": "home", "multipass_id": "home-pass", "person_id": "home-zoe"}
        session.add(PassUse(id=use.id, used_at=use.occurred_at, **whose))
        used = use.id
        denied = event(session, kind="denied", outcome="denied").id
    page = admin.get(ACTIVITY).text
    assert f"{used}/undo" in page
    assert f"{denied}/undo" not in page
    admin.post(f"{ACTIVITY}/{used}/undo", reason="  ")
    with database.read() as session:
        assert not session.get_one(PassUse, used).is_undone
    done = admin.post(f"{ACTIVITY}/{used}/undo", reason="Wrong sister")
    assert done.headers["location"] == f"{ACTIVITY}?event={used}#{used}"
    with database.read() as session:
        assert session.get_one(PassUse, used).is_undone
        correction = session.scalars(select(Event).where(Event.refers_to == used)).one()
        assert "Wrong sister" in correction.body
    page = admin.get(ACTIVITY).text
    assert f"/admin/events/{correction.id}" in page
    assert f"{used}/undo" not in page
    for path in (used, denied, correction.id):
        assert admin.post(f"{ACTIVITY}/{path}/undo", reason="Again").status_code == 303
    with database.read() as session:
        assert len(session.scalars(select(Event).where(Event.kind == "undone")).all()) == 1


def test_undoing_is_for_those_who_may_and_of_this_account(log_in: Callable[[str], Browser], database: Database) -> None:
    """Who may only look sees no button; nothing of another account or organization is undone."""
    with database.write() as session:
        made, foreign = event(session).id, event(session, organization="elsewhere").id
    viewer = log_in("viewer")
    assert "/undo" not in viewer.get(ACTIVITY).text
    assert viewer.post(f"{ACTIVITY}/{made}/undo", reason="no").status_code == 403
    assert log_in("desk").post(f"{ACTIVITY}/{foreign}/undo", reason="no").status_code == 404
    assert log_in("other").post(f"{ACTIVITY}/{made}/undo", reason="no").status_code == 404
    with database.read() as session:
        assert session.scalars(select(Event).where(Event.kind == "undone")).all() == []
