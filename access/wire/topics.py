"""MQTT topics: `gatehouse/v1/{organization}/{site}/{device}/{channel}` and `gatehouse/v1/{organization}/{site}/feed`.

No personal data and no credential ever stands in a topic. Only MQTT 3.1.1 is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from access.wire.model import NAME_PATTERN

__all__ = [
    "ALL_EVENTS",
    "ALL_STATES",
    "ROOT",
    "Channel",
    "DeviceTopic",
    "feed_topic",
    "parse_device_topic",
    "site_events",
    "site_states",
]

ROOT = "gatehouse/v1"
ALL_EVENTS = f"{ROOT}/+/+/+/events"
ALL_STATES = f"{ROOT}/+/+/+/state"


class Channel(StrEnum):
    """What flows between one device and the centre: events and state up, receipts and commands down."""

    EVENTS = "events"
    STATE = "state"
    RECEIPTS = "receipts"
    COMMANDS = "commands"


@dataclass(frozen=True, slots=True)
class DeviceTopic:
    """Whose topic it is and which channel."""

    organization: str
    site: str
    device: str
    channel: Channel

    def __str__(self) -> str:
        return f"{ROOT}/{self.organization}/{self.site}/{self.device}/{self.channel}"


def feed_topic(organization: str, site: str) -> str:
    """The topic on which the centre publishes a site's feed."""
    return f"{ROOT}/{organization}/{site}/feed"


def site_events(organization: str, site: str) -> str:
    """The filter by which a site's doors hear each other's events."""
    return f"{ROOT}/{organization}/{site}/+/{Channel.EVENTS}"


def site_states(organization: str, site: str) -> str:
    """The filter by which a site's doors learn whether the others can be heard."""
    return f"{ROOT}/{organization}/{site}/+/{Channel.STATE}"


def parse_device_topic(topic: str) -> DeviceTopic | None:
    """The parts of a device's topic, or None for any other topic."""
    parts = topic.split("/")
    if len(parts) != 6 or "/".join(parts[:2]) != ROOT or parts[5] not in set(Channel):
        return None
    if not all(NAME_PATTERN.fullmatch(part) for part in parts[2:5]):
        return None
    return DeviceTopic(parts[2], parts[3], parts[4], Channel(parts[5]))
