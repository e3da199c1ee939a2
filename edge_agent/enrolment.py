"""Enrolment: a one-time code from the back office becomes this door's identity, stored in its ledger."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from access.wire.enrolment import ENROLL_PATH, Enrolment, EnrolmentRequest, canonical_enrolment_code
from access.wire.errors import WireError
from edge_agent.centre import CentreClient
from edge_agent.errors import AlreadyEnrolled, CentreUnreachable, NotEnrolled, SettingsError
from edge_agent.ledger import SqliteLedger
from edge_agent.settings import AgentSettings

__all__ = ["LEDGER_NAME", "enroll", "software_version", "stored_identity"]

LEDGER_NAME = "ledger.db"


def software_version() -> str:
    """The version of this installation."""
    try:
        return version("gatehouse")
    except PackageNotFoundError:
        return "unknown"


def enroll(settings: AgentSettings, code: str, *, replace: bool = False) -> Enrolment:
    """Trades the one-time code for an identity and stores it.

    Raises `AlreadyEnrolled` (before the code is used up) unless `replace`, `CentreUnreachable`, and `CentreRefused`
    when the code is wrong, used or too old. A ledger with events of another device is set aside, never mixed.
    """
    canonical = canonical_enrolment_code(code)
    if not 6 <= len(canonical) <= 40:
        raise SettingsError("an enrolment code looks like K7XM-2P9Q; copy it from Devices in the back office")
    prepare_folder(settings.data_dir)
    path = settings.data_dir / LEDGER_NAME
    ledger = SqliteLedger(path)
    try:
        known = ledger.identity()
        if known is not None and not replace:
            raise AlreadyEnrolled(f"this door is enrolled as {known.device} already; add --replace to enrol it anew")
        identity = _ask(settings, canonical)
        if known is not None and known.device != identity.device and ledger.last_seq:
            ledger.close()
            _set_aside(path, known.device)
            ledger = SqliteLedger(path)
        ledger.store_identity(identity, replace=replace)
    finally:
        ledger.close()
    return identity


def stored_identity(settings: AgentSettings) -> Enrolment:
    """The identity in the ledger. Raises `NotEnrolled`."""
    path = settings.data_dir / LEDGER_NAME
    if not path.exists():
        raise NotEnrolled(f"there is no ledger in {settings.data_dir}; run gatehouse enroll first")
    ledger = SqliteLedger(path)
    try:
        return identity_in(ledger)
    finally:
        ledger.close()


def identity_in(ledger: SqliteLedger) -> Enrolment:
    """The identity in an open ledger. Raises `NotEnrolled`."""
    identity = ledger.identity()
    if identity is None:
        raise NotEnrolled("this door has no identity; run gatehouse enroll with a code from the back office")
    return identity


def prepare_folder(folder: Path) -> None:
    """Makes the data folder, for this user alone. Raises `SettingsError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"cannot make data_dir {folder}: {error.strerror}") from error


def _ask(settings: AgentSettings, code: str) -> Enrolment:
    request = EnrolmentRequest(code=code, version=software_version())
    answer = CentreClient(settings.centre_url).post(ENROLL_PATH, request.to_bytes())
    try:
        return Enrolment.from_bytes(answer.body)
    except WireError as error:
        raise CentreUnreachable("the centre's answer is no identity; is centre_url right?") from error


def _set_aside(path: Path, device: str) -> None:
    number = len(list(path.parent.glob(f"ledger-{device}-*.db"))) + 1
    path.rename(path.with_name(f"ledger-{device}-{number}.db"))
