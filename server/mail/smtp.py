"""One visit to the SMTP server (RFC 5321) with several e-mails. Blocks; the sender calls it in a thread.

What a 4xx answer, a lost connection or a refused login stops is tried later. A 5xx answer to one recipient or to one
message is for good. Nothing is ever sent unencrypted where encryption was asked for.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

from server.settings import ServerSettings

__all__ = ["Outcome", "deliver"]

_TIMEOUT_S: Final = 20.0
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went with one e-mail. `error` begins with its code; `is_away`: the server itself is the trouble."""

    mail_id: str
    error: str = ""
    is_final: bool = False
    is_away: bool = False

    @property
    def is_sent(self) -> bool:
        """Whether the server took it."""
        return not self.error


def deliver(settings: ServerSettings, messages: Sequence[tuple[str, EmailMessage]]) -> list[Outcome]:
    """Hands the messages, each with its row's id, to the server. Those after a lost connection have no outcome."""
    done: list[Outcome] = []
    try:
        with _connected(settings) as server:
            for mail_id, message in messages:
                done.append(_one(server, mail_id, message))
                if done[-1].is_away:
                    break
    except (OSError, smtplib.SMTPException) as error:
        if len(done) < len(messages) and not (done and done[-1].is_away):
            done.append(Outcome(messages[len(done)][0], _said(error), is_away=True))
    return done


def _connected(settings: ServerSettings) -> smtplib.SMTP:
    """A connection, encrypted and logged in as the settings say."""
    host, port = settings.smtp_host or "", settings.smtp_port or _PORTS[settings.smtp_security]
    trusted = ssl.create_default_context(cafile=settings.smtp_ca_file)
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=trusted)
    else:
        server = smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=trusted)
        if settings.smtp_username and settings.smtp_password:
            server.login(settings.smtp_username, settings.smtp_password)
    except BaseException:
        server.close()
        raise
    return server


def _one(server: smtplib.SMTP, mail_id: str, message: EmailMessage) -> Outcome:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        code, said = next(iter(refused.recipients.values()))
        return Outcome(mail_id, _line(code, said), is_final=code >= 500)
    except smtplib.SMTPDataError as refused:
        return Outcome(mail_id, _line(refused.smtp_code, refused.smtp_error), is_final=refused.smtp_code >= 500)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(mail_id, _said(error), is_away=True)
    return Outcome(mail_id)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _line(error.smtp_code, error.smtp_error)
    if isinstance(error, ssl.SSLError):
        return f"certificate {_clean(str(error))}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"unsupported {_clean(str(error))}"
    return f"unreachable {_clean(str(error))}"


def _line(code: int, said: bytes | str) -> str:
    return _clean(f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}")


def _clean(text: str) -> str:
    return "".join(_printable(text))[:_LONGEST]


def _printable(text: str) -> Iterator[str]:
    for each in text:
        yield each if each.isprintable() else " "
