"""What is printed on people's cards, put together from what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from access.domain.memberships import Membership, MembershipStatus
from access.domain.people import Text
from server.cards import repository
from server.cards.drawing import CardFace
from server.cards.layout import CardLayout
from server.errors import NotFound
from server.models import Credential, Organization, Person
from server.pictures.store import PictureStore

__all__ = ["CardWords", "faces_of"]


class CardWords:
    """The few words of a card in its languages; `say` answers a text by language, key and details."""

    def __init__(self, layout: CardLayout, say: Callable[..., str], dated: Callable[[str, date], str]) -> None:
        self._codes, self._say, self._dated = layout.language.codes, say, dated

    @property
    def number(self) -> str:
        """What stands above the number."""
        return self._joined(self._say(code, "card_face.number") for code in self._codes)

    def until(self, day: date) -> str:
        """The last day that a membership holds."""
        said = (self._say(code, "card_face.until", date=self._dated(code, day)) for code in self._codes)
        return self._joined(said)

    def name(self, text: Text) -> str:
        """A name that exists in both languages."""
        return self._joined(text.in_language(code) for code in self._codes)

    @staticmethod
    def _joined(said: Iterable[str]) -> str:
        return " / ".join(dict.fromkeys(each for each in said if each))


def faces_of(
    session: Session,
    organization: Organization,
    cards: Sequence[Credential],
    *,
    words: CardWords,
    pictures: PictureStore,
    initials: Callable[[str], str],
    today: date,
) -> list[CardFace]:
    """The faces of these cards, in their order."""
    held = repository.memberships_of_people(session, organization.id, {card.person_id for card in cards})
    return [
        CardFace(
            organization=words.name(organization.name),
            name=card.person.full_name,
            initials=initials(card.person.full_name),
            number_label=words.number if card.person.member_id else "",
            number=card.person.member_id or "",
            value=card.value,
            kind=card.kind,
            lines=_lines(card.person, held, words, today),
            picture=_picture(card.person, pictures),
        )
        for card in cards
    ]


def _lines(person: Person, held: Sequence[Membership], words: CardWords, today: date) -> tuple[str, ...]:
    """The membership that lasts longest of those that are not over, and until when."""
    standing = [each for each in held if person.id in each.person_ids and each.status_on(today) is not None]
    if not standing:
        return ()
    best = max(
        standing,
        key=lambda each: (each.status_on(today) is not MembershipStatus.SOON_TO_BE_ACTIVE, each.last_on or date.max),
    )
    until = (words.until(best.last_on),) if best.last_on else ()
    return (words.name(best.name), *until)


def _picture(person: Person, pictures: PictureStore) -> Path | None:
    if person.access_picture is None:
        return None
    try:
        return pictures.path(person.access_picture)
    except NotFound:
        return None
