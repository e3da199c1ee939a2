"""Who may say and hear what on the broker. Pure: the embedded broker asks here; Mosquitto's list says the same."""

from __future__ import annotations

from access.wire.topics import Channel, DeviceTopic, feed_topic, parse_device_topic, site_events, site_states
from server.devices.service import DeviceIdentity

__all__ = ["is_its_commands", "may_hear", "may_say"]


def may_say(identity: DeviceIdentity, topic: str) -> bool:
    """A door publishes its own events and its own state (its last will too)."""
    return topic in {_own(identity, Channel.EVENTS), _own(identity, Channel.STATE)}


def may_hear(identity: DeviceIdentity, topic: str) -> bool:
    """A door hears its own receipts and commands, and of its site the feed and every door's events and state. The
    only filters with a wildcard that it may ask for are those two."""
    return topic in {
        _own(identity, Channel.RECEIPTS),
        _own(identity, Channel.COMMANDS),
        feed_topic(identity.organization, identity.site),
        site_events(identity.organization, identity.site),
        site_states(identity.organization, identity.site),
    } or _is_of_its_site(identity, topic)


def is_its_commands(device: str, topic: str) -> bool:
    """Whether this is where that device is told what to do: also one that was revoked, in the session it still has."""
    said = parse_device_topic(topic)
    return said is not None and (said.device, said.channel) == (device, Channel.COMMANDS)


def _is_of_its_site(identity: DeviceIdentity, topic: str) -> bool:
    said = parse_device_topic(topic)
    if said is None or said.channel not in (Channel.EVENTS, Channel.STATE):
        return False
    return (said.organization, said.site) == (identity.organization, identity.site)


def _own(identity: DeviceIdentity, channel: Channel) -> str:
    return str(DeviceTopic(identity.organization, identity.site, identity.device, channel))
