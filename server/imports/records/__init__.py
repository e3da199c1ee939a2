"""One file a kind of record: how a row reads, how it is matched, what it changes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from server.imports.records.accounts import ACCOUNTS
from server.imports.records.balances import BALANCES
from server.imports.records.base import Kind
from server.imports.records.cards import CARDS
from server.imports.records.memberships import MEMBERSHIPS
from server.imports.records.multipasses import MULTIPASSES
from server.imports.records.people import PEOPLE
from server.imports.records.registrations import REGISTRATIONS

__all__ = ["KINDS", "PICTURES", "Kind"]

PICTURES: Final = "pictures"
"""Pictures come as a zip, not as rows."""

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {each.name: each for each in (ACCOUNTS, PEOPLE, MEMBERSHIPS, MULTIPASSES, REGISTRATIONS, CARDS, BALANCES)}
)
