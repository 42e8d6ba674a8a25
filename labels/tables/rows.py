"""Rows of any number: in parts, each of which has every row of its samples.

Most tables are one part in memory. The parts of a large one lie on disk, and each is read when its turn comes. What
needs all rows asks each part for a small table, and puts these together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from .temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Rows:
    """Rows of one form, no sample in two parts."""

    parts: tuple[pl.LazyFrame, ...]
    """The parts, at least one."""
    folder: TemporaryFolder | None = None
    """Where they lie, if not in memory."""

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Rows:
        """Rows in memory."""
        return cls((frame.lazy(),))

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self.parts[0].collect_schema().names()

    def each(self, change: Callable[[pl.LazyFrame], pl.LazyFrame]) -> Rows:
        """Every part changed in the same way."""
        return Rows(tuple(change(part) for part in self.parts), self.folder)

    def stored(self) -> Rows:
        """The same rows with every change made, so that it is not made again for each question."""
        if self.folder is None:
            return Rows.of(self.frame())
        folder = TemporaryFolder()
        files = [folder.path / f"{number:05d}" for number in range(len(self.parts))]
        for part, file in zip(self.parts, files, strict=True):
            part.collect().write_ipc(file, compression="lz4")
        return Rows(tuple(map(pl.scan_ipc, files)), folder)

    def gather(self, ask: Callable[[pl.LazyFrame], pl.LazyFrame]) -> pl.DataFrame:
        """What each part answers, one after the other."""
        return pl.concat([ask(part).collect() for part in self.parts])

    def distinct(self, *columns: str) -> pl.DataFrame:
        """The different values of some columns, in the order in which they first appear."""
        found = self.gather(lambda part: part.select(columns).unique(maintain_order=True))
        return found.unique(maintain_order=True)

    def frame(self) -> pl.DataFrame:
        """All rows in memory."""
        return self.gather(lambda part: part)
