"""Tables that were made and are not yet written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from .info import DatasetInfo
    from .shards import Shards


@dataclass(frozen=True)
class FamilyTables:
    """What one family brings to a dataset folder."""

    states: pl.DataFrame
    """The family's rows of table *states*."""
    shards: Shards
    """Its rows of the tables *labels* and *predictions*, shard by shard."""

    @property
    def family(self) -> str:
        """Name of the family."""
        return str(self.states["family"][0])

    @property
    def labels(self) -> pl.DataFrame:
        """Table *labels*, whole."""
        return pl.concat([shard.labels for shard in self.shards])

    @property
    def predictions(self) -> pl.DataFrame:
        """Table *predictions*, whole."""
        return pl.concat([shard.predictions for shard in self.shards])


class DatasetTables(NamedTuple):
    """What is written as a dataset folder."""

    info: DatasetInfo
    """The benchmark."""
    families: list[FamilyTables]
    """The tables of each family."""
