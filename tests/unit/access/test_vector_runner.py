"""`gatehouse vectors`: what it says of rows that do not hold, and of the mistakes that people make in them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from access.vectors import VectorFileError, find_files, run_file
from gatehouse.commands.vectors import vectors

ROW = 'format = 1\n[[row]]\nname = "r"\n'
APP = typer.Typer()
APP.command()(vectors)


def ran(folder: Path, text: str) -> tuple[str, str]:
    """Status and problem of the first row of a file with this text."""
    file = folder / "rows.toml"
    file.write_text(text, encoding="utf-8")
    first = run_file(file)[0]
    return first.status, first.problem or ""


def test_a_row_that_holds(tmp_path: Path) -> None:
    """It passes and has no problem."""
    assert ran(tmp_path, ROW + 'now = 2026-03-10T10:00:00\nexpect.outcome = "denied"') == ("pass", "")


def test_a_row_that_does_not_hold_says_what_differs(tmp_path: Path) -> None:
    """Each value in which it differs, seen and expected."""
    text = ROW + 'now = 2026-03-10T10:00:00\nexpect = { outcome = "granted", entitlement = "m", reasons = [] }'
    status, problem = ran(tmp_path, text)
    assert status == "fail"
    assert "outcome is denied, expected granted" in problem
    assert "reasons is [no_eligible_access], expected []" in problem
    assert "entitlement is nothing, expected m" in problem


NOW = "now = 2026-03-10T10:00:00\n"
GRANTED = 'expect.outcome = "granted"\n'


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GRANTED, "a row needs `now`"),
        (NOW, "a row needs `expect`"),
        (NOW + GRANTED + "membership = []", "did you mean 'memberships'?"),
        (NOW + GRANTED + 'memberships = [{ id = "m" }, { id = "n", end_on = 2026-03-01 }]', "memberships.2.end_on"),
        (NOW + GRANTED + 'memberships = [{ id = "m", end_on = 2026-03-01 }]', "did you mean 'ends_on'?"),
        (NOW + GRANTED + 'memberships = [{ name = "M" }]', "memberships.1.id: this key is needed"),
        (NOW + GRANTED + 'memberships = { id = "m" }', "memberships: write a list of tables"),
        (NOW + GRANTED + 'memberships = ["m"]', "memberships.1: 'm' is not a table"),
        (NOW + GRANTED + "policy.balance.modus = 'deny'", "policy.balance.modus: there is no such key"),
        (NOW + GRANTED + "policy.balance.mode = 'denied'", "should be 'ignore', 'review' or 'deny', not 'denied'"),
        (NOW + GRANTED + "policy.access_rules = [{ type = 'multipas' }]", "policy.access_rules.1.type: should be"),
        (NOW + GRANTED + "policy.access_rules = [{ window = {} }]", "policy.access_rules.1.type: this key is needed"),
        (NOW + GRANTED + "policy.opening_hours = [{ days = [8] }]", "weekdays from 1 (Monday) to 7 (Sunday)"),
        (NOW + GRANTED + "request.direction = 'both'", "a scan goes 'in' or 'out'"),
        (NOW + GRANTED + "request.credential = 'lost'", "request.credential: should be"),
        (NOW + GRANTED + "clock = 'wrong'", "clock: should be 'trusted', 'holdover' or 'untrusted', not 'wrong'"),
        (NOW + GRANTED + "participant = true", "participant: True is not a table"),
        (NOW + GRANTED + "presence.last_in_at = 2026-03-10", "presence.last_in_at: 2026-03-10 is not an instant"),
        (NOW + GRANTED + "account.due_since = 2026-03-10T00:00:00", "account.due_since: 2026-03-10T00:00:00 is not a"),
        (
            NOW + GRANTED + 'memberships = [{ id = "m", ends_on = "soon" }]',
            "memberships.1.ends_on: 'soon' is not a day",
        ),
        (
            NOW + GRANTED + "multipasses = [{ id = 'x', expires_after = { days = 1, months = 1 } }]",
            "expires_after: a peri",
        ),
        (NOW + GRANTED + "multipasses = [{ id = 'x', used = 'two' }]", "used: 'two' is not a number of uses"),
        (NOW + GRANTED + "multipasses = [{ id = 'x', is_family = true, person_id = 'p2' }]", "has no person_id"),
        (NOW + GRANTED + "multipasses = [{ id = 'x', effective = 'on_date' }]", "needs effective_on"),
        (NOW + GRANTED + "data_age_s = 'old'", "data_age_s: 'old' is not a whole number"),
        (NOW + GRANTED + "data_age_s = 5\ndata_as_of = 'never'", "data_age_s or data_as_of, not both"),
        (NOW + GRANTED + "data_as_of = 'always'", "or 'never'"),
        (NOW + GRANTED + "time_zone = 'America'", "'America' is no time zone"),
        (NOW + GRANTED + "time_zone = 'Europe/Toronto'", "'Europe/Toronto' is no time zone"),
        ("now = '10 March'\n" + GRANTED, "now: '10 March' is not an instant"),
        ("now = 2026-03-10\n" + GRANTED, "now: 2026-03-10 is not an instant"),
        ("now = 2026-03-08T02:30:00\n" + GRANTED, "no clock in America/Toronto shows 2026-03-08T02:30:00"),
        (NOW + "expect.outcome = 'deny'", "expect.outcome: should be 'granted', 'review' or 'denied', not 'deny'"),
        (NOW + "expect.reason = ['balance_due']", "did you mean 'reasons'?"),
        (NOW + "expect.reasons = ['balance']", "expect.reasons.1: should be"),
        (NOW + "expect.kind = 'qr'", "expect.kind: this does not belong in this kind of row"),
        (NOW + "expect.statuses = { m = 'active' }", "expect.statuses.m: 'active' is no status"),
        (NOW + "expect.statuses = { m = 'none' }", "names 'm', which the row does not hold"),
        (NOW + "expect.remaining = { x = 3 }", "names 'x', which is no multipass of the row"),
        (NOW + "expect.takes_use = 'yes'", "expect.takes_use: should be true or false, not 'yes'"),
        (NOW + "expect = 'granted'", "expect: 'granted' is not a table"),
        (NOW + "expect.reasons = ['membership_ended']", "should be 'membership_expired', or else one of unreadable"),
        (NOW + "expect.reasons = 'balance_due'", "expect.reasons: should be a list such as"),
        (
            NOW + GRANTED + "participant.is_blocked = 'yes'",
            "participant.is_blocked: should be true or false, not 'yes'",
        ),
        (
            NOW + GRANTED + "participant.memos = [{ text = 'x', is_allergy = 1 }]",
            "participant.memos.1.is_allergy: should",
        ),
        (NOW + GRANTED + "participant.picture = 'none'", "'none' is not 64 hexadecimal digits; write false for none"),
        (NOW + GRANTED + "participant.birthday = [2, 30]", "no year has the day [2, 30]; write [month, day]"),
        (
            NOW + GRANTED + "participant.birthday = ['2', 3]",
            "participant.birthday.1: should be a whole number, not '2'",
        ),
        (NOW + GRANTED + "occupancy = true", "occupancy: should be a whole number, not True"),
        (NOW + GRANTED + "account.balance_cents = '12'", "account.balance_cents: should be a whole number, not '12'"),
        (NOW + GRANTED + "policy.capacity = 50", "policy.capacity: should be a table such as { key = value }, not 50"),
        (
            NOW + GRANTED + "policy.opening_hours = [{ days = ['1'] }]",
            "policy.opening_hours.1.days.1: should be a whole",
        ),
        (NOW + GRANTED + "policy.opening_hours = [{ opens = '6' }]", "opens: should be a time of day such as 06:00:00"),
        (
            NOW + GRANTED + "multipasses = [{ id = 'x', total = 'unlimited' }]",
            "multipasses.1.total: 'unlimited' is not",
        ),
        (NOW + GRANTED + "data_age_s = 99999999999999", "data_age_s: 99999999999999 is not a whole number"),
    ],
)
def test_a_mistake_in_a_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    """The row is invalid (not merely failing), and its text names the place and the remedy."""
    status, problem = ran(tmp_path, ROW + row)
    assert status == "invalid"
    assert said in problem


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("expect.value = 'A'", "needs either `read` (text) or `read_hex` (bytes)"),
        ("read = 'A'\nread_hex = '41'\nexpect.value = 'A'", "needs either `read` (text) or `read_hex` (bytes)"),
        ("read = 5\nexpect.value = '5'", "read: 5 is not text"),
        ("read_hex = '4'\nexpect.value = 'A'", "read_hex: write pairs of hexadecimal digits"),
        ("read = 'A'", "a row needs `expect`"),
        ("read = 'A'\ntechnolgy = 'nfc'\nexpect.value = 'A'", "did you mean 'technology'?"),
        ("read = 'A'\ntechnology = 'rfid'\nexpect.value = 'A'", "is none of 'barcode', 'camera' and 'nfc'"),
        ("read = 'A'\nsymbology = 1\nexpect.value = 'A'", "symbology: 1 is not text"),
        ("read = 'A'\nexpect.outcome = 'granted'", "expect.outcome: this does not belong"),
    ],
)
def test_a_mistake_in_a_code_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    """As for decision rows."""
    status, problem = ran(tmp_path, "format = 1\n[[code]]\n" + row)
    assert status == "invalid"
    assert said in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "begin the file with `format = 1`"),
        ("format = 2", "this Gatehouse knows no format 2"),
        ("format = true", "this Gatehouse knows no format True"),
        ("format = 1\n[defaults]\npolicy." + ".".join("q" * 3000) + " = 1", "nested more than 50 deep"),
        ("format = 1", "has no [[row]] and no [[code]]"),
        ("format = 1\n[rows]", "unknown key 'rows'"),
        ("format = 1\n[row]\nname = 'r'", "write [[row]] with two brackets"),
        ("format = 1\ndefaults = 'x'\n[[row]]", "defaults is a table"),
        ("format = ", "is not readable as TOML"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: str, said: str) -> None:
    """As an error of the file, which ends the command with 2."""
    file = tmp_path / "rows.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(VectorFileError) as caught:
        run_file(file)
    assert said in str(caught.value)


def test_bytes_that_are_no_text_and_paths_that_are_no_files(tmp_path: Path) -> None:
    """Each has its own text."""
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(VectorFileError, match="not readable as TOML"):
        run_file(tmp_path / "bad.toml")
    with pytest.raises(VectorFileError, match="does not exist"):
        find_files(tmp_path / "absent.toml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(VectorFileError, match=r"holds no \.toml file"):
        find_files(tmp_path / "empty")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    """Notepad saves such files."""
    text = "\ufeff" + (ROW + NOW + 'expect.outcome = "denied"').replace("\n", "\r\n")
    (tmp_path / "rows.toml").write_bytes(text.encode())
    assert run_file(tmp_path / "rows.toml")[0].status == "pass"


def test_defaults_merge_table_by_table(tmp_path: Path) -> None:
    """A row's list or value replaces the default, a row's table adds to it."""
    text = """format = 1
[defaults]
now = 2026-03-10T10:00:00
memberships = [{ id = "m" }]
account = { balance_cents = 100 }
policy = { balance = { mode = "deny" } }
[[row]]
name = "threshold added, mode kept"
policy = { balance = { threshold_cents = 100 } }
expect = { outcome = "granted" }
[[row]]
name = "list replaced"
memberships = []
expect = { outcome = "denied", reasons = ["balance_due", "no_eligible_access"] }
"""
    (tmp_path / "rows.toml").write_text(text, encoding="utf-8")
    assert [each.problem for each in run_file(tmp_path / "rows.toml")] == [None, None]


def test_rows_of_one_name_are_told_apart_by_their_number(tmp_path: Path) -> None:
    """So is a row without a name; a name of its own stays as it is."""
    row = NOW + 'expect.outcome = "denied"\n'
    text = (
        f'format = 1\n[[row]]\nname = "same"\n{row}[[row]]\n{row}[[row]]\nname = "same"\n{row}[[row]]\nname = "own"\n'
    )
    (tmp_path / "rows.toml").write_text(text + row, encoding="utf-8")
    names = [each.name for each in run_file(tmp_path / "rows.toml")]
    assert names == ["same (row 1)", "row 2", "same (row 3)", "own"]


def test_the_command_counts_and_ends_with_0_1_or_2(tmp_path: Path) -> None:
    """0: all hold; 1: some do not or are no rows; 2: a file cannot be read. --json ends with one line of totals."""
    good, bad, odd = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "odd.toml"
    good.write_text(ROW + NOW + 'expect.outcome = "denied"', encoding="utf-8")
    bad.write_text(ROW + NOW + GRANTED, encoding="utf-8")
    odd.write_text(ROW + GRANTED, encoding="utf-8")
    runner = CliRunner()
    assert runner.invoke(APP, [str(good)]).exit_code == 0
    assert runner.invoke(APP, [str(good), str(bad)]).exit_code == 1
    assert runner.invoke(APP, [str(odd)]).exit_code == 1
    assert runner.invoke(APP, [str(good), str(tmp_path / "absent.toml")]).exit_code == 2
    lines = runner.invoke(APP, ["--json", str(good), str(bad), str(odd)]).stdout.splitlines()
    assert [json.loads(line)["status"] for line in lines[:-1]] == ["pass", "fail", "invalid"]
    assert json.loads(lines[0]) == {"file": str(good), "row": "r", "status": "pass", "problem": None}
    assert json.loads(lines[-1]) == {"rows": 3, "pass": 1, "fail": 1, "invalid": 1, "unreadable_files": 0}
