"""What the back office asks of a door: issued into the table, said until the door answers or it expires.

The caller commits. What was said is nowhere but in the table: brokers and processes may forget.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from access.wire.commands import MAX_COMMAND_ANSWERS, Command, CommandAnswer, CommandKind, CommandList, CommandOutcome
from access.wire.sealing import CentreKey
from access.wire.topics import Channel, DeviceTopic
from server.audit.actor import Actor, acting
from server.devices import repository
from server.devices.service import revoke
from server.errors import NotFound
from server.models.base import utc_now
from server.models.devices import Device, DeviceCommand

__all__ = ["LIFETIMES", "SUPERSEDED", "confirm_revoked", "end_door", "issue", "open_for", "said_now", "take_answers"]

LIFETIMES = {
    CommandKind.REFRESH: timedelta(minutes=10),
    CommandKind.RESTART: timedelta(minutes=10),
    CommandKind.WIPE: timedelta(days=30),
    CommandKind.REVOKE: timedelta(days=365),
}
SUPERSEDED = "superseded"
"""The answer of a command that nobody waits for any more, because its door was ended."""


def issue(
    session: Session,
    organization_id: str,
    device_id: str,
    kind: CommandKind,
    *,
    staff_id: str | None = None,
    now: datetime | None = None,
) -> DeviceCommand:
    """Asks something of a door in service; what it is asked already is not asked twice. Raises `NotFound`."""
    at = now or utc_now()
    device = repository.device_in(session, organization_id, device_id)
    if device is None or (device.revoked_at is not None and kind is not CommandKind.REVOKE):
        raise NotFound(f"no device {device_id} in service in this organization")
    for _, waiting in repository.open_commands(session, at, device_id=device_id):
        if waiting.kind == kind.value:
            return waiting
    command = DeviceCommand(
        organization_id=organization_id,
        device_id=device_id,
        kind=kind.value,
        issued_by=staff_id,
        issued_at=at,
        expires_at=at + LIFETIMES[kind],
    )
    session.add(command)
    session.flush()
    return command


def end_door(
    session: Session, organization_id: str, device_id: str, *, staff_id: str | None = None, now: datetime | None = None
) -> None:
    """Revokes a door and has it told so at once. Raises `NotFound`."""
    at = now or utc_now()
    revoke(session, organization_id, device_id, now=at)
    for command in repository.commands_of(session, device_id):
        if command.answered_at is None and command.kind != CommandKind.REVOKE:
            command.answered_at, command.answer = at, SUPERSEDED
    issue(session, organization_id, device_id, CommandKind.REVOKE, staff_id=staff_id, now=at)


def said_now(session: Session, *, now: datetime) -> list[tuple[str, DeviceTopic, Command]]:
    """Every open command: its id, where it is said, and what is said."""
    return [
        (row.id, DeviceTopic(device.organization_id, device.site_id, device.id, Channel.COMMANDS), _document(row))
        for device, row in repository.open_commands(session, now)
    ]


def open_for(session: Session, device_id: str, *, key: CentreKey, now: datetime) -> CommandList:
    """The open commands of one door, sealed."""
    rows = repository.open_commands(session, now, device_id=device_id)[:MAX_COMMAND_ANSWERS]
    return CommandList(commands=tuple(key.seal(_document(row)).decode() for _, row in rows))


def take_answers(session: Session, device: Device, answers: Iterable[CommandAnswer], *, now: datetime) -> None:
    """What a door says of its commands; the first final word stands."""
    said = {each.id: each.outcome for each in answers}
    if not said:
        return
    with acting(Actor("door", device.id)):
        for command in repository.commands_of(session, device.id, said):
            outcome = said[command.id]
            if command.answered_at is None and command.answer != outcome.value:
                command.answer = outcome.value
                command.answered_at = now if outcome.is_final else None
        session.flush()


def confirm_revoked(session: Session, device_id: str, *, now: datetime) -> None:
    """A door that was ended says that it has wiped itself."""
    with acting(Actor("door", device_id)):
        for command in repository.commands_of(session, device_id):
            if command.kind == CommandKind.REVOKE and command.answered_at is None:
                command.answered_at, command.answer = now, CommandOutcome.DONE.value
        session.flush()


def _document(row: DeviceCommand) -> Command:
    return Command(
        organization=row.organization_id,
        device=row.device_id,
        id=row.id,
        kind=row.kind,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
    )
