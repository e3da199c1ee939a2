"""The command line answers at once, knows its commands, and says clearly what is wrong."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.cli import _COMMANDS

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    return subprocess.run([sys.executable, "-m", "gatehouse", *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command_without_loading_one() -> None:
    """`gatehouse --help` lists them all."""
    shown = run("--help")
    assert shown.returncode == 0
    assert all(f"  {name} " in shown.stdout for name in _COMMANDS)


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_listed_command_exists(name: str) -> None:
    """Each name leads to something callable of that name."""
    module, _ = _COMMANDS[name]
    assert callable(getattr(importlib.import_module(module), name))


def test_vectors_reports_row_by_row_and_fails_when_one_does_not_hold(tmp_path: Path) -> None:
    """A wrong expectation is named, and the exit status says so."""
    rows = tmp_path / "rows.toml"
    rows.write_text(
        "format = 1\n"
        '[[row]]\nname = "holds"\nnow = 2026-03-10T10:00:00\nmemberships = [{ id = "m" }]\n'
        'expect = { outcome = "granted" }\n'
        '[[row]]\nname = "does not"\nnow = 2026-03-10T10:00:00\nexpect = { outcome = "granted" }\n'
    )
    shown = run("vectors", str(rows), "--json")
    first, second, total = (json.loads(line) for line in shown.stdout.splitlines())
    assert (first["status"], second["status"]) == ("pass", "fail")
    assert "denied" in second["problem"]
    assert (total["rows"], total["pass"], total["fail"]) == (2, 1, 1)
    assert shown.returncode == 1


def test_a_missing_file_is_said_in_one_line() -> None:
    """No traceback; the exit status is 2."""
    shown = run("vectors", "/nowhere/rows.toml")
    assert shown.returncode == 2
    assert "does not exist" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_the_written_contracts_are_those_of_the_code() -> None:
    """docs/openapi.json and docs/asyncapi.json are what `make docs` would write now."""
    from gatehouse.commands.contracts import documents

    for name, document in documents().items():
        written = json.loads((ROOT / "docs" / name).read_text(encoding="utf-8"))
        assert written == json.loads(json.dumps(document)), f"docs/{name} is old: run make docs"


def test_a_hostile_file_of_rows_reaches_the_terminal_as_text(tmp_path: Path) -> None:
    """Escape sequences and line breaks in a row's name are shown, not acted on; nesting without end is one error."""
    rows, deep = tmp_path / "rows.toml", tmp_path / "deep.toml"
    rows.write_text(
        'format = 1\n[[row]]\nname = "\\u001b[2Jgone\\nnext"\nnow = 2026-03-10T10:00:00\n'
        'expect = { outcome = "denied" }\n'
    )
    deep.write_text("format = 1\nrow = " + "[" * 3000 + "]" * 3000 + "\n")
    shown = run("vectors", str(rows), str(deep))
    assert "\x1b" not in shown.stdout
    assert "\\x1b[2Jgone\\x0anext" in shown.stdout
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr


def test_a_terminal_without_a_character_shows_its_escape() -> None:
    """Also where Python writes ASCII only: the command goes on."""
    command = [sys.executable, "-m", "gatehouse", "explain", "--language", "fr"]
    row = ["--row", str(ROOT / "tests" / "vectors" / "activities.toml")]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run([*command, *row], capture_output=True, text=True, check=False, env=ascii_only)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "\\xe9" in shown.stdout


def test_two_things_of_one_id_are_a_slip_of_the_pen(tmp_path: Path) -> None:
    """The row is named as invalid instead of being decided by one of the two."""
    rows = tmp_path / "rows.toml"
    rows.write_text(
        "format = 1\n[[row]]\nnow = 2026-03-10T10:00:00\n"
        'memberships = [{ id = "m" }, { id = "m" }]\nexpect = { outcome = "granted" }\n'
        '[[row]]\nnow = 2026-03-10T10:00:00\nmultipasses = [{ id = "p", total = true }]\n'
        'expect = { outcome = "granted" }\n'
    )
    first, second, _ = (json.loads(line) for line in run("vectors", str(rows), "--json").stdout.splitlines())
    assert (first["status"], second["status"]) == ("invalid", "invalid")
    assert "'m'" in first["problem"]
