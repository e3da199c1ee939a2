"""What a desk page asks, one method each: the fields are checked, one thing is called, the contract's JSON answers.

Acts run in the door's thread, questions in a worker's. Refusals are `DeskProblem`s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool

from access.domain.people import Language
from access.domain.staff import DeskPermission
from edge_agent.desk import Desk
from edge_agent.desk_directory import DeskDirectory
from edge_agent.desk_hub import DeskHub, DeskNews
from edge_agent.desk_lists import DeskLists
from edge_agent.desk_looks import DeskLooks
from edge_agent.desk_marks import DeskMarks
from edge_agent.desk_scans import DeskScans, KnownScan, Reader
from edge_agent.desk_staff import DeskSessions, DeskStaff
from edge_agent.door_thread import DoorThread
from edge_agent.errors import CacheFault, DeskProblem
from edge_agent.status import PointStatus
from kiosk.desk import ActKind

__all__ = ["DeskAnswers", "DeskSource", "shown_to", "staff_json"]

_MAX_NOTE: Final = 200
_T = TypeVar("_T")
_W = TypeVar("_W", Language, ActKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSource:
    """Where the desk's web takes what it serves."""

    points: frozenset[str]
    hub: DeskHub
    sessions: DeskSessions
    directory: DeskDirectory
    scans: DeskScans
    looks: DeskLooks
    lists: DeskLists
    desk: Desk
    marks: DeskMarks
    door: DoorThread
    hello: Callable[[str], dict[str, Any]]
    status: Callable[[str], PointStatus]
    now: Callable[[], datetime]
    looked: Callable[[DeskStaff, str], None] = lambda staff, person_id: None


class DeskAnswers:
    """Each method takes who asks and what they sent, and raises `DeskProblem`, `CacheFault` or `LedgerFault`."""

    def __init__(self, source: DeskSource) -> None:
        self._source = source

    async def language(self, staff: DeskStaff, body: dict[str, Any]) -> dict[str, Any]:
        """The sign-in's language from now on."""
        language = _word(Language, body.get("language"))
        self._source.sessions.set_language(body["token"], language)
        return {"staff": {**staff_json(staff), "language": language.value}}

    async def act(self, staff: DeskStaff, body: dict[str, Any]) -> dict[str, Any]:
        """Something done about a scan."""
        act, scan = _word(ActKind, body.get("act")), _field(body, "scan")
        if act in (ActKind.CHECK_IN, ActKind.CHECK_OUT):
            raise DeskProblem("unknown_scan")
        note, person = _note(body), _field(body, "person")
        done = await self._in_door(lambda: self._source.desk.act(staff, act, scan, note=note, person_id=person))
        return {"scan": await run_in_threadpool(shown_to, self._source, done.scan, staff)}

    async def check_in(self, staff: DeskStaff, body: dict[str, Any]) -> dict[str, Any]:
        """A check-in by hand."""
        person, note = _field(body, "person"), _note(body)
        done = await self._in_door(lambda: self._source.desk.check_in(staff, person, note=note))
        return {"scan": await run_in_threadpool(shown_to, self._source, done.scan, staff)}

    async def check_out(self, staff: DeskStaff, body: dict[str, Any]) -> dict[str, Any]:
        """A check-out by hand."""
        person = _field(body, "person")
        done = await self._in_door(lambda: self._source.desk.check_out(staff, person))
        return {"scan": await run_in_threadpool(shown_to, self._source, done.scan, staff)}

    async def attendance(self, staff: DeskStaff, body: dict[str, Any]) -> dict[str, Any]:
        """A mark on a list, or its daily note."""
        occurrence, person = _field(body, "occurrence"), _field(body, "person")
        mark, note = _field(body, "mark"), _note(body)
        await self._in_door(lambda: self._source.marks.mark(staff, occurrence, person, mark=mark, note=note))
        self._tell_lists(staff)
        return {"occurrence": await run_in_threadpool(self._occurrence, staff, occurrence)}

    async def pick_up(self, staff: DeskStaff, body: dict[str, Any]) -> dict[str, Any]:
        """A child handed over."""
        person, adult, occurrence = (_field(body, name) for name in ("person", "adult", "occurrence"))
        await self._in_door(lambda: self._source.marks.pick_up(staff, person, adult, occurrence))
        self._tell_lists(staff)
        return {}

    async def search(self, staff: DeskStaff, asked: dict[str, Any]) -> dict[str, Any]:
        """People by name or number."""
        _require(staff, DeskPermission.LOOK_UP)
        return await run_in_threadpool(self._source.looks.search, staff, str(asked.get("q") or "")[:100])

    async def person(self, staff: DeskStaff, asked: dict[str, Any]) -> dict[str, Any]:
        """One person, looked at without checking in."""
        _require(staff, DeskPermission.LOOK_UP)
        person = _field(asked, "id")
        found = await run_in_threadpool(self._source.looks.person, staff, person)
        self._source.looked(staff, person)
        return found

    async def day(self, staff: DeskStaff, asked: dict[str, Any]) -> dict[str, Any]:
        """A day's lists."""
        _require(staff, DeskPermission.ATTENDANCE)
        day, occurrences = await run_in_threadpool(self._source.lists.day, staff, _day(asked.get("day")))
        return {"day": day.isoformat(), "occurrences": [each.to_json() for each in occurrences]}

    async def inside(self, staff: DeskStaff, _asked: dict[str, Any]) -> dict[str, Any]:
        """Who is inside."""
        _require(staff, DeskPermission.INSIDE)
        return (await run_in_threadpool(self._source.lists.inside, staff)).to_json()

    def _occurrence(self, staff: DeskStaff, occurrence_id: str) -> dict[str, Any]:
        found = self._source.lists.sheet(staff.access_point, occurrence_id)
        if found is None:
            raise DeskProblem("unknown_scan")
        return self._source.lists.shown(*found, staff).to_json()

    async def _in_door(self, act: Callable[[], _T]) -> _T:
        return await asyncio.wrap_future(self._source.door.call(act))

    def _tell_lists(self, staff: DeskStaff) -> None:
        news = (DeskNews(type="changed", what="attendance"), DeskNews(type="changed", what="inside"))
        self._source.hub.tell(staff.access_point, *news)


def shown_to(source: DeskSource, scan: KnownScan, staff: DeskStaff) -> dict[str, Any]:
    """The contract's Scan for a staff member."""
    place = source.directory.point_name(scan.event.access_point)
    by = source.directory.staff_name(scan.staff_id)
    try:
        zone = source.directory.rules().zone
    except CacheFault:
        return scan.shown(Reader(staff.language, staff.may), zone=UTC, place=place, by=by)
    return scan.shown(Reader(staff.language, staff.may), zone=zone, place=place, by=by)


def _require(staff: DeskStaff, permission: DeskPermission) -> None:
    if permission not in staff.may:
        raise DeskProblem("not_allowed")


def _field(body: dict[str, Any], name: str) -> str:
    """A short text that every file takes: JSON may bring half a character."""
    value = body.get(name)
    return value[:100].encode(errors="ignore").decode() if isinstance(value, str) else ""


def _note(body: dict[str, Any]) -> str:
    value = body.get("note")
    printable = "".join(each if each.isprintable() else " " for each in value) if isinstance(value, str) else ""
    return printable.strip()[:_MAX_NOTE]


def _word(words: type[_W], value: object) -> _W:
    if not isinstance(value, str) or value not in list(words):
        raise DeskProblem("unknown_scan")
    return words(value)


def _day(value: object) -> date | None:
    with suppress(ValueError, TypeError):
        day = date.fromisoformat(str(value))
        return day if 1900 <= day.year <= 2999 else None
    return None


def staff_json(staff: DeskStaff) -> dict[str, str]:
    """Who is signed in, for the page."""
    return {"id": staff.id, "name": staff.name, "language": staff.language.value}
