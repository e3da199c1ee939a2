"""Still pictures as people have them: turned, small, faint, inverted, photographed, of every file type."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from hardware.errors import PictureUnreadable, ReaderConfigError
from hardware.image_codes import ALL_FORMATS
from hardware.pictures import codes_in_picture
from hardware.simulated.codes import Symbology, code_image

TEXT = "GH-000123-XYZ"
BOTH: list[Symbology] = ["QRCode", "Code128"]


def card(symbology: Symbology, text: str = TEXT) -> Image.Image:
    """A membership card of 1011 x 638 pixels (ID-1 at 300 dpi)."""
    picture = Image.new("RGB", (1011, 638), (250, 245, 235))
    picture.paste((30, 80, 160), (0, 0, 1011, 110))
    picture.paste((180, 150, 120), (60, 180, 300, 480))
    code = code_image(text, symbology, scale=5 if symbology == "QRCode" else 3)
    picture.paste(code, (1011 - code.width - 40, 638 - code.height - 40))
    return picture


def photographed(picture: Image.Image) -> Image.Image:
    """As held before a phone: in perspective, turned, in uneven light, a little blurred and grainy."""
    random = np.random.default_rng(3)
    width, height = 1600, 1200
    corners = np.array([[0, 0], [1011, 0], [1011, 638], [0, 638]], dtype=np.float32)
    held = np.array([[340, 250], [1300, 315], [1226, 900], [250, 840]], dtype=np.float32)
    frame = cv2.warpPerspective(
        np.asarray(picture),
        cv2.getPerspectiveTransform(corners, held),
        (width, height),
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(100, 100, 100),
    )
    frame = cv2.warpAffine(frame, cv2.getRotationMatrix2D((width / 2, height / 2), 12, 0.9), (width, height))
    light = np.linspace(0.5, 1.1, width)[None, :, None]
    frame = cv2.GaussianBlur(frame, (0, 0), 1.3) * light + random.normal(0, 8, frame.shape)
    return Image.fromarray(np.clip(frame, 0, 255).astype(np.uint8))


def faint(picture: Image.Image) -> Image.Image:
    return picture.point(lambda value: round(130 + (value - 130) * 0.06))


def noisy(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture) + np.random.default_rng(4).normal(0, 40, (*picture.size[::-1], 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


CHANGES: dict[str, Any] = {
    "as printed": lambda picture: picture,
    **{
        f"turned {angle}": lambda picture, angle=angle: picture.rotate(angle, expand=True, fillcolor=(90, 100, 80))
        for angle in (7, 33, 45, 90, 120, 180, 275)
    },
    "small": lambda picture: picture.resize((400, 252), Image.Resampling.LANCZOS),
    "faint": faint,
    "inverted": ImageOps.invert,
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "noisy": noisy,
    "photographed": photographed,
    "in a large photo": lambda picture: ImageOps.expand(picture.resize((700, 442)), 1200, (120, 110, 100)),
    "grey": lambda picture: picture.convert("L"),
    "two colours": lambda picture: picture.convert("1"),
    "palette": lambda picture: picture.convert("P"),
    "CMYK": lambda picture: picture.convert("CMYK").convert("RGB"),
    "with alpha": lambda picture: picture.convert("RGBA"),
    "16 bit": lambda picture: Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257),
    "12 of 16 bit": lambda picture: Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 16),
}


@pytest.mark.parametrize("symbology", BOTH)
@pytest.mark.parametrize("change", CHANGES)
def test_a_card_is_read_however_it_comes(tmp_path: Path, symbology: Symbology, change: str) -> None:
    path = tmp_path / "card.png"
    CHANGES[change](card(symbology)).save(path)
    assert [(code.format, code.text) for code in codes_in_picture(path)] == [(symbology, TEXT)]


@pytest.mark.parametrize("symbology", BOTH)
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255)])
def test_a_code_that_only_its_transparency_shows_is_read(
    tmp_path: Path, symbology: Symbology, colour: tuple[int, int, int]
) -> None:
    code = code_image(TEXT, symbology)
    picture = Image.new("RGBA", code.size, colour)
    picture.putalpha(ImageOps.invert(code))
    picture.save(tmp_path / "code.png")
    assert [code.text for code in codes_in_picture(tmp_path / "code.png")] == [TEXT]


def test_what_only_transparency_shows_may_be_more_than_one_code(tmp_path: Path) -> None:
    page = Image.new("L", (1100, 1500), "white")
    page.paste(code_image("UPPER"), (40, 40))
    page.paste(code_image("LOWER", "Code128"), (40, 780))
    picture = Image.new("RGBA", page.size, "white")
    picture.putalpha(ImageOps.invert(page))
    picture.save(tmp_path / "codes.png")
    assert [code.text for code in codes_in_picture(tmp_path / "codes.png")] == ["UPPER", "LOWER"]


@pytest.mark.parametrize("symbology", BOTH)
def test_a_code_that_only_its_colour_shows_is_read(tmp_path: Path, symbology: Symbology) -> None:
    bars = np.asarray(code_image(TEXT, symbology))[:, :, None] < 128
    Image.fromarray(np.where(bars, [200, 40, 40], [40, 130, 40]).astype(np.uint8)).save(tmp_path / "code.png")
    assert [code.text for code in codes_in_picture(tmp_path / "code.png")] == [TEXT]


@pytest.mark.parametrize("symbology", BOTH)
def test_a_code_cut_out_at_its_edge_is_read(tmp_path: Path, symbology: Symbology) -> None:
    code_image(TEXT, symbology, scale=1, quiet_zone=0).save(tmp_path / "code.png")
    assert [code.text for code in codes_in_picture(tmp_path / "code.png")] == [TEXT]


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp", "tiff"])
def test_every_usual_file_type_is_opened_whatever_its_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"card.{suffix}"
    card("QRCode").save(path)
    path.rename(tmp_path / "card")
    assert [code.text for code in codes_in_picture(tmp_path / "card")] == [TEXT]


def test_several_codes_come_from_top_to_bottom_each_with_its_place(tmp_path: Path) -> None:
    page = Image.new("RGB", (1100, 1500), "white")
    page.paste(card("Code128", "LOWER"), (20, 780))
    page.paste(card("QRCode", "UPPER"), (20, 40))
    page.save(tmp_path / "page.png")
    upper, lower = codes_in_picture(tmp_path / "page.png")
    assert (upper.text, lower.text) == ("UPPER", "LOWER")
    assert all(20 < x < 1031 and 40 < y < 678 for x, y in upper.corners)
    assert all(20 < x < 1031 and 780 < y < 1418 for x, y in lower.corners)


def test_two_cards_with_the_same_code_are_two(tmp_path: Path) -> None:
    page = Image.new("RGB", (2100, 700), "white")
    page.paste(card("QRCode"), (10, 20))
    page.paste(card("QRCode"), (1060, 20))
    page.save(tmp_path / "page.png")
    assert [code.text for code in codes_in_picture(tmp_path / "page.png")] == [TEXT, TEXT]


def test_a_place_found_in_a_turned_view_is_a_place_in_the_picture(tmp_path: Path) -> None:
    picture = Image.new("RGB", (1400, 1400), (200, 200, 200))
    turned = card("Code128").rotate(40, expand=True, fillcolor=(200, 200, 200))
    picture.paste(turned, (100, 100))
    picture.save(tmp_path / "card.png")
    (code,) = codes_in_picture(tmp_path / "card.png")
    xs, ys = zip(*code.corners, strict=True)
    middle = (sum(xs) / 4 - 100, sum(ys) / 4 - 100)
    # The middle of the code on the card, turned as the card was.
    angle = np.radians(40)
    from_centre = np.array([1011 - code_image(TEXT, "Code128", scale=3).width / 2 - 40 - 505.5, 503 - 319.0])
    x = turned.width / 2 + from_centre[0] * np.cos(angle) + from_centre[1] * np.sin(angle)
    y = turned.height / 2 - from_centre[0] * np.sin(angle) + from_centre[1] * np.cos(angle)
    assert np.hypot(middle[0] - x, middle[1] - y) < 60


def test_a_jpeg_that_says_it_lies_on_its_side_is_set_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    card("Code128").rotate(90, expand=True).save(tmp_path / "card.jpg", exif=exif)
    (code,) = codes_in_picture(tmp_path / "card.jpg")
    assert all(x <= 1011 and 400 < y <= 638 for x, y in code.corners)


@pytest.mark.parametrize("symbology", ["QRCode", "Code128", "Code39", "EAN13", "ITF", "DataMatrix", "Aztec", "PDF417"])
def test_every_kind_of_code_is_found_when_all_are_asked_for(tmp_path: Path, symbology: Symbology) -> None:
    text = {"EAN13": "4006381333931", "ITF": "12345678"}.get(symbology, "GH 42")
    code_image(text, symbology).save(tmp_path / "code.png")
    found = [code.text for code in codes_in_picture(tmp_path / "code.png", ALL_FORMATS)]
    assert found == [text]
    if symbology not in BOTH:
        assert codes_in_picture(tmp_path / "code.png") == []


def test_an_unknown_format_is_refused_by_name(tmp_path: Path) -> None:
    card("QRCode").save(tmp_path / "card.png")
    with pytest.raises(ReaderConfigError, match="'QR' is no code format"):
        codes_in_picture(tmp_path / "card.png", ["QR"])


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (1, 500), (640, 360)])
def test_a_picture_without_a_code_has_none(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (90, 90, 90)).save(tmp_path / "plain.png")
    assert codes_in_picture(tmp_path / "plain.png") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n%", "PDF is not supported: save the page as a PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG is not supported"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "HEIC"),
        (b"hello", "no picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "picture|damaged"),
    ],
)
def test_a_file_that_is_no_picture_says_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "file.png").write_bytes(content)
    with pytest.raises(PictureUnreadable, match=said):
        codes_in_picture(tmp_path / "file.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp"])
def test_a_picture_that_is_cut_short_is_unreadable(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"card.{suffix}"
    noisy(card("QRCode")).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(PictureUnreadable):
        codes_in_picture(path)


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / "huge.png")
    with pytest.raises(PictureUnreadable, match="9000x9000 pixels are too many"):
        codes_in_picture(tmp_path / "huge.png")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(PictureUnreadable, match="no such file"):
        codes_in_picture(tmp_path / "nothing.png")
