"""How rows look from outside. No picture, no memo, no balance where it does not belong."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from server.models import Membership, Multipass

__all__ = [
    "AccessPointView",
    "AccountView",
    "ActivityView",
    "BalanceView",
    "CardView",
    "CheckInView",
    "DeviceView",
    "MembershipTypeView",
    "MembershipView",
    "MultipassTypeView",
    "MultipassView",
    "OccurrenceView",
    "PersonView",
    "RegistrationView",
    "View",
]


class View(BaseModel):
    """The base: read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)

    id: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of a row."""
        return cls.model_validate(row)


class AccountView(View):
    """A client account."""

    external_id: str | None
    name: str
    owner_id: str | None
    balance_cents: int
    """Above zero is owed."""
    due_since: date | None
    created_at: datetime
    archived_at: datetime | None
    merged_into: str | None
    """The account that took its place."""


class PersonView(View):
    """A person."""

    external_id: str | None
    member_id: str | None
    account_id: str
    first_name: str
    last_name: str
    date_of_birth: date | None
    language: str | None
    email: str | None
    phone: str | None
    gender: str
    address_line_1: str
    address_line_2: str
    city: str
    province: str
    postal_code: str
    country: str
    wants_email: bool
    wants_sms: bool
    is_blocked: bool
    has_notify_flag: bool
    admin_note: str
    created_at: datetime
    archived_at: datetime | None
    merged_into: str | None
    """Whose row took its place."""
    erased_at: datetime | None


class PauseView(BaseModel):
    """Days without access."""

    first_on: date
    last_on: date | None


class MembershipView(View):
    """A membership."""

    external_id: str | None
    account_id: str
    type_id: str
    person_ids: list[str]
    starts_on: date
    ends_on: date | None
    cancellation_state: str | None
    cancellation_ends_on: date | None
    pauses: list[PauseView]
    created_at: datetime

    @classmethod
    def of(cls, row: Membership) -> Self:
        """With the people it covers and its pauses."""
        return cls(
            id=row.id,
            external_id=row.external_id,
            account_id=row.account_id,
            type_id=row.type_id,
            person_ids=sorted(each.person_id for each in row.people),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            cancellation_state=row.cancellation_state,
            cancellation_ends_on=row.cancellation_ends_on,
            pauses=[PauseView(first_on=each.first_on, last_on=each.last_on) for each in row.pauses],
            created_at=row.created_at,
        )


class MultipassView(View):
    """A multipass as it was sold, and how many uses were taken of it."""

    external_id: str | None
    account_id: str
    person_id: str | None
    type_id: str
    purchased_on: date
    total: int | None
    used: int = 0
    effective: str
    effective_on: date | None
    first_used_on: date | None
    expires_on: date | None
    created_at: datetime

    @classmethod
    def counted(cls, row: Multipass, used: int) -> Self:
        """With its uses counted."""
        return cls.model_validate(row).model_copy(update={"used": used})


class RegistrationView(View):
    """A registration."""

    external_id: str | None
    account_id: str
    person_id: str
    activity_id: str
    status: str
    occurrence_ids: list[str]
    has_invoice: bool
    registered_at: datetime


class CardView(View):
    """A card. Of its code only the keyed fingerprint, which is what doors know it by."""

    person_id: str
    kind: str
    fingerprint: str
    issued_at: datetime
    printed_at: datetime | None
    revoked_at: datetime | None


class BalanceView(View):
    """An entry of an account's balance."""

    external_id: str | None
    account_id: str
    kind: str
    amount_cents: int
    due_on: date | None
    description: str
    source: str
    entered_at: datetime


class CheckInView(View):
    """Something that happened at a door: Account activity, as far as it leaves the house."""

    kind: str
    outcome: str
    reasons: list[str]
    flags: list[str]
    occurred_at: datetime
    recorded_at: datetime
    is_offline: bool
    access_point_id: str
    device_id: str
    site_id: str
    account_id: str | None
    person_id: str | None
    staff_id: str | None
    pass_type: str | None
    pass_id: str | None
    pass_name: str | None
    credential_kind: str | None
    refers_to: str | None


class AccessPointView(View):
    """An access point."""

    site_id: str
    name_en: str
    name_fr: str
    archived_at: datetime | None


class DeviceView(View):
    """A door."""

    site_id: str
    name: str
    version: str
    enrolled_at: datetime
    last_seen_at: datetime | None
    revoked_at: datetime | None


class ActivityView(View):
    """Something that people register for. `kind`: session, drop_in, private_lesson or facility_booking.

    `capacity` is of each occurrence; null: no limit.
    """

    code: str | None
    kind: str
    name_en: str
    name_fr: str
    facility_id: str | None
    capacity: int | None
    archived_at: datetime | None


class OccurrenceView(View):
    """One meeting of an activity."""

    activity_id: str
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool


class MembershipTypeView(View):
    """A membership as it is sold."""

    code: str | None
    name_en: str
    name_fr: str
    price_cents: int | None
    archived_at: datetime | None


class MultipassTypeView(View):
    """A multipass as it is sold. `total` null: unlimited."""

    code: str | None
    name_en: str
    name_fr: str
    total: int | None
    effective: str
    expires_after_days: int | None
    expires_after_months: int | None
    is_one_use_a_day: bool
    is_strict: bool
    is_family: bool
    price_cents: int | None
    archived_at: datetime | None
