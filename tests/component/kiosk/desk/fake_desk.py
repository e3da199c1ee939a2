"""A door as the desk page knows it, with a small memory of its own: the contract of `kiosk.desk`, spoken for tests."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from access.domain.credentials import CredentialKind
from access.domain.facts import Decision, Entitlement, Finding
from access.domain.people import AgeGroup, Language, Participant, Text
from access.domain.policy import Direction
from access.domain.reasons import Notice, Outcome
from kiosk.assets import DESK_CONTENT_SECURITY_POLICY, DESK_PAGE_PATH
from kiosk.desk import ActKind, Permission, PresentedBy, ScanState
from kiosk.desk_lists import Adult, Attendee, AttendeeState, DoorCount, Inside, Insider, Occurrence, Place
from kiosk.desk_presenter import LOOKED_UP, present_memos, present_person, present_scan
from kiosk.plain import plain
from kiosk.screen import Picture
from kiosk.texts import desk_texts
from tests.component.kiosk.desk.sample import PEOPLE, POOL, face
from tests.patience import PATIENCE_S

ZONE = ZoneInfo("America/Toronto")
POINT = Text("Pool entrance", "Entrée de la piscine")
PIN = {Language.EN: "2468", Language.FR: "1357"}
STATES = {
    ActKind.APPROVE: ScanState.APPROVED,
    ActKind.REFUSE: ScanState.REFUSED,
    ActKind.OVERRIDE: ScanState.OVERRIDDEN,
    ActKind.UNDO: ScanState.UNDONE,
    ActKind.ASSIGN: ScanState.REQUESTED,
}
_ids = itertools.count(1)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@dataclass(kw_only=True)
class Happened:
    """One scan as this door remembers it."""

    id: str
    decision: Decision
    person: Participant | None
    kind: str
    credential: PresentedBy | None
    at: datetime
    state: ScanState
    by: str | None = None
    note: str | None = None


@dataclass
class Staff:
    """Who is at the desk."""

    id: str
    name: str
    language: Language
    may: frozenset[Permission] = frozenset(Permission)


@dataclass
class FakeDesk:
    """Speaks the desk's contract over a fake door's web server. Everything it was told is in `told`."""

    door: Any
    people: dict[str, Participant] = field(default_factory=lambda: dict(PEOPLE))
    scans: list[Happened] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    staff: dict[str, Staff] = field(default_factory=dict)
    wrong_tries: int = 0
    retry_in_s: float = 0
    idle_lock_s: float = 600
    problem: str | None = None
    now: datetime | None = None
    marks: dict[str, tuple[AttendeeState, str | None]] = field(default_factory=dict)
    pages: dict[WebSocket, Staff | None] = field(default_factory=dict)
    signed_in: dict[str, Staff] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.staff = {
            PIN[Language.EN]: Staff("s1", "Dana", Language.EN),
            PIN[Language.FR]: Staff("s2", "Léa", Language.FR),
        }
        posts = ("sign-in", "sign-out", "language", "acts", "check-in", "check-out", "attendance", "pick-up")
        self.door.extra_routes = [
            Route("/desk/{point}", self._page),
            Route("/pictures/{sha256}", self._picture),
            *(Route(f"/desk/api/{each}", self._post, methods=["POST"]) for each in posts),
            Route("/desk/api/search", self._search),
            Route("/desk/api/people/{id}", self._person),
            Route("/desk/api/attendance", self._attendance),
            Route("/desk/api/inside", self._inside),
            WebSocketRoute("/ws/desk/{point}", self._talk),
        ]

    # What happens at the door.

    def scan(
        self,
        id_: str | None,
        outcome: Outcome = Outcome.REVIEW,
        *findings: Finding,
        entitlement: Entitlement | None = POOL,
        notices: tuple[Notice, ...] = (),
        direction: Direction = Direction.IN,
    ) -> str:
        """Somebody presents a card; answers the event's id."""
        who = self.people[id_] if id_ else None
        decision = Decision(
            outcome=outcome,
            direction=direction,
            findings=findings,
            entitlement=entitlement if who else None,
            notices=notices,
        )
        kinds = {Outcome.GRANTED: "checked_in", Outcome.REVIEW: "review_requested", Outcome.DENIED: "denied"}
        card = PresentedBy(CredentialKind.BARCODE, f"{next(_ids):032x}")
        state = ScanState.OPEN if outcome is Outcome.REVIEW else ScanState.NONE
        happened = Happened(
            id=f"e{next(_ids)}",
            decision=decision,
            person=who,
            kind=kinds[outcome],
            credential=card,
            at=self._now(),
            state=state,
        )
        return self._record(happened, "scan")

    def close_desks(self) -> None:
        """The sign-ins of all staff end."""
        self.signed_in.clear()
        self._in_loop(self._close())

    def change(self, id_: str, state: ScanState, by: str) -> None:
        """Somebody at another desk decides."""
        happened = next(each for each in self.scans if each.id == id_)
        happened.state, happened.by = state, by
        self._say(happened, "scan_changed")

    def _record(self, happened: Happened, message: str) -> str:
        self.scans.insert(0, happened)
        self._say(happened, message)
        return happened.id

    def _now(self) -> datetime:
        return self.now or datetime.now(UTC)

    def _shown(self, each: Happened, staff: Staff, *, id_: str | None = "") -> dict[str, Any]:
        return present_scan(
            each.decision,
            event_id=each.id if id_ == "" else id_,
            kind=each.kind,
            occurred_at=each.at,
            access_point=POINT,
            participant=each.person,
            credential=each.credential,
            zone=ZONE,
            language=staff.language,
            state=each.state,
            may=staff.may,
            by=each.by,
            note=each.note,
        ).to_json()

    def _say(self, happened: Happened, message: str) -> None:
        self._in_loop(self._broadcast(happened, message))

    def _in_loop(self, work: Any) -> None:
        """Does it on the door's own loop: Playwright keeps a running one in the test's thread, which must not."""
        if self.door._loop is None:
            work.close()
        elif self.door._loop is _running_loop():
            self.door._loop.create_task(work)
        else:
            asyncio.run_coroutine_threadsafe(work, self.door._loop).result(PATIENCE_S)

    async def _broadcast(self, happened: Happened, message: str) -> None:
        for socket, staff in list(self.pages.items()):
            if staff:
                await socket.send_json({"type": message, "scan": self._shown(happened, staff)})

    async def _close(self) -> None:
        for socket, staff in list(self.pages.items()):
            if staff:
                await socket.close(4401)

    # What the page asks.

    async def _page(self, request: Request) -> Response:
        return FileResponse(DESK_PAGE_PATH, headers={"Content-Security-Policy": DESK_CONTENT_SECURITY_POLICY})

    async def _picture(self, request: Request) -> Response:
        seed = int(request.path_params["sha256"], 16)
        return Response(face(seed), media_type="image/png") if seed < 100 else Response(status_code=404)

    async def _post(self, request: Request) -> Response:
        path, body = request.url.path.removeprefix("/desk/api/"), await request.json()
        self.told.append((path, {key: value for key, value in body.items() if key != "access_point"}))
        if path == "sign-in":
            return self._sign_in(body["pin"])
        staff = self.signed_in.get(request.cookies.get("desk", ""))
        if path == "sign-out":
            self.signed_in.pop(request.cookies.get("desk", ""), None)
            return JSONResponse({})
        if staff is None:
            return JSONResponse({"problem": "signed_out"}, 401)
        if self.problem:
            return JSONResponse({"problem": self.problem}, 409)
        return await getattr(self, "_" + path.replace("-", "_"))(staff, body)

    def _sign_in(self, pin: str) -> Response:
        staff = self.staff.get(pin)
        if staff is None:
            self.wrong_tries += 1
            return JSONResponse({"problem": "wrong_pin", "retry_in_s": self.retry_in_s}, 401)
        token = f"t{next(_ids)}"
        self.signed_in[token] = staff
        answer = JSONResponse({"staff": {"id": staff.id, "name": staff.name, "language": staff.language}})
        answer.set_cookie("desk", token, httponly=True, samesite="strict")
        return answer

    async def _language(self, staff: Staff, body: dict[str, Any]) -> Response:
        staff.language = Language(body["language"])
        for socket, each in list(self.pages.items()):
            if each is staff:
                await socket.send_json(self._hello(staff))
        return JSONResponse({"staff": {"id": staff.id, "name": staff.name, "language": staff.language}})

    async def _acts(self, staff: Staff, body: dict[str, Any]) -> Response:
        happened = next(each for each in self.scans if each.id == body["scan"])
        happened.state, happened.by, happened.note = STATES[ActKind(body["act"])], staff.name, body.get("note")
        await self._broadcast(happened, "scan_changed")
        return JSONResponse({"scan": self._shown(happened, staff)})

    async def _check_in(self, staff: Staff, body: dict[str, Any]) -> Response:
        return await self._by_hand(staff, body, "checked_in", Direction.IN)

    async def _check_out(self, staff: Staff, body: dict[str, Any]) -> Response:
        return await self._by_hand(staff, body, "checked_out", Direction.OUT)

    async def _by_hand(self, staff: Staff, body: dict[str, Any], kind: str, direction: Direction) -> Response:
        used = POOL if direction is Direction.IN else None
        happened = Happened(
            id=f"e{next(_ids)}",
            decision=Decision(outcome=Outcome.GRANTED, direction=direction, entitlement=used),
            person=self.people[body["person"]],
            kind=kind,
            credential=None,
            at=self._now(),
            state=ScanState.NONE,
            by=staff.name,
            note=body.get("note"),
        )
        self._record(happened, "scan")
        return JSONResponse({"scan": self._shown(happened, staff)})

    async def _search(self, request: Request) -> Response:
        q = request.query_params["q"].casefold()
        staff = self.signed_in[request.cookies["desk"]]
        found = [each for each in self.people.values() if q in each.full_name.casefold() or q == each.member_id]
        shown = [present_person(each, language=staff.language) for each in found]
        answer = [{"person": plain(each), "summary": "Pool multipass 2/10"} for each in shown]
        return JSONResponse({"people": answer})

    async def _person(self, request: Request) -> Response:
        staff = self.signed_in[request.cookies["desk"]]
        who = self.people[request.path_params["id"]]
        decision = Decision(outcome=Outcome.GRANTED, direction=Direction.IN, entitlement=POOL)
        looked = Happened(
            id="", decision=decision, person=who, kind=LOOKED_UP, credential=None, at=self._now(), state=ScanState.NONE
        )
        adults = [
            Adult(id="c1", name="Marta Kowalska", relation="mother", picture=Picture.of(f"{7:064x}", "MK")),
            Adult(id="c2", name="Jean-Baptiste Charbonneau", relation="grandfather", picture=Picture.of(None, "JC")),
        ]
        answer = {
            "scan": self._shown(looked, staff, id_=None),
            "holdings": ["Pool multipass: 2 of 10 left", "Swim level 3"],
            "pick_up": [each.to_json() for each in adults] if who.age_group is AgeGroup.CHILD else [],
            "last_seen": "19 November, 17:05",
        }
        return JSONResponse(answer)

    def occurrence(self, staff: Staff) -> Occurrence:
        start = self._now() - timedelta(minutes=20)
        people = []
        for each in self.people.values():
            state, note = self.marks.get(each.id, (AttendeeState.EXPECTED, None))
            at, by = (self._now(), staff.name) if state is not AttendeeState.EXPECTED else (None, None)
            shown = present_person(each, language=staff.language)
            people.append(Attendee(person=shown, memos=present_memos(each.memos), state=state, at=at, by=by, note=note))
        name = {Language.EN: "Swim level 3", Language.FR: "Natation niveau 3"}[staff.language]
        return Occurrence(
            id="o1",
            activity=name,
            starts_at=start,
            ends_at=start + timedelta(minutes=45),
            facility="Pool",
            people=tuple(people),
            has_check_out=True,
            has_pick_up=True,
            has_notes=True,
        )

    async def _attendance(self, staff: Any, body: dict[str, Any] | None = None) -> Response:
        if body is None:
            shown = self.occurrence(self.signed_in[staff.cookies["desk"]])
            later = replace(
                shown,
                id="o2",
                activity="Aquafit",
                starts_at=shown.ends_at,
                ends_at=shown.ends_at + timedelta(hours=1),
                people=(),
            )
            return JSONResponse({"occurrences": [shown.to_json(), later.to_json()]})
        state, note = self.marks.get(body["person"], (AttendeeState.EXPECTED, None))
        self.marks[body["person"]] = (AttendeeState(body.get("mark", state)), body.get("note", note))
        return JSONResponse({"occurrence": self.occurrence(staff).to_json()})

    async def _pick_up(self, staff: Staff, body: dict[str, Any]) -> Response:
        self.marks[body["person"]] = (AttendeeState.OUT, None)
        return JSONResponse({})

    async def _inside(self, request: Request) -> Response:
        staff = self.signed_in.get(request.cookies.get("desk", ""))
        if staff is None:
            return JSONResponse({"problem": "signed_out"}, 401)
        shown = [present_person(each, language=staff.language) for each in self.people.values()]
        people = tuple(
            Insider(person=each, since=self._now() - timedelta(minutes=30), access_point="Pool entrance")
            for each in shown
        )
        doors = (
            DoorCount(id="pool", name="Pool entrance", count=5),
            DoorCount(id="family", name="Family door", count=3),
        )
        places = (
            Place(id="f1", name="Pool", count=len(people) + 2, capacity=120, access_points=doors, people=people),
            Place(id="f2", name="Gym", count=0),
        )
        inside = Inside(as_of=self._now(), is_complete=False, count=len(people) + 2, places=places)
        return JSONResponse(inside.to_json())

    # What the page hears.

    def _hello(self, staff: Staff | None) -> dict[str, Any]:
        first = {
            "type": "welcome",
            "organization": self.door.hello["organization"],
            "access_point": self.door.hello["access_point"],
            "language": "en",
            "languages": ["en", "fr"],
            "time_zone": "America/Toronto",
            "texts": desk_texts(),
            "locked_s": 0,
        }
        if staff is None:
            return first
        own = {"staff": {"id": staff.id, "name": staff.name, "language": staff.language}, "may": sorted(staff.may)}
        return {
            **first,
            **own,
            "type": "hello",
            "idle_lock_s": self.idle_lock_s,
            "recent": [self._shown(each, staff) for each in self.scans],
        }

    async def _talk(self, socket: WebSocket) -> None:
        await socket.accept()
        staff = self.signed_in.get(socket.cookies.get("desk", ""))
        hello = self._hello(staff)
        self.pages[socket] = staff  # before anything is awaited: what happens from here on is not in the hello
        await socket.send_json(hello)
        await socket.send_json(self.door.status)
        self.door._sockets.add(socket)
        beating = asyncio.create_task(self.door._beat(socket))
        try:
            while True:
                await socket.receive_json()
        except WebSocketDisconnect:
            pass
        finally:
            self.pages.pop(socket, None)
            self.door._sockets.discard(socket)
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
