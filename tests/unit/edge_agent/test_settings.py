"""An agent's settings: what is missing or wrong is said in words that tell what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from access.domain.policy import Direction
from edge_agent.errors import SettingsError
from edge_agent.settings import AgentSettings

GOOD: dict[str, Any] = {
    "data_dir": "/var/lib/gatehouse",
    "centre_url": "http://centre:8000/",
    "readers": [{"name": "front", "driver": "serial", "port": "/dev/ttyACM0", "access_point": "pool"}],
}


def test_a_reader_is_bound_and_its_table_is_the_drivers_own() -> None:
    """`access_point` and `direction` are taken off before the loader sees the table."""
    reader = {**GOOD["readers"][0], "direction": "out"}
    settings = AgentSettings.of({**GOOD, "readers": [reader]})
    (binding,) = settings.reader_bindings()
    assert (binding.access_point, binding.direction) == ("pool", Direction.OUT)
    assert dict(binding.config) == {"name": "front", "driver": "serial", "port": "/dev/ttyACM0"}
    assert settings.centre_url == "http://centre:8000"


def test_a_barrier_is_bound_with_the_time_that_somebody_has() -> None:
    """Eight seconds unless the table says otherwise."""
    table = {"driver": "modbus", "port": "/dev/ttyUSB0", "access_point": "pool"}
    barriers = [{"name": "a", **table}, {"name": "b", **table, "access_point": "gym", "passage_s": 5}]
    bound = AgentSettings.of({**GOOD, "barriers": barriers}).barrier_bindings()
    assert [(each.access_point, each.passage_s) for each in bound] == [("pool", 8.0), ("gym", 5.0)]
    assert dict(bound[1].config) == {"name": "b", "driver": "modbus", "port": "/dev/ttyUSB0"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data_dir": None}, 'data_dir is missing; write data_dir = "'),
        ({"centre_url": "centre:8000"}, 'centre_url = "http://'),
        ({"mqtt_url": "tcp://x"}, 'mqtt_url = "mqtt://host:1883"'),
        ({"colour": "red"}, "colour is not a setting; known are data_dir"),
        ({"uplink": "pigeon"}, "'mqtt' or 'http'"),
        ({"readers": [{"name": "front"}]}, 'write access_point = "'),
        ({"readers": [{"access_point": "pool"}]}, 'write name = "front"'),
        ({"readers": [{"name": "a b", "access_point": "pool"}]}, "letters, digits"),
        ({"readers": [{"name": "a", "access_point": "p", "direction": "up"}]}, 'write "in" or "out"'),
        ({"readers": [{"name": "a", "access_point": "p"}] * 2}, "two readers are called 'a'"),
        ({"relays": [{"name": "a", "access_point": "p", "direction": "in"}]}, "a relay has no direction"),
        ({"barriers": [{"name": "a", "access_point": "p", "direction": "in"}]}, "a barrier has no direction"),
        ({"barriers": [{"name": "a", "access_point": "p", "passage_s": 0}]}, "write seconds from 1 to 120"),
        ({"barriers": [{"name": each, "access_point": "p"} for each in "ab"]}, "'p' has two barriers"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(change: dict[str, Any], says: str) -> None:
    """A person reads the message and knows what to do."""
    values = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        AgentSettings.of(values)
    assert says in str(caught.value)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One image serves many doors."""
    path = tmp_path / "agent.toml"
    path.write_text('data_dir = "/srv/a"\ncentre_url = "http://a"\n')
    monkeypatch.setenv("GATEHOUSE_AGENT_CENTRE_URL", "http://b")
    assert AgentSettings.load(path).centre_url == "http://b"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, or not TOML."""
    with pytest.raises(SettingsError, match=r"cannot read .*none\.toml"):
        AgentSettings.load(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("data_dir = ")
    with pytest.raises(SettingsError, match="is not TOML"):
        AgentSettings.load(broken)
