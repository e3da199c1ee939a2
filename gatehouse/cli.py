"""The `gatehouse` command. Each command's code is loaded only when it is used, so that `--help` answers at once."""

from __future__ import annotations

import errno
import importlib
import io
import sys
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["main"]

_COMMANDS = {
    "demo": ("gatehouse.commands.demo", "Run the whole product on a sample organization, until Ctrl-C."),
    "server": ("gatehouse.commands.server", "Run the centre: back office, feed, ingest and the embedded broker."),
    "agent": ("gatehouse.commands.agent", "Run a door: readers, decisions, events and the kiosk page."),
    "enroll": ("gatehouse.commands.enroll", "Make this machine a door, with a one-time code from the back office."),
    "organization": ("gatehouse.commands.organization", "Create an organization and its first administrator."),
    "read": ("gatehouse.commands.read", "Print what a reader reads, or what is in pictures of cards."),
    "import": ("gatehouse.commands.importing", "Bring a file of people, cards, passes ... into a running centre."),
    "vectors": ("gatehouse.commands.vectors", "Run decision rows through the law, row by row."),
    "explain": ("gatehouse.commands.explain", "Say why a door answered as it did, or try a draft of its rules."),
    "audit": ("gatehouse.commands.audit", "Check the chains of the audit logs and of the doors' events."),
    "retention": ("gatehouse.commands.retention", "Let go of what is kept no longer, or count it."),
    "bench": ("gatehouse.commands.bench", "Measure, beside a baseline in the same run."),
    "contracts": ("gatehouse.commands.contracts", "Write the OpenAPI and AsyncAPI descriptions from the code."),
    "version": ("gatehouse.commands.version", "Print the version."),
}


class _LazyGroup(TyperGroup):
    """Knows every command's name and one line of help; imports a command when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        exported = getattr(module, cmd_name)
        if isinstance(exported, typer.Typer):
            exported.rich_markup_mode = None
            command = typer.main.get_command(exported)
        else:
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(name=cmd_name)(exported)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            _explain(error)
            raise

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


def _explain(error: Exception) -> None:
    """Ends the command with a message for what a person can put right: files, ports, the database. Anything else is a
    fault of ours and keeps its traceback."""
    from gatehouse.commands.failing import fail

    if isinstance(error, OSError) and error.strerror and error.errno != errno.EPIPE:
        fail(f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}.")
    kind = type(error)
    if kind.__module__ == "sqlalchemy.exc" and kind.__name__ in ("OperationalError", "DatabaseError"):
        fail(
            f"The database cannot be used: {getattr(error, 'orig', None) or error}.",
            hint="Are data_dir and database_url right? A new centre begins with: gatehouse organization.",
        )


app = typer.Typer(
    cls=_LazyGroup, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


@app.callback()
def _root() -> None:
    """Gatehouse: the open access-control kiosk and edge check-in system."""


def main() -> None:
    """The entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that has no such character shows its escape
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="gatehouse")
