"""What staff should know of a door, as codes with details, the worst first: a doctor's look without a white coat. Pure.

`HINTS` lists every code; the back office has a text for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from server.devices.lines import DeviceLine

__all__ = ["HINTS", "Hint", "hints_of"]

HINTS = (
    "never",
    "away",
    "reader_lost",
    "relay_lost",
    "clock_untrusted",
    "no_data",
    "data_old",
    "outbox",
    "missing",
    "parked",
    "disk",
    "version",
)
_OLD_DATA = timedelta(minutes=5)
_MANY_WAITING = 50
_LITTLE_MB = 500


@dataclass(frozen=True, slots=True)
class Hint:
    """One thing; `names` are readers or relays, `number` what it counts, `age` how long (the first of several)."""

    code: str
    names: tuple[str, ...] = ()
    number: int = 0
    age: timedelta | None = None


def hints_of(line: DeviceLine, *, centre_version: str) -> list[Hint]:
    """What is not as it should be; nothing of a door that was ended."""
    return list(_hints(line, centre_version)) if line.is_in_service else []


def _hints(line: DeviceLine, centre_version: str) -> Iterator[Hint]:
    if line.state == "never":
        yield Hint("never")
        return
    is_away = line.state == "offline"
    if is_away:
        seen = line.device.last_seen_at
        yield Hint("away", age=line.now - seen if seen else None)
    for kind in ("reader", "relay"):
        if lost := line.lost(f"{kind}s"):
            since = min(filter(None, map(line.lost_since, lost)), default=None) if kind == "reader" else None
            yield Hint(f"{kind}_lost", names=tuple(lost), age=max(line.now - since, timedelta(0)) if since else None)
    if line.clock == "untrusted":
        yield Hint("clock_untrusted")
    if line.data_as_of is None:
        yield Hint("no_data")
    elif (age := line.data_age) is not None and age > _OLD_DATA:
        yield Hint("data_old", age=age)
    waiting = line.waiting or 0
    if waiting > (0 if is_away else _MANY_WAITING):
        yield Hint("outbox", number=waiting)
    # What neither waits there nor is here: the ledger was set aside, or an older one was put back.
    if not is_away and line.missing_count > waiting:
        yield Hint("missing", number=line.missing_count - waiting)
    if line.parked:
        yield Hint("parked", number=line.parked)
    if line.free_mb is not None and line.free_mb < _LITTLE_MB:
        yield Hint("disk", number=line.free_mb)
    if _numbers(line.device.version) < _numbers(centre_version):
        yield Hint("version")


def _numbers(version: str) -> tuple[int, ...]:
    """`0.4.1` as numbers; what is no version counts as the newest: nothing is said of it."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(each) for each in found[0].split(".")) if found else (10**9,)
