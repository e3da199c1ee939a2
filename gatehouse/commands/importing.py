"""`gatehouse import KIND FILE`: brings a file into a running centre through its API, after a check."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console
from rich.progress import Progress

from gatehouse.commands.failing import fail
from server.imports.service import IMPORT_KINDS

__all__ = ["import_"]

_PAUSE_S = 0.5


class Centre:
    """The API of a centre."""

    def __init__(self, url: str, token: str) -> None:
        if not (token.isascii() and token.isprintable()):
            fail("The token has characters that no token has.", hint="Copy it anew, without what stands around it.")
        headers = {"Authorization": f"Bearer {token}"}
        self._url = url
        try:
            self._client = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=300)
        except httpx.InvalidURL:
            self._no_address()

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """The answer's document; ends the command with a clear message when there is none."""
        while True:
            try:
                answer = self._client.request(method, path, **more)
            except httpx.UnsupportedProtocol:
                self._no_address()
            except httpx.HTTPError as error:
                fail(f"{self._url} does not answer ({type(error).__name__}).", hint="Is the centre running there?")
            if answer.status_code != 429:
                break
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        if not answer.is_success:
            self._refused(answer)
        try:
            document: dict[str, Any] = answer.json()
        except ValueError:
            fail(f"{self._url} answers, but not as a centre does.", hint="Is that the address of the back office?")
        return document

    def _no_address(self) -> NoReturn:
        fail(f"{self._url} is no address.", hint="Write it as http://127.0.0.1:8600.")

    def _refused(self, answer: httpx.Response) -> NoReturn:
        if answer.status_code in (401, 403):
            hint = "Make a token with the scope imports:write in the back office, under Integrations."
            fail("The centre does not accept this token.", hint=hint)
        from gatehouse.commands.import_words import said_failure, texts_for

        said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        details: dict[str, Any] = next((each["details"] for each in said.get("errors", ())), {})
        words = said_failure(texts_for(os.environ), said.get("code", ""), details) or said.get("title", "")
        fail(f"The centre refused: {words or answer.status_code}")


def import_(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(IMPORT_KINDS)}.")],
    file: Annotated[Path, typer.Argument(help="A CSV file, or a zip of pictures.", exists=True, dir_okay=False)],
    token: Annotated[str, typer.Option(envvar="GATEHOUSE_TOKEN", help="An API token with imports:write.")] = "",
    url: Annotated[str, typer.Option(envvar="GATEHOUSE_URL", help="The centre.")] = "http://127.0.0.1:8600",
    start: Annotated[bool, typer.Option("--start", help="Bring it in after the check.")] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Bring in nothing when a row has a problem.")] = False,
    dates: Annotated[str, typer.Option(help="How 03/04/2026 is read: day_first or month_first.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check a file of records; with --start, bring it in. The exit status is 1 when rows have problems."""
    if kind not in IMPORT_KINDS:
        fail(f"{kind!r} is no kind of file.", hint=f"Write one of {', '.join(IMPORT_KINDS)}.")
    if not token:
        fail("A token is needed.", hint="Set GATEHOUSE_TOKEN; tokens are made in the back office, under Integrations.")
    centre = Centre(url, token)
    asked = {
        "kind": kind,
        "file_name": file.name[:200],
        "date_order": dates,
        "on_problems": "refuse" if whole else "skip",
    }
    with file.open("rb") as content:
        job = centre.ask("POST", "/imports", params=asked, content=content)
    if job["state"] == "mapping":
        fail(
            "The column with the key was not found by its header.",
            hint="Rename the header as in the file to start from (back office, Imports), or confirm the columns there.",
        )
    job = _watch(centre, job, "Checking", is_quiet=as_json)
    if start and job["state"] == "checked" and job["refused"] < job["rows"] and not (whole and job["problem_count"]):
        job = _watch(centre, centre.ask("POST", f"/imports/{job['id']}/start"), "Bringing in", is_quiet=as_json)
    print(json.dumps(job)) if as_json else _show(job, is_started=start)
    raise typer.Exit(0 if job["state"] in ("checked", "done") and not job["problem_count"] else 1)


def _watch(centre: Centre, job: dict[str, Any], what: str, *, is_quiet: bool) -> dict[str, Any]:
    with Progress(console=Console(stderr=True), disable=is_quiet) as progress:
        task = progress.add_task(what, total=job["rows"])
        while job["state"] in ("checking", "running"):
            time.sleep(_PAUSE_S)
            job = centre.ask("GET", f"/imports/{job['id']}")
            progress.update(task, completed=job["rows_done"])
    return job


def _show(job: dict[str, Any], *, is_started: bool) -> None:
    from gatehouse.commands.import_words import show, texts_for

    show(Console(highlight=False), job, texts_for(os.environ), is_started=is_started)


globals()["import"] = import_  # The command's name is a word of Python itself.
