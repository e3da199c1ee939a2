"""Why and what if in the back office, and the same in a terminal: permissions, words, drafts and publishing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from gatehouse.cli import app as command
from server.admin.texts import texts
from server.db import Database
from server.feed.repository import head_of
from server.models import AccessPoint, Credential, Event, Membership, Staff, utc_now
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import event

LogIn = Callable[[str], Browser]


def scan(database: Database, organization: str = "home", **given: Any) -> str:
    """Records a scan as a door does: with the mark of what it knew and the card's fingerprint."""
    with database.write() as session:
        head = head_of(session, organization)
        assert head is not None
        card = session.scalars(select(Credential).where(Credential.person_id == f"{organization}-zoe")).one()
        at = given.pop("occurred_at", utc_now() - timedelta(hours=1))
        made = event(session, organization, occurred_at=at, **given)
        mark = {"epoch": head.epoch, "seq": head.seq}
        made.body = json.dumps({"cache": mark, "clock": "trusted", "credential": {"fingerprint": card.fingerprint}})
        return made.id


@pytest.fixture
def refused(database: Database) -> str:
    """Zoé's membership had ended three days before."""
    with database.write() as session:
        session.get_one(Membership, "home-membership").ends_on = utc_now().date() - timedelta(days=3)
        session.get_one(AccessPoint, "home-pool").settings = {"access_rules": [{"type": "membership"}]}
    return scan(database, kind="denied", outcome="denied", reasons=["membership_expired"])


def plain(page: str) -> str:
    """The page's words, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_refusal_explains_itself(admin: Browser, refused: str) -> None:
    """The rules, what they looked at, and the change that would have opened the door."""
    page = plain(admin.get(f"/admin/why/{refused}").text)
    assert "Renew Family membership through" in page
    assert "Family membership ended on" in page
    assert "entry is not blocked" in page
    assert "The rules are those that were in force at that moment." in page
    assert "The door decided otherwise" not in page


def test_it_is_said_in_french(admin: Browser, database: Database, refused: str) -> None:
    """The same page for a French reader."""
    with database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = "fr"  # type: ignore[assignment]
    page = plain(admin.get(f"/admin/why/{refused}").text)
    assert "Renouveler Adhésion jusqu’au" in page
    assert "Ce qui aurait ouvert la porte" in page


def test_a_difference_and_a_doubt_are_shown(admin: Browser, database: Database) -> None:
    """An event whose door said another thing, and one that does not say what its door knew."""
    page = plain(admin.get(f"/admin/why/{scan(database, kind='denied', outcome='denied', reasons=[])}").text)
    assert "The door decided otherwise" in page
    assert "With these facts nothing was missing." in page
    with database.write() as session:
        unmarked = event(session, occurred_at=utc_now()).id
    assert "does not say what its door knew" in admin.get(f"/admin/why/{unmarked}").text


def test_what_no_rule_decided_is_said_plainly(admin: Browser, database: Database) -> None:
    """A look-up has nothing to explain."""
    looked = scan(database, kind="looked_up", staff_id="sam")
    answer = admin.get(f"/admin/why/{looked}")
    assert answer.status_code == 200
    assert "There is nothing to explain" in answer.text


def test_why_is_for_ones_own_events_and_for_those_who_see_accounts(
    log_in: LogIn, anonymous: Browser, database: Database, refused: str
) -> None:
    """Another organization's event is not there; nobody sees one without a login."""
    foreign = scan(database, "elsewhere")
    for role in ("admin", "desk", "viewer"):
        browser = log_in(role)
        assert browser.get(f"/admin/why/{refused}").status_code == 200
        assert browser.get(f"/admin/why/{foreign}").status_code == 404
    assert log_in("admin").get("/admin/why/nothing").status_code == 404
    assert anonymous.get(f"/admin/why/{refused}").status_code == 303


def test_the_rows_of_both_lists_lead_there(admin: Browser, database: Database, refused: str) -> None:
    """Account activity and the Check-in overview of its day, which an hour ago may have been yesterday."""
    with database.read() as session:
        day = session.get_one(Event, refused).occurred_at.astimezone(ZoneInfo("America/Toronto")).date()
    for path in ("/admin/accounts/home-account/activity", f"/admin/?day={day}"):
        assert f'href="http://testserver/admin/why/{refused}"' in admin.get(path).text or (
            f"/admin/why/{refused}" in admin.get(path).text
        )


def draft(admin: Browser, **changed: Any) -> dict[str, Any]:
    """The form of the pool's what-if page as a browser sends it, with changes."""
    page = admin.get("/admin/what-if?pk=home-pool").text
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page.split("<template", 1)[0]):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if found.get("type") in ("radio", "checkbox") and not re.search(r"\schecked", tag):
            continue
        if "name" in found:
            fields.setdefault(found["name"], []).append(found.get("value", "on"))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.findall(r'value="([^"]*)"[^>]*\sselected', options) or re.findall(r'value="([^"]*)"', options)[:1]
        if "__" not in name:
            fields.setdefault(name, chosen)
    fields.pop("csrftoken", None)
    return {**fields, **changed}


def test_a_draft_is_tried_and_nothing_changes(admin: Browser, database: Database) -> None:
    """The counts and the people, before anything is published."""
    scan(database)
    with database.read() as session:
        before = session.get_one(AccessPoint, "home-pool").settings
    sent = draft(admin, act="try", replay_days="30", **{"balance.mode": "deny"})
    answer = admin.post("/admin/what-if?pk=home-pool", **sent)
    page = plain(answer.text)
    assert answer.status_code == 200, page
    assert "1 scan would have come out differently" in page
    assert "1 person would have lost a yes" in page
    assert "Zoé Tremblay" in page
    with database.read() as session:
        assert session.get_one(AccessPoint, "home-pool").settings == before


def test_a_draft_is_published(admin: Browser, database: Database) -> None:
    """With the button below it; what somebody else saved meanwhile is not overwritten unseen."""
    sent = draft(admin, act="publish", **{"balance.mode": "review"})
    assert admin.post("/admin/what-if?pk=home-pool", **sent).status_code == 303
    with database.read() as session:
        assert session.get_one(AccessPoint, "home-pool").settings["balance"] == {"mode": "review"}
    late = admin.post("/admin/what-if?pk=home-pool", **{**sent, "balance.mode": "deny"})
    assert late.status_code == 409
    with database.read() as session:
        assert session.get_one(AccessPoint, "home-pool").settings["balance"] == {"mode": "review"}


def test_a_draft_that_no_door_could_follow_is_refused(admin: Browser) -> None:
    """The form comes back with what is wrong; an unknown button is none."""
    sent = draft(admin, act="try", **{"balance.age_days": "many"})
    assert admin.post("/admin/what-if?pk=home-pool", **sent).status_code == 422
    assert admin.post("/admin/what-if?pk=home-pool", **draft(admin, do="dance")).status_code == 400


def test_what_if_is_for_those_who_may_change_access_points(log_in: LogIn) -> None:
    """By permission, and among one's own."""
    for role in ("desk", "viewer"):
        browser = log_in(role)
        assert browser.get("/admin/what-if?pk=home-pool").status_code == 403
        assert browser.post("/admin/what-if?pk=home-pool", act="publish").status_code == 403
    assert log_in("admin").get("/admin/what-if?pk=elsewhere-pool").status_code == 404


# -- in a terminal


def run(*arguments: str) -> tuple[int, str]:
    """Runs `gatehouse explain`."""
    answer = CliRunner().invoke(command, ["explain", *arguments], env={"COLUMNS": "160"})
    return answer.exit_code, answer.output


@pytest.fixture
def config(database: Database, data_dir: Path, tmp_path: Path) -> str:
    """The centre's settings file."""
    file = tmp_path / "centre.toml"
    file.write_text(f"data_dir = '{data_dir}'\n", encoding="utf-8")
    return str(file)


def test_the_command_explains_an_event(refused: str, config: str) -> None:
    """As a table, in either language, and as JSON."""
    code, said = run(refused, "--config", config)
    assert code == 0, said
    assert "Renew Family membership through" in said
    code, said = run(refused, "--config", config, "--language", "fr")
    assert "Renouveler Adhésion" in said
    code, said = run(refused, "--config", config, "--json")
    document = json.loads(said)
    assert (document["outcome"], document["differences"]) == ("denied", [])
    assert document["nearest"][0]["changes"][0]["kind"] == "renew_membership"
    assert {"rule": "blocked", "standing": "passed", "facts": {"is_blocked": False}} in document["checks"]


def test_the_command_replays_a_draft(database: Database, config: str, tmp_path: Path) -> None:
    """A file of the settings that change."""
    scan(database)
    file = tmp_path / "draft.toml"
    file.write_text("[balance]\nmode = 'deny'\n", encoding="utf-8")
    arguments = ("--what-if", "home-pool", "--draft", str(file), "--config", config)
    code, said = run(*arguments)
    assert code == 0, said
    assert "1 scan would have come out differently" in said
    document = json.loads(run(*arguments, "--json")[1])
    assert document["counts"] == [{"from": "granted", "to": "denied", "scans": 1}]
    file.write_text("[balance]\nmode = 'perhaps'\n", encoding="utf-8")
    code, said = run(*arguments)
    assert (code, "balance.mode" in said) == (2, True)


def test_the_command_explains_a_decision_row() -> None:
    """Of a file of rows, the first or a named one."""
    file = "tests/vectors/memberships.toml"
    code, said = run("--row", file)
    assert code == 0, said
    assert texts("en")("why.rules") in said
    assert json.loads(run("--row", file, "--json")[1])["checks"][0]["rule"] == "credential"
    assert run("--row", f"{file}:no such row")[0] == 2


@pytest.mark.parametrize(
    "wrong", [(), ("x", "--row", "y.toml"), ("nothing",), ("--what-if", "nowhere"), ("--row", "no")]
)
def test_the_command_says_what_is_wrong(config: str, wrong: tuple[str, ...]) -> None:
    """One clear line and exit status 2."""
    assert run(*wrong, "--config", config)[0] == 2
