"""`gatehouse import` against a running centre: a check, then a start, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server.api.scopes import Scope
from server.api.tokens import create_token
from server.models import Person, utc_now


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    program = [sys.executable, "-m", "gatehouse", "import", *words]
    english = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(program, capture_output=True, text=True, timeout=120, check=False, env=english)


def test_a_file_goes_in_from_the_terminal(embedded_venue: Any, tmp_path: Path) -> None:
    """The server's own task does the work; problems are said and the exit status tells."""
    with embedded_venue.database.write() as session:
        made = {"name": "terminal", "scopes": [Scope.IMPORTS_WRITE], "expires_at": None, "created_by": None}
        token = create_token(session, "club", now=utc_now(), **made)
    file = tmp_path / "people.csv"
    file.write_text("member_id;Prénom\n000777;Zoé\n000777;Léo\n", encoding="cp1252")
    reach = ("--url", embedded_venue.centre.url, "--token", token)
    checked = run("people", str(file), *reach)
    assert checked.returncode == 1, checked.stderr
    assert "already. Keep one" in " ".join(checked.stdout.replace("│", " ").split())
    assert "Nothing was changed" in checked.stdout
    done = run("people", str(file), *reach, "--start", "--json")
    job = json.loads(done.stdout)
    assert (job["state"], job["added"], job["refused"]) == ("done", 1, 1)
    with embedded_venue.database.read() as session:
        assert session.scalars(select(Person.first_name).where(Person.member_id == "000777")).one() == "Zoé"


def test_what_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    """No token, no such kind, nobody there: exit status 2, no traceback."""
    file = tmp_path / "people.csv"
    file.write_text("member_id\n1\n")
    for words, said in (
        (("people", str(file)), "token"),
        (("nonsense", str(file)), "no kind"),
        (("people", str(file), "--token", "x", "--url", "http://127.0.0.1:9"), "does not answer"),
    ):
        shown = run(*words)
        assert (shown.returncode, "Traceback" in shown.stderr) == (2, False)
        assert said in shown.stderr
