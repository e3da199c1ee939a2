"""Cards as a PDF: one a page for card printers, or sheets to cut.

A sheet's marks are outside the cards, in the margin at every edge that is cut. A sheet of backs follows its sheet of
fronts, mirrored, so that turning over the long edge puts each back behind its front.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from server.cards.drawing import HEIGHT_MM, WIDTH_MM, CardFace, draw_back, draw_front
from server.cards.layout import CardLayout

__all__ = ["Paper", "cards_pdf", "places_on"]

_MARK_MM: Final = 4.0
_MARK_GAP_MM: Final = 1.0


class Paper(StrEnum):
    """What is printed on."""

    CR80 = "cr80"
    A4 = "a4"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class _Sheet:
    width_mm: float
    height_mm: float
    rows: int
    columns: int = 2

    @property
    def left_mm(self) -> float:
        return (self.width_mm - self.columns * WIDTH_MM) / 2

    @property
    def bottom_mm(self) -> float:
        return (self.height_mm - self.rows * HEIGHT_MM) / 2


_SHEETS: Final = {
    Paper.CR80: _Sheet(WIDTH_MM, HEIGHT_MM, 1, 1),
    Paper.A4: _Sheet(210.0, 297.0, 5),
    # Five rows would leave 4.7 mm above and below, where many printers cannot print.
    Paper.LETTER: _Sheet(215.9, 279.4, 4),
}


def places_on(paper: Paper) -> int:
    """How many cards a sheet holds."""
    return _SHEETS[paper].rows * _SHEETS[paper].columns


def cards_pdf(faces: Sequence[CardFace], layout: CardLayout, paper: Paper, *, title: str) -> bytes:
    """The PDF. Raises `CodeTooLong` for a code that does not fit a card, ValueError when there is no card."""
    if not faces:
        raise ValueError("no card to print")
    sheet, made = _SHEETS[paper], io.BytesIO()
    canvas = Canvas(made, pagesize=(sheet.width_mm * mm, sheet.height_mm * mm), invariant=True)
    canvas.setTitle(title)
    canvas.setAuthor(faces[0].organization)
    for group in _groups(faces, places_on(paper)):
        _page(canvas, sheet, [_front(canvas, face, layout) for face in group])
        if layout.back:
            _page(canvas, sheet, [lambda: draw_back(canvas, layout)] * len(group), is_mirrored=True)
    canvas.save()
    return made.getvalue()


def _front(canvas: Any, face: CardFace, layout: CardLayout) -> Callable[[], None]:
    return lambda: draw_front(canvas, face, layout)


def _groups(faces: Sequence[CardFace], size: int) -> Iterator[Sequence[CardFace]]:
    for start in range(0, len(faces), size):
        yield faces[start : start + size]


def _page(canvas: Any, sheet: _Sheet, cards: Sequence[Callable[[], None]], *, is_mirrored: bool = False) -> None:
    for place, draw in enumerate(cards):
        row, column = divmod(place, sheet.columns)
        if is_mirrored:
            column = sheet.columns - 1 - column
        canvas.saveState()
        canvas.translate(
            (sheet.left_mm + column * WIDTH_MM) * mm, (sheet.bottom_mm + (sheet.rows - 1 - row) * HEIGHT_MM) * mm
        )
        edge = canvas.beginPath()
        edge.rect(0, 0, WIDTH_MM * mm, HEIGHT_MM * mm)
        canvas.clipPath(edge, stroke=0, fill=0)
        draw()
        canvas.restoreState()
    if sheet.rows > 1:
        _marks(canvas, sheet)
    canvas.showPage()


def _marks(canvas: Any, sheet: _Sheet) -> None:
    canvas.setLineWidth(0.25)
    canvas.setStrokeGray(0)
    right, top = sheet.width_mm - sheet.left_mm, sheet.height_mm - sheet.bottom_mm
    for column in range(sheet.columns + 1):
        x = (sheet.left_mm + column * WIDTH_MM) * mm
        for start, way in ((top, 1), (sheet.bottom_mm, -1)):
            canvas.line(x, (start + way * _MARK_GAP_MM) * mm, x, (start + way * (_MARK_GAP_MM + _MARK_MM)) * mm)
    for row in range(sheet.rows + 1):
        y = (sheet.bottom_mm + row * HEIGHT_MM) * mm
        for start, way in ((right, 1), (sheet.left_mm, -1)):
            canvas.line((start + way * _MARK_GAP_MM) * mm, y, (start + way * (_MARK_GAP_MM + _MARK_MM)) * mm, y)
