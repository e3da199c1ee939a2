"""`gatehouse audit check`: follows the chains of audit logs and of doors' events, and says where one is broken."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from gatehouse.commands.failing import fail
from gatehouse.commands.server import server_settings
from server.audit.check import Checked, Fault, check_audit_log, check_device, devices_of, organizations
from server.db import Database

__all__ = ["audit"]

audit = typer.Typer(add_completion=False, no_args_is_help=True, help="Check the chains of audit logs and of events.")

_SAID = {
    "edited": "was edited",
    "deleted": "is missing",
    "moved": "is not where it was",
    "unlinked": "does not follow from the one before it",
    "head": "is the last one here, but not the one that the log ended with",
    "anchor": "is not the one that was noted",
    "trimmed": "is not where retention said that it stopped",
    "erased_by": "was emptied, and no entry says by whom",
}


@audit.callback()
def _group() -> None:
    """Check the chains of audit logs and of events."""


@audit.command()
def check(
    anchor: Annotated[
        list[str] | None, typer.Option(help="ORGANIZATION:SEQ:HASH that an earlier check printed; may be repeated.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="The centre's settings (TOML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Follow every organization's audit log and every door's events.

    Exit status: 0 when all hold, 1 when something was edited, deleted or moved, 2 when nothing could be checked.
    """
    anchors = dict(_anchor(each) for each in anchor or ())
    database = Database(server_settings(config).effective_database_url)
    try:
        with database.read() as session:
            known = organizations(session)
            if unknown := sorted(set(anchors) - set(known)):
                fail(f"There is no organization {unknown[0]!r}.")
            checked = []
            for organization_id in known:
                checked.append(check_audit_log(session, organization_id, anchor=anchors.get(organization_id)))
                checked += [
                    check_device(session, organization_id, each) for each in devices_of(session, organization_id)
                ]
    finally:
        database.close()
    is_whole = not any(each.faults for each in checked)
    if as_json:
        print(json.dumps({"is_whole": is_whole, "chains": [asdict(each) for each in checked]}))
    else:
        _show(checked)
    raise typer.Exit(0 if is_whole else 1)


def _anchor(text: str) -> tuple[str, tuple[int, str]]:
    organization_id, _, rest = text.partition(":")
    seq, _, hash_ = rest.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(hash_) == 64):
        fail(f"{text!r} is no anchor.", hint="It is ORGANIZATION:SEQ:HASH, as this command prints it.")
    return organization_id, (int(seq), hash_)


def _show(checked: list[Checked]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in checked:
        what = f"door {each.device_id}" if each.device_id else "audit log"
        erased = f", {each.erased} erased with a person's data" if each.erased else ""
        sign = "[red]broken[/]" if each.faults else "[green]whole[/]"
        console.print(f"{sign} {escape(each.organization_id)}: {escape(what)}, {each.links} links{erased}")
        for fault in each.faults:
            console.print(f"       {_where(fault)} {_SAID[fault.kind]}")
        if each.device_id is None and each.seq:
            console.print(f"       [dim]anchor {escape(each.organization_id)}:{each.seq}:{each.hash}[/]")


def _where(fault: Fault) -> str:
    return f"{fault.first_seq}" if fault.first_seq == fault.last_seq else f"{fault.first_seq} to {fault.last_seq}"
