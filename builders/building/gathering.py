"""From parts to answers: what every state said of some samples, put together from the store.

What is gathered at once becomes a shard of the tables, so that a family need not fit into memory. That needs nothing
but the store, so any machine that sees it can do it.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from ...labels.errors import RunError
from ...labels.tables import shards
from ..running.scores import PART_SCHEMA
from .plan import fingerprint
from .scoring import part_of, part_print

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..running.contract import LoadedState
    from .catalogue import Catalogue
    from .plan import BuildPlan
    from .store import Part, Store

PARTS_AT_ONCE = 16
"""Parts that are read at once: a store behind a URL answers late, but to many."""
COSTS = ("gflops", "gflops_run")
"""Columns of parts whose means go into table *states*."""


@dataclass(frozen=True, eq=False)
class GatherTask:
    """Samples to gather."""

    items: pl.DataFrame
    """Their rows of the catalogue."""
    states: tuple[str, ...]
    """Names of the states."""
    parts: tuple[tuple[tuple[Part, str], ...], ...]
    """For each state the parts that hold these samples, with the fingerprints that they must have."""


class Gathered(NamedTuple):
    """Answers of every state to some samples."""

    answers: pl.DataFrame
    """Columns of the catalogue and of the parts, and the number of the `state`; state by state."""


def gather_tasks(
    plan: BuildPlan, states: Sequence[LoadedState], catalogue: Catalogue, items: pl.DataFrame
) -> list[GatherTask]:
    """Samples in portions, each as large as a shard of the tables may be.

    Args:
        plan: The build.
        states: The family's states.
        catalogue: Knows the fingerprints of the parts.
        items: Rows of the catalogue, in the order of the tables.
    """
    names, prints = tuple(state.backbone.name for state in states), catalogue.prints
    own = [fingerprint(plan, state) for state in states]
    tasks = []
    for portion in items.iter_slices(max(1, shards.SHARD_ROWS // len(states))):
        holders = portion["shard"].unique().sort().to_list()
        parts = tuple(
            tuple((part_of(state, shard), part_print(print_, prints[shard])) for shard in holders)
            for state, print_ in zip(states, own, strict=True)
        )
        tasks.append(GatherTask(portion, names, parts))
    return tasks


def gather(store: Store, task: GatherTask) -> Gathered:
    """Read what every state answered.

    Args:
        store: Holds the parts.
        task: The samples.

    Raises:
        RunError: A part is missing.
    """
    samples = task.items.drop("shard")
    with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
        found = [
            samples.join(_answers(store, task, state, pool), on="sample_id", how="left", maintain_order="left")
            for state in range(len(task.states))
        ]
    return Gathered(
        pl.concat(rows.with_columns(state=pl.lit(state, dtype=pl.Int64)) for state, rows in enumerate(found))
    )


def _answers(store: Store, task: GatherTask, state: int, pool: ThreadPoolExecutor) -> pl.DataFrame:
    """The rows of one state's parts that are about these samples."""
    wanted = task.items.select("sample_id")

    def read(part: tuple[Part, str]) -> pl.DataFrame | None:
        rows = store.get(*part)
        # An earlier version may have kept other types.
        return None if rows is None else rows.cast(PART_SCHEMA).join(wanted, "sample_id", "semi", maintain_order="left")

    found = list(pool.map(read, task.parts[state]))
    there = [rows for rows in found if rows is not None]
    if len(there) < len(found):
        raise RunError(
            f"state {task.states[state]!r} lacks {len(found) - len(there)} of {len(found)} parts, though all were made;"
            " run the same command again"
        )
    return pl.concat(there)


def without_problems(gathered: Gathered) -> tuple[Gathered, dict[str, str]]:
    """The answers to samples that every state could use; and why others could not be, by their identifiers."""
    answers = gathered.answers
    bad = answers.filter(pl.col("problem").is_not_null())
    left_out = dict(zip(bad["sample_id"], bad["problem"], strict=True))
    if left_out:
        answers = answers.filter(~pl.col("sample_id").is_in(list(left_out)))
    return Gathered(answers.drop("problem")), left_out


class MeanCosts:
    """Mean costs of the states over all samples that were gathered."""

    def __init__(self, n_states: int) -> None:
        """No samples yet."""
        self._samples = 0
        # In extended precision, as the mean must not depend on how samples are parted.
        self._sums = {name: np.zeros(n_states, dtype=np.longdouble) for name in COSTS}

    def add(self, gathered: Gathered) -> None:
        """Take some samples."""
        for name, sums in self._sums.items():
            values = gathered.answers[name].to_numpy().reshape(len(sums), -1)
            self._sums[name] = sums + values.sum(axis=1, dtype=np.longdouble)
        self._samples += values.shape[1]

    def of(self, name: str) -> list[float | None]:
        """Mean of a column for each state; None where it is not known."""
        means = (self._sums[name] / self._samples).astype(np.float64).tolist()
        return [None if math.isnan(mean) else mean for mean in means]
