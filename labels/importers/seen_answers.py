"""What the answers of a table mean follows from the different ones among them, however many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .answers import as_correct, read_answers
from .files import place_in

if TYPE_CHECKING:
    from pathlib import Path

    from .files import Table

COLUMNS = ("target", "prediction", "correct", "score")
"""Columns that say what was answered, and whether it is right."""
ROW, COUNT, READ = "_row", "_count", "_read_"
"""Columns of the first row with an answer, and of how many rows have it; what the names of read columns begin with."""


@dataclass(frozen=True)
class ReadAnswers:
    """The meaning of the different answers of a table."""

    meaning: pl.DataFrame
    """One row for each: columns of `COLUMNS` as they were written, and those of `Results.rows` that they become, whose
    names begin with `READ`."""
    class_names: tuple[str, ...]
    """Names of the classes; empty where only right and wrong are known."""
    notes: tuple[str, ...]
    """What was assumed."""

    def put_into(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Rows with the meaning of their answers in place of what was written."""
        read = [name for name in self.meaning.columns if name.startswith(READ)]
        written = [name for name in self.meaning.columns if name not in read]
        joined = rows.join(self.meaning.lazy(), on=written, how="left", nulls_equal=True, maintain_order="left")
        return joined.drop(written).rename({name: name.removeprefix(READ) for name in read})


class SeenAnswers:
    """The different answers of a table that comes in pieces."""

    def __init__(self, path: Path, right: str | None = None) -> None:
        """None yet.

        Args:
            path: The table's file, to name in messages.
            right: How messages call the column of right and wrong; by default by its name.
        """
        self._path, self._right = path, right
        self._seen: list[pl.DataFrame] = []

    def add(self, table: Table) -> None:
        """Take the answers of a piece."""
        written = [name for name in COLUMNS if name in table.frame.columns]
        rows = table.frame.select(*written, table.numbers.alias(ROW), pl.lit(1, dtype=pl.UInt32).alias(COUNT))
        self._seen.append(_together([rows], written))
        # Put together when there are twice as many as after the last time, so that this takes little of the whole.
        if sum(map(len, self._seen)) > 2 * len(self._seen[0]):
            self._seen = [_together(self._seen, written)]

    def read(self, threshold: float | None) -> ReadAnswers:
        """What they mean.

        Args:
            threshold: The least score that is right; needed where `correct` or `score` hold other values than 0 and 1.

        Raises:
            TableError: An answer or target is none, or scores lack a threshold; names the first such row.
        """
        written = [name for name in self._seen[0].columns if name in COLUMNS]
        seen = _together(self._seen, written)

        def place(row: int) -> str:
            return f"{self._path} {place_in(self._path, int(seen[ROW][row]))}"

        columns: dict[str, pl.Series] = {}
        names: tuple[str, ...] = ()
        notes: tuple[str, ...] = ()
        if {"target", "prediction"} <= set(seen.columns):
            answers = read_answers(seen["target"], seen["prediction"], place, seen[COUNT])
            columns, names, notes = answers.columns(), answers.class_names, answers.notes
        right = next((column for column in ("correct", "score") if column in seen.columns), None)
        if right is not None:
            given = as_correct(seen[right], threshold, place, self._right)
            if columns and (given != columns["correct"]).any():
                columns, names = {}, ()
                notes = (f"Column {right!r} does not follow from 'target' and 'prediction', so these were left out.",)
            columns["correct"] = given
        read = (values.alias(READ + name) for name, values in columns.items())
        return ReadAnswers(seen.drop(ROW, COUNT).with_columns(read), names, notes)


def _together(found: list[pl.DataFrame], written: list[str]) -> pl.DataFrame:
    """The different answers of some frames, as they first appear, with their first rows and counts."""
    answers = pl.concat(found).group_by(written, maintain_order=True)
    return answers.agg(pl.col(ROW).first(), pl.col(COUNT).sum())
