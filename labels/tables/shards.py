"""Shards of a family's tables: all states of some samples, so few that little memory is enough for them.

Whatever concerns single samples is done shard by shard. The only shard of a family stays in memory. Several lie in a
temporary folder (`TMPDIR` says where), one at a time in memory, until they are written to where they belong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import polars as pl

from .temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .stored import StoredTable

SHARD_ROWS = 2_000_000
"""Rows of *predictions* in a shard, at most."""


class Shard(NamedTuple):
    """Some samples of a family."""

    labels: pl.DataFrame
    """Their rows of table *labels*."""
    predictions: pl.DataFrame
    """Their rows of table *predictions*, of every state."""


class Shards(Protocol):
    """The shards of a family, in order; a list is one such thing."""

    def __len__(self) -> int:
        """How many there are, at least one."""

    def __iter__(self) -> Iterator[Shard]:
        """Each shard, read when its turn comes."""


class SpilledShards:
    """Shards in a temporary folder, which goes when nobody needs them any more."""

    def __init__(self) -> None:
        """None yet."""
        self._folder = TemporaryFolder()
        self._length = 0

    def add(self, shard: Shard) -> None:
        """Write the next shard."""
        for name, frame in shard._asdict().items():
            frame.write_ipc(self._folder.path / f"{self._length}-{name}", compression="lz4")
        self._length += 1

    def __len__(self) -> int:
        """Number of shards."""
        return self._length

    def __iter__(self) -> Iterator[Shard]:
        """Each shard, read when its turn comes."""
        for number in range(self._length):
            yield Shard(*(pl.read_ipc(self._folder.path / f"{number}-{name}") for name in Shard._fields))


class StoredShards:
    """Shards of a dataset folder."""

    def __init__(self, labels: StoredTable, predictions: StoredTable) -> None:
        """Name the tables; nothing is read yet."""
        self._labels, self._predictions = labels, predictions

    def __len__(self) -> int:
        """Number of shards."""
        return len(self._labels.files)

    def __iter__(self) -> Iterator[Shard]:
        """Each shard, read when its turn comes."""
        return map(Shard, self._labels.shards(), self._predictions.shards())


def hold(shards: Iterable[Shard]) -> Shards:
    """A single shard in memory, several on disk."""
    held: list[Shard] = []
    spilled: SpilledShards | None = None
    for shard in shards:
        held.append(shard)
        del shard  # nothing holds it while the next one is made
        if len(held) > 1 and spilled is None:
            spilled = SpilledShards()
        while spilled is not None and held:
            spilled.add(held.pop(0))
    return held if spilled is None else spilled


def in_shards(predictions: pl.DataFrame, n_states: int) -> Iterator[pl.DataFrame]:
    """Predictions in memory, parted by samples.

    Args:
        predictions: Table *predictions* of a family, every state for every sample.
        n_states: Number of states.

    Yields:
        Rows of up to `SHARD_ROWS` // n_states samples, in the order in which these first appear.
    """
    n_samples = max(1, SHARD_ROWS // n_states)
    if len(predictions) <= n_samples * n_states:
        yield predictions
        return
    number = sample_numbers(predictions) // n_samples
    for shard in range(-(-len(predictions) // (n_samples * n_states))):
        yield predictions.filter(number == shard)


def sample_numbers(predictions: pl.DataFrame) -> pl.Series:
    """For each row the number of its sample, in the order of their first appearance."""
    rows = predictions.select("sample_id")
    samples = rows.unique(maintain_order=True).with_row_index("sample")
    return rows.join(samples, on="sample_id", how="left", maintain_order="left")["sample"].cast(pl.UInt64)
