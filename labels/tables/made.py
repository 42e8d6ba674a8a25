"""Tables that were made and are not yet written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl

    from .info import DatasetInfo


@dataclass(frozen=True)
class FamilyTables:
    """What one family brings to a dataset folder."""

    labels: pl.DataFrame
    """Table *labels*."""
    predictions: pl.DataFrame
    """Table *predictions*."""
    states: pl.DataFrame
    """The family's rows of table *states*."""

    @property
    def family(self) -> str:
        """Name of the family."""
        return str(self.states["family"][0])


class DatasetTables(NamedTuple):
    """What is written as a dataset folder."""

    info: DatasetInfo
    """The benchmark."""
    families: list[FamilyTables]
    """The tables of each family."""
