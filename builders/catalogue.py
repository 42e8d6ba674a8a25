"""What a build has seen of its items: their identifiers and right answers, without their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ..labels.errors import InputError, RunError

if TYPE_CHECKING:
    from .items import Item, Shard

CATALOGUE = pl.Schema(
    {
        "sample_id": pl.String(),
        "target": pl.Int64(),
        "targets": pl.List(pl.Int16),
        "group": pl.String(),
        "place": pl.String(),
        "split_type": pl.String(),
    }
)


class Catalogue:
    """The items of a source, in order."""

    def __init__(self) -> None:
        self.prints: list[str] = []
        """Fingerprint of each shard's items."""
        self._frames: list[pl.DataFrame] = []

    def add(self, shard: Shard[Any]) -> str:
        """Take the items of the next shard; returns their fingerprint."""
        self.prints.append(shard.fingerprint())
        self._frames.append(pl.DataFrame([_row(item) for item in shard.items], schema=CATALOGUE, orient="row"))
        return self.prints[-1]

    def agreeing(self, other: Catalogue) -> Catalogue:
        """The same, if another reading of the source gave the same items.

        Raises:
            RunError: It did not.
        """
        if self.prints != other.prints:
            raise RunError("the source gave other items when it was read again; run the same command again")
        return self

    def items(self) -> pl.DataFrame:
        """One row per item: `sample_id`, `target`, `targets` (all right answers), `group`, `place`, `split_type`.

        Raises:
            InputError: Two items have one identifier.
        """
        items = pl.concat(self._frames) if self._frames else pl.DataFrame(schema=CATALOGUE)
        twice = items.filter(pl.col("sample_id").is_duplicated()).sort("sample_id", maintain_order=True)
        if len(twice):
            raise InputError(
                f"{twice['place'][0]} and {twice['place'][1]} have the same identifier {twice['sample_id'][0]!r}"
            )
        return items


def _row(item: Item) -> tuple[Any, ...]:
    right = [] if item.target is None else [item.target, *getattr(item, "also_right", ())]
    return item.sample_id, item.target, right, item.group, item.place, getattr(item, "split_type", None)
