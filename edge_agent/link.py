"""The MQTT connection (paho): one client a connection attempt, so that nothing of paho's own queue survives one.

Callbacks only hand over; whoever is told must return at once and never raise.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.backoff import Backoff

__all__ = ["Broker", "MqttLink", "brokers"]

_log = structlog.get_logger(__name__)

_CONNECT_S = 5.0
_KEEPALIVE_S = 10
_REFUSED = ("Bad user name or password", "Not authorized", "Client identifier not valid", "Banned")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker listens."""

    host: str
    port: int
    is_tls: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def brokers(urls: str) -> list[Broker]:
    """The brokers of a list of URLs with commas between them, in order."""
    found = []
    for url in urls.split(","):
        parts = urlsplit(url.strip())
        is_tls = parts.scheme == "mqtts"
        found.append(Broker(parts.hostname or "localhost", parts.port or (8883 if is_tls else 1883), is_tls))
    return found


class MqttLink:
    """Keeps one connection alive, trying the brokers in turn.

    `topics` maps each subscribed topic to who takes its payloads, `filters` each filter with wildcards to who takes
    topic and payload of what is said now, not of what the broker had kept. `on_up` and `on_down` are called in the
    network's thread. `will` is published, retained, on `state_topic` when the connection is lost.
    """

    def __init__(
        self,
        urls: str,
        *,
        client_id: str,
        secret: str,
        state_topic: str,
        will: bytes,
        topics: Mapping[str, Callable[[bytes], None]],
        filters: Mapping[str, Callable[[str, bytes], None]] | None = None,
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[], None] = lambda: None,
    ) -> None:
        self._brokers = brokers(urls)
        self._client_id = client_id
        self._secret = secret
        self._state_topic = state_topic
        self._will = will
        self._topics = dict(topics)
        self._filters = dict(filters or {})
        self._on_up = on_up
        self._on_down = on_down
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._client: paho.Client | None = None
        self._is_up = False
        self._is_refused = False
        self._is_lost_logged = False
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def is_up(self) -> bool:
        """Whether there is a session with a broker now."""
        return self._is_up

    def start(self) -> None:
        """Starts connecting."""
        self._thread.start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hands a message to the connection (QoS 1). False when there is none: nothing is queued."""
        client = self._client
        if client is None or not self._is_up:
            return False
        try:
            return client.publish(topic, payload, qos=1, retain=retain).rc == MQTTErrorCode.MQTT_ERR_SUCCESS
        except (ValueError, OSError):
            return False

    def stop(self, last_state: bytes | None = None) -> None:
        """Says good-bye with a last state, and ends."""
        self._stop.set()
        client = self._client
        if client is not None and self._is_up:
            with suppress(ValueError, RuntimeError, OSError):
                if last_state is not None:
                    client.publish(self._state_topic, last_state, qos=1, retain=True).wait_for_publish(0.5)
                client.disconnect()
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(3.0)

    def _run(self) -> None:
        soon, later = Backoff(0.25, 5.0), Backoff(5.0, 60.0)
        number = 0
        while not self._stop.is_set():
            was_up = self._connect_once(self._brokers[number % len(self._brokers)])
            if was_up:
                soon.reset()
                later.reset()
            else:
                number += 1
            self._stop.wait((later if self._is_refused else soon).next_s())

    def _connect_once(self, broker: Broker) -> bool:
        """One connection from beginning to end; whether it was ever up."""
        self._ended.clear()
        self._is_refused = False
        was_up = threading.Event()
        client = self._new_client(broker, was_up)
        try:
            client.connect(broker.host, broker.port, keepalive=_KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._log_lost(broker, type(error).__name__)
            return False
        self._client = client
        client.loop_start()
        self._watch(client, was_up)
        self._client = None
        self._go_down(broker, "given up")
        with suppress(ValueError, OSError):
            client.disconnect()
        client.loop_stop()
        return was_up.is_set()

    def _watch(self, client: paho.Client, was_up: threading.Event) -> None:
        """Waits for the end: said so, never begun, or noticed although nobody said so."""
        give_up_at = time.monotonic() + _CONNECT_S
        while not self._ended.wait(0.2):
            is_hopeless = not was_up.is_set() and time.monotonic() > give_up_at
            if is_hopeless or (was_up.is_set() and not client.is_connected()):
                return

    def _go_down(self, broker: Broker, reason: str) -> None:
        if self._is_up:
            self._is_up = False
            self._on_down()
            self._log_lost(broker, reason)

    def _new_client(self, broker: Broker, was_up: threading.Event) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=True,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        client.username_pw_set(self._client_id, self._secret)
        client.will_set(self._state_topic, self._will, qos=1, retain=True)
        if broker.is_tls:
            client.tls_set()

        def on_connect(_: paho.Client, __: Any, ___: Any, code: ReasonCode, ____: Any) -> None:
            if code.is_failure:
                self._is_refused = str(code) in _REFUSED
                self._log_lost(broker, str(code))
                return
            client.subscribe([(topic, 1) for topic in (*self._topics, *self._filters)])

        def on_subscribe(_: paho.Client, __: Any, ___: int, codes: list[ReasonCode], ____: Any) -> None:
            if any(code.is_failure for code in codes):
                _log.error("mqtt_subscription_refused", alarm=True, broker=str(broker))
            was_up.set()
            self._is_up = True
            self._is_lost_logged = False
            _log.info("mqtt_up", broker=str(broker))
            self._on_up()

        def on_disconnect(_: paho.Client, __: Any, ___: Any, code: ReasonCode, ____: Any) -> None:
            self._go_down(broker, str(code))
            self._ended.set()

        def on_message(_: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
            take = self._topics.get(message.topic)
            if take is not None:
                take(bytes(message.payload))
                return
            for wanted, hear in self._filters.items():
                if not message.retain and paho.topic_matches_sub(wanted, message.topic):
                    hear(message.topic, bytes(message.payload))

        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_disconnect = on_disconnect
        client.on_message = on_message
        return client

    def _log_lost(self, broker: Broker, reason: str) -> None:
        if not self._is_lost_logged and not self._stop.is_set():
            self._is_lost_logged = True
            _log.warning("mqtt_lost", broker=str(broker), reason=reason)
