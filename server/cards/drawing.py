"""One face of a card, drawn on a reportlab canvas whose origin is the card's lower left corner. Lengths in millimetres.

CR80 (ISO/IEC 7810 ID-1): 85.60 by 53.98. The code stands on white with nothing else in its rows or beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader

from access.domain.credentials import CredentialKind
from server.cards.codes import bars_of, draw_bars, draw_square, square_of
from server.cards.layout import CardCode, CardLayout
from server.cards.lettering import BOLD, PLAIN, fitted, fonts, wrapped

__all__ = ["HEIGHT_MM", "WIDTH_MM", "CardFace", "draw_back", "draw_front"]

WIDTH_MM: Final = 85.60
HEIGHT_MM: Final = 53.98
_EDGE: Final = 4.0
"""What card printers may leave white, and what a punch may take."""
_BAND: Final = 10.5
_PICTURE: Final = (21.0, 28.0)
_GAP: Final = 3.5
_BARS_HEIGHT: Final = 8.0
_SQUARE: Final = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFace:
    """What is printed on one card. `lines` are of membership and validity; `picture` None draws the initials."""

    organization: str
    name: str
    initials: str
    number_label: str
    number: str
    value: str
    kind: CredentialKind
    lines: Sequence[str] = ()
    picture: Path | None = None


def draw_front(canvas: Any, face: CardFace, layout: CardLayout) -> None:
    """Draws the front. Raises `CodeTooLong`."""
    fonts()
    bar_mm = _bars(face, layout)
    made, dot_mm = (None, 0.0) if bar_mm else square_of(face.value, side_mm=_SQUARE)
    _band(canvas, face.organization, layout.colour)
    top = HEIGHT_MM - _BAND - _GAP
    left = _EDGE
    if layout.has_picture:
        _face(canvas, face, left=left, top=top)
        left += _PICTURE[0] + _GAP
    right = WIDTH_MM - _EDGE
    below = _text(canvas, face.name, BOLD, left=left, right=right, top=top, largest=13, smallest=7.5, most_lines=2)
    narrow = right if made is None else WIDTH_MM - _SQUARE - 1.5
    lines = list(face.lines) if layout.has_membership else []
    if face.number:
        below = _text(canvas, face.number_label, PLAIN, left=left, right=narrow, top=below - 1, largest=6.5, smallest=5)
        below = _text(canvas, face.number, BOLD, left=left, right=narrow, top=below, largest=11, smallest=6)
    for line in lines:
        below = _text(
            canvas, line, PLAIN, left=left, right=narrow, top=below - 0.6, largest=7, smallest=5.5, most_lines=2
        )
    canvas.setFillGray(0)
    if bar_mm:
        draw_bars(canvas, face.value, bar_mm=bar_mm, middle_mm=WIDTH_MM / 2, bottom_mm=2.5, height_mm=_BARS_HEIGHT)
    elif made is not None:
        draw_square(canvas, made, dot_mm=dot_mm, left_mm=WIDTH_MM - _SQUARE - 1, bottom_mm=1.0, side_mm=_SQUARE)


def draw_back(canvas: Any, layout: CardLayout) -> None:
    """Draws the texts of the back, one below the other, as large as they fit."""
    fonts()
    width, room = (WIDTH_MM - 2 * _EDGE) * mm, (HEIGHT_MM - 2 * _EDGE) * mm
    size = 9.0
    while size > 4.5 and _height_of(layout.back, size, width) > room:
        size -= 0.5
    y = (HEIGHT_MM - _EDGE) * mm
    canvas.setFillGray(0)
    for text in layout.back:
        for line in wrapped(text, PLAIN, size, width=width):
            y -= size * 1.25
            if y < _EDGE * mm:
                return
            canvas.setFont(PLAIN, size)
            canvas.drawString(_EDGE * mm, y, line)
        y -= size * 0.75


def _height_of(texts: Sequence[str], size: float, width: float) -> float:
    return sum((len(wrapped(text, PLAIN, size, width=width)) * 1.25 + 0.75) * size for text in texts)


def _bars(face: CardFace, layout: CardLayout) -> float | None:
    """How wide the narrowest bar is; None where a square is printed."""
    is_square = layout.code is CardCode.QR or (
        layout.code is CardCode.AS_ISSUED and face.kind is not CredentialKind.BARCODE
    )
    return None if is_square else bars_of(face.value, width_mm=WIDTH_MM - 4)


def _band(canvas: Any, organization: str, colour: str) -> None:
    ground = HexColor(colour)
    canvas.setFillColor(ground)
    canvas.rect(0, (HEIGHT_MM - _BAND) * mm, WIDTH_MM * mm, _BAND * mm, stroke=0, fill=1)
    size, lines = fitted(organization, BOLD, width=(WIDTH_MM - 2 * _EDGE) * mm, largest=12, smallest=6.5, most_lines=2)
    canvas.setFillGray(0 if _is_bright(ground) else 1)
    canvas.setFont(BOLD, size)
    y = (HEIGHT_MM - _BAND / 2) * mm + (len(lines) - 1) * size * 0.55 - size * 0.35
    for line in lines:
        canvas.drawString(_EDGE * mm, y, line)
        y -= size * 1.1


def _is_bright(colour: Any) -> bool:
    """Whether black stands out more than white: relative luminance as WCAG 2.2 has it."""
    parts = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour.rgb()]
    return bool(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] > 0.179)


def _face(canvas: Any, face: CardFace, *, left: float, top: float) -> None:
    width, height = _PICTURE[0] * mm, _PICTURE[1] * mm
    x, y = left * mm, top * mm - height
    canvas.saveState()
    outline = canvas.beginPath()
    outline.roundRect(x, y, width, height, 1.2 * mm)
    canvas.clipPath(outline, stroke=0, fill=0)
    if face.picture is not None:
        _cover(canvas, face.picture, x=x, y=y, width=width, height=height)
    else:
        canvas.setFillColor(HexColor("#eef1f5"))
        canvas.rect(x, y, width, height, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#566376"))
        canvas.setFont(BOLD, 22)
        canvas.drawCentredString(x + width / 2, y + height / 2 - 8, face.initials)
    canvas.restoreState()


def _cover(canvas: Any, picture: Path, *, x: float, y: float, width: float, height: float) -> None:
    """The picture fills the frame; what is too wide is cut at both sides, what is too high mostly below."""
    image = ImageReader(str(picture))
    wide, high = image.getSize()
    scale = max(width / wide, height / high)
    over_x, over_y = wide * scale - width, high * scale - height
    canvas.drawImage(image, x - over_x / 2, y - over_y * 0.7, wide * scale, high * scale)


def _text(
    canvas: Any,
    text: str,
    font: str,
    *,
    left: float,
    right: float,
    top: float,
    largest: float,
    smallest: float,
    most_lines: int = 1,
) -> float:
    """Draws text below `top`; answers where it ends, in millimetres."""
    size, lines = fitted(
        text, font, width=(right - left) * mm, largest=largest, smallest=smallest, most_lines=most_lines
    )
    y = top * mm
    canvas.setFillGray(0)
    canvas.setFont(font, size)
    for line in lines:
        y -= size * 1.05
        canvas.drawString(left * mm, y + size * 0.15, line)
    return float(y / mm)
