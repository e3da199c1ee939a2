"""The server's own task that sends e-mails: those due, in batches, again with growing pauses, for three days.

What is refused for good or was tried in vain for three days is given up with an alarm. What was sent but not noted is
sent again, under the same Message-ID. Without an SMTP server in the settings everything waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from server.db import Commit, Database
from server.mail import repository
from server.mail.message import Sender, compose
from server.mail.outbox import MailBox
from server.mail.smtp import Outcome, deliver
from server.models import Alarm, Mail, utc_now
from server.settings import ServerSettings

__all__ = ["GIVE_UP_AFTER", "PAUSES_S", "MailSender"]

GIVE_UP_AFTER: Final = timedelta(days=3)
PAUSES_S: Final = (30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600)
_LOOK_ANYWAY_S: Final = 5.0
_AWAY_S: Final = 30.0
_LEAST_ATTEMPTS: Final = 5
_BATCH: Final = 20
_log = structlog.get_logger(__name__)


class MailSender:
    """Looks after the e-mails of every organization."""

    def __init__(self, database: Database, settings: ServerSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        self._database, self._settings, self._now = database, settings, now
        self._box = MailBox(settings.secret_key)
        self._is_away = False

    async def run(self) -> None:
        """Until cancelled."""
        if not self._settings.smtp_host:
            _log.warning("mail_waits", why="no smtp_host in the settings")
            await asyncio.Event().wait()
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def heard(commit: Commit) -> None:
            if not commit.events:
                with suppress(RuntimeError):  # the loop is closed
                    loop.call_soon_threadsafe(news.set)

        stop = self._database.commits.subscribe(heard)
        try:
            while True:
                news.clear()
                try:
                    wait_s = await asyncio.to_thread(self.turn)
                except DBAPIError as error:
                    _log.error("mail_database_failed", error=type(error).__name__)
                    wait_s = _LOOK_ANYWAY_S
                if self._is_away:
                    await asyncio.sleep(wait_s)
                elif wait_s > 0:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), wait_s)
        finally:
            stop()

    def turn(self) -> float:
        """Sends one batch; the answer is how many seconds to wait for the next. Blocks."""
        now = self._now()
        outcomes, messages = self._due(now)
        if messages:
            outcomes += deliver(self._settings, messages)
        self._note(outcomes, now)
        is_away = any(each.is_away for each in outcomes)
        self._say(is_away, outcomes)
        if is_away:
            return _AWAY_S
        with self._database.read() as session:
            due_at = repository.next_due_at(session)
        ahead_s = _LOOK_ANYWAY_S if due_at is None else (due_at - self._now()).total_seconds()
        return min(max(ahead_s, 0), _LOOK_ANYWAY_S)

    def _due(self, now: datetime) -> tuple[list[Outcome], list[tuple[str, EmailMessage]]]:
        """What is to be sent, and what cannot be any more."""
        over: list[Outcome] = []
        messages: list[tuple[str, EmailMessage]] = []
        with self._database.read() as session:
            for mail, organization in repository.due(session, now, limit=_BATCH):
                path = self._box.path_of(mail)
                if mail.expires_at is not None and mail.expires_at <= now:
                    over.append(Outcome(mail.id, "expired", is_final=True))
                elif path is None:
                    over.append(Outcome(mail.id, "link_unreadable", is_final=True))
                else:
                    sender = Sender(
                        organization.name.in_language(mail.language),
                        self._settings.smtp_from or "",
                        self._settings.smtp_reply_to,
                    )
                    try:
                        messages.append((mail.id, compose(mail, sender, self._settings.browser_url + path)))
                    except (ValueError, MessageError):  # an address with a line break in it, say
                        over.append(Outcome(mail.id, "unwritable", is_final=True))
        return over, messages

    def _note(self, outcomes: list[Outcome], now: datetime) -> None:
        if not outcomes:
            return
        with self._database.write() as session:
            for outcome in outcomes:
                mail = session.get(Mail, outcome.mail_id)
                if mail is not None and _mark(mail, outcome, now):
                    session.add(
                        Alarm(
                            organization_id=mail.organization_id,
                            kind="mail_given_up",
                            subject=mail.id,
                            details={"purpose": mail.purpose, "error": mail.error.split(" ", 1)[0][:100]},
                            raised_at=now,
                        )
                    )

    def _say(self, is_away: bool, outcomes: list[Outcome]) -> None:
        """Logged when it goes and when it comes back, not in between; never an address."""
        if is_away and not self._is_away:
            _log.error("mail_server_away", error=next(each.error for each in outcomes if each.is_away))
        elif self._is_away and any(each.is_sent for each in outcomes):
            _log.info("mail_server_back")
        self._is_away = is_away or (self._is_away and not any(each.is_sent for each in outcomes))


def _mark(mail: Mail, outcome: Outcome, now: datetime) -> bool:
    """Notes how it went; whether it is given up."""
    mail.attempts += 1
    mail.error = outcome.error[:400]
    if outcome.is_sent:
        mail.sent_at, mail.next_at, mail.sealed_path = now, None, None
        return False
    if outcome.is_final or (now - mail.made_at >= GIVE_UP_AFTER and mail.attempts >= _LEAST_ATTEMPTS):
        mail.given_up_at, mail.next_at, mail.sealed_path = now, None, None
        return True
    mail.next_at = now + timedelta(seconds=PAUSES_S[min(mail.attempts, len(PAUSES_S)) - 1])
    return False
