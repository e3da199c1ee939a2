"""The sample venue, running: the centre and two doors as processes of their own, in a temporary folder."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select

from access.domain.people import Language
from access.wire.pins import is_trivial_pin
from edge_agent.enrolment import LEDGER_NAME
from gatehouse.demo.doors import DemoDoor
from gatehouse.demo.farewell import Ending, recorded_in
from gatehouse.demo.people import DOORS
from gatehouse.demo.processes import Child, Ports
from gatehouse.demo.sample import ORGANIZATION_ID, SITE_ID, seed
from server.db import Database
from server.devices.service import create_enrolment_code
from server.models import Person, StaffRole
from server.pictures.store import PictureStore
from server.settings import ServerSettings
from server.staff.pins import set_pin
from server.staff.service import create_staff

__all__ = ["ADMIN_EMAIL", "DEVICE_NAMES", "Venue"]

ADMIN_EMAIL = "admin@north-river.example"
DEVICE_NAMES = {"pool": "Piscine · Pool", "gym": "Gymnase · Gym"}
"""A device has one name for staff of both languages."""


_PREFIX = "gatehouse-demo-"


def _remove_leftovers() -> None:
    """Folders of demos that were killed: whose process is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}[0-9]*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if (
            folder.is_dir()
            and pid.isdigit()
            and folder.stat().st_uid == os.getuid()
            and not Path("/proc", pid).exists()
        ):
            shutil.rmtree(folder, ignore_errors=True)


def _new_pin() -> str:
    """A desk PIN that nobody tries first."""
    while is_trivial_pin(pin := f"{secrets.randbelow(1_000_000):06}"):
        pass
    return pin


class Venue:
    """Everything the demo runs. Entering starts it all; leaving ends every process and deletes the folder.

    `say` is told what is being done, one short line at a time.
    """

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self._say = say
        self.ports = Ports()
        _remove_leftovers()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.password = secrets.token_urlsafe(9)
        self.pin = _new_pin()
        self.settings = ServerSettings(data_dir=self.folder / "centre")
        self.centre: Child
        self.doors: dict[str, DemoDoor] = {}
        self.ending: Ending | None = None
        """What to say of it, once it is closed."""

    def _write_centre_config(self) -> Path:
        path = self.folder / "centre.toml"
        lines = [f"data_dir = {json.dumps(str(self.settings.data_dir))}"]
        lines += [f"http_port = {self.settings.http_port}", f"broker_port = {self.settings.broker_port}"]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def _start(self) -> None:
        self._say("Drawing the sample organization: families, portraits, cards ...")
        codes = self._prepare_database()
        self._start_centre()
        for number, name in enumerate(DOORS):
            self._start_door(name, codes[name], self.ports.take(8701 + number))
        for door in self.doors.values():
            door.agent.wait_until_ready()

    def _start_centre(self) -> None:
        self._say("Starting the centre with its embedded broker ...")
        ports = {"http_port": self.ports.take(8600), "broker_port": self.ports.take(1883)}
        self.settings = self.settings.model_copy(update=ports)
        self.centre = Child(
            "The centre",
            ["server", "--config", str(self._write_centre_config())],
            log=self.folder / "centre.log",
            health_url=f"{self.settings.browser_url}/health",
        )
        self.centre.start()
        self.centre.wait_until_ready()

    def _start_door(self, name: str, code: str, port: int) -> None:
        self._say(f"Enrolling the {name} door and starting it ...")
        door = DemoDoor(name, self.folder, centre_url=self.settings.browser_url, port=port)
        self.doors[name] = door
        door.enroll(code)
        door.agent.start()

    @contextlib.contextmanager
    def centre_away(self) -> Iterator[None]:
        """Stops the centre for a while."""
        self.centre.stop()
        yield
        self.centre.start()
        self.centre.wait_until_ready()

    def _prepare_database(self) -> dict[str, str]:
        self.settings.data_dir.mkdir(parents=True)
        database = Database(self.settings.effective_database_url)
        database.migrate()
        store = PictureStore(self.settings.data_dir / "pictures")
        with database.write() as session:
            seed(session, now=datetime.now(UTC), put_picture=store.put)
            admin = create_staff(
                session,
                organization_id=ORGANIZATION_ID,
                email=ADMIN_EMAIL,
                name="Alex Admin",
                password=self.password,
                role=StaffRole.ADMIN,
                language=Language.EN,
            )
            set_pin(session, admin, self.pin)
            for person in session.scalars(select(Person).where(Person.access_picture_verified_on.is_not(None))):
                person.access_picture_verified_by = admin.id
            codes = {
                name: create_enrolment_code(session, ORGANIZATION_ID, SITE_ID, DEVICE_NAMES[name], [name])
                for name in DOORS
            }
        database.close()
        return codes

    def open_database(self) -> Database:
        """The centre's database, for reading what it recorded."""
        return Database(self.settings.effective_database_url)

    def close(self) -> None:
        """Ends everything this venue started; nothing is left running or lying about."""
        for door in self.doors.values():
            door.close()
        children = [door.agent for door in self.doors.values()]
        if hasattr(self, "centre"):
            self.centre.stop()
            children.append(self.centre)
        self.ports.close()
        recorded = recorded_in(door.data_dir / LEDGER_NAME for door in self.doors.values())
        shutil.rmtree(self.folder, ignore_errors=True)
        self.ending = Ending(recorded, children, self.folder)

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
