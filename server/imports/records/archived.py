"""Nothing is put on whoever is archived: it would be in no list, and at the doors on the day they are brought back.

What is there already stays as it is, is told as unchanged, and can be ended. Particulars of a person are corrected.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from server.accounts.locks import hold_accounts
from server.imports.problems import Problem, RowRefused
from server.imports.records.base import Batch, Record
from server.models import Account, Person

__all__ = ["Holders", "check_here"]

_NAMED_BY = ("person_id", "member_id", "person", "account_id", "account", "external_id")


def check_here(account: Account | None, people: Iterable[Person], field: str, value: str = "") -> None:
    """Raises RowRefused when the account or one of the people is archived, naming what has to be brought back."""
    if account is not None and account.archived_at is not None:
        raise RowRefused(Problem("account_archived", field, value))
    for each in people:
        if each.archived_at is not None:
            name = each.member_id or each.external_id or each.id
            raise RowRefused(Problem("person_archived", field, value or name))


class Holders:
    """The accounts that records go on; held, unless the batch is dry, so that nobody archives them meanwhile."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._found: dict[str, Account] = {}

    def gather(self, account_ids: Iterable[str | None], people: Iterable[Person | None] = ()) -> None:
        """Reads them as they are now, with these people."""
        batch, theirs = self._batch, [each for each in people if each is not None]
        ids = {each for each in account_ids if each} | {each.account_id for each in theirs}
        if batch.is_dry:
            mine = Account.organization_id == batch.organization_id, Account.id.in_(ids)
            self._found = {each.id: each for each in batch.session.scalars(select(Account).where(*mine))}
            return
        self._found = hold_accounts(batch.session, batch.organization_id, ids)
        again = select(Person).where(Person.id.in_({each.id for each in theirs}))
        batch.session.scalars(again.execution_options(populate_existing=True)).all()

    def check(self, record: Record, account_id: str, people: Iterable[Person | str | None] = ()) -> None:
        """Raises RowRefused when what the record says would be put on somebody archived. `people` are rows or ids."""
        field = next((name for name in _NAMED_BY if getattr(record, name, None)), "")
        session = self._batch.session
        rows = [session.get_one(Person, each) if isinstance(each, str) else each for each in people]
        account = self._found.get(account_id) or session.get(Account, account_id)
        check_here(account, [each for each in rows if each is not None], field, str(getattr(record, field, "")))
