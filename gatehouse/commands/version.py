"""`gatehouse version`."""

from gatehouse import __version__

__all__ = ["version"]


def version() -> None:
    """Print the version of Gatehouse."""
    print(__version__)
