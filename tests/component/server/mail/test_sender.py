"""The outbox against a real SMTP server: taken, put off, refused, away, encrypted, logged in; no header is forged."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from server.db import Database
from server.mail.message import LINK
from server.mail.outbox import Letter, MailBox
from server.mail.sender import GIVE_UP_AFTER, PAUSES_S, MailSender
from server.models import Alarm, Mail, Organization
from server.settings import ServerSettings
from tests.ports import free_port

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
USER, PASSWORD = "gatehouse", "a mail password"


class PostOffice:
    """A real SMTP server; `answers` are what it says at RCPT, then at DATA."""

    def __init__(self, **options: Any) -> None:
        self.taken: list[EmailMessage] = []
        self.receivers: list[str] = []
        self.is_encrypted: list[bool] = []
        self.rcpt, self.data = "250 OK", "250 Taken"
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), **options)
        self.port: int = self._controller.port
        self._controller.start()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """Who is written to."""
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        """What is written."""
        if self.data.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
            self.receivers += envelope.rcpt_tos
            self.is_encrypted.append(session.ssl is not None)
        return self.data

    def stop(self) -> None:
        """It is gone."""
        self._controller.stop()


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """An SMTP server without encryption."""
    opened = PostOffice()
    yield opened
    opened.stop()


class Desk:
    """A server with an outbox, and a clock of its own."""

    def __init__(self, database: Database, folder: Path, **smtp: Any) -> None:
        self.database, self.now = database, NOW
        given = {"smtp_security": "none", "smtp_from": "desk@pool.example.org", "smtp_host": "127.0.0.1", **smtp}
        self.settings = ServerSettings(data_dir=folder, public_url="https://gate.example.org/", **given)
        self.box = MailBox(self.settings.secret_key)
        self.sender = MailSender(database, self.settings, now=lambda: self.now)

    def write(self, **given: Any) -> str:
        """Puts a letter into the outbox; its id."""
        letter: dict[str, Any] = {
            "organization_id": "pool",
            "person_id": "maya",
            "purpose": "activation",
            "to_address": "maya@example.org",
            "language": "fr",
            "subject": "Activez votre compte",
            "body": f"Bonjour Zoé & Léo,\n\nVoici :\n\n{LINK}\n\nÀ bientôt",
            "path": "/client/activate?t=TOKEN",
            "expires_at": self.now + timedelta(days=14),
        }
        with self.database.write() as session:
            return self.box.put(session, Letter(**{**letter, **given}), now=self.now).id

    def mail(self, id_: str) -> Mail:
        """A row of the outbox."""
        with self.database.read() as session:
            return session.get_one(Mail, id_)

    def alarms(self) -> list[tuple[str, str]]:
        """What staff must look at."""
        with self.database.read() as session:
            return [(each.kind, each.subject) for each in session.scalars(select(Alarm))]


def _with_pool(database: Database) -> Database:
    with database.write() as session:
        session.add(Organization(id="pool", name_en="The Pool", name_fr="La\r\nBcc: all@example.org piscine, «été»"))
    return database


@pytest.fixture
def make_desk(sqlite_database: Database, tmp_path: Path) -> Callable[..., Desk]:
    """Makes a server with other settings."""
    _with_pool(sqlite_database)
    return lambda **smtp: Desk(sqlite_database, tmp_path, **smtp)


def test_an_email_is_sent_in_both_forms_with_its_link(
    database: Database, tmp_path: Path, post_office: PostOffice
) -> None:
    """On both engines: once, in the client's language, from the organization; then the link is gone from the outbox."""
    desk = Desk(_with_pool(database), tmp_path, smtp_port=post_office.port, smtp_reply_to="answers@pool.example.org")
    id_ = desk.write()
    desk.sender.turn()
    desk.sender.turn()
    [message] = post_office.taken
    assert post_office.receivers == ["maya@example.org"]
    assert message["From"].addresses[0].addr_spec == "desk@pool.example.org"
    assert message["From"].addresses[0].display_name == "La Bcc: all@example.org piscine, «été»"
    assert (message["Reply-To"], message["Bcc"]) == ("answers@pool.example.org", None)
    assert (message["Subject"], message["Content-Language"]) == ("Activez votre compte", "fr")
    assert message["Message-ID"] == f"<{id_}@pool.example.org>"
    text, html = (part.get_content() for part in message.iter_parts())  # type: ignore[attr-defined]
    assert "https://gate.example.org/client/activate?t=TOKEN" in text
    assert '<a href="https://gate.example.org/client/activate?t=TOKEN"' in html
    assert "Zoé &amp; Léo" in html
    assert '<html lang="fr">' in html
    mail = desk.mail(id_)
    assert (mail.sent_at, mail.next_at, mail.sealed_path, mail.attempts, mail.error) == (NOW, None, None, 1, "")


def test_the_link_is_not_readable_in_the_outbox(make_desk: Callable[..., Desk]) -> None:
    """Nor with another server's key; then it is given up, not sent without."""
    desk = make_desk(smtp_port=free_port())
    mail = desk.mail(desk.write())
    assert b"TOKEN" not in (mail.sealed_path or b"")
    assert desk.box.path_of(mail) == "/client/activate?t=TOKEN"
    assert MailBox("00" * 32).path_of(mail) is None


@pytest.mark.parametrize("header", ["subject", "to_address"])
def test_no_header_can_be_written_through_a_text(
    make_desk: Callable[..., Desk], post_office: PostOffice, header: str
) -> None:
    """Line breaks end in blanks, or the e-mail is none at all; and whoever is written to next is written to."""
    desk = make_desk(smtp_port=post_office.port)
    if header == "to_address":
        id_ = desk.write(to_address="maya@example.org\r\nBcc: all@example.org")
        other = desk.write(to_address="leo@example.org")
        desk.sender.turn()
        assert (desk.mail(id_).error, desk.alarms()) == ("unwritable", [("mail_given_up", id_)])
        assert (desk.mail(other).sent_at, post_office.receivers) == (NOW, ["leo@example.org"])
        return
    desk.write(subject="Bonjour\r\nBcc: all@example.org\r\n\r\nbody")
    desk.sender.turn()
    [message] = post_office.taken
    assert (message["Subject"], message["Bcc"]) == ("Bonjour Bcc: all@example.org body", None)
    assert post_office.receivers == ["maya@example.org"]


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_what_is_put_off_is_tried_again_later_and_later(
    make_desk: Callable[..., Desk], post_office: PostOffice, where: str
) -> None:
    """A 4xx answer is not the end, whoever is written to next is written to; three days are."""
    desk = make_desk(smtp_port=post_office.port)
    id_ = desk.write()
    setattr(post_office, where, "451 4.3.0 Try later")
    for pause_s in PAUSES_S[:3]:
        desk.sender.turn()
        mail = desk.mail(id_)
        assert mail.next_at == desk.now + timedelta(seconds=pause_s)
        assert mail.error.startswith("451")
        desk.now = mail.next_at
    setattr(post_office, where, "250 OK")
    desk.sender.turn()
    assert desk.mail(id_).sent_at == desk.now
    assert desk.alarms() == []


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_what_is_refused_for_good_is_given_up_with_an_alarm(
    make_desk: Callable[..., Desk], post_office: PostOffice, where: str
) -> None:
    """And never tried again; its link is wiped."""
    desk = make_desk(smtp_port=post_office.port)
    id_ = desk.write()
    setattr(post_office, where, "550 5.1.1 No such\tuser")
    desk.sender.turn()
    mail = desk.mail(id_)
    assert (mail.given_up_at, mail.next_at, mail.sealed_path) == (NOW, None, None)
    assert mail.error == "550 5.1.1 No such user"
    assert desk.alarms() == [("mail_given_up", id_)]
    with desk.database.read() as session:
        # What a server answers may name the reader: the alarm has its number only.
        assert session.scalars(select(Alarm)).one().details["error"] == "550"
    setattr(post_office, where, "250 OK")
    desk.now += timedelta(days=1)
    desk.sender.turn()
    assert post_office.taken == []


def test_a_server_that_is_away_is_tried_until_it_is_there(make_desk: Callable[..., Desk]) -> None:
    """Connection refused: everything waits, nothing is lost; after three days it is given up."""
    port = free_port()
    desk = make_desk(smtp_port=port)
    first, second = desk.write(), desk.write(to_address="leo@example.org")
    desk.sender.turn()
    assert desk.mail(first).error.startswith("unreachable")
    assert desk.mail(second).attempts == 0
    for _ in range(40):
        desk.now += timedelta(hours=2)
        desk.sender.turn()
    assert desk.now > NOW + GIVE_UP_AFTER
    assert {kind for kind, _ in desk.alarms()} == {"mail_given_up"}
    assert all(desk.mail(each).given_up_at for each in (first, second))


def test_a_link_that_ran_out_is_not_sent(make_desk: Callable[..., Desk], post_office: PostOffice) -> None:
    """After weeks without a mail server nobody gets a link that does not work."""
    desk = make_desk(smtp_port=post_office.port)
    id_ = desk.write()
    desk.now += timedelta(days=14)
    desk.sender.turn()
    assert post_office.taken == []
    assert desk.mail(id_).error == "expired"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 of our own making, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    now = datetime.now(UTC)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def _logged_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@pytest.fixture
def safe_office(certificate: tuple[Path, Path]) -> Iterator[PostOffice]:
    """An SMTP server that wants STARTTLS and a login."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    opened = PostOffice(tls_context=context, require_starttls=True, authenticator=_logged_in, auth_required=True)
    yield opened
    opened.stop()


def test_starttls_and_a_login(
    make_desk: Callable[..., Desk], safe_office: PostOffice, certificate: tuple[Path, Path]
) -> None:
    """With a certificate that the settings trust; a wrong password and a certificate of nobody keep everything here."""
    smtp = {"smtp_port": safe_office.port, "smtp_security": "starttls", "smtp_username": USER}
    wrong = make_desk(**smtp, smtp_password="wrong", smtp_ca_file=certificate[0])
    id_ = wrong.write()
    wrong.sender.turn()
    assert wrong.mail(id_).error.startswith("535")
    stranger = make_desk(**smtp, smtp_password=PASSWORD)
    stranger.now = NOW + timedelta(hours=1)
    stranger.sender.turn()
    assert stranger.mail(id_).error.startswith("certificate")
    assert safe_office.taken == []
    right = make_desk(**smtp, smtp_password=PASSWORD, smtp_ca_file=certificate[0])
    right.now = NOW + timedelta(hours=2)
    right.sender.turn()
    assert right.mail(id_).sent_at == right.now
    assert safe_office.is_encrypted == [True]


def test_nothing_goes_unencrypted_where_encryption_was_asked_for(
    make_desk: Callable[..., Desk], post_office: PostOffice
) -> None:
    """A server, or somebody in between, that offers no STARTTLS gets nothing."""
    desk = make_desk(smtp_port=post_office.port, smtp_security="starttls")
    id_ = desk.write()
    desk.sender.turn()
    assert desk.mail(id_).error.startswith("unsupported")
    assert post_office.taken == []
