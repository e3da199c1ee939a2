"""`gatehouse bench page`: what pages of the back office cost at the centre, each beside a bare query in the same run.

A page's part is a module `bench_page_<page>` in this folder with an `AREA`: how to fill the database, how to measure.
What is of order 0 is always filled: the others stand on it.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table

import gatehouse.commands
from gatehouse.commands.bench_scratch import Scratch, scratch, tell
from gatehouse.commands.bench_stopwatch import Figure

__all__ = ["Area", "areas", "page"]

_PART = "bench_page_"


@dataclass(frozen=True, slots=True)
class Area:
    """A page: `fill` writes its rows (lower `order` first), `measure` times it afterwards."""

    name: str
    order: int
    fill: Callable[[Scratch], None]
    measure: Callable[[Scratch], Iterable[Figure]]

    def sizes(self, place: Scratch) -> str:
        """What it is filled with, in words; those of order 0 are filled with people only."""
        people = f"{place.people} people"
        return f"{people}, {place.events} events in {place.days} days" if self.order else people


def areas() -> list[Area]:
    """Every page that has a part here."""
    names = [each.name for each in pkgutil.iter_modules(gatehouse.commands.__path__)]
    modules = [importlib.import_module(f"gatehouse.commands.{name}") for name in names if name.startswith(_PART)]
    found: list[Area] = [module.AREA for module in modules if hasattr(module, "AREA")]
    return sorted(found, key=lambda area: (area.order, area.name))


def page(
    people: Annotated[int, typer.Option(min=100, help="How many people the organization has.")] = 500_000,
    events: Annotated[int, typer.Option(min=0, help="How many events are recorded.")] = 10_000_000,
    days: Annotated[int, typer.Option(min=400, help="Over how many days the events are spread.")] = 1825,
    database: Annotated[str | None, typer.Option(help="A PostgreSQL URL; default: a SQLite file.")] = None,
    dir: Annotated[Path | None, typer.Option(help="Where the SQLite file is; default: the system's.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Measure these pages only, by name.")] = None,
    calls: Annotated[int, typer.Option(min=1, help="Time at most so many calls of each kind.")] = 100,
    keep: Annotated[bool, typer.Option(help="Keep the filled database for the next run, which need not fill it.")] = (
        False
    ),
) -> None:
    """Time the pages of the back office at the server, through the services that the pages call.

    The database is made for this and deleted afterwards; on PostgreSQL the URL's user must be allowed to create one.
    With `--keep` it stays (SQLite: in `--dir`) and is measured again by the next run with `--keep` and the same sizes.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    parts = areas()
    unknown = set(only or ()) - {area.name for area in parts}
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(area.name for area in parts)}")
    if keep and database is None and dir is None:
        raise typer.BadParameter("a SQLite file is kept in the folder that --dir names")
    with scratch(database, people=people, events=events, days=days, folder=dir, keep=keep, most_calls=calls) as place:
        engine = "sqlite" if place.database.is_sqlite else "postgresql"
        _fill(place, [area for area in parts if not only or area.name in only or not area.order])
        measured: dict[str, dict[str, Any]] = {}
        for area in parts:
            if not only or area.name in only:
                tell(f"measuring {area.name}")
                measured[area.name] = {}
                for each in area.measure(place):
                    cpu = f", CPU {each.cpu_p50:.2f} ms" if each.cpu_p50 is not None else ""
                    tell(f"  {each.name}: {each.p50:.2f} ms, p99 {each.p99:.2f} ms{cpu}{_mark(each.bare_for)}")
                    measured[area.name][each.name] = asdict(each)
    figures = {"engine": engine, "people": people, "events": events, "days": days, "pages": measured}
    _print(figures)
    print(json.dumps(figures))


def _fill(place: Scratch, parts: list[Area]) -> None:
    """Fills what is not filled yet. What an area stands on has its own note, so that it is filled once."""
    found = place.filled()
    wanted = {area.name: area.sizes(place) for area in parts}
    for name, sizes in wanted.items():
        if found.get(name, sizes) != sizes:
            raise typer.BadParameter(f"the kept database was filled for {name} with {found[name]}, not {sizes}")
    missing = [area for area in parts if area.name not in found]
    if not missing:
        return
    with place.in_bulk():
        for area in missing:
            started = time.perf_counter()
            tell(f"filling for {area.name}")
            area.fill(place)
            place.note_filled(area.name, wanted[area.name])
            tell(f"  {time.perf_counter() - started:.0f} s")
    place.analyze()


def _mark(bare_for: str) -> str:
    return " (bare query)" if bare_for else ""


def _print(figures: dict[str, Any]) -> None:
    title = f"Pages on {figures['engine']}: {figures['people']:,} people, {figures['events']:,} events"
    table = Table(title=title)
    for name in ("", "p50 ms", "p99 ms", "CPU p50", "CPU p99", "bare x", "calls"):
        table.add_column(name, justify="right" if name else "left")
    for area, found in figures["pages"].items():
        table.add_section()
        table.add_row(f"[bold]{area}[/bold]")
        bare = {each["bare_for"]: each for each in found.values() if each["bare_for"]}
        for name, each in found.items():
            under = bare.get(name)
            times = f"{each['p50'] / under['p50']:.1f}" if under and under["p50"] else ""
            cpu = [f"{each[key]:.2f}" if each[key] is not None else "-" for key in ("cpu_p50", "cpu_p99")]
            label = f"  {name}{_mark(each['bare_for'])}"
            table.add_row(label, f"{each['p50']:.2f}", f"{each['p99']:.2f}", *cpu, times, f"{each['calls']:,}")
    Console(width=130).print(table)
