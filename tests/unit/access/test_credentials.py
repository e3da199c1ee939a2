"""Codes and fingerprints: laws beside the rows of tests/vectors/codes.toml."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.domain.credentials import (
    MAX_CODE_CHARACTERS,
    Code,
    CredentialKind,
    UnreadableCode,
    fingerprint,
    normalise,
    normalise_uid,
    unreadable_fingerprint,
)

KEY = bytes(range(32))
TECHNOLOGIES = st.sampled_from(["barcode", "camera", "nfc"])
SYMBOLOGIES = st.sampled_from([None, "Code128", "QRCode", "NDEF", "UID", ""])


@given(st.binary(max_size=700), TECHNOLOGIES, SYMBOLOGIES)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_code_or_unreadable(data: bytes, technology: str, symbology: str | None) -> None:
    """Never an exception; a code is printable and of the allowed length."""
    read = normalise(data, technology=technology, symbology=symbology)
    if isinstance(read, Code):
        assert 1 <= len(read.value) <= 3 * MAX_CODE_CHARACTERS
        assert read.value.isprintable()
    else:
        assert read.length == len(data)


@given(st.text(min_size=1, max_size=60), st.sampled_from(["\r\n", " ", "\x00", "\x02", "\x03", "\ufeff", "\t\x04 "]))
@settings(max_examples=200, deadline=None)
def test_framing_changes_nothing(text: str, frame: str) -> None:
    """The same code with and without what a scanner puts around it."""
    plain = normalise(text.encode(), technology="barcode")
    framed = normalise((frame + text + frame).encode(), technology="barcode")
    assert isinstance(framed, UnreadableCode) if isinstance(plain, UnreadableCode) else framed == plain


@given(st.sampled_from([4, 7, 10]).flatmap(lambda size: st.binary(min_size=size, max_size=size)).filter(any))
@settings(max_examples=100, deadline=None)
def test_a_uid_is_the_same_as_bytes_and_in_every_writing(uid: bytes) -> None:
    """Bytes, hexadecimal in either case, separated, after 0x, framed."""
    expected = Code(CredentialKind.NFC, uid.hex().upper())
    writings = [uid.hex(), uid.hex().upper(), uid.hex(":"), uid.hex(" "), uid.hex("-"), f"0x{uid.hex()}"]
    for writing in writings:
        for framed in (writing, f"{writing}\r\n", f"\x02{writing}\x03"):
            assert normalise(framed.encode(), technology="nfc") == expected
            assert normalise_uid(framed) == expected.value
    assert normalise(uid, technology="nfc", symbology="UID") == expected


@pytest.mark.parametrize("text", ["", "04", "04A224B", "04A224BZ", "00000000", "04A224B2C3", "0x", "٠٤A224B2"])
def test_no_uid(text: str) -> None:
    """What is not 4, 7 or 10 bytes of hexadecimal, or all zero, is refused."""
    with pytest.raises(ValueError, match="a UID is 4, 7 or 10 bytes"):
        normalise_uid(text)


@pytest.mark.parametrize("technology", ["barcode", "nfc"])
def test_a_hostile_read_of_a_megabyte_is_answered(technology: str) -> None:
    """Framing and white space in turns: stripped in one pass, not in half a million."""
    assert isinstance(normalise(b" \x00" * 500_000, technology=technology), UnreadableCode)


def test_a_problem_quotes_nothing_of_the_code() -> None:
    """Logs and screens never see it."""
    read = normalise(b"SECRET\x00MEMBER", technology="barcode")
    assert isinstance(read, UnreadableCode)
    assert "SECRET" not in read.problem


def test_the_fingerprint_is_a_keyed_hash_in_its_namespace() -> None:
    """32 hexadecimal digits of HMAC-SHA256 over the documented message; stored ones stay findable."""
    message = b"gatehouse/credential/1\0code\0" + "Zoé-0042".encode()
    expected = hmac.new(KEY, message, hashlib.sha256).hexdigest()[:32]
    assert fingerprint(KEY, Code(CredentialKind.BARCODE, "Zoé-0042")) == expected
    assert expected == "ac2868496380b9ad94db78e7e42d13e8"


def test_a_printed_code_is_one_credential_as_barcode_and_as_qr_but_never_a_chip() -> None:
    """And every key has its own fingerprints."""
    barcode = fingerprint(KEY, Code(CredentialKind.BARCODE, "04A224B2"))
    assert barcode == fingerprint(KEY, Code(CredentialKind.QR, "04A224B2"))
    assert barcode != fingerprint(KEY, Code(CredentialKind.NFC, "04A224B2"))
    assert barcode != fingerprint(bytes(32), Code(CredentialKind.BARCODE, "04A224B2"))
    assert barcode != unreadable_fingerprint(KEY, b"04A224B2")
