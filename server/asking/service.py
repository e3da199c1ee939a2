"""One account as the feed would tell it, read at one instant together with the feed's number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from access.wire.asking import AccountState, KnownEntity
from access.wire.feed import EntityKind, dump_body
from server.devices.service import DeviceIdentity
from server.errors import FeedGone
from server.feed import repository
from server.feed.projection import Item, project
from server.models.activities import Registration
from server.models.base import utc_now
from server.models.passes import Membership, Multipass, PassUse
from server.models.people import Credential, Person

__all__ = ["account_state"]

_OF_ACCOUNT: dict[EntityKind, tuple[InstrumentedAttribute[str], Any, Any]] = {
    EntityKind.MEMBERSHIP: (Membership.id, Membership.account_id, Membership.organization_id),
    EntityKind.MULTIPASS: (Multipass.id, Multipass.account_id, Multipass.organization_id),
    EntityKind.PASS_USE: (PassUse.id, PassUse.account_id, PassUse.organization_id),
    EntityKind.REGISTRATION: (Registration.id, Registration.account_id, Registration.organization_id),
}


def account_state(
    session: Session, device: DeviceIdentity, *, credential: str, nonce: str, now: datetime | None = None
) -> AccountState:
    """What is known of the credential for a door of its organization. Raises `FeedGone` while there is no feed."""
    head = repository.head_of(session, device.organization)
    if head is None:
        raise FeedGone("nothing has ever been said")
    return AccountState(
        organization=device.organization,
        device=device.device,
        nonce=nonce,
        credential=credential,
        epoch=head.epoch,
        seq=head.seq,
        made_at=now or utc_now(),
        entities=tuple(_entity(each) for each in _items(session, device.organization, credential)),
    )


def _items(session: Session, organization_id: str, fingerprint: str) -> Iterator[Item]:
    wanted = (
        select(Credential.person_id, Person.account_id)
        .join(Person, Person.id == Credential.person_id)
        .where(Credential.fingerprint == fingerprint, Credential.organization_id == organization_id)
    )
    holder = session.execute(wanted).one_or_none()
    if holder is None:
        return
    person_id, account_id = holder
    yield from project(session, EntityKind.CREDENTIAL, ids=[fingerprint])
    yield from project(session, EntityKind.PERSON, ids=[person_id])
    yield from project(session, EntityKind.ACCOUNT, ids=[account_id])
    for kind, (id_, account, organization) in _OF_ACCOUNT.items():
        held = session.scalars(select(id_).where(account == account_id, organization == organization_id))
        yield from project(session, kind, ids=held.all())
    booked = select(Registration.activity_id).where(Registration.account_id == account_id).distinct()
    yield from project(session, EntityKind.ACTIVITY, ids=session.scalars(booked).all())


def _entity(item: Item) -> KnownEntity:
    return KnownEntity(kind=item.kind.value, id=item.id, body=json.loads(dump_body(item.body)))
