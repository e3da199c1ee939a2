"""A camera as a reader of codes: OpenCV for the frames, zxing-cpp for the codes.

| Works with | Tested on |
|---|---|
| video devices (`source = 0`, `"/dev/video2"`) | not here |
| MJPEG over HTTP | real stream from the simulated camera |
| video files, folders of images | files written by the tests |

Decodes only frames in which something changed (`FrameGate`); a code counts again once it was out of view.
"""

import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Self

from hardware.api import Read, Technology
from hardware.config import Table
from hardware.errors import ReaderLost
from hardware.frame_gate import FrameGate, Verdict
from hardware.frames import FrameSource, RecordingEnded, source_of
from hardware.image_codes import CARD_FORMATS, codes_in, format_set

__all__ = ["CameraReader"]

import cv2

from hardware.sightings import Sightings

SLICE_S = 0.2
MAX_SIDE = 1920
"""Larger frames are made smaller before decoding: a card that fills a fifth of the width stays readable."""

Region = tuple[float, float, float, float]


class CameraReader:
    """A Reader over one camera. `region` is x, y, width, height as fractions of the frame."""

    technology = Technology.CAMERA

    def __init__(
        self,
        *,
        name: str,
        source: int | str,
        formats: Sequence[str] = CARD_FORMATS,
        region: Region | None = None,
        repeat_after_s: float = 3.0,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        loop: bool = False,
    ) -> None:
        self.name = name
        self._source = source
        self._formats = format_set(formats, label=f'reader "{name}": formats')
        self._region = region
        self._repeat_after_s = repeat_after_s
        self._size = size
        self._fps = fps
        self._loop = loop
        self._frames: FrameSource | None = None

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """From `{source, formats, region, repeat_after_s, width, height, fps, loop}`. Raises ReaderConfigError."""
        width = table.integer("width", 1280, low=160, high=7680)
        height = table.integer("height", 720, low=120, high=4320)
        fps = table.number("fps", 0, low=0, high=240)
        return cls(
            name=table.name,
            source=_source(table),
            formats=table.texts("formats", CARD_FORMATS),
            region=_region(table),
            repeat_after_s=table.number("repeat_after_s", 3.0, low=0.1, high=3600),
            size=(width, height),
            fps=fps or None,
            loop=table.flag("loop", False),
        )

    def open(self) -> None:
        """Open the source. Raises ReaderLost."""
        self.close()
        self._frames = source_of(self._source, size=self._size, fps=self._fps, loop=self._loop)

    def reads(self, stop: threading.Event) -> Iterator[Read]:
        """Yield each code once until it was out of view. Ends with a recording; raises ReaderLost."""
        if self._frames is None:
            raise ReaderLost("the camera is not open")
        gate, sightings = FrameGate(), Sightings(self._repeat_after_s)
        while not stop.is_set():
            try:
                frame = self._frames.next_frame(SLICE_S)
            except RecordingEnded:
                return
            if frame is None:
                continue
            frame = _cropped(frame, self._region)
            verdict = Verdict.DECODE if self._frames.is_still else gate.judge(frame, time.monotonic())
            if verdict is Verdict.STILL:
                sightings.unchanged(time.monotonic())
            elif verdict is Verdict.DECODE:
                yield from self._decode(frame, gate, sightings)

    def close(self) -> None:
        """Close the source."""
        frames, self._frames = self._frames, None
        if frames is not None:
            frames.close()

    def _decode(self, frame: Any, gate: FrameGate, sightings: Sightings) -> Iterator[Read]:
        started_at = time.monotonic()
        found = codes_in(_grey(frame), self._formats)
        now = time.monotonic()
        gate.decoded(took_s=now - started_at, has_found=bool(found), now=now)
        keys: list[Hashable] = [(code.format, code.data) for code in found]
        new = set(sightings.look(keys, now))
        for code in found:
            if (code.format, code.data) in new:
                new.discard((code.format, code.data))
                yield Read.cut(
                    code.data,
                    reader=self.name,
                    technology=self.technology,
                    symbology=code.format,
                    read_at=now,
                )


def _cropped(frame: Any, region: Region | None) -> Any:
    if region is None:
        return frame
    height, width = frame.shape[:2]
    x, y, w, h = region
    left, top = int(x * width), int(y * height)
    return frame[top : max(top + 1, int((y + h) * height)), left : max(left + 1, int((x + w) * width))]


def _grey(frame: Any) -> Any:
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if frame.ndim == 3 else frame
    longest = max(grey.shape)
    if longest > MAX_SIDE:
        grey = cv2.resize(grey, None, fx=MAX_SIDE / longest, fy=MAX_SIDE / longest, interpolation=cv2.INTER_AREA)
    return grey


def _source(table: Table) -> int | str:
    value = table.raw("source")
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 63
    if is_number or (isinstance(value, str) and value):
        return value  # type: ignore[return-value]
    rule = 'must be a camera number such as 0, a URL such as "http://host/stream.mjpg", a video file or a folder'
    raise table.error("source", rule, value)


def _region(table: Table) -> Region | None:
    value = table.raw("region")
    if value is None:
        return None
    rule = "must be four fractions of the picture, [x, y, width, height], such as [0.25, 0.2, 0.5, 0.6]"
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise table.error("region", rule, value)
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= 1 for one in value):
        raise table.error("region", rule, value)
    x, y, w, h = (float(one) for one in value)
    if w == 0 or h == 0 or x + w > 1 or y + h > 1:
        raise table.error("region", rule, value)
    return x, y, w, h
