"""Puts e-mails into the outbox, in the transaction of what they tell of. A link is kept encrypted until it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.mail.message import one_line
from server.models import Mail, new_id
from server.secrets import SecretBox

__all__ = ["Letter", "MailBox"]


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written, to whom, and until when it is worth sending; `path` is where its link leads."""

    organization_id: str
    person_id: str
    purpose: str
    to_address: str
    language: str
    subject: str
    body: str
    path: str
    expires_at: datetime


class MailBox:
    """Seals and opens links with the server's key."""

    def __init__(self, secret_key: str) -> None:
        self._box = SecretBox(secret_key, "gatehouse/mail-link/1")

    def put(self, session: Session, letter: Letter, *, now: datetime) -> Mail:
        """Has a letter sent once the transaction is committed."""
        id_ = new_id()
        mail = Mail(
            id=id_,
            organization_id=letter.organization_id,
            person_id=letter.person_id,
            purpose=letter.purpose,
            to_address=letter.to_address,
            language=letter.language,
            subject=one_line(letter.subject)[:300],
            body=letter.body,
            sealed_path=self._box.close(letter.path.encode(), id_),
            expires_at=letter.expires_at,
            made_at=now,
            next_at=now,
        )
        session.add(mail)
        return mail

    def path_of(self, mail: Mail) -> str | None:
        """Where the link of an e-mail leads; None when it is gone, or was sealed by another server's key."""
        path = self._box.open(mail.sealed_path, mail.id) if mail.sealed_path else None
        return path.decode() if path is not None else None
