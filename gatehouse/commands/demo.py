"""`gatehouse demo`: the whole product on a sample organization, to click through or as one unattended run."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from edge_agent.errors import EdgeError
from gatehouse.commands.failing import fail
from gatehouse.demo.once import plan, run_once
from gatehouse.demo.processes import StartFailed
from gatehouse.demo.report import figures, show
from gatehouse.demo.venue import ADMIN_EMAIL, Venue
from gatehouse.demo.wall import CardWall

__all__ = ["demo"]


def demo(
    once: Annotated[bool, typer.Option("--once", help="Run unattended, print the result and end.")] = False,
) -> None:
    """Run the whole product on a sample organization: the centre, two doors, and a wall of cards to present.

    Runs until Ctrl-C and leaves nothing behind. With --once: scans by itself (a stop of the centre and a killed door
    included); the last line is one JSON object; exit status 0 only if nothing was lost, duplicated or unexpected.
    """
    console = Console(highlight=False, soft_wrap=True)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell may start us with SIGINT ignored
        signal.signal(ending, _interrupt)
    try:
        if once:
            _once(console)
        else:
            _until_interrupted(console)
    except (StartFailed, EdgeError) as error:
        fail(str(error))
    except KeyboardInterrupt as interrupt:
        # An unattended run that was cut short has shown nothing: that is no success.
        raise typer.Exit(128 + int(interrupt.args[0]) if once and interrupt.args else 0) from None


def _interrupt(number: int, _frame: object) -> NoReturn:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)  # once is enough: what was started is being ended
    raise KeyboardInterrupt(number)


def _once(console: Console) -> None:
    steps = sum(len(plan(name)) for name in ("pool", "gym"))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Starting", total=steps, start=True)

        def say(text: str) -> None:
            progress.console.print(text)
            progress.update(task, description=text[:48])

        with _venue(say) as venue:
            result = run_once(venue, say=say, advance=lambda: progress.advance(task))
    console.print()
    show(Console(highlight=False, width=None if console.is_terminal else 170), result)
    numbers = figures(result)
    print(json.dumps(numbers), flush=True)
    is_good = result.lost == 0 and result.duplicated == 0 and not result.problems
    raise typer.Exit(0 if is_good else 1)


def _until_interrupted(console: Console) -> None:
    with _venue(console.print) as venue:
        wall = CardWall(venue, venue.ports.take(8610))
        wall.start()
        try:
            console.print(_addresses(venue, wall))
            console.print("Click a card on the wall and watch the doors. Ctrl-C ends everything.")
            _watch(console, venue)
        finally:
            wall.close()


@contextlib.contextmanager
def _venue(say: Callable[[str], None]) -> Iterator[Venue]:
    """The running venue; one that is ended by hand says what became of it."""
    venue = Venue(say=say)
    try:
        with venue:
            try:
                yield venue
            except KeyboardInterrupt:
                say("Stopping the doors and the centre ...")
                raise
    except KeyboardInterrupt:
        for line in venue.ending.lines() if venue.ending else ():
            say(line)
        raise


def _addresses(venue: Venue, wall: CardWall) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("[bold]Card wall[/]", wall.url)
    for name, door in venue.doors.items():
        table.add_row(f"[bold]Kiosk, {name}[/]", door.kiosk_url)
        table.add_row(f"[bold]Desk, {name}[/]", f"{door.desk_url}  ·  PIN of this run: {venue.pin}")
    table.add_row("[bold]Back office[/]", f"{venue.settings.browser_url}/admin")
    table.add_row("", f"{ADMIN_EMAIL}  ·  password of this run: {venue.password}")
    table.add_row("[bold]Data and logs[/]", f"{venue.folder}  ·  deleted at the end")
    return table


def _watch(console: Console, venue: Venue) -> None:
    """Says once when a process has ended by itself, until Ctrl-C."""
    told: set[str] = set()
    while True:
        for child in (venue.centre, *(door.agent for door in venue.doors.values())):
            if child.wants_restart:
                child.start()
            elif not child.is_running and child.name not in told:
                told.add(child.name)
                console.print(f"[red]{child.name} has ended by itself.[/] The end of its log:\n{child.log_tail()}")
        threading.Event().wait(1.0)
