"""What a form or a link says: filters and places in the list."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.checkins.activity import ActivityFilter, ActivityRow, Cursor
from server.models import Event


@given(st.integers(0, 32_000_000_000_000_000), st.from_regex(r"[0-9a-z-]{1,64}", fullmatch=True))
def test_a_place_survives_its_link(microseconds: int, id_: str) -> None:
    """To the microsecond."""
    cursor = Cursor(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds), id_)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text() | st.none())
def test_any_other_text_is_no_place(text: str | None) -> None:
    """And never an error."""
    parsed = Cursor.parse(text)
    assert parsed is None or str(parsed).lstrip("0") == (text or "").lstrip("0") or parsed.id in (text or "")


@given(st.dictionaries(st.sampled_from(["person", "from", "to", "kind", "outcome", "point"]), st.text()))
def test_any_form_is_read(query: dict[str, str]) -> None:
    """What is not understood is left out."""
    ActivityFilter.parse(query).span(ZoneInfo("America/Toronto"))


def test_a_filter_survives_its_link() -> None:
    """Every field."""
    wanted = ActivityFilter(
        person_id="p-1",
        first_on=date(2026, 11, 1),
        last_on=date(2026, 11, 2),
        kind=EventKind.DENIED,
        outcome=Outcome.DENIED,
        access_point_id="gym",
    )
    assert ActivityFilter.parse(wanted.query()) == wanted
    assert ActivityFilter.parse({}).is_empty
    assert not wanted.is_empty


def test_days_are_local_and_whole_when_clocks_change() -> None:
    """1 November 2026 has 25 hours in Toronto."""
    day = date(2026, 11, 1)
    first, end = ActivityFilter(first_on=day, last_on=day).span(ZoneInfo("America/Toronto"))
    assert first == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert end == datetime(2026, 11, 2, 5, tzinfo=UTC)


def test_a_body_that_cannot_be_read_is_empty() -> None:
    """An old or odd row never breaks a page."""
    for body in ("", "[]", "{", '{"entitlement": 3, "note": null}', '{"entitlement": {"remaining": "x"}}'):
        row = ActivityRow(Event(body=body))
        assert (row.remaining, row.note, row.takes_use) == (None, "", False)
