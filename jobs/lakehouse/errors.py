"""What can go wrong, by what it means for the caller. Exit codes are part of the interface."""

from __future__ import annotations


class Refused(Exception):
    """The request itself can't be met: a wrong setting, an unknown job, every file refused. Exit code 2."""

    exit_code = 2


class Broken(Exception):
    """Integrity is broken: a ledger that doesn't close, a key doubled, an output not as declared. Exit code 3."""

    exit_code = 3
