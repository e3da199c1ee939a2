"""The front of Gatehouse: the command line, and the only place that wires centre and edge together."""

__version__ = "0.1.0"
