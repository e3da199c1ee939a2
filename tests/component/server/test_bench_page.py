"""`gatehouse bench page`: a small run of it, whole; and what it fills in bulk is what the centre itself writes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import delete, select
from typer.testing import CliRunner

from access.wire.canonical import canonical_bytes
from access.wire.topics import Channel, DeviceTopic
from gatehouse.commands.bench_page import areas, page
from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch, scratch
from server.ingest.service import record_batch
from server.models import Event, Person, PersonSearch

_EVENTS = 600


def _run(*given: str) -> dict[str, Any]:
    app = typer.Typer()
    app.command()(page)
    result = CliRunner().invoke(
        app, ["--people", "120", "--events", str(_EVENTS), "--days", "400", "--calls", "1", *given]
    )
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_every_page_is_timed_beside_its_query_and_a_kept_database_is_not_filled_again(tmp_path: Path) -> None:
    """One JSON object at the end. The next run finds the same rows; other sizes than those are refused."""
    given = ("--keep", "--dir", str(tmp_path))
    figures = _run(*given)
    assert figures["engine"] == "sqlite"
    assert set(figures["pages"]) == {area.name for area in areas()}
    for name in ("activity", "report"):
        pages = figures["pages"][name]
        bare = {each["bare_for"] for each in pages.values() if each["bare_for"]}
        assert bare == {label for label, each in pages.items() if not each["bare_for"]}
        assert all(each["p50"] > 0 and each["cpu_p50"] > 0 for each in pages.values())
    with scratch(None, people=120, events=_EVENTS, days=400, folder=tmp_path, keep=True) as place:
        assert set(place.filled()) == {area.name for area in areas()}
        with place.database.write() as session:
            session.execute(delete(Event))
    _run(*given, "--only", "clients")
    with (
        scratch(None, people=120, events=_EVENTS, days=400, folder=tmp_path, keep=True) as place,
        place.database.read() as session,
    ):
        assert session.scalars(select(Event.id)).all() == []
    app = typer.Typer()
    app.command()(page)
    assert CliRunner().invoke(app, ["--people", "121", "--keep", "--dir", str(tmp_path)]).exit_code == 2


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Scratch]:
    """As the command fills it; nothing is left of it."""
    with scratch(None, people=120, events=_EVENTS, days=400, folder=tmp_path) as place:
        with place.in_bulk():
            for area in areas():
                area.fill(place)
                place.note_filled(area.name, area.sizes(place))
        yield place
    assert list(tmp_path.iterdir()) == []


def test_an_event_filled_in_bulk_is_the_row_that_ingest_makes_of_its_body(filled: Scratch) -> None:
    """Of a few doors, in the order of their numbers: the same columns, the chain unbroken, late where it came late."""
    with filled.database.read() as session:
        events = session.scalars(select(Event).order_by(Event.device_id, Event.seq)).all()
        assert len(events) == _EVENTS
        found = [_columns(each) for each in events]
    late = {each["device_id"] for each in found if each["flags"] == ["late"]}
    often = Counter(each["device_id"] for each in found)
    undoing = {each["device_id"] for each in found if each["kind"] == "undone"}
    others = {each["device_id"] for each in found if each["organization_id"] != ORGANIZATION}
    chosen = {min(some, key=lambda each: (often[each], each)) for some in (undoing, late, others)}
    before = [each for each in found if each["device_id"] in chosen]
    assert {"checked_in", "checked_out", "denied", "undone"} <= {each["kind"] for each in before}
    with filled.database.write() as session:
        session.execute(delete(Event))
    with filled.database.write() as session:
        for row in before:
            topic = DeviceTopic(row["organization_id"], row["site_id"], row["device_id"], Channel.EVENTS)
            batch = {"v": 1, "device": row["device_id"], "events": [json.loads(row["body"])]}
            assert record_batch(session, topic, canonical_bytes(batch), now=row["recorded_at"]) is not None
    with filled.database.read() as session:
        again = session.scalars(select(Event).order_by(Event.device_id, Event.seq)).all()
        assert [_columns(each) for each in again] == before


def _columns(event: Event) -> dict[str, Any]:
    """Every column. What a use too many is flagged with is the bench's own: it fills no uses."""
    found = {column.key: getattr(event, column.key) for column in Event.__table__.columns}
    return found | {"flags": [each for each in event.flags if each != "overdrawn"]}


def test_people_filled_in_bulk_are_searched_by_what_the_centre_indexes(filled: Scratch) -> None:
    """Written backwards and back by the centre itself, a person has the same words."""
    words = select(PersonSearch.person_id, PersonSearch.by_last, PersonSearch.by_first, PersonSearch.words)
    words = words.order_by(PersonSearch.person_id)
    with filled.database.read() as session:
        before = session.execute(words).all()
    assert any(" " in each.words for each in before)
    for _ in range(2):
        with filled.database.write() as session:
            for person in session.scalars(select(Person)):
                person.first_name = person.first_name[::-1]
    with filled.database.read() as session:
        assert session.execute(words).all() == before
