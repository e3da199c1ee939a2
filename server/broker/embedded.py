"""The broker inside the server (amqtt, MQTT 3.1.1). Anonymous clients are refused; doors get their own topics only.

Meant for one machine or a trusted network: on others run Mosquitto (firmware_configs) with TLS.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext, ListenerConfig
from amqtt.errors import AMQTTError
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session
from amqtt.utils import gen_client_id

from server.broker.callers import PATIENCE_S, Callers
from server.broker.rules import is_its_commands, may_hear, may_say
from server.devices.directory import DeviceDirectory
from server.devices.service import DeviceIdentity, authenticate

__all__ = ["CENTRE_USER", "BrokerGate", "EmbeddedBroker", "GatePlugin"]

CENTRE_USER = "centre"
_SESSION_KEPT_S = 60
_REFUSED = b"\x20\x02\x00\x05"
"""CONNACK, not authorized (MQTT 3.1.1, 3.2.2.3)."""
_log = structlog.get_logger(__name__)


class BrokerGate:
    """Decides for the embedded broker. `centre_secret` is the password of the centre's own client in this run."""

    def __init__(self, directory: DeviceDirectory) -> None:
        self.centre_secret = secrets.token_hex(32)
        self._directory = directory

    async def admits(self, session: Session) -> bool:
        """Whether a client may connect: a known secret, a client id of its own, a last will on a topic of its own."""
        name, password = session.username or "", session.password or ""
        if name == CENTRE_USER:
            return hmac.compare_digest(password.encode(), self.centre_secret.encode())
        identity = await self._find(name)
        is_known = authenticate(identity, password)
        if identity is None or not is_known:
            _log.warning("broker_login_refused", device=name[:64])
            return False
        has_own_id = (session.client_id or "").startswith(identity.device)
        has_own_will = not session.will_flag or may_say(identity, session.will_topic or "")
        return has_own_id and has_own_will

    async def allows(self, session: Session, topic: str, action: Action) -> bool:
        """Whether a client may publish to, subscribe to or receive from a topic, as of now."""
        if session.username == CENTRE_USER:
            return True
        if action is Action.RECEIVE and is_its_commands(session.username or "", topic):
            return True
        identity = await self._find(session.username or "")
        if identity is None:
            return False
        return may_say(identity, topic) if action is Action.PUBLISH else may_hear(identity, topic)

    async def _find(self, device_id: str) -> DeviceIdentity | None:
        is_fresh, identity = self._directory.remembered(device_id)
        return identity if is_fresh else await asyncio.to_thread(self._directory.find, device_id)


class GatePlugin(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]
    """The gate as amqtt calls it."""

    @dataclass
    class Config:
        """What amqtt passes on."""

        gate: Any

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._gate: BrokerGate = self.config.gate

    async def authenticate(self, *, session: Session) -> bool:
        """amqtt's question at each connect."""
        return await self._gate.admits(session)

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """amqtt's question at each publish, subscribe and delivery."""
        if session is None or topic is None or action is None:
            return False
        return await self._gate.allows(session, topic, action)


class _Subscriptions(dict[str, list[Any]]):
    """amqtt walks its subscriptions while others subscribe: each walk gets its own copy."""

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))

    def items(self) -> Any:
        return list(super().items())


_RENEWED = ("will_flag", "will_message", "will_topic", "will_qos", "keep_alive", "username", "password")
"""What a new connection brings along for a session that is kept."""


class _Broker(Broker):  # type: ignore[misc]
    callers: Callers

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        with self.callers.line(writer) as has_room:
            if not has_room:
                return
            try:
                await super().stream_connected(reader, writer, listener_name)
            except Exception as error:
                # Whatever a stranger's bytes set off in amqtt concerns this connection alone.
                _log.info("broker_connection_failed", error=type(error).__name__)

    async def _authenticate(self, session: Session, listener: ListenerConfig) -> bool:
        is_known = bool(await super()._authenticate(session, listener))
        if is_known:
            self.callers.logged_in()
        return is_known

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, remote_address: str, remote_port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        # amqtt asks who it is only after it has ended or overwritten the session of this client id.
        handler, session = await BrokerProtocolHandler.init_from_connect(reader, writer, self.plugins_manager)
        if not await self._authenticate(session, self.listeners_config["default"]):
            self.callers.answer(_REFUSED)
            raise AMQTTError("refused")
        session.client_id = session.client_id or gen_client_id()
        if session.clean_session:
            await self._delete_session(session.client_id)
        known, _ = self._sessions.get(session.client_id, (None, None))
        if known is None:
            session.parent = 0
            return handler, session
        for name in _RENEWED:
            setattr(known, name, getattr(session, name))
        known.parent = 1
        return handler, known

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        # amqtt offers a new client the retained messages of everybody's subscriptions.
        held = self._subscriptions.get(subscription[0], ())
        if any(other.client_id == session.client_id for other, _ in held):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class EmbeddedBroker:
    """Starts and stops the broker. `host` and `port` are where it listens; a client has `patience_s` to log in."""

    def __init__(
        self, host: str, port: int, gate: BrokerGate, *, max_connections: int = 500, patience_s: float = PATIENCE_S
    ) -> None:
        self.host, self.port = host, port
        self._max_connections, self._patience_s = max_connections, patience_s
        self._gate = gate
        self._broker: Broker | None = None

    async def start(self) -> None:
        """Listens. Raises amqtt's BrokerError, for one when the port is taken."""
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._broker = _Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{self.host}:{self.port}"}},
                "session_expiry_interval": _SESSION_KEPT_S,
                "plugins": {f"{GatePlugin.__module__}.{GatePlugin.__qualname__}": {"gate": self._gate}},
            }
        )
        self._broker._subscriptions = _Subscriptions()
        self._broker.callers = Callers(self._max_connections, patience_s=self._patience_s)
        await self._broker.start()
        _log.info("broker_listening", host=self.host, port=self.port)

    @property
    def is_alive(self) -> bool:
        """Whether messages are still passed on."""
        task = getattr(self._broker, "_broadcast_task", None)
        return task is not None and not task.done()

    async def stop(self) -> None:
        """Closes every session and stops listening."""
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.shutdown()
