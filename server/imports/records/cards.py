"""Cards: matched by their code. A card that somebody else holds never changes hands this way."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from access.domain.credentials import Code, CredentialKind, UnreadableCode, fingerprint, normalise, normalise_uid
from server.imports.problems import Problem, RowRefused
from server.imports.records.archived import Holders
from server.imports.records.base import Batch, Change, Kind, Outcome, line, require
from server.imports.records.columns import columns_of
from server.imports.records.lookup import People, PersonMention
from server.models import Credential, Person, new_id

__all__ = ["CARDS", "CardRecord", "code_of"]


class CardRecord(PersonMention):
    """Anything a person presents: a barcode, a QR code or the UID of an NFC card."""

    kind: CredentialKind | None = None
    """Without one, a barcode."""
    code: line(512) | None = None  # type: ignore[valid-type]
    """What a reader reads; text, leading zeros count. Of NFC the UID in hexadecimal."""
    is_revoked: bool | None = None


def code_of(kind: CredentialKind, text: str) -> Code:
    """The canonical code. Raises RowRefused."""
    if kind is CredentialKind.NFC:
        try:
            return Code(kind, normalise_uid(text))
        except ValueError as error:
            raise RowRefused(Problem("card_unreadable", "code", text)) from error
    found = normalise(text.encode("utf-8", "replace"), technology="barcode")
    if isinstance(found, UnreadableCode):
        raise RowRefused(Problem("card_unreadable", "code", text))
    return Code(kind, found.value)


class _Upsert:
    def __init__(self, batch: Batch) -> None:
        self._batch, self._people, self._holders = batch, People(batch), Holders(batch)
        self._by_fingerprint: dict[str, Credential] = {}

    def gather(self, records: Sequence[CardRecord]) -> None:
        self._people.gather_mentioned(records)
        prints: set[str] = set()
        for each in records:
            try:
                prints.add(self._fingerprint(self._code(each)))
            except RowRefused:
                continue
        wanted = select(Credential).where(
            Credential.organization_id == self._batch.organization_id, Credential.fingerprint.in_(prints)
        )
        self._by_fingerprint = {each.fingerprint: each for each in self._batch.session.scalars(wanted)}
        held = [each.person_id for each in self._by_fingerprint.values()]
        self._people.gather(ids=held)
        self._holders.gather((), [*self._people.all_mentioned(records), *(self._people.by_id(each) for each in held)])

    def put(self, record: CardRecord, *, id: str | None = None) -> Change:
        require(record, "code")
        code = self._code(record)
        print_ = self._fingerprint(code)
        self._batch.claim("card", print_, "code")
        person = self._people.mentioned(record)
        known = self._by_fingerprint.get(print_)
        if known is None:
            if person is None:
                raise RowRefused(Problem("person_needed", "member_id"))
            self._holders.check(record, person.account_id, [person])
            return self._add(record, person, code, print_)
        if person is not None and known.person_id != person.id:
            raise RowRefused(Problem("card_taken", "code", str(record.code), {"holder": self._holder(known)}))
        is_changed = False
        is_turning = record.is_revoked is not None and record.is_revoked is (known.revoked_at is None)
        if is_turning and not record.is_revoked:
            holder = self._batch.session.get_one(Person, known.person_id)
            self._holders.check(record, holder.account_id, [holder])
        if not known.value:
            known.value, known.kind = code.value, code.kind
            is_changed = True
        if is_turning:
            known.revoked_at = self._batch.now if record.is_revoked else None
            known.revoked_by = self._batch.actor_id if record.is_revoked else None
            is_changed = True
        return Change(Outcome.CHANGED if is_changed else Outcome.UNCHANGED, known.id)

    def _add(self, record: CardRecord, person: Person, code: Code, print_: str) -> Change:
        made = Credential(
            id=new_id(),
            organization_id=self._batch.organization_id,
            person_id=person.id,
            kind=code.kind,
            value=code.value,
            fingerprint=print_,
            issued_at=self._batch.now,
            issued_by=self._batch.actor_id,
            revoked_at=self._batch.now if record.is_revoked else None,
        )
        self._batch.session.add(made)
        self._by_fingerprint[print_] = made
        return Change(Outcome.ADDED, made.id)

    def _code(self, record: CardRecord) -> Code:
        return code_of(record.kind or CredentialKind.BARCODE, record.code or "")

    def _fingerprint(self, code: Code) -> str:
        return fingerprint(self._batch.organization.fingerprint_key, code)

    def _holder(self, card: Credential) -> str:
        person = self._people.by_id(card.person_id)
        if person is None:
            return ""
        return f"{person.full_name} ({person.member_id})" if person.member_id else person.full_name


CARDS = Kind("cards", CardRecord, columns_of("cards"), _Upsert, keys=("code",))
