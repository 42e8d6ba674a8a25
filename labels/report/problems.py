"""Checks that failed, and how they name what offends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..tables.checking import ROWS_SHOWN

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from ..errors import TableError
    from ..tables.folder import DatasetFolder


@dataclass(frozen=True)
class Problem:
    """One check that failed."""

    file: str
    """The table's file, relative to the dataset folder."""
    column: str | None
    """The column, where the check is about one."""
    message: str
    """What is wrong, with the first offending rows."""
    count: int = 1
    """How many rows offend."""

    def __str__(self) -> str:
        column = "" if self.column is None else f" column {self.column!r}:"
        return f"{self.file}:{column} {self.message}"


def offending(file: str, column: str, message: str, rows: pl.Series, kind: str = "sample") -> Problem:
    """The problem of some rows, named by their samples or states."""
    shown = ", ".join(repr(name) for name in rows.head(ROWS_SHOWN))
    more = f" … ({len(rows)} in all)" if len(rows) > ROWS_SHOWN else ""
    return Problem(file, column, f"{message}: {kind} {shown}{more}", len(rows))


def as_problem(error: TableError, path: Path, folder: DatasetFolder) -> Problem:
    """The problem that reading a table came upon."""
    return Problem(place_of(path, folder), None, str(error).removeprefix(f"{path}: "))


def place_of(path: Path, folder: DatasetFolder) -> str:
    """A file as problems name it: relative to the folder."""
    return path.relative_to(folder.path).as_posix()
