"""The centre's own connection to a broker (aiomqtt): hears all events and states, says receipts and feeds.

It reconnects for ever with growing pauses. What is said while there is no connection is dropped: doors ask again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiomqtt
import structlog

from access.wire.topics import ALL_EVENTS, ALL_STATES

__all__ = ["BrokerAddress", "CentreLink", "broker_addresses"]

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_TIMEOUT_S = 10.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens."""

    host: str
    port: int
    is_tls: bool


def broker_addresses(urls: str) -> list[BrokerAddress]:
    """The brokers of comma-separated `mqtt://` and `mqtts://` URLs. Raises ValueError."""
    found = []
    for url in urls.split(","):
        parts = urlsplit(url.strip())
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError("a broker's URL is mqtt://host:port or mqtts://host:port")
        is_tls = parts.scheme == "mqtts"
        found.append(BrokerAddress(parts.hostname, parts.port or (8883 if is_tls else 1883), is_tls))
    return found


class CentreLink:
    """One connection, tried over and over. `on_message(topic, payload)` may wait: that slows the reading down."""

    def __init__(
        self,
        urls: str,
        *,
        username: str | None,
        password: str | None,
        on_message: Callable[[str, bytes], Awaitable[None]],
    ) -> None:
        self._addresses = broker_addresses(urls)
        self._username, self._password = username, password
        self._on_message = on_message
        self._client: aiomqtt.Client | None = None
        self._identifier = f"gatehouse-centre-{secrets.token_hex(8)}"
        self._is_loss_logged = False

    @property
    def is_connected(self) -> bool:
        """Whether there is a session with subscriptions now."""
        return self._client is not None

    async def run(self) -> None:
        """Keeps the connection until cancelled."""
        pause_s, number = _FIRST_PAUSE_S, 0
        while True:
            address = self._addresses[number % len(self._addresses)]
            try:
                await self._one_session(address)
            except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                self._log_loss(address, error)
            if self._client is not None:
                self._client, pause_s = None, _FIRST_PAUSE_S
            else:
                number += 1
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def publish(self, topic: str, payload: bytes) -> bool:
        """Says something once (QoS 1); False when it did not get to the broker."""
        client = self._client
        if client is None:
            return False
        try:
            await client.publish(topic, payload, qos=1, timeout=_TIMEOUT_S)
        except (aiomqtt.MqttError, TimeoutError, ValueError):
            return False
        return True

    async def _one_session(self, address: BrokerAddress) -> None:
        async with aiomqtt.Client(
            address.host,
            address.port,
            username=self._username,
            password=self._password,
            identifier=self._identifier,
            clean_session=True,
            keepalive=20,
            timeout=_TIMEOUT_S,
            tls_context=ssl.create_default_context() if address.is_tls else None,
            logger=_QUIET,
        ) as client:
            await client.subscribe([(ALL_EVENTS, 1), (ALL_STATES, 1)])
            self._client = client
            self._is_loss_logged = False
            _log.info("broker_connected", host=address.host, port=address.port)
            async for message in client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                await self._on_message(str(message.topic), payload)

    def _log_loss(self, address: BrokerAddress, error: Exception) -> None:
        if not self._is_loss_logged:
            self._is_loss_logged = True
            _log.warning("broker_lost", host=address.host, port=address.port, error=type(error).__name__)


_QUIET = logging.getLogger("gatehouse.mqtt")
_QUIET.setLevel(logging.CRITICAL)
