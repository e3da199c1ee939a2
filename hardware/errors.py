"""What can go wrong with hardware.

HardwareError
├── ReaderConfigError   the configuration is wrong: a person has to change it, retrying cannot help
├── ReaderLost          the reader (or barrier) cannot be reached now: the supervisor tries again
├── RelayLost           the relay cannot be reached now
└── PictureUnreadable   a file is no picture, or none that can be opened
"""

__all__ = ["HardwareError", "PictureUnreadable", "ReaderConfigError", "ReaderLost", "RelayLost"]


class HardwareError(Exception):
    """Base of every error this room raises on purpose."""


class ReaderConfigError(HardwareError):
    """The table of a reader, relay or barrier is wrong; the message says what is wrong and what to write instead."""


class ReaderLost(HardwareError):
    """The reader or barrier cannot be opened or went away; `__cause__` keeps the operating system's error, if any."""


class RelayLost(HardwareError):
    """The relay cannot be opened or went away; `__cause__` keeps the operating system's error, if any."""


class PictureUnreadable(HardwareError):
    """A file holds no picture that can be looked at; the message says why and what to do instead."""
