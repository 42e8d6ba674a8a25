"""Some rows of a dataset in parquet files, read where they lie: what another machine needs to read its share alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import fsspec
import pyarrow.parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOOTERS_AT_ONCE = 16
"""Footers that are read at once."""


@dataclass(frozen=True)
class ParquetRows:
    """Consecutive rows of files that follow each other."""

    files: tuple[str, ...]
    """Paths or URLs that fsspec knows."""
    ends: tuple[int, ...]
    """For each file, the rows up to its end."""
    start: int
    """First row."""
    stop: int
    """Row after the last."""

    @classmethod
    def of(cls, files: Sequence[str]) -> ParquetRows:
        """All rows of some files, counted by their footers."""
        with ThreadPoolExecutor(FOOTERS_AT_ONCE) as pool:
            ends = tuple(accumulate(pool.map(_count, files)))
        return cls(tuple(files), ends, 0, ends[-1])

    def __len__(self) -> int:
        return self.stop - self.start

    def slice(self, start: int, stop: int) -> ParquetRows:
        """Rows `start` to `stop - 1`; only the files that they are in."""
        starts = (0, *self.ends[:-1])
        inside = [index for index, end in enumerate(self.ends) if starts[index] < stop and start < end]
        first = starts[inside[0]] if inside else 0
        return ParquetRows(
            tuple(self.files[index] for index in inside),
            tuple(self.ends[index] - first for index in inside),
            start - first,
            stop - first,
        )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        first = 0
        for file, end in zip(self.files, self.ends, strict=True):
            yield from _rows_of(file, max(self.start, first) - first, min(self.stop, end) - first)
            first = end


def _count(file: str) -> int:
    with fsspec.open(file, "rb") as opened:
        return int(pyarrow.parquet.read_metadata(opened).num_rows)


def _rows_of(file: str, start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Rows of one file; of its row groups only those that they are in are read."""
    with fsspec.open(file, "rb") as opened:
        table = pyarrow.parquet.ParquetFile(opened)
        first = 0
        for group in range(table.num_row_groups):
            end = first + table.metadata.row_group(group).num_rows
            begin, length = max(start, first) - first, min(stop, end) - max(start, first)
            if length > 0:
                yield from table.read_row_group(group).slice(begin, length).to_pylist()
            first = end
