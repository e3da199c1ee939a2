"""What comes in as a picture: made anew in a limited child, or refused with a reason."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from server.errors import ServerError
from server.pictures import decoding, intake
from server.pictures.intake import NotAPicture, PictureTooLarge, PictureTooManyPixels, PictureUnreadable, made_anew


def picture(size: tuple[int, int] = (90, 120), kind: str = "PNG", *, mode: str = "RGB", **how: object) -> bytes:
    """A drawn picture: its left half is red, its right half blue."""
    drawn = Image.new(mode, size, "red" if mode.startswith("RGB") else 0)
    if mode == "RGB":
        drawn.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    drawn.save(out, kind, **how)
    return out.getvalue()


def png_that_says(width: int, height: int, data: bytes) -> bytes:
    """A PNG with a true header and whatever data."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def opened(kept: bytes) -> Image.Image:
    """What was kept."""
    shown = Image.open(io.BytesIO(kept))
    shown.load()
    return shown


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_small_jpeg(kind: str) -> None:
    """Of every kind that people have, in the box, nothing of its metadata left."""
    kept = made_anew(picture((1800, 2400), kind))
    shown = opened(kept)
    assert (shown.format, shown.size, shown.mode) == ("JPEG", (720, 960), "RGB")
    assert not shown.getexif()
    assert not {"icc_profile", "comment", "exif"} & shown.info.keys()


def test_a_small_picture_is_not_blown_up() -> None:
    """What is not there is not invented."""
    assert opened(made_anew(picture((90, 120)))).size == (90, 120)


def test_a_turned_picture_stands_upright_and_forgets_where_it_was_taken() -> None:
    """The orientation is applied; position, profile and comment are gone."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    kept = made_anew(picture((120, 90), "JPEG", exif=exif, icc_profile=b"a secret profile", comment=b"a secret"))
    shown = opened(kept)
    assert shown.size == (90, 120)
    top, bottom = shown.getpixel((45, 5)), shown.getpixel((45, 115))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > bottom[0]
    assert b"secret" not in kept
    assert b"Exif" not in kept


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04 a zip", b"<?php echo 1;"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_of_a_file_that_is_two_things_the_picture_remains(kind: str, tail: bytes) -> None:
    """Nothing behind the picture survives, nor what its comments say."""
    assert tail not in made_anew(picture(kind=kind) + tail)


def test_of_an_animated_picture_the_first_frame_is_kept() -> None:
    """A PNG or WebP that moves stands still."""
    frames = [Image.new("RGB", (60, 80), colour) for colour in ("red", "blue", "green")]
    for kind in ("PNG", "WEBP"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=50)
        pixel = opened(made_anew(out.getvalue())).getpixel((30, 40))
        assert isinstance(pixel, tuple)
        assert pixel[0] > 200 > pixel[2]


def test_what_is_transparent_is_white() -> None:
    """Not black, as a JPEG would have it."""
    out = io.BytesIO()
    Image.new("RGBA", (60, 80), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(made_anew(out.getvalue())).getpixel((30, 40)) == (255, 255, 255)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xd8",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"%!PS",
        b"\0" * 100,
        picture(kind="BMP"),
        picture(kind="GIF"),
        picture(kind="TIFF"),
    ],
)
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    """Also pictures of other kinds, whose decoders are never run."""
    with pytest.raises(NotAPicture):
        made_anew(raw)


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"\0" * (intake.MAX_PICTURE_BYTES + 1), PictureTooLarge),
        (png_that_says(50_000, 50_000, zlib.compress(b"\0" * 1_000_000)), PictureTooManyPixels),
        (png_that_says(2**31 - 1, 2**31 - 1, b""), PictureTooManyPixels),
        (picture((5001, 5000)), PictureTooManyPixels),
        (picture((5001, 5000), "JPEG"), PictureTooManyPixels),
        (picture((400, 400))[:300], PictureUnreadable),
        (picture((400, 400), "JPEG")[:900], PictureUnreadable),
        (png_that_says(400, 400, b"not deflated"), PictureUnreadable),
        (png_that_says(5000, 5000, zlib.compress(b"\0" * 100)), PictureUnreadable),
    ],
)
def test_bombs_and_broken_pictures_are_refused(raw: bytes, refusal: type[ServerError]) -> None:
    """Each with a class of its own, so that people are told what to do."""
    with pytest.raises(refusal):
        made_anew(raw)


def test_the_largest_picture_allowed_fits_into_the_child() -> None:
    """25 megapixels with transparency: the memory limit is above what an honest picture needs."""
    assert opened(made_anew(picture((5000, 5000), "PNG", mode="RGBA", compress_level=1))).size == (720, 720)


@pytest.mark.parametrize(
    ("what", "because"),
    [
        ("open('/etc/hostname')", "OSError"),
        ("__import__('socket').socket()", "OSError"),
        ("bytearray(1_000_000_000)", "MemoryError"),
        ("__import__('os').open('/dev/null', 1)", "OSError"),
    ],
)
def test_the_child_can_open_nothing_and_has_little_memory(what: str, because: str) -> None:
    """Were a decoder taken over, it would find no file, no network and no room."""
    folder = str(Path(decoding.__file__).parent)
    lines = (
        f"import sys, socket; sys.path.insert(0, {folder!r}); import decoding; decoding._give_up()",
        "try:",
        f"    {what}",
        "except (OSError, MemoryError) as error:",
        f"    print(isinstance(error, {because}))",
        "else:",
        "    print('it could')",
    )
    done = subprocess.run([sys.executable, "-I", "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
