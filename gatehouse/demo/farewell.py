"""What a demo that was ended by hand says last: what was recorded, what has ended, and what became of the data."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatehouse.demo.processes import Child

__all__ = ["Ending", "Recorded", "recorded_in"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the doors' ledgers hold: scans, what else happened at a desk or by itself, and what waits for the centre."""

    scans: int = 0
    others: int = 0
    waiting: int = 0

    def __add__(self, other: Recorded) -> Recorded:
        return Recorded(self.scans + other.scans, self.others + other.others, self.waiting + other.waiting)


def recorded_in(ledgers: Iterable[Path]) -> Recorded:
    """The sum over the ledgers that can be read."""
    total = Recorded()
    for path in ledgers:
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger,
        ):
            events = [json.loads(body) for (body,) in ledger.execute("SELECT body FROM events")]
            scans = sum(event.get("reader") is not None for event in events)
            (waiting,) = ledger.execute("SELECT count(*) FROM outbox").fetchone()
            total += Recorded(scans, len(events) - scans, waiting)
    return total


@dataclass(frozen=True, slots=True)
class Ending:
    """How a venue ended. `folder` is where its data was."""

    recorded: Recorded
    processes: Sequence[Child]
    folder: Path

    def lines(self) -> Iterator[str]:
        """For the terminal, one sentence or two a line."""
        yield _said(self.recorded)
        running = [child.name for child in self.processes if child.is_running]
        if running:
            yield f"{', '.join(running)} could not be ended: see ps, and end it with kill."
        elif self.processes:
            yield f"All {len(self.processes)} processes have ended; nothing is left running."
        else:
            yield "Nothing is left running."
        if self.folder.exists():
            yield f"The data could not be deleted. Delete it by hand: rm -r {self.folder}"
        else:
            yield f"The data was in {self.folder} and is deleted."


def _said(recorded: Recorded) -> str:
    if not recorded.scans and not recorded.others:
        return "No scan was recorded."
    what = _counted(recorded.scans, "scan")
    if recorded.others:
        what += f" and {_counted(recorded.others, 'other event')}"
    have = "was" if recorded.scans + recorded.others == 1 else "were"
    told = f"the centre had not got {recorded.waiting} of them yet" if recorded.waiting else "the centre had all"
    return f"{what} {have} recorded at the doors; {told}."


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
