"""The command line answers at once, knows its commands, and says clearly what is wrong."""

from __future__ import annotations

import importlib
import json
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
