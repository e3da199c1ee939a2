"""The centre's moving parts, put together: broker, connection, ingest, feed. Started and stopped as one."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from server.accounts.ages import AgeKeeper
from server.broker.embedded import CENTRE_USER, BrokerGate, EmbeddedBroker
from server.broker.link import CentreLink
from server.db import Database
from server.devices.command_publisher import CommandPublisher
from server.devices.directory import DeviceDirectory
from server.devices.mosquitto_sync import MosquittoSync
from server.errors import InUse
from server.feed.publisher import FeedPublisher
from server.feed.trimming import FeedTrimmer
from server.imports.files import ImportFiles
from server.imports.runner import ImportRunner
from server.ingest.worker import IngestWorker
from server.mail.sender import MailSender
from server.pictures.store import PictureStore
from server.privacy.files import PersonalFiles
from server.retention.keeper import RetentionKeeper
from server.settings import ServerSettings
from server.supervision import calm_accepts, keep_running
from server.webhooks.secrets import webhook_box
from server.webhooks.sender import WebhookSender

__all__ = ["Centre", "running_centre", "sole_user"]

_LOOK_AFTER_BROKER_S = 1.0


class Centre:
    """`link` is the connection to the broker; `broker` is None when the broker is an external one."""

    def __init__(self, settings: ServerSettings, database: Database) -> None:
        self.broker: EmbeddedBroker | None = None
        url, username, password = settings.mqtt_url, settings.mqtt_username, settings.mqtt_password
        if url is None:
            gate = BrokerGate(DeviceDirectory(database))
            self.broker = EmbeddedBroker(
                settings.broker_host, settings.broker_port, gate, max_connections=settings.broker_max_connections
            )
            url, username, password = _local_url(settings), CENTRE_USER, gate.centre_secret
        self.link = CentreLink(url, username=username, password=password, on_message=self._on_message)
        self.ingest = IngestWorker(database, settings.centre_key, self.link.publish)
        self.feed = FeedPublisher(database, settings.centre_key, self.link.publish)
        self.commands = CommandPublisher(database, settings.centre_key, self.link.publish)
        self.trimmer = FeedTrimmer(database)
        files, pictures = ImportFiles(settings.data_dir / "imports"), PictureStore(settings.data_dir / "pictures")
        self.imports = ImportRunner(database, files, pictures)
        self.webhooks = WebhookSender(
            database, webhook_box(settings.secret_key), may_be_private=settings.webhooks_may_reach_private
        )
        self.ages = AgeKeeper(database)
        self.retention = RetentionKeeper(database, PersonalFiles(database, settings.data_dir))
        self.mail = MailSender(database, settings)
        self.mosquitto: MosquittoSync | None = None
        if settings.mosquitto_dir is not None:
            known_as = (username or "", password or "")
            self.mosquitto = MosquittoSync(database, settings.mosquitto_dir, known_as, settings.mosquitto_pid_file)

    async def _on_message(self, topic: str, payload: bytes) -> None:
        await self.ingest.hand_over(topic, payload)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs everything until the block ends. Raises amqtt's BrokerError when the embedded broker cannot start."""
        calm_accepts(asyncio.get_running_loop())
        parts = {"link": self.link.run, "ingest": self.ingest.run, "feed": self.feed.run, "trimmer": self.trimmer.run}
        parts |= {"imports": self.imports.run, "webhooks": self.webhooks.run}
        parts |= {"ages": self.ages.run, "mail": self.mail.run, "retention": self.retention.run}
        parts["commands"] = self.commands.run
        if self.mosquitto is not None:
            parts["mosquitto"] = self.mosquitto.run
        if self.broker is not None:
            await self.broker.start()
            parts["broker"] = self._look_after_broker
        tasks = [asyncio.create_task(keep_running(name, run), name=name) for name, run in parts.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.broker is not None:
                await self.broker.stop()

    async def _look_after_broker(self) -> None:
        assert self.broker is not None
        while True:
            await asyncio.sleep(_LOOK_AFTER_BROKER_S)
            if not self.broker.is_alive:
                await self.broker.stop()
                await self.broker.start()


@asynccontextmanager
async def running_centre(settings: ServerSettings, database: Database) -> AsyncIterator[Centre]:
    """Takes the data directory, brings the database up to date, and runs the centre until the block ends.

    Raises `InUse` when another server has this data directory.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with sole_user(settings.data_dir):
        await asyncio.to_thread(database.migrate)
        centre = Centre(settings, database)
        try:
            async with centre.running():
                yield centre
        finally:
            await asyncio.to_thread(database.close)


@contextmanager
def sole_user(data_dir: Path) -> Iterator[None]:
    """Holds the directory's lock: two servers writing one SQLite file would be two writing connections."""
    lock = os.open(data_dir / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InUse(f"another server works on {data_dir}") from error
        yield
    finally:
        os.close(lock)


def _local_url(settings: ServerSettings) -> str:
    host = "127.0.0.1" if settings.broker_host in ("", "0.0.0.0", "::") else settings.broker_host
    return f"mqtt://{f'[{host}]' if ':' in host else host}:{settings.broker_port}"
