"""`gatehouse bench page`: the Access points report, its pages and files, beside the bare count under them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from gatehouse.commands.bench_office import office
from gatehouse.commands.bench_page import Area
from gatehouse.commands.bench_page_activity import AREA as HISTORY
from gatehouse.commands.bench_page_history import point_id
from gatehouse.commands.bench_scratch import Scratch
from gatehouse.commands.bench_stopwatch import Figure

__all__ = ["AREA"]

_CALLS: Final = 10
_COUNT: Final = "event.access_point_id .. event.kind .. count(*) .. GROUP BY"
"""SQLite counts a span day by day: there it is the query of one day."""
_ROWS: Final = "FROM event .. ORDER BY event.occurred_at"


def fill(place: Scratch) -> None:
    """The history of Account activity is enough: written here when that page is not asked for."""
    if HISTORY.name not in place.filled():
        HISTORY.fill(place)
        place.note_filled(HISTORY.name, HISTORY.sizes(place))


def measure(place: Scratch) -> Iterator[Figure]:
    """A day, a month and a year; filtered and grouped; a page far into a year; the first bytes of the files."""
    if not place.events:
        return
    spans = {name: _days(place, days) for name, days in (("a day", 1), ("a month", 30), ("a year", 365))}
    far = datetime.combine(place.today, time(), UTC) - timedelta(days=200)
    deep = f"{int(far.timestamp() * 1_000_000)}-z"
    asked = {
        **{f"report, {name}": span for name, span in spans.items()},
        "report, a year: everything": {**spans["a year"], "what": "all"},
        "report, a year: refusals": {**spans["a year"], "what": "refused"},
        "report, a year: one point": {**spans["a year"], "point": point_id(3)},
        "report, a year: multipasses": {**spans["a year"], "pass": "multipass"},
        "report, a year: by city": {**spans["a year"], "group": "city"},
        "report, a year: far into the rows": {**spans["a year"], "after": deep},
        "report, a month long ago": _days(place, 30, before=place.days * 4 // 5),
    }
    with office(place.database) as office_:
        for name, query in asked.items():
            yield from office_.figures(
                name, f"/admin/report?{urlencode(query)}", bare=_COUNT, calls=place.calls(_CALLS)
            )
        for name in ("csv", "xlsx"):
            path = f"/admin/report.{name}?{urlencode(spans['a year'])}"
            label = f"report, a year: {name.upper()}, first bytes"
            yield from office_.figures(label, path, bare=_ROWS, calls=place.calls(_CALLS), is_download=True)


def _days(place: Scratch, days: int, *, before: int = 31) -> dict[str, str]:
    last = place.today - timedelta(days=before)
    first = last - timedelta(days=days - 1)
    return {"period": "custom", "from": first.isoformat(), "to": last.isoformat()}


AREA: Final = Area("report", 30, fill, measure)
