"""Why a file is not taken in."""

from __future__ import annotations


class FileRefused(Exception):
    """A file that can't be accepted as a whole; one line that its sender can act on, with nothing of a row in it."""
