"""A real Mosquitto with the configuration that is shipped, kept up to date by the centre alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from pydantic import ValidationError

from server.devices.service import revoke
from server.settings import ServerSettings
from tests.patience import PATIENCE_S
from tests.ports import free_port

SHIPPED = Path(__file__).parents[3] / "firmware_configs" / "mosquitto.conf"
NEEDS_FILES = re.compile(r"^(certfile|keyfile|tls_version|persistence\w*|autosave_interval|password_file|acl_file)")

pytestmark = pytest.mark.mosquitto


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    text = SHIPPED.read_text().replace("listener 8883", f"listener {port} 127.0.0.1")
    shipped = [line for line in text.splitlines() if not NEEDS_FILES.match(line)]
    own = [f"pid_file {folder / 'pid'}", "persistence false"]
    own += [f"password_file {folder / 'passwords'}", f"acl_file {folder / 'acl'}"]
    config = folder / "mosquitto.conf"
    config.write_text("\n".join([*(["user root"] if os.geteuid() == 0 else []), *shipped, *own, ""]))
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    if not Path(program).exists():
        pytest.skip("Mosquitto is not installed (apt-get install mosquitto)")
    # Mosquitto writes its pid only as a daemon; nothing here may outlive the test.
    process = subprocess.Popen([program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (folder / "pid").write_text(str(process.pid))
    return process


@pytest.fixture
def centre(
    tmp_path: Path, migrated_file: Path, run_centre: Any, fill_club: Any, wait_until: Callable[..., Any]
) -> Iterator[Any]:
    """A centre that starts before its Mosquitto, as the documents say."""
    http_port, mqtt_port = free_port(), free_port()
    shutil.copy(migrated_file, tmp_path / "centre.db")
    folder = tmp_path / "mosquitto"
    settings = ServerSettings(
        data_dir=tmp_path,
        http_port=http_port,
        mqtt_url=f"mqtt://127.0.0.1:{mqtt_port}",
        mqtt_username="centre",
        mqtt_password="a long secret",
        mosquitto_dir=folder,
        mosquitto_pid_file=folder / "pid",
    )
    running = run_centre(settings)
    fill_club(running.database)
    running.start(is_broker_there=False)
    wait_until((folder / "acl").exists)
    process = _start(folder, mqtt_port)
    wait_until(lambda: running.app.state.centre.link.is_connected)
    try:
        yield running
    finally:
        running.stop()
        process.terminate()
        process.wait(PATIENCE_S)


def _port(centre: Any) -> int:
    return int(centre.settings.mqtt_url.rpartition(":")[2])


def is_let_in(identity: Any, centre: Any, make_door: Any) -> bool:
    """Whether Mosquitto knows the door."""
    door = make_door(identity, _port(centre))
    answer = bool(door.connect())
    door.close()
    return answer


def test_a_door_may_log_in_until_it_is_revoked(centre: Any, make_door: Any, wait_until: Callable[..., Any]) -> None:
    """Nobody writes a file or sends a signal by hand."""
    identity, other = centre.enroll(), centre.enroll("Other")
    wait_until(lambda: is_let_in(identity, centre, make_door))
    with centre.database.write() as session:
        revoke(session, "club", identity.device)
    wait_until(lambda: not is_let_in(identity, centre, make_door))
    assert is_let_in(other, centre, make_door)
    folder = centre.settings.mosquitto_dir
    assert {(folder / name).stat().st_mode & 0o777 for name in ("passwords", "acl")} == {0o640}


def test_a_door_cannot_end_the_session_of_another(centre: Any, make_door: Any, wait_until: Callable[..., Any]) -> None:
    """Its client id is its proved name, whatever it claims."""
    victim, rogue = (make_door(centre.enroll(name), _port(centre)) for name in ("Victim", "Rogue"))
    for door in (victim, rogue):
        wait_until(lambda door=door: is_let_in(door.identity, centre, make_door))
    lost: list[Any] = []
    victim.client.on_disconnect = lambda *given: lost.append(given)
    assert victim.connect()
    rogue.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=victim.identity.device)
    rogue.client.username_pw_set(rogue.identity.device, rogue.identity.secret)
    rogue.client.on_connect = rogue._on_connect
    assert rogue.connect()
    time.sleep(0.5)
    assert lost == []
    for door in (victim, rogue):
        door.close()


def test_the_settings_belong_together(tmp_path: Path) -> None:
    """A folder without the centre's own name and password would lock the centre out."""
    with pytest.raises(ValidationError, match="mqtt_username"):
        ServerSettings(data_dir=tmp_path, mosquitto_dir=tmp_path, mqtt_url="mqtt://x:1")
