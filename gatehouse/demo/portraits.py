"""Portraits of people who do not exist, drawn from shapes: the same name always has the same face."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

__all__ = ["PORTRAIT_SIZE", "draw_portrait", "portrait_jpeg"]

PORTRAIT_SIZE = (600, 750)
_SCALE = 2
_SKINS = ("#f6d7bd", "#eec1a0", "#d9a077", "#b97a50", "#8d5a3a", "#6b412a")
_HAIRS = ("#2b211d", "#4a3022", "#7a4a28", "#b5803f", "#d8b271", "#8d8d90", "#a5432d")
_SHIRTS = ("#2f5d62", "#7b4b94", "#b5543c", "#3c6e9f", "#5a7d4a", "#c08a2e", "#4d4f66")
_FIELDS = ("#e7eef2", "#f1ebe1", "#e6efe6", "#efe6ee", "#e9e9f3", "#f3ebe6")


@dataclass(frozen=True, slots=True)
class _Look:
    skin: str
    hair: str
    shirt: str
    field: str
    style: int
    has_glasses: bool
    has_beard: bool
    smile: int
    width: int


def _look(name: str, age: str, has_beard: bool) -> _Look:
    seed = hashlib.sha256(name.encode()).digest()
    return _Look(
        skin=_SKINS[seed[0] % len(_SKINS)],
        hair=_HAIRS[seed[1] % (len(_HAIRS) if age == "adult" else 5)],
        shirt=_SHIRTS[seed[2] % len(_SHIRTS)],
        field=_FIELDS[seed[3] % len(_FIELDS)],
        style=seed[4] % 4,
        has_glasses=seed[5] % 4 == 0,
        has_beard=has_beard,
        smile=18 + seed[7] % 16,
        width=116 + seed[8] % 20,
    )


def _shade(colour: str, factor: float) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return int(red * factor), int(green * factor), int(blue * factor)


class _Canvas:
    """Draws in portrait units (600 x 750) on a larger picture, so that edges come out smooth."""

    def __init__(self, field: str) -> None:
        size = (PORTRAIT_SIZE[0] * _SCALE, PORTRAIT_SIZE[1] * _SCALE)
        self.image = Image.new("RGB", size, field)
        self._draw = ImageDraw.Draw(self.image)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: object) -> None:
        self._draw.ellipse([_SCALE * each for each in (x - rx, y - ry, x + rx, y + ry)], fill=fill)  # type: ignore[arg-type]

    def block(self, x: float, y: float, rx: float, ry: float, radius: float, fill: object) -> None:
        box = [_SCALE * each for each in (x - rx, y - ry, x + rx, y + ry)]
        self._draw.rounded_rectangle(box, radius=radius * _SCALE, fill=fill)  # type: ignore[arg-type]

    def arc(self, x: float, y: float, rx: float, ry: float, span: tuple[int, int], width: float, fill: object) -> None:
        box = [_SCALE * each for each in (x - rx, y - ry, x + rx, y + ry)]
        self._draw.arc(box, *span, fill=fill, width=int(width * _SCALE))  # type: ignore[arg-type]

    def ring(self, x: float, y: float, r: float, width: float, fill: object) -> None:
        self.arc(x, y, r, r, (0, 360), width, fill)

    def pie(self, x: float, y: float, rx: float, ry: float, span: tuple[int, int], fill: object) -> None:
        self._draw.pieslice([_SCALE * each for each in (x - rx, y - ry, x + rx, y + ry)], *span, fill=fill)  # type: ignore[arg-type]


def draw_portrait(name: str, *, age: str = "adult", has_beard: bool = False) -> Image.Image:
    """An RGB portrait of `PORTRAIT_SIZE`; `age` is "child", "teen" or "adult"."""
    look = _look(name, age, has_beard)
    canvas = _Canvas(look.field)
    is_young = age == "child"
    top = 330 if is_young else 310
    canvas.oval(300, 330, 250, 250, _shade(look.field, 0.95))
    if look.style in (1, 2):
        _long_hair(canvas, look, top)
    _body(canvas, look, is_young)
    _head(canvas, look, top)
    _hair(canvas, look, top)
    _features(canvas, look, top)
    return canvas.image.resize(PORTRAIT_SIZE, Image.Resampling.LANCZOS)


def _long_hair(canvas: _Canvas, look: _Look, top: int) -> None:
    length = 175 if look.style == 1 else 235
    canvas.block(300, top + length / 2 - 20, look.width + 30, length, 120, _shade(look.hair, 0.86))


def _body(canvas: _Canvas, look: _Look, is_young: bool) -> None:
    width = 180 if is_young else 225
    canvas.block(300, 480, 56, 110, 50, _shade(look.skin, 0.86))
    canvas.block(300, 750, width, 190, 130, look.shirt)
    canvas.oval(300, 566, 66, 40, _shade(look.skin, 0.86))
    canvas.arc(300, 566, 78, 52, (10, 170), 16, _shade(look.shirt, 0.8))


def _head(canvas: _Canvas, look: _Look, top: int) -> None:
    for side in (-1, 1):
        canvas.oval(300 + side * (look.width + 2), top + 30, 22, 34, _shade(look.skin, 0.9))
    canvas.block(300, top + 18, look.width, 158, 112, look.skin)
    if look.has_beard:
        canvas.pie(300, top + 60, look.width, 116, (0, 180), look.hair)
        canvas.oval(300, top + 72, look.width - 22, 64, look.skin)


def _hair(canvas: _Canvas, look: _Look, top: int) -> None:
    canvas.pie(300, top - 26, look.width + 14, 142, (180, 360), look.hair)
    if look.style == 0:
        canvas.block(300, top - 96, look.width - 6, 56, 50, look.hair)
    elif look.style == 1:
        canvas.pie(300 - 52, top - 40, look.width - 36, 104, (140, 345), look.hair)
    elif look.style == 2:
        canvas.block(300, top - 58, look.width - 2, 42, 40, look.hair)
    else:
        for number in range(7):
            canvas.oval(300 + (number - 3) * 38, top - 104 - (9 - (number - 3) ** 2) * 4, 44, 44, look.hair)


def _features(canvas: _Canvas, look: _Look, top: int) -> None:
    dark = "#33261f"
    for side in (-1, 1):
        x = 300 + side * 48
        canvas.oval(x, top + 22, 17, 14, "#ffffff")
        canvas.oval(x, top + 22, 11, 12, dark)
        canvas.oval(x + 4, top + 17, 4, 4, "#ffffff")
        canvas.arc(x, top - 6, 26, 18, (205, 335), 7, _shade(look.hair, 0.7))
        canvas.oval(300 + side * 72, top + 72, 22, 14, _blush(look.skin))
        if look.has_glasses:
            canvas.ring(x, top + 22, 38, 6, "#3b3b45")
    if look.has_glasses:
        canvas.arc(300, top + 24, 14, 12, (190, 350), 6, "#3b3b45")
    canvas.arc(300, top + 58, 16, 14, (20, 160), 7, _shade(look.skin, 0.78))
    canvas.pie(300, top + 92, 44, look.smile + 8, (0, 180), "#8c2f39")
    canvas.pie(300, top + 92, 38, 12, (0, 180), "#ffffff")


def _blush(skin: str) -> tuple[int, int, int]:
    red, green, blue = _shade(skin, 1.0)
    depth = red / 12
    return min(255, red + 6), max(0, int(green - depth)), max(0, int(blue - depth * 0.9))


def portrait_jpeg(name: str, *, age: str = "adult", has_beard: bool = False) -> bytes:
    """The portrait as a JPEG, the same bytes every time."""
    out = io.BytesIO()
    draw_portrait(name, age=age, has_beard=has_beard).save(out, "JPEG", quality=86, optimize=True)
    return out.getvalue()
