"""The package's exceptions.

    AdaptLabelsError
    ├── InputError          what the user gave cannot be used; the program exits with status 2
    │   ├── TableError      a table breaks its schema or contradicts another one
    │   └── NoTokenError    the Hub does not accept the user's token, or there is none
    └── RunError            the input was fine, the run failed; the program exits with status 1
        └── ChecksError    a dataset folder was read and does not hold what it claims

Messages are one or two lines: what is wrong, where (file, column, row, option), and what to do. They are
for people, and reach the terminal without a traceback. Anything else that is raised is a defect.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NO_FAULT_OF_THE_USER = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""Errors of the operating system under which the same command may work another time."""


class AdaptLabelsError(Exception):
    """Base of all errors that are raised on purpose."""

    exit_status = 1


class InputError(AdaptLabelsError):
    """A file, table, option or name that the user gave cannot be used."""

    exit_status = 2


class TableError(InputError):
    """A table lacks a column, holds a wrong value, or contradicts another table."""


class NoTokenError(InputError):
    """The Hub does not accept the user's token, or there is none."""


class RunError(AdaptLabelsError):
    """The input was usable, but the run could not be finished."""


class ChecksError(RunError):
    """A dataset folder was read and its tables do not agree with each other."""


def first_line(error: BaseException) -> str:
    """The first line of a library's message, to quote in ours; its type where it says nothing.

    Example:
        >>> first_line(ValueError("no such model")), first_line(AssertionError())
        ('no such model', 'AssertionError')
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def cannot_be_written(path: Path, error: OSError) -> AdaptLabelsError:
    """The error of ours for a file or folder that the operating system does not let us write.

    Example:
        >>> from pathlib import Path
        >>> cannot_be_written(Path("out"), OSError(errno.ENOSPC, "No space left on device"))
        RunError('out: cannot be written (No space left on device)')
    """
    kind = RunError if error.errno in NO_FAULT_OF_THE_USER else InputError
    return kind(f"{path}: cannot be written ({error.strerror or first_line(error)})")
