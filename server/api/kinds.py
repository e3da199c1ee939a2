"""The kinds of records: what is shown of each, how it is found, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.orm import Session, selectinload

from access.domain.registrations import RegistrationStatus
from server.api import repository
from server.api.views import (
    AccountView,
    BalanceView,
    CardView,
    MembershipView,
    MultipassView,
    PersonView,
    RegistrationView,
    View,
)
from server.errors import NotFound
from server.models import (
    Account,
    BalanceEntry,
    Credential,
    Membership,
    Multipass,
    Person,
    Registration,
)

__all__ = ["SHOWN", "Shown", "view_of", "views_of"]


@dataclass(frozen=True)
class Shown:
    """How a kind is shown."""

    model: Any
    view: type[View]
    filters: tuple[str, ...]
    end: Callable[[Any, datetime, str | None], None] | None = None
    ends: str = ""
    options: Sequence[Any] = ()
    can_change: bool = True
    has_external_id: bool = True


def _cancel(row: Any, _now: datetime, _by: str | None) -> None:
    row.status = RegistrationStatus.CANCELLED


def _revoke(row: Any, now: datetime, by: str | None) -> None:
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = now, by


SHOWN: Final[Mapping[str, Shown]] = MappingProxyType(
    {
        "accounts": Shown(Account, AccountView, ("external_id",)),
        "people": Shown(Person, PersonView, ("external_id", "member_id", "account_id", "email")),
        "memberships": Shown(
            Membership,
            MembershipView,
            ("external_id", "account_id"),
            options=(selectinload(Membership.people), selectinload(Membership.pauses)),
        ),
        "multipasses": Shown(Multipass, MultipassView, ("external_id", "account_id", "person_id")),
        "registrations": Shown(
            Registration,
            RegistrationView,
            ("external_id", "account_id", "person_id", "activity_id"),
            end=_cancel,
            ends="Cancel a registration.",
        ),
        "cards": Shown(
            Credential,
            CardView,
            ("person_id", "fingerprint"),
            end=_revoke,
            ends="Revoke a card: doors refuse it from now on.",
            can_change=False,
            has_external_id=False,
        ),
        "balances": Shown(BalanceEntry, BalanceView, ("external_id", "account_id"), can_change=False),
    }
)


def view_of(session: Session, shown: Shown, organization_id: str, id_: str) -> View:
    """What is shown of one. Raises NotFound."""
    row = repository.one(session, shown.model, organization_id, id_, shown.options)
    if row is None:
        raise NotFound("no such record")
    return views_of(session, shown, [row])[0]


def views_of(session: Session, shown: Shown, rows: Sequence[Any]) -> list[View]:
    """What is shown of each."""
    if shown.view is not MultipassView:
        return [shown.view.of(row) for row in rows]
    used = repository.uses_counted(session, [row.id for row in rows])
    return [MultipassView.counted(row, used.get(row.id, 0)) for row in rows]
