"""`gatehouse bench page`: what pages of the back office cost at the centre, each beside a bare query in the same run.

A page's part is a module `bench_page_<page>` in this folder with an `AREA`: how to fill the database, how to measure.
What is of order 0 is always filled: the others stand on it.
"""

from __future__ import annotations

import gc
import importlib
import json
import pkgutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table

import gatehouse.commands
from gatehouse.commands.bench_scratch import Scratch, scratch, tell

__all__ = ["Area", "Figure", "areas", "figure", "figure_of", "page"]

_WARM_UP = 5
_PART = "bench_page_"


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds of calls of one kind; a baseline is the bare query under a page."""

    name: str
    p50: float
    p99: float
    most: float
    calls: int
    is_baseline: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A page: `fill` writes its rows (lower `order` first), `measure` times it afterwards."""

    name: str
    order: int
    fill: Callable[[Scratch], None]
    measure: Callable[[Scratch], Iterable[Figure]]


def figure(name: str, calls: Sequence[Callable[[], object]], *, is_baseline: bool = False) -> Figure:
    """Makes each call once, after a few to warm up, and times it."""
    for call in calls[:_WARM_UP]:
        call()
    gc.collect()
    return figure_of(name, [_timed(call) for call in calls], is_baseline=is_baseline)


def figure_of(name: str, times_ms: Sequence[float], *, is_baseline: bool = False) -> Figure:
    """The figure of what was timed elsewhere."""
    cuts = quantiles(times_ms, n=100, method="inclusive") if len(times_ms) > 1 else list(times_ms) * 99
    most = round(max(times_ms), 2)
    return Figure(name, round(cuts[49], 2), round(cuts[98], 2), most, len(times_ms), is_baseline)


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def areas() -> list[Area]:
    """Every page that has a part here."""
    names = [each.name for each in pkgutil.iter_modules(gatehouse.commands.__path__)]
    modules = [importlib.import_module(f"gatehouse.commands.{name}") for name in names if name.startswith(_PART)]
    found: list[Area] = [module.AREA for module in modules if hasattr(module, "AREA")]
    return sorted(found, key=lambda area: (area.order, area.name))


def page(
    people: Annotated[int, typer.Option(min=100, help="How many people the organization has.")] = 500_000,
    events: Annotated[int, typer.Option(min=0, help="How many events are recorded.")] = 10_000_000,
    database: Annotated[str | None, typer.Option(help="A PostgreSQL URL; default: a SQLite file.")] = None,
    dir: Annotated[Path | None, typer.Option(help="Where the SQLite file is; default: the system's.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Measure these pages only, by name.")] = None,
) -> None:
    """Time the pages of the back office at the server, through the services that the pages call.

    The database is made for this and deleted afterwards; on PostgreSQL the URL's user must be allowed to create one.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    parts = areas()
    unknown = set(only or ()) - {area.name for area in parts}
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(area.name for area in parts)}")
    with scratch(database, people=people, events=events, folder=dir) as place:
        engine = "sqlite" if place.database.is_sqlite else "postgresql"
        for area in parts:
            if only and area.name not in only and area.order:
                continue
            started = time.perf_counter()
            tell(f"filling for {area.name}")
            area.fill(place)
            tell(f"  {time.perf_counter() - started:.0f} s")
        place.analyze()
        measured: dict[str, dict[str, Any]] = {}
        for area in parts:
            if not only or area.name in only:
                tell(f"measuring {area.name}")
                measured[area.name] = {}
                for each in area.measure(place):
                    tell(f"  {each.name}: {each.p50:.2f} ms, p99 {each.p99:.2f} ms" + _mark(each.is_baseline))
                    measured[area.name][each.name] = asdict(each)
    figures = {"engine": engine, "people": people, "events": events, "pages": measured}
    _print(figures)
    print(json.dumps(figures))


def _mark(is_baseline: bool) -> str:
    return " (bare query)" if is_baseline else ""


def _print(figures: dict[str, Any]) -> None:
    title = f"Pages on {figures['engine']}: {figures['people']:,} people, {figures['events']:,} events"
    table = Table(title=title)
    for name in ("", "p50 ms", "p99 ms", "longest ms", "calls"):
        table.add_column(name, justify="right" if name else "left")
    for area, found in figures["pages"].items():
        table.add_section()
        table.add_row(f"[bold]{area}[/bold]")
        for name, each in found.items():
            label = f"  {name}{_mark(each['is_baseline'])}"
            table.add_row(
                label, f"{each['p50']:.2f}", f"{each['p99']:.2f}", f"{each['most']:.2f}", f"{each['calls']:,}"
            )
    Console(width=110).print(table)
