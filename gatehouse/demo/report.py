"""What a run says at its end: the account activity as a table, and the figures as one JSON object."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from access.words import words
from gatehouse.demo.once import Presentation, Result
from gatehouse.demo.sample import TIME_ZONE

__all__ = ["activity_table", "figures", "show"]

_COLOURS = {"granted": "green", "review": "yellow", "denied": "red"}
_ZONE = ZoneInfo(TIME_ZONE)


def activity_table(result: Result) -> Table:
    """The account activity that the run left at the centre, newest first.

    A door is offline ten seconds after the centre was last heard; what it scans before says that the centre was away.
    """
    table = Table(title="Account activity", title_justify="left", expand=False, pad_edge=False, box=None)
    for column in ("Time", "Participant", "Access point", "Card", "Outcome", "Pass", "Reasons", "Offline", "Recorded"):
        table.add_column(column, no_wrap=column in ("Time", "Card", "Outcome", "Offline", "Recorded"))
    made = [each for each in result.presentations if each.event is not None]
    for each in sorted(made, key=lambda each: each.event.occurred_at if each.event else each.wall_at, reverse=True):
        table.add_row(*_row(each))
    return table


def _row(each: Presentation) -> tuple[str | Text, ...]:
    event = each.event
    assert event is not None
    texts = words("en")
    after_s = (event.recorded_at - event.occurred_at).total_seconds()
    reasons = ", ".join(texts.reason(reason).label for reason in event.reasons)
    return (
        f"{event.occurred_at.astimezone(_ZONE):%H:%M:%S}",
        each.step.label if event.person_id else "-",
        each.door,
        each.step.technology,
        Text(event.outcome, style=_COLOURS.get(event.outcome, "")),
        f"{event.pass_name} (chosen)" if each.is_chosen else event.pass_name or "",
        reasons,
        "offline" if event.is_offline else "" if each.is_centre_up else "centre away",
        f"after {after_s:.1f} s" if after_s >= 1 else f"after {after_s * 1000:.0f} ms",
    )


def figures(result: Result) -> dict[str, object]:
    """The run in numbers. Times in milliseconds from the presentation.

    `scan_to_screen_ms`: until the answer reached the screen. `scan_to_record_ms`: until the centre had recorded it,
    for the scans made while the centre was up; `offline_scans` counts the others. `chosen` counts the visitors who were
    asked which pass to use, and answered.
    """
    events = [each.event for each in result.presentations if each.event]
    outcomes = [event.outcome for event in events]
    to_screen = [_ms(each.seen.at - each.at) for each in result.presentations if each.seen]
    to_record = [
        _ms((each.event.recorded_at - each.wall_at).total_seconds())
        for each in result.presentations
        if each.event and each.is_centre_up
    ]
    return {
        "scans": len(result.presentations),
        "granted": outcomes.count("granted"),
        "review": outcomes.count("review"),
        "denied": outcomes.count("denied"),
        "recorded": len({event.id for event in events}),
        "lost": result.lost,
        "duplicated": result.duplicated,
        "unexpected": len(result.problems),
        "chosen": sum(each.is_chosen for each in result.presentations),
        "offline_scans": sum(not each.is_centre_up for each in result.presentations),
        "scan_to_record_ms": _percentiles(to_record),
        "scan_to_screen_ms": _percentiles(to_screen),
        "scan_to_screen_ms_by_technology": {
            name: _percentiles(
                [_ms(p.seen.at - p.at) for p in result.presentations if p.seen and p.step.technology == name]
            )
            for name in ("barcode", "camera", "nfc")
        },
        "seconds": round(result.seconds, 1),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _percentiles(values: list[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p99": None}
    ordered = sorted(values)
    return {f"p{p}": ordered[min(len(ordered) - 1, round(p / 100 * (len(ordered) - 1)))] for p in (50, 99)}


def show(console: Console, result: Result) -> None:
    """Prints the table, and each thing that did not come out as expected."""
    console.print(activity_table(result))
    for problem in result.problems:
        console.print(Text(f"not as expected: {problem}", style="red"))
