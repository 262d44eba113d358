"""The two readers."""

from enum import StrEnum


class Reader(StrEnum):
    """A way to read a ticket."""

    FULL = "full"
    """With the encoder, which understands what words mean together."""
    LIGHT = "light"
    """By words and cues alone: less right, for bulk work."""
