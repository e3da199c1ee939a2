"""`gatehouse bench what-if`: a draft of the rules replayed over real scans, beside the bare decisions of them."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
import typer
from rich.console import Console
from rich.table import Table

from access.domain.decision import decide
from access.domain.policy import BalanceRule, Mode
from gatehouse.commands.bench_centre import DAYS, ORGANIZATION_ID, POINT_ID, build
from server.db import Database
from server.explain.facts import Recorded, Remade
from server.explain.replay import MAX_SCANS, WhatIf
from server.explain.replay import what_if as replay
from server.models import AccessPoint, Organization, utc_now

__all__ = ["what_if"]


def what_if(
    scans: Annotated[int, typer.Option(min=1, max=MAX_SCANS, help="How many recorded scans to replay.")] = 10_000,
    people: Annotated[int, typer.Option(min=4, help="How many people made them.")] = 1_000,
    dir: Annotated[Path | None, typer.Option(help="Where to write; default: the system's temporary folder.")] = None,
) -> None:
    """Time a what-if at the centre over recorded scans, beside the bare decisions of the same scans in memory.

    Each scan is decided twice in both: by the rules in force and by the draft. The rest is reading and putting the
    facts of each scan together again.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-bench-", dir=dir))
    database = Database(f"sqlite:///{folder / 'centre.db'}")
    try:
        database.migrate()
        _tell(f"recording {scans:,} scans of {people:,} people")
        now = utc_now()
        build(database, people=people, scans=scans, now=now)
        _tell(f"replaying {scans:,} scans")
        figures = _measure(database, now)
    finally:
        database.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(figures)
    print(json.dumps(figures))


def _measure(database: Database, now: datetime) -> dict[str, float]:
    found: list[tuple[Recorded, Remade]] = []
    with database.read() as session:
        published = session.get_one(AccessPoint, POINT_ID).policy()
        zone = ZoneInfo(session.get_one(Organization, ORGANIZATION_ID).time_zone)
        draft = replace(published, balance=BalanceRule(mode=Mode.DENY))

        def run() -> WhatIf:
            since = now - timedelta(days=DAYS + 1)
            return replay(session, ORGANIZATION_ID, POINT_ID, draft, since, now, on_scan=on_scan)

        def on_scan(recorded: Recorded, remade: Remade) -> None:
            if is_kept:
                found.append((recorded, remade))

        is_kept = True
        run()
        is_kept = False
        started = time.perf_counter()
        result = run()
        what_if_s = time.perf_counter() - started
    moments = [(each.request, each.facts, recorded.event.occurred_at) for recorded, each in found]
    started = time.perf_counter()
    for request, facts, at in moments:
        for policy in (published, draft):
            decide(request, facts, policy, now=at, zone=zone)
    decide_s = time.perf_counter() - started
    return {
        "scans": result.replayed,
        "turned": result.turned_count,
        "what_if_s": round(what_if_s, 3),
        "what_if_scans_per_s": round(result.replayed / what_if_s),
        "decide_s": round(decide_s, 3),
        "decide_scans_per_s": round(result.replayed / decide_s),
        "ratio": round(what_if_s / decide_s, 2),
    }


def _print(figures: dict[str, float]) -> None:
    title = f"A draft replayed over {figures['scans']:,} scans, {figures['turned']:,} of them turned"
    table = Table(title=title)
    for name in ("", "seconds", "scans a second"):
        table.add_column(name, justify="left" if not name else "right")
    for label, key in (("what-if, from the centre's database", "what_if"), ("the bare decisions", "decide")):
        table.add_row(label, f"{figures[f'{key}_s']:.2f}", f"{figures[f'{key}_scans_per_s']:,}")
    table.add_row("times as long", f"{figures['ratio']}", "")
    Console(width=100).print(table)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
