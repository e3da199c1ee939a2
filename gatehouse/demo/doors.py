"""The demo's doors: an agent process each, with simulated far ends on the real wires of its readers and relay."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from edge_agent.enrolment import enroll
from edge_agent.settings import AgentSettings
from gatehouse.demo.cards import draw_card, held_up
from gatehouse.demo.people import SamplePerson
from gatehouse.demo.processes import Child
from hardware.simulated import SimulatedCamera, SimulatedNfcField, SimulatedRelayBoard, SimulatedScanner

__all__ = ["TECHNOLOGIES", "DemoDoor", "Technology"]

Technology = Literal["barcode", "camera", "nfc"]
TECHNOLOGIES: dict[str, tuple[Technology, ...]] = {"pool": ("barcode", "camera"), "gym": ("nfc",)}
_CAMERA_SECONDS = 4.0


class DemoDoor:
    """One door of the demo. `name` is its access point: the pool has a scanner and a camera, the gym an NFC reader."""

    def __init__(self, name: str, folder: Path, *, centre_url: str, port: int) -> None:
        self.name = name
        self.port = port
        self.data_dir = folder / f"door-{name}"
        self._config = folder / f"door-{name}.toml"
        self._presenting = threading.Lock()
        self.relay = SimulatedRelayBoard()
        self.scanner = SimulatedScanner() if "barcode" in TECHNOLOGIES[name] else None
        self.camera = SimulatedCamera() if "camera" in TECHNOLOGIES[name] else None
        self.field = SimulatedNfcField() if "nfc" in TECHNOLOGIES[name] else None
        self._config.write_text(self._toml(centre_url), encoding="utf-8")
        self.agent = Child(
            f"The {name} door",
            ["agent", "--config", str(self._config)],
            log=folder / f"door-{name}.log",
            health_url=f"{self.url}/health",
        )

    @property
    def url(self) -> str:
        """The address of the door's own web server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def desk_url(self) -> str:
        """The staff page of this door."""
        return self.kiosk_url.replace("/kiosk/", "/desk/")

    @property
    def kiosk_url(self) -> str:
        """The visitor page."""
        return f"{self.url}/kiosk/{self.name}"

    def _toml(self, centre_url: str) -> str:
        lines = [
            f"data_dir = {json.dumps(str(self.data_dir))}",
            f"centre_url = {json.dumps(centre_url)}",
            f"http_port = {self.port}",
            # Patient on a machine that runs everything at once: a strict pass needs the centre's answer.
            "ask_budget_s = 5",
        ]
        for reader in self._readers():
            lines += ["", "[[readers]]", f"access_point = {json.dumps(self.name)}"]
            lines += [f"{key} = {json.dumps(value)}" for key, value in reader.items()]
        lines += ["", "[[relays]]", 'name = "strike"', 'driver = "serial"']
        lines += [f"port = {json.dumps(self.relay.port)}", f"access_point = {json.dumps(self.name)}"]
        return "\n".join(lines) + "\n"

    def _readers(self) -> list[dict[str, str]]:
        readers = []
        if self.scanner:
            readers.append({"name": "scanner", "driver": "serial", "port": self.scanner.port})
        if self.camera:
            readers.append({"name": "camera", "driver": "camera", "source": self.camera.url})
        if self.field:
            readers.append({"name": "pad", "driver": "nfc", "device": self.field.device})
        return readers

    def enroll(self, code: str) -> None:
        """Takes the one-time code to the centre, as `gatehouse enroll` does."""
        enroll(AgentSettings.load(self._config), code)

    def present(self, person: SamplePerson, technology: Technology) -> None:
        """A person presents their card at one of the door's readers."""
        if technology == "nfc":
            self.tap(person.uid)
        elif technology == "camera":
            self.show(person)
        else:
            self.scan(person.member_id.encode())

    def scan(self, data: bytes) -> None:
        """A barcode scanner sends these bytes and its terminator."""
        if self.scanner is None:
            raise ValueError(f"the {self.name} door has no scanner")
        with self._presenting:
            self.scanner.present(data)

    def show(self, person: SamplePerson) -> None:
        """The printed card is held before the camera."""
        if self.camera is None:
            raise ValueError(f"the {self.name} door has no camera")
        with self._presenting:
            self.camera.show(held_up(draw_card(person), person), seconds=_CAMERA_SECONDS)

    def tap(self, uid: bytes) -> None:
        """A card is held to the NFC reader until it was read, four seconds at most."""
        if self.field is None:
            raise ValueError(f"the {self.name} door has no NFC reader")
        with self._presenting:
            self.field.tap(uid, hold_s=20.0)

    def close(self) -> None:
        """Ends the agent, then takes its far ends away."""
        self.agent.stop()
        for far_end in (self.scanner, self.camera, self.field, self.relay):
            if far_end is not None:
                far_end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
