"""What a build has seen of its items: their identifiers and right answers, without their content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from ...labels.errors import InputError, RunError
from ...labels.tables.labelling import ABOUT

if TYPE_CHECKING:
    from ..sources.items import Item, Shard

CATALOGUE = pl.Schema(
    {
        "sample_id": pl.String(),
        "target": pl.Int64(),
        "targets": pl.List(pl.Int16),
        "where": pl.String(),
        **dict.fromkeys(ABOUT, pl.String()),
    }
)


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of one shard."""

    index: int
    """Number of the shard, from 0."""
    print: str
    """Fingerprint of its items."""
    rows: pl.DataFrame
    """One row per item, as `CATALOGUE` has it."""

    @classmethod
    def of(cls, shard: Shard[Any]) -> Seen:
        """Look at a shard."""
        rows = pl.DataFrame([_row(item) for item in shard.items], schema=CATALOGUE, orient="row")
        return cls(shard.index, shard.fingerprint(), rows)


class Catalogue:
    """The items of a source, in order."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}

    def add(self, seen: Seen) -> None:
        """Take what was seen of a shard; every pass sees all of them, in any order.

        Raises:
            RunError: Another pass saw other items there.
        """
        if self._seen.setdefault(seen.index, seen).print != seen.print:
            raise RunError("the source gave other items when it was read again; run the same command again")

    @property
    def prints(self) -> list[str]:
        """Fingerprint of each shard's items."""
        return [seen.print for _, seen in sorted(self._seen.items())]

    def items(self) -> pl.DataFrame:
        """One row per item: `sample_id`, `target`, `targets` (all right answers), `where`, `ABOUT`, and its `shard`.

        Raises:
            InputError: Two items have one identifier.
        """
        shards = [seen.rows.with_columns(shard=pl.lit(index)) for index, seen in sorted(self._seen.items())]
        items = pl.concat([pl.DataFrame(schema={**CATALOGUE, "shard": pl.Int32}), *shards])
        twice = items.filter(pl.col("sample_id").is_duplicated()).sort("sample_id", maintain_order=True)
        if len(twice):
            raise InputError(
                f"{twice['where'][0]} and {twice['where'][1]} have the same identifier {twice['sample_id'][0]!r}"
            )
        return items


def _row(item: Item) -> tuple[Any, ...]:
    return (item.sample_id, item.target, list(item.right_answers), item.where, *(getattr(item, name) for name in ABOUT))
