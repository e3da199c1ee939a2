"""The codes in one still picture, which may take its time: turned, small, faint, inverted or photographed codes.

Looks at the picture as it is, enlarged and turned; only if that finds nothing, at what image processing can do.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import zxingcpp

from hardware.image_codes import ALL_FORMATS, CARD_FORMATS, FoundCode, codes_in, format_set
from hardware.picture_files import grey_planes, open_picture

__all__ = ["codes_in_picture"]

TURNS = (-45, -30, -15, 15, 30, 45)
FINE_TURNS = (-40, -30, -20, -10, 10, 20, 30, 40)
"""Degrees. QR codes are found at any angle; the bars of a linear code only near a multiple of 90 degrees."""
CERTAIN_FORMATS = ("QRCode", "Code128", "DataMatrix", "Aztec", "PDF417", "EAN13")
"""Formats that prove themselves. Others, ITF above all, are seen in many things once one turns and sharpens."""
SMALL_PIXELS = 4_000_000
SMALL_SIDE = 600
"""Below this many pixels on the longer side a picture is enlarged more."""
HARD_LOOK_S = 4.0
"""Seconds after which no further processing is begun."""


@dataclass(frozen=True, slots=True)
class _View:
    """A grey image made from the picture, and the affine map from the picture's pixels to its own."""

    image: Any
    map: Any
    binarizer: Any = None


def codes_in_picture(path: Path, formats: Sequence[str] = CARD_FORMATS) -> list[FoundCode]:
    """Every code found, from top to bottom. Raises PictureUnreadable, or ReaderConfigError for `formats`."""
    wanted = format_set(formats)
    certain = format_set(CERTAIN_FORMATS) if tuple(formats) == ALL_FORMATS else wanted
    planes = list(grey_planes(open_picture(path)))
    found: list[FoundCode] = []
    for view in _plain_views(planes[0]):
        _add(found, view, wanted)
    for view in _turned_views(planes[0]):
        _add(found, view, certain)
    give_up_at = time.monotonic() + HARD_LOOK_S
    for view in _hard_views(planes):
        if time.monotonic() > give_up_at:
            break
        _add(found, view, certain)
        if found:  # what showed a code may show bars in white beside it
            _add(found, replace(view, image=cv2.bitwise_not(view.image)), certain)
            break
    return sorted(found, key=lambda code: (min(y for _, y in code.corners), min(x for x, _ in code.corners)))


def _add(found: list[FoundCode], view: _View, wanted: Any) -> None:
    """Add the view's codes, except what earlier views have found or what lies across such a code: a ghost of it."""
    known = list(found)
    back = np.linalg.inv(view.map)
    for code in codes_in(view.image, wanted, binarizer=view.binarizer):
        placed = replace(code, corners=tuple(_moved(back, corner) for corner in code.corners))
        if not any(_is_same(placed, other) for other in known):
            found.append(placed)


def _is_same(one: FoundCode, other: FoundCode) -> bool:
    if (one.format, one.data) == (other.format, other.data):
        return True
    return _covers(one, other) or _covers(other, one)


def _covers(one: FoundCode, other: FoundCode) -> bool:
    """Whether the middle of `other` lies within `one`."""
    middle = np.mean(other.corners, axis=0)
    outline = np.array(one.corners, dtype=np.float32)
    return bool(cv2.pointPolygonTest(outline, (float(middle[0]), float(middle[1])), True) > -3)


def _moved(matrix: Any, corner: tuple[int, int]) -> tuple[int, int]:
    x, y, _ = matrix @ np.array([corner[0], corner[1], 1.0])
    return round(float(x)), round(float(y))


def _plain_views(plane: Any) -> Iterator[_View]:
    start = _View(np.ascontiguousarray(plane), np.eye(3))
    framed = _framed(start)
    yield start
    yield framed
    # zxing-cpp inverts for codes of modules, not for bars.
    yield replace(framed, image=cv2.bitwise_not(framed.image))
    if plane.size <= SMALL_PIXELS:
        yield _scaled(framed, 2)


def _turned_views(plane: Any) -> Iterator[_View]:
    framed = _framed(_View(np.ascontiguousarray(plane), np.eye(3)))
    for degrees in TURNS:
        yield _turned(framed, degrees)


def _hard_views(planes: Sequence[Any]) -> Iterator[_View]:
    """The likeliest first: light evened out and turned, then blur, grain and faintness, then larger and smaller."""
    framed = [_framed(_View(np.ascontiguousarray(plane), np.eye(3))) for plane in planes]
    even = replace(framed[0], image=_evened(framed[0].image))
    yield even
    for degrees in FINE_TURNS:
        yield _turned(even, degrees)
    for view in framed:
        yield from _processed(view)
    longest = max(planes[0].shape)
    for factor in (3, 4) if longest <= SMALL_SIDE else (2,) if planes[0].size <= SMALL_PIXELS else (0.5, 0.25):
        scaled = _scaled(framed[0], factor)
        yield from _processed(scaled)
        for degrees in TURNS:
            yield _turned(scaled, degrees)
    for view in framed:
        yield from _processed(replace(view, image=cv2.bitwise_not(view.image)))


def _processed(view: _View) -> Iterator[_View]:
    image = view.image
    yield view
    spread = _spread(image)
    yield replace(view, image=spread)
    yield replace(view, image=spread, binarizer=zxingcpp.Binarizer.GlobalHistogram)
    for sigma, weight in ((3, 1.5), (2, 4), (3, 3)):
        soft = cv2.GaussianBlur(spread, (0, 0), sigma)
        yield replace(view, image=cv2.addWeighted(spread, 1 + weight, soft, -weight, 0))
    yield replace(view, image=cv2.GaussianBlur(spread, (0, 0), 1.2))
    yield replace(view, image=cv2.medianBlur(spread, 5))
    yield replace(view, image=cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(image))
    for level in (64, 96, 160, 192):
        yield replace(view, image=cv2.threshold(spread, level, 255, cv2.THRESH_BINARY)[1])


def _spread(image: Any) -> Any:
    """Contrast stretched so that the darkest and brightest percent are black and white."""
    low, high = np.percentile(image, (1, 99))
    if high <= low:
        low, high = float(image.min()), float(image.max()) + 1e-9
    return np.clip((image.astype(np.float32) - low) * (255 / max(high - low, 1.0)), 0, 255).astype(np.uint8)


def _evened(image: Any) -> Any:
    """Uneven light divided out; the light is what remains of the picture when it is made very small."""
    height, width = image.shape
    small = cv2.resize(image, (max(1, width // 16), max(1, height // 16)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(small.shape) / 20)
    light = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.divide(image, np.maximum(light, 1), scale=200)


def _framed(view: _View) -> _View:
    """With a margin: a code cut out right at its edge lacks the quiet zone that finding it needs."""
    height, width = view.image.shape
    margin = max(16, min(height, width) // 10)
    edge = np.concatenate([view.image[0], view.image[-1], view.image[:, 0], view.image[:, -1]])
    low, high = float(view.image.min()), float(view.image.max())
    is_bright = float(np.median(edge)) >= low + 0.4 * (high - low) or float(edge.max()) >= low + 0.6 * (high - low)
    colour = high if is_bright else low
    image = cv2.copyMakeBorder(view.image, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=colour)
    return _View(image, _shift(margin, margin) @ view.map)


def _scaled(view: _View, factor: float) -> _View:
    if factor == 1:
        return view
    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    image = cv2.resize(view.image, None, fx=factor, fy=factor, interpolation=how)
    return _View(image, np.diag([factor, factor, 1.0]) @ view.map)


def _turned(view: _View, degrees: float) -> _View:
    height, width = view.image.shape
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), [0, 0, 1]])
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    new_width, new_height = round(width * cosine + height * sine), round(width * sine + height * cosine)
    turn = _shift((new_width - width) / 2, (new_height - height) / 2) @ turn
    image = cv2.warpAffine(
        view.image, turn[:2], (new_width, new_height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return _View(image, turn @ view.map)


def _shift(x: float, y: float) -> Any:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
