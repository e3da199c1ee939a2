"""From what the centre says of one account to the facts of a decision, whether it came by the feed or as an answer.

A thing that cannot be read counts as not there, and never in favour of the person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog

from access.domain.credentials import Credential, CredentialStatus
from access.domain.facts import Facts
from access.domain.memberships import Membership
from access.domain.multipasses import Multipass, PassUse
from access.domain.people import Account, Participant
from access.domain.registrations import Activity, Registration
from access.wire.asking import AccountState
from access.wire.canonical import canonical_bytes
from access.wire.errors import WireError
from access.wire.feed import Body, EntityKind, load_body

__all__ = ["account_facts", "answered_facts", "held_by", "load"]

_log = structlog.get_logger(__name__)


def load(kind: str, body: str) -> Body | None:
    """An entity from its JSON; None, with an alarm, when it cannot be read."""
    try:
        return load_body(EntityKind(kind), body)
    except WireError as error:
        _log.error("cache_entity_unreadable", alarm=True, kind=str(kind), error=type(error).__name__)
        return None


def account_facts(
    rows: Iterable[tuple[str, str]], activities_of: Callable[[list[Registration]], tuple[Activity, ...]]
) -> Facts:
    """The facts of an account from (kind, JSON) rows, of one person among them; empty when that person is not."""
    found: dict[str, list[Any]] = {kind: [] for kind in EntityKind}
    unreadable: set[str] = set()
    for kind, body in rows:
        if kind not in found:
            continue  # of a newer centre
        loaded = load(kind, body)
        if loaded is not None:
            found[kind].append(loaded)
        else:
            unreadable.add(kind)
    participants: list[Participant] = found[EntityKind.PERSON]
    accounts: list[Account] = found[EntityKind.ACCOUNT]
    if not participants or EntityKind.ACCOUNT in unreadable:
        return Facts()
    memberships: list[Membership] = found[EntityKind.MEMBERSHIP]
    # Without all of its uses nobody knows what is left of a pass.
    multipasses: list[Multipass] = [] if EntityKind.PASS_USE in unreadable else found[EntityKind.MULTIPASS]
    uses: list[PassUse] = found[EntityKind.PASS_USE]
    registrations: list[Registration] = found[EntityKind.REGISTRATION]
    return Facts(
        participant=participants[0],
        account=accounts[0] if accounts else None,
        memberships=tuple(memberships),
        multipasses=tuple(multipasses),
        uses=tuple(uses),
        registrations=tuple(registrations),
        activities=activities_of(registrations),
    )


def held_by(credential: Credential, held: Facts) -> tuple[Facts, CredentialStatus]:
    """The account's facts as those of the credential's holder; a credential of nobody is an unknown one."""
    status = CredentialStatus.REVOKED if credential.is_revoked else CredentialStatus.VALID
    return (held, status) if held.participant else (Facts(), CredentialStatus.UNKNOWN)


def answered_facts(answer: AccountState) -> tuple[Facts, CredentialStatus]:
    """The facts of an answer."""
    rows = [(each.kind, canonical_bytes(each.body).decode()) for each in answer.entities]
    credential = _of_kind(rows, EntityKind.CREDENTIAL)
    if not credential or not isinstance(credential[0], Credential) or credential[0].fingerprint != answer.credential:
        return Facts(), CredentialStatus.UNKNOWN
    activities = tuple(each for each in _of_kind(rows, EntityKind.ACTIVITY) if isinstance(each, Activity))
    people = [each for each in _of_kind(rows, EntityKind.PERSON) if isinstance(each, Participant)]
    if [each.id for each in people] != [credential[0].person_id]:
        return Facts(), CredentialStatus.UNKNOWN
    return held_by(credential[0], account_facts(rows, lambda registrations: activities))


def _of_kind(rows: Iterable[tuple[str, str]], kind: EntityKind) -> list[Body]:
    bodies = (load(each, body) for each, body in rows if each == kind)
    return [body for body in bodies if body is not None]
