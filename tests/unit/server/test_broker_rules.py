"""The table of who may say and hear what, for the embedded broker and as Mosquitto's list."""

from __future__ import annotations

from pathlib import Path

import pytest
from paho.mqtt.client import topic_matches_sub

from server.broker.rules import may_hear, may_say
from server.devices.mosquitto import acl
from server.devices.service import DeviceIdentity
from server.models import Device

_ME = DeviceIdentity(device="d1", organization="o1", site="s1", secret_hash="0" * 64)
_OWN = "gatehouse/v1/o1/s1/d1"

TABLE = [
    # topic, may say, may hear
    (f"{_OWN}/events", True, True),
    (f"{_OWN}/state", True, True),
    (f"{_OWN}/receipts", False, True),
    (f"{_OWN}/commands", False, True),
    ("gatehouse/v1/o1/s1/feed", False, True),
    ("gatehouse/v1/o1/s1/+/events", False, True),
    ("gatehouse/v1/o1/s1/d2/events", False, True),
    ("gatehouse/v1/o1/s2/d2/events", False, False),
    ("gatehouse/v1/o1/+/+/events", False, False),
    ("gatehouse/v1/o1/s1/+/state", False, True),
    ("gatehouse/v1/o1/s1/d2/state", False, True),
    ("gatehouse/v1/o1/s2/+/state", False, False),
    ("gatehouse/v1/o1/s2/d2/state", False, False),
    ("gatehouse/v1/+/s1/+/state", False, False),
    ("gatehouse/v1/o1/s1/d2/receipts", False, False),
    ("gatehouse/v1/o1/s2/feed", False, False),
    ("gatehouse/v1/o2/s1/feed", False, False),
    ("gatehouse/v1/o2/s1/d1/events", False, False),
    ("gatehouse/v1/+/+/feed", False, False),
    ("gatehouse/v1/o1/s1/+/receipts", False, False),
    ("gatehouse/#", False, False),
    ("#", False, False),
    ("$SYS/#", False, False),
    ("", False, False),
    (f"{_OWN}/events/more", False, False),
    (f"{_OWN}/other", False, False),
]


@pytest.mark.parametrize(("topic", "says", "hears"), TABLE)
def test_a_door_has_its_own_topics_and_no_others(topic: str, says: bool, hears: bool) -> None:
    """It says its events and state; it hears its receipts and commands, the site's feed and what its doors say."""
    assert may_say(_ME, topic) is says
    assert may_hear(_ME, topic) is hears


@pytest.mark.parametrize(("topic", "says", "hears"), TABLE)
def test_mosquittos_list_says_the_same(topic: str, says: bool, hears: bool) -> None:
    """Line by line, for the door's own section."""
    text = acl([Device(id="d1", organization_id="o1", site_id="s1")], "centre")
    mine = text.split("user d1\n")[1].splitlines()
    assert (f"topic write {topic}" in mine) is says
    filters = [line.removeprefix("topic read ") for line in mine if line.startswith("topic read ")]
    assert any(each == topic or topic_matches_sub(each, topic) for each in filters) is hears


def test_the_committed_example_is_what_the_centre_writes() -> None:
    """`firmware_configs/mosquitto.acl` shows the real thing."""
    example = Path(__file__).parents[3] / "firmware_configs" / "mosquitto.acl"
    lines = [line for line in example.read_text().splitlines() if not line.startswith("#")]
    written = acl([Device(id="door-1", organization_id="riverside", site_id="main")], "centre")
    assert "\n".join(lines).strip() == written.strip()
