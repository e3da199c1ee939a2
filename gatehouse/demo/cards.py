"""Printed membership cards of the sample people: CR80 (85.6 x 54 mm) at 300 dots an inch,."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from PIL import Image, ImageDraw, ImageFont

from gatehouse.demo.people import SamplePerson
from gatehouse.demo.portraits import draw_portrait
from hardware.simulated import code_image

__all__ = ["CARD_SIZE", "draw_card", "held_up"]

CARD_SIZE = (1012, 638)
_INK, _PAPER, _BAND = "#14303d", "#fbfaf7", "#0f5c66"


_FONT = files("reportlab") / "fonts" / "Vera.ttf"


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), size)


def draw_card(person: SamplePerson) -> Image.Image:
    """The front of a person's card: organization, portrait, name, member ID and the code."""
    card = Image.new("RGB", CARD_SIZE, _PAPER)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, CARD_SIZE[0], 104), fill=_BAND)
    draw.text((40, 26), "North River  ·  Rivière-Nord", fill="#ffffff", font=_font(42))
    card.paste(_portrait(person), (40, 140))
    draw.text((372, 138), person.first, fill=_INK, font=_font(58 if len(person.first) < 14 else 42))
    draw.text((372, 212), person.last, fill=_INK, font=_font(46 if len(person.last) < 16 else 32))
    draw.text((372, 284), person.member_id, fill="#5a6b72", font=_font(34))
    if person.symbology == "QRCode":
        code = code_image(person.member_id, "QRCode", scale=9)
        card.paste(code, (CARD_SIZE[0] - code.width - 30, CARD_SIZE[1] - code.height - 24))
    else:
        code = code_image(person.member_id, "Code128", scale=4, height=150)
        card.paste(code, (CARD_SIZE[0] - code.width - 20, 356))
    return card


def _portrait(person: SamplePerson) -> Image.Image:
    if person.has_picture:
        return draw_portrait(person.full_name, age=person.age, has_beard=person.has_beard).resize(
            (300, 375), Image.Resampling.LANCZOS
        )
    blank = Image.new("RGB", (300, 375), "#e3e7e8")
    initials = (person.first[:1] + person.last[:1]).upper()
    ImageDraw.Draw(blank).text((150, 187), initials, fill="#5a6b72", font=_font(110), anchor="mm")
    return blank


def held_up(card: Image.Image, person: SamplePerson) -> Image.Image:
    """The card as a hand holds it to a camera: smaller and at an angle of up to six degrees."""
    angle = hashlib.sha256(person.key.encode()).digest()[0] % 13 - 6
    smaller = card.resize((860, 542), Image.Resampling.LANCZOS)
    return smaller.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC, fillcolor="#6d7378")
