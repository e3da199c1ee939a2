"""A small sample organization for tests of the door: one pool, a few people, cards by number."""

from __future__ import annotations

from datetime import date

from access.domain.credentials import Code, Credential, CredentialKind, fingerprint
from access.domain.memberships import Membership
from access.domain.multipasses import Multipass
from access.domain.people import Account, Organization, Participant, Text
from access.domain.policy import AccessPoint
from access.wire.feed import Body

__all__ = ["MEMBER_CARD", "PASS_CARD", "REVOKED_CARD", "organization", "person", "sample"]

MEMBER_CARD, PASS_CARD, REVOKED_CARD = "10001", "10002", "10003"


def organization(**changes: object) -> Organization:
    """The operator."""
    return Organization(id="maple", name=Text("Maple Grove", "Érablière"), time_zone="America/Toronto", **changes)  # type: ignore[arg-type]


def person(number: int, key: bytes, *, card: str, total: int | None = None, is_revoked: bool = False) -> list[Body]:
    """A person with an account, a card, and either a multipass of `total` uses or a membership."""
    account, person_id = f"a{number}", f"p{number}"
    code = Code(CredentialKind.BARCODE, card)
    held: Body = (
        Membership(
            id=f"m{number}",
            account_id=account,
            type_id="gym",
            name=Text("Gym"),
            person_ids=(person_id,),
            starts_on=date(2020, 1, 1),
        )
        if total is None
        else Multipass(
            id=f"x{number}",
            account_id=account,
            type_id="swim",
            name=Text("Pool multipass", "Laissez-passer piscine"),
            purchased_on=date(2020, 1, 1),
            person_id=person_id,
            total=total,
        )
    )
    return [
        Account(id=account),
        Participant(id=person_id, account_id=account, first_name=f"Zoé{number}", last_name="Tremblay"),
        Credential(fingerprint=fingerprint(key, code), person_id=person_id, account_id=account, is_revoked=is_revoked),
        held,
    ]


def sample(key: bytes, *, passes: int = 5, extra: int = 0, duplicate_window_s: int = 30) -> list[Body]:
    """The organization, its pool and its people. `extra` members have cards 20000, 20001 ..."""
    bodies: list[Body] = [
        organization(),
        AccessPoint(id="pool", name=Text("Pool", "Piscine"), site_id="main", duplicate_window_s=duplicate_window_s),
        *person(1, key, card=MEMBER_CARD),
        *person(2, key, card=PASS_CARD, total=passes),
        *person(3, key, card=REVOKED_CARD, is_revoked=True),
    ]
    for number in range(extra):
        bodies += person(100 + number, key, card=str(20000 + number), total=passes)
    return bodies
