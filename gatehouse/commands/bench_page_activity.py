"""`gatehouse bench page`: Account activity and the Check-in overview, whole pages beside the query of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Final
from urllib.parse import urlencode

from gatehouse.commands.bench_office import office
from gatehouse.commands.bench_page import Area
from gatehouse.commands.bench_page_history import BIG_ACCOUNT, BIG_PASS, History, big_person, point_id
from gatehouse.commands.bench_page_town import Block
from gatehouse.commands.bench_scratch import Scratch
from gatehouse.commands.bench_stopwatch import Figure

__all__ = ["AREA"]

_CALLS: Final = 30
_PATH: Final = f"/admin/accounts/{BIG_ACCOUNT}/activity"
_ROWS: Final = "FROM event .. ORDER BY event.occurred_at"
_FAR, _NEAR = point_id(19), point_id(0)


def fill(place: Scratch) -> None:
    """The history: at most 50,000 events on the large account and 20,000 on the busy day."""
    here, elsewhere = Block.both(place.people)
    history = History(
        events=place.events,
        big=max(1, min(50_000, place.events // 4)),
        busy=min(20_000, place.events // 4),
        days=place.days,
        last_day=place.today,
        here=here,
        elsewhere=elsewhere,
    )
    history.write(place)


def measure(place: Scratch) -> Iterator[Figure]:
    """Asks each page, in turn with its bare query."""
    if not place.events:
        return
    with office(place.database) as asked:
        for name, path in _pages(place).items():
            yield from asked.figures(name, path, bare=_ROWS, calls=place.calls(_CALLS))
        for name, path in _files().items():
            yield from asked.figures(name, path, bare=_ROWS, calls=place.calls(_CALLS), is_download=True)


def _pages(place: Scratch) -> dict[str, str]:
    day, person = place.today.isoformat(), big_person(3)
    deep = datetime.combine(place.today, clock_time(), UTC) - timedelta(days=place.days * 4 // 5)
    before = f"{int(deep.timestamp() * 1_000_000)}-z"
    month = {
        "from": (place.today - timedelta(days=230)).isoformat(),
        "to": (place.today - timedelta(days=200)).isoformat(),
    }
    asked: dict[str, dict[str, str]] = {
        "first page": {},
        "deep page": {"before": before},
        "newer than a deep page": {"after": before},
        "one person": {"person": person},
        "outcome: denied": {"outcome": "denied"},
        "kind: overridden": {"kind": "overridden"},
        "kind: undone": {"kind": "undone"},
        "one access point": {"point": _FAR},
        "one pass": {"pass": BIG_PASS},
        "passes of one type": {"pass": "type:session"},
        "flag: any": {"flag": "any"},
        "flag: overdrawn": {"flag": "overdrawn"},
        "person, point, denied": {"person": person, "point": _FAR, "outcome": "denied"},
        "person, point, pass": {"person": person, "point": _FAR, "pass": BIG_PASS},
        "plain entries at one point": {"kind": "checked_in", "outcome": "granted", "point": _FAR},
        "one month": month,
        "one month, one person, denied": {**month, "person": person, "outcome": "denied"},
        "one month, one point, overridden": {**month, "point": _FAR, "kind": "overridden"},
    }
    pages = {f"Account activity, {name}": f"{_PATH}?{urlencode(query)}" for name, query in asked.items()}
    calm = (place.today - timedelta(days=300)).isoformat()
    pages["Check-in overview, busy day"] = f"/admin/?day={day}"
    pages["Check-in overview, busy day, one point"] = f"/admin/?day={day}&point={_NEAR}"
    pages["Check-in overview, a day long ago"] = f"/admin/?day={calm}"
    return pages


def _files() -> dict[str, str]:
    return {"Account activity, CSV, first bytes": f"{_PATH}.csv"}


AREA: Final = Area("activity", 10, fill, measure)
