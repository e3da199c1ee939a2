"""Webhooks against a real HTTP server: signed, in order, again after an outage, and again after a kill."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from access.wire.events import EventKind
from server.db import Database
from server.ingest.service import record_batch
from server.models import Alarm, Event, Webhook, WebhookDelivery
from server.webhooks import service
from server.webhooks.addresses import AddressRefused, check_url, resolve
from server.webhooks.secrets import sign, webhook_box
from server.webhooks.sender import GIVE_UP_AFTER, WebhookSender

BOX = webhook_box("ab" * 32)


class Receiver:
    """A program that hears webhooks; `status` is what it answers."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                if receiver.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """The program ends."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def ids(self) -> list[str]:
        """The ids in the order they were heard."""
        return [headers["webhook-id"] for headers, _ in self.heard]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program that listens."""
    made = Receiver()
    yield made
    made.stop()


class Hook:
    """A webhook of the organization `club`, with a clock of its own."""

    def __init__(
        self, database: Database, url: str, now: datetime, pen: Any, kinds: tuple[EventKind, ...] = ()
    ) -> None:
        self.database, self.now, self.pen = database, now, pen
        with database.write() as session:
            self.secret = service.create_webhook(
                session, "club", url=url, kinds=kinds, box=BOX, may_be_private=True, created_by=None, now=now
            )
        self.sender = self.started()

    def started(self) -> WebhookSender:
        """The server's task, as after a start."""
        return WebhookSender(self.database, BOX, may_be_private=True, now=lambda: self.now)

    def happen(self, *events: dict[str, Any]) -> list[str]:
        """A door sends events; their ids."""
        with self.database.write() as session:
            assert record_batch(session, self.pen.topic, self.pen.batch(*events), now=self.now) is not None
        return [each["id"] for each in events]

    def turn(self, times: int = 1) -> float:
        """Lets the task do what is due."""

        async def go() -> float:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
                wait_s = 0.0
                for _ in range(times):
                    wait_s = await self.sender.turn(client)
                return wait_s

        return asyncio.run(go())

    def deliveries(self) -> list[WebhookDelivery]:
        """All of them, oldest first."""
        with self.database.read() as session:
            return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.event_id)))


@pytest.fixture
def make_hook(sqlite_club: Database, now: datetime, pen: Callable[..., Any]) -> Callable[..., Hook]:
    """Makes a webhook."""
    return lambda url, *kinds: Hook(sqlite_club, url, now, pen("door"), kinds)


def test_an_event_is_told_signed_and_without_anything_personal(
    club: Database, now: datetime, pen: Callable[..., Any], receiver: Receiver
) -> None:
    """On both engines; the signature is over id, time and body, as Standard Webhooks says."""
    hook = Hook(club, receiver.url, now, pen("door"))
    [id_] = hook.happen(hook.pen.event(note="secret memo"))
    hook.turn()
    headers, body = receiver.heard[0]
    signed = f"{id_}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert (headers["webhook-id"], headers["webhook-signature"]) == (id_, f"v1,{expected}")
    told = json.loads(body)
    assert (told["version"], told["type"], told["data"]["person_id"]) == (1, "event.checked_in", "ann")
    assert b"secret memo" not in body
    assert b"Ann" not in body
    [delivery] = hook.deliveries()
    assert (delivery.status, delivery.attempts, delivery.next_at) == (200, 1, None)
    with club.read() as session:
        assert hook.secret.encode() not in session.scalars(select(Webhook.secret)).one()


def test_only_the_kinds_that_are_wanted(make_hook: Callable[..., Hook], receiver: Receiver) -> None:
    """Others leave no row behind; nor does an event that comes twice."""
    hook = make_hook(receiver.url, EventKind.DENIED)
    refused = hook.pen.event(kind="denied", outcome="denied", reasons=["unknown_card"])
    hook.happen(refused)
    hook.happen(refused, hook.pen.event())
    assert [each.event_id for each in hook.deliveries()] == [refused["id"]]


def test_after_an_outage_everything_comes_in_order(make_hook: Callable[..., Hook], receiver: Receiver) -> None:
    """While it is away one message is tried, with growing pauses, and the rest waits behind it."""
    hook = make_hook(receiver.url)
    receiver.status = 503
    ids = hook.happen(*(hook.pen.event() for _ in range(30)))
    hook.turn(3)
    assert receiver.ids == ids[:1]
    tried = hook.deliveries()[0]
    assert (tried.status, tried.attempts) == (503, 1)
    assert tried.next_at is not None
    assert tried.next_at > hook.now
    receiver.status, receiver.heard = 200, []
    hook.now += timedelta(minutes=1)
    hook.turn(3)
    assert sorted(receiver.ids) == sorted(ids)
    assert all(each.delivered_at for each in hook.deliveries())


def test_pauses_grow_and_after_three_days_it_is_given_up_with_an_alarm(
    make_hook: Callable[..., Hook], receiver: Receiver
) -> None:
    """Then staff may have it told again, which works at once."""
    hook = make_hook(receiver.url)
    receiver.stop()
    hook.happen(hook.pen.event())
    began_at, tries = hook.now, []
    while (delivery := hook.deliveries()[0]).given_up_at is None:
        assert delivery.next_at is not None
        hook.now = max(hook.now, delivery.next_at) + timedelta(seconds=1)
        tries.append(hook.now)
        hook.turn()
        assert len(tries) < 60
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert hook.now - began_at >= GIVE_UP_AFTER
    assert (delivery.status, delivery.error) == (None, "unreachable")
    with hook.database.read() as session:
        assert [each.kind for each in session.scalars(select(Alarm))] == ["webhook_given_up"]
    with hook.database.write() as session:
        service.redeliver(session, "club", delivery.id, now=hook.now)
    hook.turn()
    assert hook.deliveries()[0].attempts == 1


def test_a_kill_between_sending_and_noting_sends_again(make_hook: Callable[..., Hook], receiver: Receiver) -> None:
    """At least once, under the same id: the receiver can tell."""
    hook = make_hook(receiver.url)
    [id_] = hook.happen(hook.pen.event())

    class Killed(Exception):
        """The process ends."""

    def killed(*_args: object) -> None:
        raise Killed

    hook.sender._note = killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        hook.turn()
    hook.sender = hook.started()
    hook.turn()
    hook.turn()
    assert receiver.ids == [id_, id_]
    assert receiver.heard[0][1] == receiver.heard[1][1]


def test_no_redirect_is_followed_and_a_refusal_stops_nobody_else(
    make_hook: Callable[..., Hook], receiver: Receiver
) -> None:
    """A redirect is a failure; a 400 concerns one message only."""
    hook = make_hook(receiver.url)
    receiver.status = 302
    hook.happen(hook.pen.event(), hook.pen.event())
    hook.turn()
    assert len(receiver.heard) == 2
    assert {(each.status, each.error) for each in hook.deliveries()} == {(302, "redirect")}


def test_an_event_that_is_gone_is_given_up(make_hook: Callable[..., Hook], receiver: Receiver) -> None:
    """Erased meanwhile: there is nothing to tell."""
    hook = make_hook(receiver.url)
    [id_] = hook.happen(hook.pen.event())
    with hook.database.write() as session:
        session.delete(session.get_one(Event, id_))
    hook.turn()
    assert receiver.heard == []
    assert hook.deliveries()[0].error == "event_gone"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/hook", "not_https"),
        ("https://127.0.0.1/hook", "private"),
        ("https://[::1]/hook", "private"),
        ("https://[::ffff:10.0.0.1]/hook", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://localhost/hook", "private"),
        ("https://printer.local/hook", "private"),
        ("https://user:word@example.org/", "has_credentials"),
        ("ftp://example.org/", "not_a_url"),
        ("https:///nothing", "not_a_url"),
        ("https://example.org:99999/", "not_a_url"),
        ("https://example.org/a b", "not_a_url"),
    ],
)
def test_where_a_webhook_may_not_go(url: str, code: str) -> None:
    """Private addresses, plain HTTP, credentials."""
    with pytest.raises(AddressRefused) as caught:
        check_url(url, may_be_private=False)
    assert caught.value.code == code


def test_a_name_that_leads_inside_is_refused_when_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address of the name is judged, and the connection is made to the judged one."""
    found = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: found)
    with pytest.raises(AddressRefused):
        resolve("https://example.org/hook", may_be_private=False)
    found.pop()
    target = resolve("https://example.org/hook?a=1", may_be_private=False)
    assert (target.url, target.host) == ("https://93.184.216.34:443/hook?a=1", "example.org")


def test_a_secret_is_bound_to_its_webhook_and_its_server() -> None:
    """Under another key or for another webhook it does not open; the signature is a known one."""
    kept = BOX.close(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "one")
    assert BOX.open(kept, "one") == b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert BOX.open(kept, "two") is None
    assert webhook_box("cd" * 32).open(kept, "one") is None
    signature = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
