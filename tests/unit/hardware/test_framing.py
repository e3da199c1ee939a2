"""A byte stream becomes codes: terminators, silence, and streams that never end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.framing import TERMINATORS, Frame, ScanFramer


@pytest.mark.parametrize(
    ("terminator", "stream", "codes"),
    [
        ("any", b"A\rB\nC\r\nD", [b"A", b"B", b"C"]),
        ("cr", b"A\rB\nC\r", [b"A", b"B\nC"]),
        ("lf", b"A\rB\nC\n", [b"A\rB", b"C"]),
        ("tab", b"A\tB\r\t", [b"A", b"B\r"]),
        ("none", b"A\rB\n", []),
        ("any", b"\r\n\r\n\r", []),
        ("any", b"\x00\xff\x80\r", [b"\x00\xff\x80"]),
    ],
)
def test_a_terminator_ends_a_code_and_empty_codes_are_dropped(
    terminator: str, stream: bytes, codes: list[bytes]
) -> None:
    assert [frame.data for frame in ScanFramer(TERMINATORS[terminator]).feed(stream)] == codes


def test_silence_ends_half_a_frame_and_says_nothing_when_nothing_is_held() -> None:
    framer = ScanFramer()
    assert framer.feed(b"HALF") == []
    assert framer.silence() == Frame(b"HALF")
    assert framer.silence() is None


def test_a_code_of_just_the_limit_is_whole_and_one_byte_more_is_cut() -> None:
    framer = ScanFramer(limit=8)
    assert framer.feed(b"12345678\r") == [Frame(b"12345678")]
    assert framer.feed(b"123456789\r") == [Frame(b"12345678", is_oversize=True)]
    assert framer.feed(b"next\r") == [Frame(b"next")]


def test_an_endless_code_gives_one_oversize_frame_and_holds_no_more_than_the_limit() -> None:
    framer = ScanFramer(limit=4096)
    frames = [frame for _ in range(2560) for frame in framer.feed(b"A" * 4096)]
    assert frames == [Frame(b"A" * 4096, is_oversize=True)]
    assert len(framer._held) <= 4097
    assert framer.silence() is None
    assert framer.feed(b"after\r") == [Frame(b"after")]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(1, 7))
def test_how_the_stream_is_chopped_up_changes_nothing(codes: list[bytes], step: int) -> None:
    stream = b"".join(code.replace(b"\r", b".").replace(b"\n", b".") + b"\r\n" for code in codes)
    whole, chopped = ScanFramer(limit=16), ScanFramer(limit=16)
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert [frame for piece in pieces for frame in chopped.feed(piece)] == whole.feed(stream)
