"""What an NDEF message says: its first URI or text, otherwise the message itself. Pure."""

import ndef

__all__ = ["message_text"]


def message_text(octets: bytes) -> bytes:
    """The first URI record (written out in full) or text record as UTF-8.

    A message with neither, or one that does not follow the NFC Forum's NDEF and RTD specifications, comes back
    as it is: whoever knows the card can still make something of it.
    """
    try:
        for record in ndef.message_decoder(octets, errors="relax"):
            if isinstance(record, ndef.UriRecord):
                return str(record.iri).encode()
            if isinstance(record, ndef.TextRecord):
                return str(record.text).encode()
    except (ndef.DecodeError, ValueError, IndexError):
        return octets
    return octets
