"""Who may say and hear what on the broker. Pure: the embedded broker asks here; Mosquitto's list says the same."""

from __future__ import annotations

from access.wire.topics import Channel, DeviceTopic, feed_topic
from server.devices.service import DeviceIdentity

__all__ = ["may_hear", "may_say"]


def may_say(identity: DeviceIdentity, topic: str) -> bool:
    """A door publishes its own events and its own state (its last will too)."""
    return topic in {_own(identity, Channel.EVENTS), _own(identity, Channel.STATE)}


def may_hear(identity: DeviceIdentity, topic: str) -> bool:
    """A door hears its own receipts and commands and the feed of its site; a filter with wildcards is none of them."""
    return topic in {
        _own(identity, Channel.RECEIPTS),
        _own(identity, Channel.COMMANDS),
        feed_topic(identity.organization, identity.site),
    }


def _own(identity: DeviceIdentity, channel: Channel) -> str:
    return str(DeviceTopic(identity.organization, identity.site, identity.device, channel))
