"""The server's own task that tells webhooks: each in order, several webhooks at once, none waits for another.

A delivery that fails is tried again with growing pauses for three days, and meanwhile its webhook is left alone for as
long; then it is given up with an alarm. What was sent but not noted is sent again: receivers go by `webhook-id`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx
import structlog
from sqlalchemy.exc import DBAPIError

from server.db import Commit, Database
from server.models import Alarm, Webhook, WebhookDelivery, utc_now
from server.secrets import SecretBox
from server.webhooks import repository
from server.webhooks.addresses import AddressRefused, resolve
from server.webhooks.payload import document, to_bytes
from server.webhooks.secrets import sign

__all__ = ["GIVE_UP_AFTER", "PAUSES_S", "WebhookSender"]

GIVE_UP_AFTER: Final = timedelta(days=3)
PAUSES_S: Final = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600)
_TIMEOUT_S: Final = 10.0
_LOOK_ANYWAY_S: Final = 5.0
_AT_ONCE: Final = 8
_BATCH: Final = 20
_TRY_LATER: Final = frozenset({408, 425, 429})
_LIMITS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=0)
"""No connection is used twice: two names may share an address, and a certificate is about a name."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Message:
    delivery_id: str
    event_id: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class _Result:
    """`is_away`: the receiver as a whole does not answer, so that the next message would fare the same."""

    delivery_id: str
    status: int | None
    error: str
    is_away: bool = False

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class WebhookSender:
    """Looks after the webhooks of every organization."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        *,
        may_be_private: bool,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database, self._box, self._may_be_private, self._now = database, box, may_be_private, now
        self._paused: dict[str, tuple[int, datetime]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def heard(commit: Commit) -> None:
            if commit.events or not commit.feeds:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(news.set)

        stop = self._database.commits.subscribe(heard)
        try:
            async with httpx.AsyncClient(
                timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False, limits=_LIMITS
            ) as client:
                while True:
                    news.clear()
                    try:
                        wait_s = await self.turn(client)
                    except DBAPIError as error:
                        _log.error("webhook_database_failed", error=type(error).__name__)
                        wait_s = _LOOK_ANYWAY_S
                    if wait_s > 0:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(news.wait(), wait_s)
        finally:
            stop()

    async def turn(self, client: httpx.AsyncClient) -> float:
        """Tells every webhook that has something due one batch; the answer is how long to wait for the next turn."""
        now = self._now()
        webhooks = await asyncio.to_thread(self._due_webhooks, now)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(webhook: Webhook) -> bool:
            async with gate:
                return await self._tell(client, webhook)

        if any(await asyncio.gather(*(one(each) for each in webhooks))):
            return 0
        return await asyncio.to_thread(self._pause)

    def _due_webhooks(self, now: datetime) -> list[Webhook]:
        with self._database.read() as session:
            found = repository.due_webhooks(session, now)
            asked = repository.asked_again(session) if self._paused else set()
        left_alone = {id_ for id_, (_, until) in self._paused.items() if until > now} - asked
        return [each for each in found if each.id not in left_alone]

    def _pause(self) -> float:
        with self._database.read() as session:
            due_at = repository.next_due_at(session)
        waits = [until for _, until in self._paused.values()]
        if due_at is not None and (due_at > self._now() or not waits):
            waits.append(due_at)
        ahead = [(each - self._now()).total_seconds() for each in waits]
        return max(0.02, min([_LOOK_ANYWAY_S, *(each for each in ahead if each > 0)]))

    async def _tell(self, client: httpx.AsyncClient, webhook: Webhook) -> bool:
        """One batch; whether there may be more at once."""
        messages, secret = await asyncio.to_thread(self._messages, webhook)
        results: list[_Result] = []
        for message in messages:
            if message.body is None:
                results.append(_Result(message.delivery_id, None, "event_gone"))
            elif secret is None:
                results.append(_Result(message.delivery_id, None, "secret_unreadable", is_away=True))
            else:
                results.append(await self._send(client, webhook.url, secret, message))
            if results[-1].is_away:
                break
        await asyncio.to_thread(self._note, webhook, results)
        is_away = bool(results) and results[-1].is_away
        return len(messages) == _BATCH and not is_away

    def _messages(self, webhook: Webhook) -> tuple[list[_Message], str | None]:
        with self._database.read() as session:
            due = repository.due(session, webhook.id, self._now(), limit=_BATCH)
            events = repository.events_by_id(session, webhook.organization_id, [each.event_id for each in due])
            messages = [
                _Message(each.id, each.event_id, to_bytes(document(event)) if event is not None else None)
                for each in due
                for event in (events.get(each.event_id),)
            ]
        secret = self._box.open(webhook.secret, webhook.id)
        return messages, secret.decode() if secret is not None else None

    async def _send(self, client: httpx.AsyncClient, url: str, secret: str, message: _Message) -> _Result:
        body, timestamp = message.body or b"", int(self._now().timestamp())
        try:
            target = await asyncio.to_thread(resolve, url, may_be_private=self._may_be_private)
            headers = {
                "Host": target.host_header,
                "Content-Type": "application/json",
                "User-Agent": "Gatehouse-Webhooks/1",
                "webhook-id": message.event_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(secret, message_id=message.event_id, timestamp=timestamp, body=body),
            }
            request = client.build_request(
                "POST", target.url, content=body, headers=headers, extensions={"sni_hostname": target.host}
            )
            async with asyncio.timeout(_TIMEOUT_S):
                answer = await client.send(request, stream=True)
                await answer.aclose()
        except AddressRefused as refused:
            return _Result(message.delivery_id, None, refused.code, is_away=True)
        except (TimeoutError, httpx.TimeoutException):
            return _Result(message.delivery_id, None, "timeout", is_away=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return _Result(message.delivery_id, None, _error_code(error), is_away=True)
        status = answer.status_code
        error_code = "" if 200 <= status < 300 else "redirect" if 300 <= status < 400 else "refused"
        return _Result(message.delivery_id, status, error_code, is_away=status >= 500 or status in _TRY_LATER)

    def _note(self, webhook: Webhook, results: list[_Result]) -> None:
        if not results:
            return
        now = self._now()
        with self._database.write() as session:
            given_up = 0
            for result in results:
                delivery = session.get(WebhookDelivery, result.delivery_id)
                if delivery is not None:
                    given_up += self._mark(delivery, result, now)
            session.flush()
            if results[-1].is_away:
                given_up += repository.expire(session, webhook.id, made_before=now - GIVE_UP_AFTER, now=now)
            if given_up and repository.open_alarm(session, webhook.organization_id, webhook.id) is None:
                session.add(
                    Alarm(
                        organization_id=webhook.organization_id,
                        kind="webhook_given_up",
                        subject=webhook.id,
                        details={"url": webhook.url, "given_up": given_up},
                        raised_at=now,
                    )
                )
        self._pace(webhook.id, is_away=results[-1].is_away, now=now)

    def _mark(self, delivery: WebhookDelivery, result: _Result, now: datetime) -> int:
        """Notes how it went; 1 when it is given up."""
        delivery.attempts += 1
        delivery.status, delivery.error = result.status, result.error
        if result.is_good:
            delivery.delivered_at, delivery.next_at = now, None
            return 0
        if result.error == "event_gone" or now - delivery.made_at >= GIVE_UP_AFTER:
            delivery.given_up_at, delivery.next_at = now, None
            return 1
        delivery.next_at = now + timedelta(seconds=_pause_s(delivery.attempts))
        return 0

    def _pace(self, webhook_id: str, *, is_away: bool, now: datetime) -> None:
        if not is_away:
            self._paused.pop(webhook_id, None)
            return
        failures = self._paused.get(webhook_id, (0, now))[0] + 1
        self._paused[webhook_id] = (failures, now + timedelta(seconds=_pause_s(failures)))


def _pause_s(attempts: int) -> int:
    return PAUSES_S[min(attempts, len(PAUSES_S)) - 1]


def _error_code(error: Exception) -> str:
    text = str(error).lower()
    if "certificate" in text or "ssl" in text:
        return "certificate"
    return "unreachable" if isinstance(error, httpx.ConnectError | OSError) else "broken"
