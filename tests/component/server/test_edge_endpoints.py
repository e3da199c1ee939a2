"""The edge's HTTP side: who may ask what, enrolment, the feed, snapshots, pictures, events."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from access.wire.asking import PEOPLE_PATH
from access.wire.canonical import canonical_bytes
from access.wire.commands import STATE_PATH, Command, CommandKind, CommandList
from access.wire.enrolment import (
    ENROLL_PATH,
    EVENTS_PATH,
    FEED_PATH,
    PICTURE_PATH,
    SNAPSHOT_PATH,
    Enrolment,
    EnrolmentRequest,
)
from access.wire.errors import WireError
from access.wire.feed import SNAPSHOT_HEADER, FeedDelta, SnapshotMark
from access.wire.leases import LEASES_PATH
from access.wire.receipts import Receipt
from access.wire.sealing import CentrePublicKey
from server.app import run_server
from server.centre import running_centre
from server.db import Database
from server.devices.commands import end_door, issue
from server.devices.service import create_enrolment_code, enroll, revoke
from server.errors import CodeRefused, InUse, NotFound, TooLarge, Unprocessable
from server.models import Account, Alarm, Device, DeviceCommand, Event, Organization, Person, QuarantinedMessage, Site
from server.pictures.store import MAX_PICTURE_BYTES, PictureStore
from server.settings import ServerSettings
from tests.ports import free_port


@pytest.fixture
def centre(embedded_venue: Any) -> Any:
    """A running centre."""
    return embedded_venue.centre


@pytest.fixture
def identity(centre: Any) -> Enrolment:
    """An enrolled door."""
    found: Enrolment = centre.enroll()
    return found


@pytest.fixture
def door(centre: Any, identity: Enrolment) -> Iterator[httpx.Client]:
    """HTTP as that door."""
    with httpx.Client(base_url=centre.url, headers=_bearer(identity.device, identity.secret)) as client:
        yield client


def _bearer(device: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {device}:{secret}"}


def picture_bytes(size: tuple[int, int] = (90, 120), format_: str = "PNG") -> bytes:
    """A drawn picture."""
    out = io.BytesIO()
    Image.new("RGB", size, (20, 90, 160)).save(out, format_)
    return out.getvalue()


REQUESTS = [
    ("GET", SNAPSHOT_PATH),
    ("GET", f"{FEED_PATH}?epoch=e&after=0"),
    ("GET", PICTURE_PATH.format(sha256="0" * 64)),
    ("POST", EVENTS_PATH),
    ("GET", PEOPLE_PATH),
    ("POST", LEASES_PATH),
    ("POST", STATE_PATH),
]


def test_only_doors_in_service_are_let_in(centre: Any, identity: Enrolment) -> None:
    """Every path of the edge, for everyone who is no door: 401, a problem document, no reason told."""
    revoked = centre.enroll("Revoked")
    with centre.database.write() as session:
        revoke(session, "club", revoked.device)
    strangers = [
        {},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
        _bearer("", ""),
        _bearer(identity.device, ""),
        _bearer(identity.device, identity.secret[:-1]),
        _bearer(identity.device, identity.secret + "0"),
        _bearer("nobody", identity.secret),
        _bearer(revoked.device, identity.secret),
        {"Authorization": f"Bearer {identity.device}:{identity.secret[:-1]}é".encode("latin-1")},
    ]
    for method, path in REQUESTS:
        for headers in strangers:
            answer = httpx.request(method, centre.url + path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), (path, headers)
            assert answer.headers["content-type"] == "application/problem+json"
        if path != STATE_PATH:
            ended = httpx.request(method, centre.url + path, headers=_bearer(revoked.device, revoked.secret))
            assert (ended.status_code, ended.json()["code"]) == (401, "device_revoked"), path
        allowed = httpx.request(method, centre.url + path, headers=_bearer(identity.device, identity.secret))
        assert allowed.status_code != 401


def test_no_route_of_the_edge_was_forgotten(centre: Any) -> None:
    """Whatever is added under /edge needs a door's credentials, enrolment alone excepted."""
    document = centre.app.openapi()
    edge = {path: operations for path, operations in document["paths"].items() if path.startswith("/edge/")}
    open_paths = {path for path, operations in edge.items() for each in operations.values() if not each.get("security")}
    assert open_paths == {ENROLL_PATH}
    assert set(edge) == {
        ENROLL_PATH,
        EVENTS_PATH,
        FEED_PATH,
        LEASES_PATH,
        PEOPLE_PATH,
        PICTURE_PATH,
        SNAPSHOT_PATH,
        STATE_PATH,
    }


def test_a_door_that_was_ended_is_heard_of_its_end_alone(centre: Any) -> None:
    """Without MQTT a state is answered with the open commands; of a revoked door only that it has wiped itself."""
    identity = centre.enroll()
    state = {"v": 1, "device": identity.device, "connection": "online", "last_seq": 7}

    def say(**more: Any) -> httpx.Response:
        headers = _bearer(identity.device, identity.secret)
        return httpx.post(centre.url + STATE_PATH, content=canonical_bytes(state | more), headers=headers)

    with centre.database.write() as session:
        issue(session, "club", identity.device, CommandKind.REFRESH)
    (sealed,) = CommandList.from_bytes(say().content).commands
    command = CentrePublicKey(bytes.fromhex(identity.centre_public_key)).unseal(sealed, Command)
    assert (command.device, command.kind) == (identity.device, "refresh")
    answer = {"id": command.id, "outcome": "done", "at": "2026-11-20T15:00:00.000Z"}
    assert CommandList.from_bytes(say(commands=[answer]).content).commands == ()
    assert [say(device="another").status_code, say(last_seq="x").status_code] == [422, 422]
    with centre.database.write() as session:
        end_door(session, "club", identity.device)
    for more, answered in (({"last_seq": 8}, False), ({"last_seq": 9, "is_revoked": True}, True)):
        assert CommandList.from_bytes(say(**more).content).commands == ()
        with centre.database.read() as session:
            (ended,) = session.scalars(select(DeviceCommand).where(DeviceCommand.kind == "revoke"))
            assert (ended.answered_at is not None) is answered
            assert (session.get_one(Device, identity.device).last_state or {})["last_seq"] == 7


def test_a_code_works_once_and_for_ten_minutes(club: Database, now: Any, tmp_path: Path) -> None:
    """Typed in any spelling; used, old and wrong codes are refused alike, and codes are not kept in the clear."""
    key = ServerSettings(data_dir=tmp_path).centre_key

    def use(code: str, after: timedelta) -> Enrolment:
        with club.write() as session:
            return enroll(session, code, version="1", key=key, mqtt_url="mqtt://x", now=now + after)

    with club.write() as session:
        codes = [create_enrolment_code(session, "club", "main", "D", ["entrance"], now=now) for _ in range(3)]
    assert len({*codes}) == 3
    assert all(len(code) == 9 and code[4] == "-" for code in codes)
    first = use(codes[0].lower().replace("-", " "), timedelta(minutes=9, seconds=59))
    assert (first.organization, first.site, first.access_points) == ("club", "main", ("entrance",))
    for code, after in ((codes[0], timedelta(0)), (codes[1], timedelta(minutes=10)), ("AAAA-AAAA", timedelta(0))):
        with pytest.raises(CodeRefused):
            use(code, after)
    second = use(codes[2], timedelta(0))
    assert first.device != second.device
    assert first.secret != second.secret
    with club.read() as session:
        stored = session.get_one(Device, first.device)
        assert first.secret not in (stored.secret_hash, stored.broker_password)
        assert [point.id for point in stored.access_points] == ["entrance"]


def test_a_code_is_only_for_places_of_the_organization(club: Database) -> None:
    """Another organization's site, an unknown access point, no access point at all."""
    with club.write() as session:
        session.add(Organization(id="rival", name_en="Rival"))
        session.flush()
        session.add(Site(id="theirs", organization_id="rival", name_en="Theirs"))
    for organization, site, points in (
        ("club", "theirs", ["entrance"]),
        ("rival", "theirs", ["entrance"]),
        ("club", "main", ["entrance", "nowhere"]),
        ("club", "main", []),
    ):
        with pytest.raises(NotFound), club.write() as session:
            create_enrolment_code(session, organization, site, "D", points)


def test_enrolment_over_http(centre: Any, identity: Enrolment) -> None:
    """The answer is an identity that nobody caches; bad requests are told apart from refused codes."""
    with centre.database.write() as session:
        code = create_enrolment_code(session, "club", "main", "D", ["entrance", "exit"])
    answer = httpx.post(centre.url + ENROLL_PATH, content=EnrolmentRequest(code=code, version="9").to_bytes())
    assert Enrolment.from_bytes(answer.content).mqtt_url == f"mqtt://127.0.0.1:{centre.settings.broker_port}"
    assert answer.headers["cache-control"] == "no-store"
    again = httpx.post(centre.url + ENROLL_PATH, content=EnrolmentRequest(code=code).to_bytes())
    assert (again.status_code, again.json()["code"]) == (403, "code_refused")
    for raw, status in ((b"{}", 422), (b"\xff", 422), (b'{"v":1,"code":"x"}', 422), (b"x" * 70_000, 413)):
        assert httpx.post(centre.url + ENROLL_PATH, content=raw).status_code == status


def test_a_door_starts_from_a_snapshot_and_follows_the_feed(
    centre: Any, identity: Enrolment, door: httpx.Client
) -> None:
    """Snapshot, sealed mark of those very bytes, then sealed chunks; another epoch is gone."""
    key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
    answer = door.get(SNAPSHOT_PATH)
    mark = key.unseal(answer.headers[SNAPSHOT_HEADER], SnapshotMark)
    assert answer.content.startswith(b"SQLite format 3\x00")
    assert (len(answer.content), mark.organization, mark.site) == (mark.size, "club", "main")
    assert hashlib.sha256(answer.content).hexdigest() == mark.sha256
    with centre.database.write() as session:
        session.get_one(Person, "ann").first_name = "Anna"
    delta = key.unseal(door.get(FEED_PATH, params={"epoch": mark.epoch, "after": mark.seq}).content, FeedDelta)
    assert [(entry.kind, entry.id, entry.op) for entry in delta.entries] == [("person", "ann", "put")]
    tampered = answer.headers[SNAPSHOT_HEADER].replace(mark.sha256, "0" * 64)
    with pytest.raises(WireError):
        key.unseal(tampered, SnapshotMark)
    gone = door.get(FEED_PATH, params={"epoch": "other", "after": 0})
    assert (gone.status_code, gone.json()["code"]) == (410, "feed_gone")
    ahead = door.get(FEED_PATH, params={"epoch": mark.epoch, "after": mark.seq + 1000})
    assert ahead.status_code == 410
    anew = key.unseal(door.get(SNAPSHOT_PATH).headers[SNAPSHOT_HEADER], SnapshotMark)
    assert anew.epoch != mark.epoch, "after an older backup was restored no number may mean two things"
    with centre.database.read() as session:
        assert [each.kind for each in session.scalars(select(Alarm))] == ["backup_restored"]
    for query in ("", "?epoch=e", "?epoch=e&after=-1", "?epoch=e&after=x", f"?epoch=e&after={2**63}"):
        assert door.get(FEED_PATH + query).status_code == 422


def test_events_over_http_are_the_same_as_over_mqtt(
    centre: Any, identity: Enrolment, door: httpx.Client, pen: Any
) -> None:
    """Recorded once, receipted with a signature; what is no batch is told so and kept."""
    key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
    mine = pen(identity.device)
    raw = mine.batch(mine.event(), mine.event())
    for _ in range(2):
        answer = door.post(EVENTS_PATH, content=raw)
        assert key.unseal(answer.content, Receipt).through_seq == 2
    other = pen("somebody-else")
    assert door.post(EVENTS_PATH, content=other.batch(other.event())).status_code == 422
    assert door.post(EVENTS_PATH, content=b"\x00").json()["code"] == "unprocessable"
    assert door.post(EVENTS_PATH, content=b"x" * 70_000).status_code == 413
    with centre.database.read() as session:
        assert len(session.scalars(select(Event)).all()) == 2
        assert len(session.scalars(select(QuarantinedMessage)).all()) == 2


def test_a_door_gets_access_pictures_of_its_own_organization(centre: Any, door: httpx.Client) -> None:
    """By hash; somebody else's, a profile picture or an unknown hash is not found."""
    store: PictureStore = centre.app.state.pictures
    mine, profile, theirs = (store.put(picture_bytes((90, height))) for height in (120, 130, 140))
    with centre.database.write() as session:
        ann = session.get_one(Person, "ann")
        ann.access_picture, ann.profile_picture = mine, profile
        session.add(Organization(id="rival", name_en="Rival"))
        session.flush()
        session.add(Account(id="theirs", organization_id="rival"))
        session.flush()
        session.add(Person(organization_id="rival", account_id="theirs", first_name="Bo", access_picture=theirs))
    answer = door.get(PICTURE_PATH.format(sha256=mine))
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as seen:
        assert seen.size == (90, 120)
    for sha256 in (profile, theirs, "0" * 64):
        assert door.get(PICTURE_PATH.format(sha256=sha256)).status_code == 404
    for odd in ("..%2Fcentre.key", "A" * 64, "0" * 63):
        assert door.get(PICTURE_PATH.format(sha256=odd)).status_code in (404, 422)


def test_pictures_are_made_anew(tmp_path: Path) -> None:
    """Upright, small, without EXIF or a tail; the same picture is kept once."""
    store = PictureStore(tmp_path)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"
    out = io.BytesIO()
    Image.new("RGB", (2400, 1200), "navy").save(out, "JPEG", exif=exif)
    sha256 = store.put(out.getvalue() + b"<?php tail")
    assert store.put(out.getvalue() + b"another tail") == sha256
    raw = store.path(sha256).read_bytes()
    assert b"tail" not in raw
    assert b"taken at home" not in raw
    with Image.open(io.BytesIO(raw)) as kept:
        assert kept.size == (480, 960)
        assert not kept.getexif()


@pytest.mark.parametrize(
    "raw",
    [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, picture_bytes()[:60], picture_bytes(format_="BMP")],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, raw: bytes) -> None:
    """Broken, cut off, or of a format that is not taken; nothing is left behind."""
    with pytest.raises(Unprocessable):
        PictureStore(tmp_path).put(raw)
    assert list(tmp_path.iterdir()) == []


def test_too_large_pictures_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    """By bytes and by pixels."""
    with pytest.raises(TooLarge):
        PictureStore(tmp_path).put(b"\0" * (MAX_PICTURE_BYTES + 1))
    with pytest.raises(TooLarge):
        PictureStore(tmp_path).put(picture_bytes((6000, 5000)))


def test_two_centres_never_share_a_data_directory(centre: Any) -> None:
    """The second one says so instead of starting."""

    async def start() -> None:
        async with running_centre(centre.settings, Database(centre.settings.effective_database_url)):
            raise AssertionError("it started")

    with pytest.raises(InUse):
        asyncio.run(start())


@pytest.mark.parametrize("port", ["http_port", "broker_port"])
def test_a_port_that_is_taken_ends_the_start(
    centre: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, port: str
) -> None:
    """The broker's or the web's: the answer is 1, and the log says what is the matter."""
    ports = {"http_port": free_port(), "broker_port": free_port(), port: getattr(centre.settings, port)}
    assert run_server(ServerSettings(data_dir=tmp_path / "second", **ports)) == 1
    assert "in use" in caplog.text


def test_logs_hold_no_secret(
    centre: Any, identity: Enrolment, door: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the door's secret nor a code nor the fingerprint key, whatever is refused."""
    with centre.database.write() as session:
        code = create_enrolment_code(session, "club", "main", "D", ["entrance"])
    httpx.get(centre.url + SNAPSHOT_PATH, headers=_bearer("x", identity.secret))
    httpx.post(centre.url + ENROLL_PATH, content=json.dumps({"v": 2, "code": code}).encode())
    door.get(FEED_PATH, params={"epoch": "other", "after": 0})
    said = "".join(capfd.readouterr())
    assert "request_refused" in said
    for secret in (identity.secret, identity.fingerprint_key, code, code.replace("-", "")):
        assert secret not in said
