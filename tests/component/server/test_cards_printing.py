"""Printed cards: rasterised as a printer would, and read back by the camera driver of the doors."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFilter
from reportlab.pdfbase import pdfmetrics

from access.domain.credentials import Code, CredentialKind, fingerprint, normalise
from hardware.loader import load_reader
from hardware.simulated import write_image_folder
from server.cards import codes, drawing, lettering
from server.cards.codes import CodeTooLong
from server.cards.drawing import HEIGHT_MM, WIDTH_MM, CardFace
from server.cards.layout import CardCode, CardLayout
from server.cards.preview import page_picture, page_png
from server.cards.printing import Paper, cards_pdf, places_on

KEY = b"k" * 32
NAME = "Zoé Škvorecký-Łœuvrard"
VALUES = ["0000123", "7", "M000042", "00000000000000000007", "abc-DEF 12.5", "Zoé-é-7"]
SHEETS = {Paper.A4: (210.0, 297.0, 5), Paper.LETTER: (215.9, 279.4, 4)}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A face full of edges, so that a code must be found beside it."""
    path = tmp_path / "face.jpg"
    Image.effect_noise((720, 960), 80).convert("RGB").save(path, "JPEG")
    return path


def face(value: str, kind: CredentialKind = CredentialKind.BARCODE, **more: Any) -> CardFace:
    """A card."""
    given: dict[str, Any] = {
        "organization": "Centre récréatif Métro-Ouest",
        "name": NAME,
        "initials": "ZŠ",
        "number_label": "Member ID / N° de membre",
        "number": value,
        "lines": ("Family membership / Adhésion familiale", "Until 31 May 2027 / Jusqu’au 31 mai 2027"),
    }
    return CardFace(value=value, kind=kind, **given | more)


def read_back(folder: Path, pictures: list[Image.Image]) -> list[tuple[bytes, str | None]]:
    """What the camera of a door reads from the pictures, one after the other."""
    blank = Image.new("RGB", (400, 300), "white")
    shown = [each for pair in zip(pictures, [blank] * len(pictures), strict=True) for each in pair]
    source = str(write_image_folder(folder, shown))
    reader = load_reader({"name": "cam", "driver": "camera", "source": source, "fps": 100, "repeat_after_s": 0.1})
    reader.open()
    try:
        return [(read.data, read.symbology) for read in reader.reads(threading.Event())]
    finally:
        reader.close()


def cut(page: Image.Image, paper: Paper, number: int) -> Image.Image:
    """One card of a sheet, as scissors cut it along the marks."""
    if paper is Paper.CR80:
        return page
    width, height, rows = SHEETS[paper]
    dots = page.width / width
    row, column = divmod(number, 2)
    left = (width - 2 * WIDTH_MM) / 2 + column * WIDTH_MM
    top = (height - rows * HEIGHT_MM) / 2 + row * HEIGHT_MM
    box = (left, top, left + WIDTH_MM, top + HEIGHT_MM)
    return page.crop(tuple(round(each * dots) for each in box))  # type: ignore[arg-type]


@pytest.mark.parametrize("has_picture", [True, False])
@pytest.mark.parametrize("paper", list(Paper))
@pytest.mark.parametrize("code", [CardCode.CODE_128, CardCode.QR])
def test_every_kind_of_card_is_read_back(
    tmp_path: Path, picture: Path, code: CardCode, paper: Paper, has_picture: bool
) -> None:
    """Exactly the credential's code, leading zeros too, so that the door finds its fingerprint."""
    values = VALUES[: min(len(VALUES), places_on(paper))] if paper is not Paper.CR80 else VALUES
    faces = [face(each, picture=picture if has_picture else None) for each in values]
    pdf = cards_pdf(faces, CardLayout(code=code), paper, title="cards")
    if paper is Paper.CR80:
        cards = [page_picture(pdf, number, dpi=300) for number in range(len(values))]
    else:
        sheet = page_picture(pdf, 0, dpi=300)
        cards = [cut(sheet, paper, number) for number in range(len(values))]
    found = read_back(tmp_path / "shown", cards)
    assert [data.decode() for data, _ in found] == values
    for value, (data, symbology) in zip(values, found, strict=True):
        is_bars = code is CardCode.CODE_128 and value.isascii()
        assert symbology == ("Code128" if is_bars else "QRCode")
        read = normalise(data, technology="camera", symbology=symbology)
        assert isinstance(read, Code)
        assert read.kind is (CredentialKind.BARCODE if is_bars else CredentialKind.QR)
        assert fingerprint(KEY, read) == fingerprint(KEY, Code(CredentialKind.BARCODE, value))


@pytest.mark.parametrize("kind", [CredentialKind.BARCODE, CredentialKind.QR])
def test_a_card_in_the_middle_of_a_poor_picture_is_read_back(tmp_path: Path, kind: CredentialKind) -> None:
    """640 pixels wide of which the card has two thirds, out of focus: the cheapest camera at a door."""
    pdf = cards_pdf([face("0000123", kind)], CardLayout(), Paper.CR80, title="card")
    scene = Image.new("RGB", (640, 480), (120, 130, 140))
    card = page_picture(pdf, dpi=300).resize((430, round(430 * HEIGHT_MM / WIDTH_MM)), Image.Resampling.LANCZOS)
    scene.paste(card, (100, 90))
    blurred = scene.filter(ImageFilter.GaussianBlur(0.6))
    assert [data for data, _ in read_back(tmp_path / "shown", [blurred])] == [b"0000123"]


def test_what_was_issued_as_qr_is_printed_as_qr_and_long_codes_too(tmp_path: Path) -> None:
    """A code too long for bars that a scanner reads becomes a square; one too long for that is refused."""
    faces = [face("0042", CredentialKind.QR), face("0042"), face("A" * 60)]
    pdf = cards_pdf(faces, CardLayout(), Paper.CR80, title="cards")
    found = read_back(tmp_path / "shown", [page_picture(pdf, number, dpi=300) for number in range(3)])
    assert found == [(b"0042", "QRCode"), (b"0042", "Code128"), (b"A" * 60, "QRCode")]
    with pytest.raises(CodeTooLong):
        cards_pdf([face("long" * 128)], CardLayout(), Paper.CR80, title="card")


@pytest.mark.parametrize("length", range(1, 60, 4))
def test_bars_and_dots_are_never_narrower_than_scanners_read(length: int) -> None:
    """Nor is a quiet zone given up for them."""
    for value in ("1" * length, "Aa1-" * length):
        bar = codes.bars_of(value, width_mm=WIDTH_MM - 4)
        assert bar is None or bar >= codes.MIN_BAR_MM
    _, dot = codes.square_of("a" * length, side_mm=25)
    assert dot >= codes.MIN_DOT_MM


def test_nothing_is_printed_beside_the_bars() -> None:
    """The rows of the bars are white at both sides, ten bars wide and more, whatever else is on the card."""
    pdf = cards_pdf([face("12345678901234567890")], CardLayout(), Paper.CR80, title="card")
    page = page_picture(pdf, dpi=600).convert("1")
    dots = page.width / WIDTH_MM
    rows = page.crop((0, round((HEIGHT_MM - 10) * dots), page.width, round((HEIGHT_MM - 3) * dots)))
    bars = ImageChops.invert(rows.convert("L")).getbbox()
    assert bars is not None
    quiet = min(bars[0], page.width - bars[2]) / dots
    assert quiet >= 10 * codes.MIN_BAR_MM


def test_a_card_has_the_size_of_a_card() -> None:
    """ISO/IEC 7810 ID-1 to a tenth of a millimetre, a page for each; with texts on the back two."""
    faces = [face("1"), face("2")]
    one = page_picture(cards_pdf(faces, CardLayout(), Paper.CR80, title="cards"), dpi=254)
    assert (one.width / 10, one.height / 10) == pytest.approx((85.6, 54.0), abs=0.11)
    both_sides = cards_pdf(faces, CardLayout(back_en="Found? Please return it."), Paper.CR80, title="cards")
    assert page_png(both_sides, 3)[:4] == b"\x89PNG"
    with pytest.raises(IndexError):
        page_picture(cards_pdf(faces, CardLayout(), Paper.CR80, title="cards"), 2)


def test_the_back_lies_behind_its_front() -> None:
    """A sheet of one card has its back in the other column."""
    layout = CardLayout(back_en="Found? Please return it.")
    pdf = cards_pdf([face("1")], layout, Paper.A4, title="card")
    back = page_picture(pdf, 1, dpi=100)
    assert cut(back, Paper.A4, 0).convert("L").getextrema()[0] > 200
    assert cut(back, Paper.A4, 1).convert("L").getextrema()[0] < 100


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Zoé Roy", ["Zoé Roy"]),
        ("Marie-Françoise de la Rochefoucauld-Montbel", ["Marie-Françoise de la", "Rochefoucauld-Montbel"]),
    ],
)
def test_names_are_fitted(name: str, lines: list[str]) -> None:
    """Two lines before letters get small."""
    assert lettering.fitted(name, lettering.BOLD, width=150, largest=13, smallest=7.5, most_lines=2)[1] == lines


def test_a_name_without_end_ends_in_an_ellipsis_within_its_width() -> None:
    """And a card with it is drawn."""
    size, lines = lettering.fitted("W" * 400, lettering.BOLD, width=150, largest=13, smallest=7.5, most_lines=2)
    assert size == 7.5
    assert lines[-1].endswith("…")
    cards_pdf([face("1", name="W" * 400, organization="M" * 300)], CardLayout(), Paper.CR80, title="card")


def test_the_font_has_what_names_need() -> None:
    """French with its ligatures, and the names of people who came from elsewhere."""
    lettering.fonts()
    for font in (lettering.PLAIN, lettering.BOLD):
        known = pdfmetrics.getFont(font).face.charToGlyph
        assert [
            each for each in "éèêëàâçîïôùûüÿœŒæÆŠšłŁžćčěřőűșțńśźđðþİıåøßñ«»–—’…№ЖщΩ" if ord(each) not in known
        ] == []


@pytest.mark.parametrize(("colour", "ink"), [("#ffffff", 0), ("#ffd500", 0), ("#1b4f8a", 255), ("#000000", 255)])
def test_the_organizations_name_stands_out_from_any_colour(colour: str, ink: int) -> None:
    """Black on bright ones, white on dark ones."""
    pdf = cards_pdf([face("1", organization="MMMMMMMM")], CardLayout(colour=colour), Paper.CR80, title="card")
    band = page_picture(pdf, dpi=200).convert("L").crop((30, 30, 300, 50))
    darkest, brightest = band.getextrema()
    assert (darkest if ink == 0 else brightest) == pytest.approx(ink, abs=25)


def test_no_card_is_no_pdf() -> None:
    """There is nothing to print."""
    with pytest.raises(ValueError, match="no card"):
        cards_pdf([], CardLayout(), Paper.A4, title="cards")


def test_initials_stand_in_for_a_face() -> None:
    """Something is drawn where the picture would be."""
    blank = replace(face("1"), initials="")
    drawn, without = (
        page_picture(cards_pdf([each], CardLayout(), Paper.CR80, title="c"), dpi=100) for each in (face("1"), blank)
    )
    assert ImageChops.difference(drawn, without).getbbox() is not None
    assert drawing.WIDTH_MM == 85.60
