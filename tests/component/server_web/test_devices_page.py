"""The pages of the doors: asked, changed, ended, enrolled; each only within one's own organization."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from access.wire.enrolment import device_fingerprint
from server.db import Database
from server.devices.service import enroll
from server.models import Device, DeviceCommand, DeviceMark, EnrolmentCode, FeedEntry, Multipass, PassLease, utc_now
from server.settings import ServerSettings
from tests.component.server_web.browser import Browser

PAGE = "/admin/devices/home-door"


def commands(database: Database) -> list[tuple[str, str]]:
    """What was asked, and what became of it."""
    with database.read() as session:
        rows = session.scalars(select(DeviceCommand).order_by(DeviceCommand.issued_at, DeviceCommand.id))
        return [(each.kind, each.answer) for each in rows]


def test_the_list_and_the_page_say_how_a_door_is(admin: Browser, database: Database) -> None:
    """Connected or away, 410 of 412 with what is not here, readers, hints."""
    with database.write() as session:
        door = session.get_one(Device, "home-door")
        door.last_seen_at = utc_now()
        door.last_state = {"connection": "online", "last_seq": 412, "waiting": 0, "readers": {"pad": "lost"}}
        door.last_state |= {"lost_since": {"pad": (utc_now() - timedelta(minutes=20)).isoformat()}}
        mark = session.get_one(DeviceMark, "home-door")
        mark.through_seq, mark.max_seq, mark.ranges = 400, 412, [[403, 412]]
    for path in ("/admin/devices", PAGE):
        page = admin.get(path).text
        assert "410 of 412" in page
        assert "Connected" in page
        assert "A reader is lost: pad, for 20 minutes." in page
        assert "2 events are neither here nor waiting" in page
    assert "401–402" in admin.get(PAGE).text
    with database.write() as session:
        session.get_one(Device, "home-door").last_seen_at = utc_now() - timedelta(hours=2)
    assert "It has been away for 2 hours" in admin.get(PAGE).text


def test_a_door_is_asked_once_whatever_is_clicked(admin: Browser, database: Database) -> None:
    """Refresh, restart and wipe; nothing else, and nothing that opens."""
    for _ in range(2):
        for kind in ("refresh", "restart", "wipe"):
            assert admin.post(f"{PAGE}/command", kind=kind).status_code == 303
    assert sorted(commands(database)) == [("refresh", ""), ("restart", ""), ("wipe", "")]
    for kind in ("revoke", "open", "", "release"):
        assert admin.post(f"{PAGE}/command", kind=kind).status_code == 404
    assert "Not answered yet" in admin.get(PAGE).text
    with database.read() as session:
        spans = {each.kind: each.expires_at - each.issued_at for each in session.scalars(select(DeviceCommand))}
    assert spans == {"refresh": timedelta(minutes=10), "restart": timedelta(minutes=10), "wipe": timedelta(days=30)}


def test_a_door_is_renamed_and_its_new_places_reach_the_sites_doors(admin: Browser, database: Database) -> None:
    """Only places of its own site; an empty form changes nothing."""
    assert admin.post(f"{PAGE}/edit", name="North", point=["home-pool", "home-gym"]).status_code == 303
    with database.read() as session:
        door = session.get_one(Device, "home-door")
        assert (door.name, {each.id for each in door.access_points}) == ("North", {"home-pool", "home-gym"})
        told = session.scalars(select(FeedEntry).where(FeedEntry.kind == "door").order_by(FeedEntry.seq.desc())).first()
        assert told is not None
        assert told.entity_id == "home-door"
        assert "home-gym" in str(told.body)
    assert admin.post(f"{PAGE}/edit", name="South", point=["elsewhere-pool"]).status_code == 404
    for wrong in ({"name": "", "point": "home-pool"}, {"name": "South"}):
        assert admin.post(f"{PAGE}/edit", **wrong).status_code == 303
    with database.read() as session:
        assert session.get_one(Device, "home-door").name == "North"


def test_revoking_tells_the_door_and_drops_what_else_it_was_asked(admin: Browser, database: Database) -> None:
    """It can then be asked nothing more, but still be written off."""
    admin.post(f"{PAGE}/command", kind="refresh")
    assert admin.post(f"{PAGE}/revoke").status_code == 303
    assert sorted(commands(database)) == [("refresh", "superseded"), ("revoke", "")]
    assert admin.post(f"{PAGE}/command", kind="refresh").status_code == 404
    page = admin.get(PAGE).text
    assert "Revoked" in page
    assert "Refresh now" not in page
    assert "Write off Door" in page


def test_writing_off_explains_and_frees_what_was_lent(admin: Browser, database: Database) -> None:
    """The number of lent uses is said before, and afterwards they are free."""
    now = utc_now()
    with database.write() as session:
        multipass = session.scalars(select(Multipass).where(Multipass.organization_id == "home")).first()
        assert multipass is not None
        session.add(
            PassLease(
                organization_id="home",
                multipass_id=multipass.id,
                device_id="home-door",
                ledger="ledger",
                count=2,
                after_seq=0,
                lent_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
    assert "It holds 2 lent uses." in admin.get(PAGE).text
    assert admin.post(f"{PAGE}/write-off").status_code == 303
    with database.read() as session:
        door = session.get_one(Device, "home-door")
        assert door.revoked_at is not None
        assert door.written_off_at is not None
        assert session.scalars(select(PassLease.returned_at)).one() is not None
    assert commands(database) == [("revoke", "")]
    assert "Written off" in admin.get("/admin/devices").text


def test_a_code_turns_into_the_door_that_used_it(admin: Browser, database: Database, data_dir: object) -> None:
    """Waiting, then enrolled with its fingerprint, the one that the door shows; the code itself is not said again."""
    made = admin.post("/admin/devices/enrol", name="Back <door>", point="home-pool")
    code = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", made.text)
    assert code is not None
    with database.read() as session:
        code_id = session.scalars(select(EnrolmentCode.id)).one()
    part = f"/admin/devices/enrol/{code_id}"
    assert part in made.text
    assert "data-ends-at" in admin.get(part).text
    with database.write() as session:
        key = ServerSettings(data_dir=data_dir).centre_key  # type: ignore[arg-type]
        identity = enroll(session, code[0], version="1", key=key, mqtt_url="mqtt://x")
    shown = admin.get(part).text
    assert "Enrolled: Back &lt;door&gt;" in shown
    assert identity.fingerprint in shown
    assert code[0] not in shown
    with database.read() as session:
        assert identity.fingerprint == device_fingerprint(session.get_one(Device, identity.device).secret_hash)
    with database.write() as session:
        row = session.get_one(EnrolmentCode, code_id)
        row.device_id, row.expires_at = None, utc_now()
    assert "too old" in admin.get(part).text


@pytest.mark.parametrize("path", ["", "/live"])
def test_another_organizations_door_has_no_page(admin: Browser, path: str) -> None:
    """404, as for what never existed."""
    assert admin.get(f"/admin/devices/elsewhere-door{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("command", {"kind": "wipe"}),
        ("edit", {"name": "Mine", "point": "home-pool"}),
        ("revoke", {}),
        ("write-off", {}),
    ],
)
def test_nobody_else_can_do_anything_with_a_door(
    admin: Browser, log_in: Callable[[str], Browser], database: Database, path: str, fields: dict[str, str]
) -> None:
    """Not to another organization's, not without the permission."""
    assert admin.post(f"/admin/devices/elsewhere-door/{path}", **fields).status_code == 404
    for who in ("desk", "viewer"):
        assert log_in(who).post(f"{PAGE}/{path}", **fields).status_code == 403
    assert log_in("other").post(f"{PAGE}/{path}", **fields).status_code == 404
    assert commands(database) == []
    with database.read() as session:
        assert session.get_one(Device, "elsewhere-door").revoked_at is None


def test_the_pages_are_in_french_too(admin: Browser, database: Database) -> None:
    """Every text of theirs."""
    admin.post("/admin/preferences", language="fr", next="/admin/devices")
    admin.post(f"{PAGE}/command", kind="wipe")
    page = admin.get(PAGE).text
    assert "Sans réponse pour l’instant" in page
    assert "Elle ne s’est jamais connectée" in page
