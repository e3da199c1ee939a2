"""The embedded broker among strangers: those who never log in, those who talk nonsense, those who pose as a door."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import aiomqtt
import pytest
from structlog.testing import capture_logs

from server.broker.callers import Callers
from server.broker.embedded import CENTRE_USER, BrokerGate, EmbeddedBroker
from server.db import Database
from server.devices.directory import DeviceDirectory
from server.supervision import calm_accepts
from tests.patience import PATIENCE_S
from tests.ports import free_port

_QUIET = logging.getLogger("quiet")


@contextmanager
def silent(port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that say nothing."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)) for _ in range(count)
        ]


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has hung up."""
    connection.setblocking(False)
    try:
        return connection.recv(64)[-1:] in (b"", b"\x05")
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


async def _with_broker(gate: BrokerGate, work: Callable[[int], Any], **limits: Any) -> None:
    broker = EmbeddedBroker("127.0.0.1", free_port(), gate, **limits)
    await broker.start()
    try:
        await work(broker.port)
    finally:
        await broker.stop()


@pytest.fixture
def gate(sqlite_club: Database) -> BrokerGate:
    """The gate of the sample organization."""
    return BrokerGate(DeviceDirectory(sqlite_club))


def _client(gate: BrokerGate, port: int, **more: Any) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1", port, username=CENTRE_USER, password=gate.centre_secret, timeout=PATIENCE_S, logger=_QUIET, **more
    )


def test_who_says_nothing_is_hung_up_on(gate: BrokerGate) -> None:
    """After the patience, and so is who talks nonsense; a client that logged in stays."""

    async def work(port: int) -> None:
        async with _client(gate, port) as client:
            began = time.monotonic()
            with silent(port, 40) as crowd:
                crowd[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
                crowd[1].sendall(b"\x10\xff\xff\xff\x7f")
                async with asyncio.timeout(PATIENCE_S):
                    while not is_closed(crowd[5]):
                        await asyncio.sleep(0.01)
                    assert time.monotonic() - began > 0.4
                    while not all(map(is_closed, crowd)):
                        await asyncio.sleep(0.01)
                await client.publish("gatehouse/v1/x", b"still here", qos=1, timeout=PATIENCE_S)

    asyncio.run(_with_broker(gate, work, patience_s=0.5))


def test_a_crowd_of_silent_strangers_keeps_nobody_out(gate: BrokerGate) -> None:
    """More than there are lines, and long before the patience ends: the oldest silent one makes room."""

    async def work(port: int) -> None:
        with silent(port, 60) as crowd:
            async with _client(gate, port) as client:
                await client.publish("gatehouse/v1/x", b"in", qos=1, timeout=PATIENCE_S)
                async with asyncio.timeout(PATIENCE_S):
                    while sum(not is_closed(each) for each in crowd) >= 10:
                        await asyncio.sleep(0.01)

    with capture_logs() as logs:
        asyncio.run(_with_broker(gate, work, max_connections=10, patience_s=600))
    assert sum(each["event"] == "broker_full" for each in logs) <= 2


def test_a_stranger_cannot_end_or_change_a_session(gate: BrokerGate) -> None:
    """A connection with a door's client id and no password ends nothing, neither with a clean session nor without."""

    async def work(port: int) -> None:
        async with _client(gate, port, identifier="known") as client:
            await client.subscribe("gatehouse/v1/x", qos=1)
            for is_clean in (True, False):
                with pytest.raises(aiomqtt.MqttError):
                    async with aiomqtt.Client(
                        "127.0.0.1", port, identifier="known", clean_session=is_clean, timeout=PATIENCE_S, logger=_QUIET
                    ):
                        pass
            await client.publish("gatehouse/v1/x", b"mine", qos=1, timeout=PATIENCE_S)
            async with asyncio.timeout(PATIENCE_S):
                async for message in client.messages:
                    assert message.payload == b"mine"
                    break

    asyncio.run(_with_broker(gate, work))


def test_the_broker_leaves_descriptors_for_the_others() -> None:
    """Whatever the setting says, never more than three quarters of what the process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(400, soft), hard))
    try:
        assert Callers(10_000).most == min(400, soft) * 3 // 4
        assert Callers(7).most == 7
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_running_out_of_descriptors_is_said_once() -> None:
    """A hundred times a second would fill the disk; anything else is said as before."""
    loop = asyncio.new_event_loop()
    calm_accepts(loop)
    with capture_logs() as logs:
        for _ in range(500):
            loop.call_exception_handler(
                {"message": "socket.accept() out of system resource", "exception": OSError(24, "x")}
            )
    loop.close()
    assert [each["event"] for each in logs] == ["descriptors_exhausted"]
