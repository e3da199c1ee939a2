"""How long calls take, by the clock and of the processors: where others use the machine too, the second is fair."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from server.db import Database

__all__ = ["Figure", "Stopwatch", "Timed"]

_WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Timed:
    """One call: milliseconds by the clock, and of processors in this process and PostgreSQL's (None: not told)."""

    clock_ms: float
    cpu_ms: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """Milliseconds of calls of one kind. `bare_for` names the page whose bare query this is."""

    name: str
    p50: float
    p99: float
    most: float
    cpu_p50: float | None
    cpu_p99: float | None
    calls: int
    bare_for: str = ""

    @classmethod
    def of(cls, name: str, times: Sequence[Timed], *, bare_for: str = "") -> Figure:
        """The figure of what was timed."""
        clock = [each.clock_ms for each in times]
        cpu = [each.cpu_ms for each in times if each.cpu_ms is not None]
        p50, p99 = _cuts(clock)
        cpu_p50, cpu_p99 = _cuts(cpu) if cpu else (None, None)
        return cls(name, p50, p99, round(max(clock), 2), cpu_p50, cpu_p99, len(times), bare_for)


@dataclass(slots=True)
class Stopwatch:
    """Times calls on a database. Of PostgreSQL on this machine it reads what the database's processes used."""

    database: Database
    _pids: list[int] = field(default_factory=list)
    _is_told: bool = True

    def __post_init__(self) -> None:
        gc.collect()

    def figure(self, name: str, calls: Sequence[Callable[[], object]], *, bare_for: str = "") -> Figure:
        """Makes each call once, after a few to warm up."""
        for call in calls[:_WARM_UP]:
            call()
        self.look()
        return Figure.of(name, [self.time(call) for call in calls], bare_for=bare_for)

    def time(self, call: Callable[[], object]) -> Timed:
        """Times one call."""
        begun = self.begin()
        call()
        return self.end(begun)

    def begin(self) -> tuple[float, float]:
        """Starts; the answer is for `end`."""
        return self._cpu_ms(), time.perf_counter()

    def end(self, begun: tuple[float, float]) -> Timed:
        """What has passed since."""
        clock_ms = (time.perf_counter() - begun[1]) * 1000
        return Timed(clock_ms, self._cpu_ms() - begun[0] if self._is_told else None)

    def look(self) -> None:
        """Finds the server's processes of this database anew: connections come and go."""
        if self.database.is_sqlite:
            return
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        with self.database.read_engine.connect() as connection:
            self._pids = list(connection.exec_driver_sql(query).scalars())
        host = self.database.url.host
        self._is_told = host in (None, "localhost", "127.0.0.1") and all(
            _used_ns(pid) is not None for pid in self._pids
        )

    def _cpu_ms(self) -> float:
        server_ns = sum(_used_ns(pid) or 0 for pid in self._pids)
        return time.process_time() * 1000 + (server_ns + _helpers_ns(self._pids)) / 1_000_000


def _used_ns(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _helpers_ns(pids: Sequence[int]) -> int:
    """What the server's processes used that are gone by now: a query's helpers live as long as the query."""
    if not pids:
        return 0
    try:
        parent = int(_stat(pids[0])[1])
        waited = _stat(parent)[13:15]
    except (OSError, ValueError, IndexError):
        return 0
    return sum(int(each) for each in waited) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of a process after its name: state, parent and so on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cuts(values: Sequence[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else list(values) * 99
    return round(cuts[49], 2), round(cuts[98], 2)
