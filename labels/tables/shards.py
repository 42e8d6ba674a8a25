"""Shards of a family's tables: all states of some samples, so few that little memory is enough for them.

Whatever concerns single samples is done shard by shard. The only shard of a family stays in memory. Several lie in a
temporary folder (`TMPDIR` says where), one at a time in memory, until they are written to where they belong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

import polars as pl

from .temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from .stored import StoredTable

FramesT = TypeVar("FramesT", bound=tuple[pl.DataFrame, ...])
"""Frames that go together."""
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


class SpilledShards(Generic[FramesT]):
    """Shards in a temporary folder, which goes when nobody needs them any more."""

    def __init__(self, kind: Callable[..., FramesT]) -> None:
        """None yet.

        Args:
            kind: Makes a shard of its frames.
        """
        self._kind = kind
        self._folder = TemporaryFolder()
        self._widths: list[int] = []

    def add(self, shard: FramesT) -> None:
        """Write the next shard."""
        for place, frame in enumerate(shard):
            frame.write_ipc(self._file(len(self), place), compression="lz4")
        self._widths.append(len(shard))

    def __len__(self) -> int:
        """Number of shards."""
        return len(self._widths)

    def __iter__(self) -> Iterator[FramesT]:
        """Each shard, read when its turn comes."""
        for number, width in enumerate(self._widths):
            yield self._kind(*(pl.read_ipc(self._file(number, place)) for place in range(width)))

    def _file(self, shard: int, place: int) -> Path:
        return self._folder.path / f"{shard}-{place}"


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


def hold(shards: Iterable[FramesT], kind: Callable[..., FramesT]) -> list[FramesT] | SpilledShards[FramesT]:
    """A single shard in memory, several on disk.

    Args:
        shards: The shards, each of which is a tuple of frames.
        kind: Makes a shard of its frames.
    """
    held: list[FramesT] = []
    spilled: SpilledShards[FramesT] | None = None
    for shard in shards:
        held.append(shard)
        del shard  # nothing holds it while the next one is made
        if len(held) > 1 and spilled is None:
            spilled = SpilledShards(kind)
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
    number = sample_numbers(predictions["sample_id"], n_states) // n_samples
    for shard in range(-(-len(predictions) // (n_samples * n_states))):
        yield predictions.filter(number == shard)


def sample_numbers(samples: pl.Series, n_states: int) -> pl.Series:
    """For each row the number of its sample, in the order of their first appearance.

    Args:
        samples: Identifier of the sample of each row.
        n_states: Number of states, by which rows that lie in order are known without looking every name up.
    """
    n_samples = len(samples) // n_states
    if n_samples * n_states == len(samples):
        numbers = pl.int_range(n_samples, dtype=pl.UInt64, eager=True)
        if _repeat([samples.slice(state * n_samples, n_samples) for state in range(n_states)]):
            return pl.concat([numbers] * n_states)  # state by state
        if _repeat([samples.gather_every(n_states, state) for state in range(n_states)]):
            return numbers.repeat_by(n_states).explode(empty_as_null=True)  # sample by sample
    rows = samples.to_frame("sample_id")
    numbered = rows.unique(maintain_order=True).with_row_index("number")
    found = rows.join(numbered, on="sample_id", how="left", maintain_order="left")
    return found["number"].cast(pl.UInt64)


def _repeat(names: Sequence[pl.Series]) -> bool:
    """Whether all are the same, and none of their values comes twice."""
    first = names[0]
    return all(other.equals(first) for other in names[1:]) and first.n_unique() == len(first)
