"""The way from the broker into the database when something of ours fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select, text

from access.wire.receipts import Receipt
from access.wire.sealing import CentreKey, CentrePublicKey
from access.wire.topics import Channel, DeviceTopic
from server.db import Database
from server.ingest.worker import IngestWorker
from server.models import Alarm, Event, QuarantinedMessage
from server.supervision import keep_running
from tests.patience import PATIENCE_S

_KEY = CentreKey(b"k" * 32)


class FakeBroker:
    """Remembers what was published."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Receipt]] = []

    async def publish(self, topic: str, payload: bytes) -> bool:
        """Like the link's."""
        self.said.append((topic, CentrePublicKey(_KEY.public_raw).unseal(payload, Receipt)))
        return True

    async def hears(self, number: int) -> None:
        """Waits for that many receipts."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.said) < number:
                await asyncio.sleep(0.01)


def run(database: Database, work: Callable[[IngestWorker, FakeBroker], Awaitable[None]]) -> FakeBroker:
    """Runs a worker beside the test's own work."""

    async def both() -> FakeBroker:
        broker = FakeBroker()
        worker = IngestWorker(database, _KEY, broker.publish)
        task = asyncio.create_task(worker.run())
        try:
            await work(worker, broker)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return broker

    return asyncio.run(both())


def test_batches_that_wait_together_get_one_receipt(sqlite_club: Database, pen: Any) -> None:
    """The last one says it all."""
    door = pen("door")
    batches = [door.batch(door.event()) for _ in range(10)]

    async def work(worker: IngestWorker, broker: FakeBroker) -> None:
        for batch in batches:
            await worker.hand_over(str(door.topic), batch)
        await broker.hears(1)

    broker = run(sqlite_club, work)
    assert [(topic, said.through_seq) for topic, said in broker.said] == [("gatehouse/v1/club/main/door/receipts", 10)]


def test_topics_that_are_nobodys_are_passed_over(sqlite_club: Database, pen: Any) -> None:
    """Receipts, feeds and foreign topics do not reach the database."""
    door = pen("door")

    async def work(worker: IngestWorker, broker: FakeBroker) -> None:
        for topic in ("a/b", "gatehouse/v1/club/main/feed", "gatehouse/v1/club/main/door/receipts", ""):
            await worker.hand_over(topic, b"x")
        await worker.hand_over(str(door.topic), door.batch(door.event()))
        await broker.hears(1)

    run(sqlite_club, work)
    with sqlite_club.read() as session:
        assert session.scalars(select(QuarantinedMessage)).all() == []


def test_an_event_that_our_own_code_cannot_store_holds_up_no_other(sqlite_club: Database, pen: Any) -> None:
    """Its neighbours are recorded and receipted, it is kept for us with an alarm, and its number stays a gap."""
    door = pen("door")
    with sqlite_club.write() as session:
        session.execute(
            text("CREATE TRIGGER poison BEFORE INSERT ON event WHEN NEW.seq = 2 BEGIN SELECT RAISE(ABORT, 'no'); END")
        )

    async def work(worker: IngestWorker, broker: FakeBroker) -> None:
        await worker.hand_over(str(door.topic), door.batch(*(door.event() for _ in range(3))))
        await worker.hand_over(str(door.topic), door.batch(door.event()))
        await broker.hears(1)

    broker = run(sqlite_club, work)
    assert (broker.said[-1][1].through_seq, broker.said[-1][1].gaps, broker.said[-1][1].max_seq) == (1, ((2, 2),), 4)
    with sqlite_club.read() as session:
        assert {row.seq for row in session.scalars(select(Event))} == {1, 3, 4}
        assert [row.reason for row in session.scalars(select(QuarantinedMessage))] == ["internal_error"]
        assert [row.kind for row in session.scalars(select(Alarm))] == ["internal_error"]


def test_while_the_database_is_away_nothing_is_receipted(sqlite_club: Database, pen: Any) -> None:
    """No receipt, no quarantine; when it is back the door's next offer is recorded."""
    door = pen("door")
    batch = door.batch(door.event())
    rename = "ALTER TABLE {} RENAME TO {}"

    async def work(worker: IngestWorker, broker: FakeBroker) -> None:
        with sqlite_club.write() as session:
            session.execute(text(rename.format("device_mark", "away")))
        await worker.hand_over(str(door.topic), batch)
        await asyncio.sleep(0.3)
        assert broker.said == []
        with sqlite_club.write() as session:
            session.execute(text(rename.format("away", "device_mark")))
        await worker.hand_over(str(door.topic), batch)
        await broker.hears(1)

    broker = run(sqlite_club, work)
    assert [said.through_seq for _, said in broker.said] == [1]
    with sqlite_club.read() as session:
        assert session.scalars(select(QuarantinedMessage)).all() == []


def test_states_and_events_go_their_own_ways(sqlite_club: Database, pen: Any) -> None:
    """A state gets no receipt."""
    door = pen("door")
    state = DeviceTopic("club", "main", "door", Channel.STATE)

    async def work(worker: IngestWorker, broker: FakeBroker) -> None:
        await worker.hand_over(str(state), b'{"v":1,"device":"door","connection":"online"}')
        await worker.hand_over(str(door.topic), door.batch(door.event()))
        await broker.hears(1)

    assert len(run(sqlite_club, work).said) == 1


def test_a_task_that_dies_is_started_again() -> None:
    """After a failure and after an end; a cancellation ends it."""
    runs = 0

    async def frail() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RuntimeError("died")
        if runs == 3:
            await asyncio.Event().wait()

    async def watch() -> None:
        task = asyncio.create_task(keep_running("frail", frail))
        async with asyncio.timeout(PATIENCE_S):
            while runs < 3:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    asyncio.run(watch())
