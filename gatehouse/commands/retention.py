"""`gatehouse retention run`: what the centre does every day, now; or, with `--dry-run`, what it would do."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gatehouse.commands.failing import fail
from gatehouse.commands.server import server_settings
from server.audit.check import organizations
from server.centre import sole_user
from server.db import Database
from server.errors import InUse
from server.models import utc_now
from server.privacy.files import PersonalFiles
from server.retention.service import Retention

__all__ = ["retention"]

retention = typer.Typer(add_completion=False, no_args_is_help=True, help="Let go of what is kept no longer.")

_SAID = {
    "movements": "movements made into counts",
    "archived": "archived people deleted",
    "late": "late events of erased people emptied",
    "audit": "audit log entries",
    "alarms": "settled alarms",
    "mails": "e-mails that were sent or given up",
    "links": "links in e-mails that are over",
    "deliveries": "webhook deliveries that are over",
    "sessions": "sessions of staff that are over",
    "client_sessions": "sessions of clients that are over",
    "codes": "one-time codes for doors that are over",
    "quarantine": "messages in quarantine",
    "pictures": "replaced pictures in people's histories",
    "imports": "files of imports",
    "picture_files": "picture files that nothing refers to",
    "snapshots": "old snapshots for doors",
}


@retention.callback()
def _group() -> None:
    """Let go of what is kept no longer."""


@retention.command(short_help="Let go of what is due, or count it.")
def run(
    organization: Annotated[str | None, typer.Option(help="Only this organization.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; change nothing.")] = False,
    config: Annotated[Path | None, typer.Option(help="The centre's settings (TOML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Make old movements into counts, and delete what the retention settings let go.

    On SQLite stop the server first: only one process may write. A dry run may be made at any time.
    """
    settings = server_settings(config)
    database = Database(settings.effective_database_url)
    try:
        with database.read() as session:
            known = organizations(session)
        if organization is not None and organization not in known:
            fail(f"There is no organization {organization!r}.")
        found = Retention(database, PersonalFiles(database, settings.data_dir))
        work = found.plan if dry_run else found.run
        with nullcontext() if dry_run else sole_user(settings.data_dir):
            done = {each: work(each, now=utc_now()) for each in ([organization] if organization else known)}
    except InUse as error:
        fail(f"{error}.", hint="A running centre does this every day by itself. Stop it, or use --dry-run.")
    finally:
        database.close()
    if as_json:
        print(json.dumps({"is_dry_run": dry_run, "organizations": done}))
        return
    console = Console(highlight=False)
    for each, counts in done.items():
        table = Table("would go" if dry_run else "gone", "", title=escape(each), title_justify="left", box=None)
        for name, count in counts.items():
            table.add_row(str(count), _SAID[name])
        console.print(table)
