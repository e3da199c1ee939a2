"""A centre with state, for tests of the door: the real wire over HTTP and through a real broker, all in memory."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from access.domain.credentials import Code, Credential, CredentialKind, fingerprint
from access.wire.enrolment import ENROLL_PATH, EVENTS_PATH, FEED_PATH, SNAPSHOT_PATH, Enrolment
from access.wire.feed import (
    BODY_TYPES,
    SNAPSHOT_DDL,
    SNAPSHOT_HEADER,
    Body,
    EntityKind,
    FeedDelta,
    FeedEntry,
    SnapshotMark,
    dump_body,
)
from access.wire.receipts import Receipt
from access.wire.sealing import CentreKey
from access.wire.topics import ALL_EVENTS, Channel, DeviceTopic, feed_topic

__all__ = ["CODE", "FakeCentre", "build_snapshot", "kind_of"]

CODE = "K7XM-2P9Q"


def kind_of(body: Body) -> EntityKind:
    """Which kind of entity a body is."""
    return next(kind for kind, type_ in BODY_TYPES.items() if isinstance(body, type_))


def id_of(body: Body) -> str:
    """The id of an entity."""
    return body.fingerprint if isinstance(body, Credential) else body.id


def account_of(body: Body) -> str | None:
    """What a scan reads at once."""
    kind = kind_of(body)
    if kind is EntityKind.ACCOUNT:
        return id_of(body)
    return getattr(body, "account_id", None)


def build_snapshot(
    path: Path, bodies: list[Body], *, meta: dict[str, str], accounts: dict[str, str] | None = None
) -> None:
    """A snapshot file as the centre makes it. `accounts` gives the account of bodies that do not say theirs."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for statement in SNAPSHOT_DDL:
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
        rows = [
            (kind_of(body).value, id_of(body), account_of(body) or (accounts or {}).get(id_of(body)), dump_body(body))
            for body in bodies
        ]
        connection.executemany("INSERT INTO entity VALUES (?, ?, ?, ?)", rows)
        connection.commit()


class FakeCentre:
    """Enrols anybody with CODE, serves snapshot, feed and pictures, and answers events with receipts."""

    organization, site, device = "maple", "main", "door-1"

    def __init__(self, folder: Path, bodies: list[Body], *, mqtt_port: int | None = None) -> None:
        self.folder = folder
        self.key = CentreKey(hashlib.sha256(b"centre").digest())
        self.fingerprint_key = hashlib.sha256(b"fingerprints").digest()
        self.bodies = {(kind_of(body), id_of(body)): body for body in bodies}
        self.epoch, self.seq = "e1", 1
        self.log: list[FeedEntry] = []
        self.pictures: dict[str, bytes] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.received: list[int] = []
        self.is_receipting = True
        self.requests: list[str] = []
        self.states: list[dict[str, Any]] = []
        self.forget_header = False
        self.mqtt_port = mqtt_port
        self._lock = threading.RLock()
        self._client: paho.Client | None = None
        self._stop = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start_http()
        if self.mqtt_port is not None:
            self.start_mqtt()
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.stop_mqtt()
        self.stop_http()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def enrolment(self) -> Enrolment:
        """The identity it hands out."""
        return Enrolment(
            organization=self.organization,
            site=self.site,
            device=self.device,
            secret="s" * 40,
            centre_public_key=self.key.public_raw.hex(),
            fingerprint_key=self.fingerprint_key.hex(),
            mqtt_url=f"mqtt://127.0.0.1:{self.mqtt_port or 1}",
            access_points=("pool",),
        )

    def fingerprint(self, text: str, kind: CredentialKind = CredentialKind.BARCODE) -> str:
        """The fingerprint under its key."""
        return fingerprint(self.fingerprint_key, Code(kind, text))

    def put(self, *bodies: Body) -> FeedDelta:
        """Changes entities and publishes the delta."""
        with self._lock:
            after = self.seq
            entries = []
            for body in bodies:
                self.seq += 1
                self.bodies[kind_of(body), id_of(body)] = body
                entries.append(self._entry(body))
            self.log += entries
            delta = self.delta(after, entries)
        self.publish_feed(delta)
        return delta

    def delete(self, kind: EntityKind, id_: str) -> None:
        """Takes an entity away and publishes it."""
        with self._lock:
            after = self.seq
            self.seq += 1
            self.bodies.pop((kind, id_), None)
            entry = FeedEntry(seq=self.seq, op="delete", kind=kind.value, id=id_)
            self.log.append(entry)
        self.publish_feed(self.delta(after, [entry]))

    def delta(self, after: int, entries: list[FeedEntry]) -> FeedDelta:
        """A delta up to the newest seq."""
        return FeedDelta(
            organization=self.organization,
            site=self.site,
            epoch=self.epoch,
            after=after,
            through=self.seq,
            made_at=datetime.now(UTC),
            entries=tuple(entries),
        )

    def publish_feed(self, delta: FeedDelta) -> None:
        """Says it on the feed topic, if there is a broker."""
        if self._client is not None:
            self._client.publish(feed_topic(self.organization, self.site), self.key.seal(delta), qos=1)

    def publish(self, channel: Channel, payload: bytes) -> None:
        """Says anything on a topic of the device."""
        assert self._client is not None
        self._client.publish(self._topic(channel), payload, qos=1)

    def publish_raw_feed(self, payload: bytes) -> None:
        """Says anything on the feed topic."""
        assert self._client is not None
        self._client.publish(feed_topic(self.organization, self.site), payload, qos=1)

    def ingest(self, raw: bytes) -> bytes | None:
        """Takes a batch in; the sealed receipt, unless it keeps silent."""
        batch = json.loads(raw)
        with self._lock:
            for event in batch["events"]:
                self.received.append(event["seq"])
                known = self.events.setdefault(event["seq"], event)
                assert known == event, f"two bodies for seq {event['seq']}"
            return self.key.seal(self.receipt()) if self.is_receipting else None

    def receipt(self) -> Receipt:
        """What it has."""
        with self._lock:
            newest = max(self.events, default=0)
            gaps: list[tuple[int, int]] = []
            for seq in range(1, newest + 1):
                if seq not in self.events:
                    if gaps and gaps[-1][1] == seq - 1:
                        gaps[-1] = (gaps[-1][0], seq)
                    else:
                        gaps.append((seq, seq))
            through = gaps[0][0] - 1 if gaps else newest
            if len(gaps) > 100:
                newest, gaps = gaps[100][0] - 1, gaps[:100]
            return Receipt(device=self.device, through_seq=through, max_seq=newest, gaps=tuple(gaps))

    def start_mqtt(self) -> None:
        """Joins the broker."""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="centre", protocol=paho.MQTTv311)
        client.on_connect = lambda *_: client.subscribe([(ALL_EVENTS, 1), ("gatehouse/v1/+/+/+/state", 1)])
        client.on_message = self._on_message
        client.reconnect_delay_set(0.1, 0.5)
        client.connect_async("127.0.0.1", self.mqtt_port or 1)
        client.loop_start()
        self._client = client

    def stop_mqtt(self) -> None:
        """Leaves the broker."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def start_http(self) -> None:
        """Answers on its port, the same one again after a stop."""
        centre = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                centre._answer(self, b"")

            def do_POST(self) -> None:
                centre._answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, format: str, *args: object) -> None:
                pass

        ThreadingHTTPServer.daemon_threads = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop_http(self) -> None:
        """Stops answering."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        parts = urlsplit(handler.path)
        self.requests.append(parts.path)
        if parts.path == ENROLL_PATH:
            is_known = json.loads(body)["code"] == CODE.replace("-", "")
            status, data, headers = (
                (200, self.enrolment().to_bytes(), {}) if is_known else (403, b'{"reason":"bad_code"}', {})
            )
        elif handler.headers.get("Authorization") != f"Bearer {self.device}:{'s' * 40}":
            status, data, headers = 401, b"{}", {}
        elif parts.path == SNAPSHOT_PATH:
            status, (data, headers) = 200, self.snapshot()
        elif parts.path == FEED_PATH:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, data, headers = self._feed(query["epoch"], int(query["after"]))
        elif parts.path == EVENTS_PATH:
            status, data, headers = 200, self.ingest(body) or b"{}", {}
        else:
            picture = self.pictures.get(parts.path.rpartition("/")[2])
            status, data, headers = (200, picture, {}) if picture else (404, b"{}", {})
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def snapshot(self) -> tuple[bytes, dict[str, str]]:
        """The file's bytes and the header that seals them."""
        with self._lock:
            made_at = datetime.now(UTC)
            path = self.folder / "snapshot.db"
            meta = {"organization": self.organization, "site": self.site, "epoch": self.epoch, "seq": str(self.seq)}
            build_snapshot(path, list(self.bodies.values()), meta=meta | {"made_at": made_at.isoformat()})
            data = path.read_bytes()
            mark = SnapshotMark(
                organization=self.organization,
                site=self.site,
                epoch=self.epoch,
                seq=self.seq,
                made_at=made_at,
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
            )
        return data, {} if self.forget_header else {SNAPSHOT_HEADER: self.key.seal(mark).decode()}

    def _feed(self, epoch: str, after: int) -> tuple[int, bytes, dict[str, str]]:
        with self._lock:
            first = self.log[0].seq - 1 if self.log else self.seq
            if epoch != self.epoch or not first <= after <= self.seq:
                return 410, b"{}", {}
            return 200, self.key.seal(self.delta(after, [each for each in self.log if each.seq > after])), {}

    def _entry(self, body: Body) -> FeedEntry:
        return FeedEntry(
            seq=self.seq,
            op="put",
            kind=kind_of(body).value,
            id=id_of(body),
            account=account_of(body),
            body=json.loads(dump_body(body)),
        )

    def _on_message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        if message.topic.endswith("/state"):
            self.states.append(json.loads(message.payload))
        elif (receipt := self.ingest(message.payload)) is not None:
            client.publish(self._topic(Channel.RECEIPTS), receipt, qos=1)

    def _topic(self, channel: Channel) -> str:
        return str(DeviceTopic(self.organization, self.site, self.device, channel))

    def _beat(self) -> None:
        while not self._stop.wait(1.0):
            self.publish_feed(self.delta(self.seq, []))
