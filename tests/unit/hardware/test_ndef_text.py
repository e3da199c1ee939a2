"""What an NDEF message says."""

import ndef
import pytest

from hardware.ndef_text import message_text


def message(*records: object) -> bytes:
    return b"".join(ndef.message_encoder(records))


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (message(ndef.UriRecord("https://www.club.example/c/42")), b"https://www.club.example/c/42"),
        (message(ndef.TextRecord("Carte nº 7", "fr")), "Carte nº 7".encode()),
        (message(ndef.Record("application/x", "", b"\x01"), ndef.UriRecord("tel:+15550100")), b"tel:+15550100"),
        (
            message(ndef.Record("application/x", "", b"\x01\x02")),
            message(ndef.Record("application/x", "", b"\x01\x02")),
        ),
        (b"\xd1\x01\x7f\x55\x04", b"\xd1\x01\x7f\x55\x04"),
        (b"\xff\xff\xff", b"\xff\xff\xff"),
        (b"\xd1\x01\x02\x55\x04\xff", b"\xd1\x01\x02\x55\x04\xff"),
    ],
)
def test_the_first_uri_or_text_is_what_a_card_says_and_anything_else_stays_as_it_is(octets: bytes, said: bytes) -> None:
    assert message_text(octets) == said
