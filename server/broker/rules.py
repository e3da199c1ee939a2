"""Who may say and hear what on the broker. Pure: the embedded broker asks here; Mosquitto's list says the same."""

from __future__ import annotations

from access.wire.topics import Channel, DeviceTopic, feed_topic, parse_device_topic, site_events
from server.devices.service import DeviceIdentity

__all__ = ["may_hear", "may_say"]


def may_say(identity: DeviceIdentity, topic: str) -> bool:
    """A door publishes its own events and its own state (its last will too)."""
    return topic in {_own(identity, Channel.EVENTS), _own(identity, Channel.STATE)}


def may_hear(identity: DeviceIdentity, topic: str) -> bool:
    """A door hears its own receipts and commands, and of its site the feed and every door's events. The one filter with
    a wildcard that it may ask for is that of those events."""
    return topic in {
        _own(identity, Channel.RECEIPTS),
        _own(identity, Channel.COMMANDS),
        feed_topic(identity.organization, identity.site),
        site_events(identity.organization, identity.site),
    } or _is_of_its_sites_events(identity, topic)


def _is_of_its_sites_events(identity: DeviceIdentity, topic: str) -> bool:
    said = parse_device_topic(topic)
    at = (identity.organization, identity.site, Channel.EVENTS)
    return said is not None and (said.organization, said.site, said.channel) == at


def _own(identity: DeviceIdentity, channel: Channel) -> str:
    return str(DeviceTopic(identity.organization, identity.site, identity.device, channel))
