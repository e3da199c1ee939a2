"""From cards to the PDF that a browser takes away: in the template's languages, with a note that they were printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.orm import Session
from starlette.responses import Response

from server.accounts.repository import organization_of
from server.admin.frame import initials
from server.admin.office import Office
from server.admin.say import long_date
from server.admin.texts import texts
from server.cards import repository
from server.cards.codes import CodeTooLong
from server.cards.faces import CardWords, faces_of
from server.cards.layout import CardLayout
from server.cards.printing import Paper, cards_pdf
from server.cards.service import mark_printed
from server.models import Credential
from server.staff.service import SignedIn

__all__ = ["MOST_CARDS", "card_words", "chosen_layout", "pdf_answer", "print_cards"]

MOST_CARDS: Final = 500
"""In one file: that is some ten seconds of work."""


def card_words(layout: CardLayout) -> CardWords:
    """The words of a card, from our texts."""

    def say(language: str, key: str, **details: object) -> str:
        return texts(language)(key, **details)

    def dated(language: str, day: dt.date) -> str:
        return long_date(day, language)

    return CardWords(layout, say, dated)


def chosen_layout(session: Session, organization_id: str, template_id: str) -> CardLayout:
    """A template's layout; the default one's where none is named. Raises NotFound."""
    if template_id:
        return CardLayout.model_validate(repository.template_of(session, organization_id, template_id).layout)
    template = repository.default_template(session, organization_id)
    return CardLayout.model_validate(template.layout) if template else CardLayout()


def print_cards(
    office: Office,
    staff: SignedIn,
    choose: Callable[[Session], Sequence[Credential]],
    *,
    template_id: str,
    paper: Paper,
) -> bytes | str:
    """The PDF, or the key of why there is none; the cards remember when they were printed. Raises NotFound.

    Drawn outside of any transaction: hundreds of cards take seconds.
    """
    with office.database.read() as session:
        cards = choose(session)
        if not cards:
            return "card.nothing_to_print"
        if len(cards) > MOST_CARDS:
            return "card.too_many"
        layout = chosen_layout(session, staff.organization_id, template_id)
        faces = faces_of(
            session,
            organization_of(session, staff.organization_id),
            cards,
            words=card_words(layout),
            pictures=office.pictures,
            initials=initials,
            today=office.say(staff).today,
        )
    try:
        made = cards_pdf(faces, layout, paper, title=texts(staff.language)("card.file_title"))
    except CodeTooLong:
        return "card_problem.too_long"
    with office.database.write() as session:
        mark_printed(session, staff.organization_id, [card.id for card in cards], now=office.now())
    return made


def pdf_answer(office: Office, staff: SignedIn, made: bytes) -> Response:
    """The file."""
    name = f"{texts(staff.language)('card.file')}-{office.say(staff).today.isoformat()}.pdf"
    return Response(
        made, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
