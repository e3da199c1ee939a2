"""What a person can put right is said in a line or two, without a traceback; what is our fault keeps it."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gatehouse.cli import app
from server.centre import sole_user


def run(*given: str) -> tuple[int, str]:
    """The status, and what was said as one line."""
    result = CliRunner().invoke(app, list(given))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own, where the centre's data would be."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEHOUSE_SERVER_DATA_DIR", str(tmp_path / "centre"))
    return tmp_path


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "no settings file at centre.toml"),
        (b"x = [", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"colour = 1", "colour is not a setting"),
        (b'http_port = "abc"', "http_port: Input should be a valid integer"),
        (b'smtp_host = "mail.example.org"', "smtp_host needs smtp_from"),
    ],
)
def test_settings_of_a_centre(here: Path, written: bytes | None, said: str) -> None:
    """Missing, torn, misspelt or contradictory."""
    if written is not None:
        (here / "centre.toml").write_bytes(written)
    status, shown = run("audit", "check", "--config", "centre.toml")
    assert (status, said in shown) == (2, True), shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("Pool", "--admin-email", "nobody"), "name@example.org"),
        (("Pool", "--admin-email", "a@b.example", "--time-zone", "Mars/Base"), "'Mars/Base' is not a time zone"),
        ((" ", "--admin-email", "a@b.example"), "need a name"),
    ],
)
def test_an_organization_that_cannot_be(given: tuple[str, ...], said: str) -> None:
    """Nothing is made of it."""
    status, shown = run("organization", *given)
    assert (status, said in shown) == (2, True), shown


def test_a_first_organization_makes_its_data_folder(here: Path) -> None:
    """The first command of a new centre works in an empty folder."""
    status, shown = run("organization", "Pool", "--admin-email", "a@b.example")
    assert (status, "Created Pool (pool)" in shown) == (0, True), shown
    assert (here / "centre" / "centre.db").exists()


@pytest.mark.parametrize("is_there", [False, True], ids=["missing", "corrupt"])
@pytest.mark.parametrize("given", [("audit", "check"), ("retention", "run", "--dry-run"), ("explain", "x")])
def test_a_database_that_cannot_be_used(here: Path, given: tuple[str, ...], is_there: bool) -> None:
    """Where there is none, or what is there is no database."""
    if is_there:
        (here / "centre").mkdir()
        (here / "centre" / "centre.db").write_bytes(b"no database at all" * 500)
    status, shown = run(*given)
    assert (status, "The database cannot be used" in shown) == (2, True), shown


def test_a_centre_does_not_start_on_what_is_no_database(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so before it listens."""
    for what in ("HTTP", "BROKER"):
        monkeypatch.setenv(f"GATEHOUSE_SERVER_{what}_PORT", "0")
    (here / "centre").mkdir()
    (here / "centre" / "centre.db").write_bytes(b"no database at all" * 500)
    status, shown = run("server")
    assert (status, "The database cannot be used: file is not a database" in shown) == (2, True), shown
    with sole_user(here / "centre"):
        status, shown = run("server")
    assert (status, "another server works on" in shown) == (2, True), shown


def test_a_file_that_cannot_be_written(here: Path) -> None:
    """The file is named."""
    (here / "docs").write_text("a file")
    status, shown = run("contracts", "docs")
    assert (status, "docs: File exists" in shown) == (2, True), shown


def test_a_centre_that_does_not_answer(here: Path) -> None:
    """For a new door and for an import: where it was looked for, and what to look at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
        (here / "door.toml").write_text(f'data_dir = "{here / "door"}"\ncentre_url = "{nowhere}"\n')
        (here / "people.csv").write_text("key\n1\n")
        status, shown = run("enroll", "K7XM-2P9Q", "--config", "door.toml")
        assert (status, "Is the centre running, and is centre_url of door.toml right?" in shown) == (2, True), shown
        status, shown = run("import", "people", "people.csv", "--token", "x", "--url", nowhere)
        assert (status, "Is the centre running there?" in shown) == (2, True), shown
    status, shown = run("import", "people", "people.csv", "--token", "x", "--url", "nonsense")
    assert (status, "nonsense is no address" in shown) == (2, True), shown
    status, shown = run("import", "people", "people.csv", "--token", "x", "--url", "http://[::1")
    assert (status, "http://[::1 is no address" in shown) == (2, True), shown
    status, shown = run("import", "people", "people.csv", "--token", "jeton-clé")
    assert (status, "characters that no token has" in shown) == (2, True), shown


def test_another_web_server_is_no_centre(here: Path) -> None:
    """It answers, with a page."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    (here / "people.csv").write_text("key\n1\n")
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        url = f"http://127.0.0.1:{server.server_port}"
        status, shown = run("import", "people", "people.csv", "--token", "x", "--url", url)
        answering.join()
    assert (status, "not as a centre does" in shown) == (2, True), shown


def test_a_row_of_a_file_that_is_not_there() -> None:
    """Said as that, not as bad TOML."""
    status, shown = run("explain", "--row", "nowhere.toml:late")
    assert (status, "There is no file nowhere.toml." in shown) == (2, True), shown


@pytest.mark.parametrize("group", ["bench", "retention", "audit"])
def test_no_line_of_help_is_cut(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each subcommand is said whole at the usual width."""
    monkeypatch.setenv("COLUMNS", "80")
    status, shown = run(group, "--help")
    commands = shown.partition(" Commands: ")[2]
    assert (status, commands != "", "..." in commands) == (0, True, False), shown


@pytest.mark.parametrize("what", ["http", "broker"])
def test_a_port_that_is_taken(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything is started."""
    for each in ("http", "broker"):
        monkeypatch.setenv(f"GATEHOUSE_SERVER_{each.upper()}_PORT", "0")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv(f"GATEHOUSE_SERVER_{what.upper()}_HOST", "127.0.0.1")
        monkeypatch.setenv(f"GATEHOUSE_SERVER_{what.upper()}_PORT", str(taken.getsockname()[1]))
        status, shown = run("server")
    assert (status, "Address already in use" in shown, f"{what}_port" in shown) == (2, True, True), shown


@pytest.mark.parametrize("name", ["enroll", "bench", "retention"])
def test_the_help_of_every_command_looks_alike(name: str) -> None:
    """Plain, and without what nobody needs here."""
    status, shown = run(name, "--help")
    assert (status, "╭" in shown, "completion" in shown, "<bool>" in shown) == (0, False, False, False), shown
