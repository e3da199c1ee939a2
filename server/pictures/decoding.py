"""The child that decodes one picture: raw bytes on stdin, a new JPEG on stdout, or one word on stderr.

Started by `server.pictures.intake` as a file of its own, so that nothing of the server is in its memory. Everything is
imported first; then it gives up memory, time, files and, because it may open no descriptor any more, the network.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from typing import Final

from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

_LOADED: Final = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_MEMORY_BYTES: Final = 768 * 1024 * 1024
"""25 megapixels with transparency, their upright copy and the copy without transparency are 275 MB."""
_CPU_S: Final = 10
_QUALITY: Final = 85


def _give_up() -> None:
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (most, most))


def _made_anew(raw: bytes, *, box: tuple[int, int], most_pixels: int) -> bytes:
    with Image.open(io.BytesIO(raw), formats=_FORMATS) as opened:
        if opened.width * opened.height > most_pixels:
            raise _TooManyPixels
        opened.draft("RGB", (2 * box[0], 2 * box[1]))
        upright = ImageOps.exif_transpose(opened)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        upright = Image.new("RGB", seen.size, "white")
        upright.paste(seen, mask=seen.getchannel("A"))
    upright = upright.convert("RGB")
    upright.thumbnail(box, Image.Resampling.LANCZOS)
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


class _TooManyPixels(Exception):
    pass


def _warm_up() -> None:
    """Runs everything once, so that nothing has to be imported when no file can be opened any more."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG", "WEBP"):
        out = io.BytesIO()
        Image.new("RGBA" if kind == "PNG" else "RGB", (8, 8)).save(out, kind, exif=exif)
        _made_anew(out.getvalue(), box=(4, 4), most_pixels=64)


def _main() -> str:
    width, height, most_pixels = (int(each) for each in sys.argv[1:])
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None
    _warm_up()
    _give_up()
    raw = sys.stdin.buffer.read()
    try:
        made = _made_anew(raw, box=(width, height), most_pixels=most_pixels)
    except _TooManyPixels:
        return "too_many_pixels"
    except UnidentifiedImageError:
        return "not_a_picture"
    except Exception:  # whatever a decoder says of what it was given: the answer is the same
        return "cannot_be_decoded"
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    return ""


if __name__ == "__main__":
    said = _main()
    sys.stderr.write(said)
    sys.exit(1 if said else 0)
