"""What agents are judged by: the labels of one family, and the family that a table of choices is about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..agents.choices import Samples, read_choices, states_of
from ..agents.judged import JudgedSamples
from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..bounds.states import StateSpace
    from ..tables.folder import DatasetFolder

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FamilyLabels:
    """The labels of one family, states ascending by the cost that was asked for."""

    space: StateSpace
    """The states."""
    table: pl.DataFrame
    """Table *labels*."""
    correct: NDArray[np.bool_]
    """Which states are right (n_samples, n_states)."""
    costs: Floats
    """Cost of each state (n_states,), or of each inference (n_samples, n_states)."""
    confidence: Floats
    """Probability that each state gives its answer (n_samples, n_states); not a number where unknown."""
    fold: NDArray[np.int8]
    """Fold of each sample (n_samples,)."""
    folder: DatasetFolder
    """The folder that they are in."""
    cheapest: int
    """Place of the cheapest state in the folder's own order."""

    @classmethod
    def read(cls, folder: DatasetFolder, family: str, cost: str | None, *, sample_costs: bool = False) -> FamilyLabels:
        """Read them from a dataset folder.

        Raises:
            InputError: The folder has no such family, or the metric is not known for all of its states.
            TableError: A table is missing or breaks its schema.
        """
        space, table = folder.state_space(family, cost), folder.labels(family)
        by_index = folder.family_states(family)["state"].to_list()
        order = [by_index.index(state) for state in space.names]
        return cls(
            space=space,
            table=table,
            correct=folder.correct(family)[:, order],
            costs=folder.sample_costs(family)[:, order] if sample_costs else space.costs,
            confidence=folder.confidence(family)[:, order],
            folder=folder,
            cheapest=order[0],
            fold=table["fold"].to_numpy(),
        )

    @cached_property
    def features(self) -> Floats:
        """What the cheapest state outputs (n_samples, n_features)."""
        return self.folder.outputs(self.space.family, self.cheapest)

    def samples(self, place: NDArray[np.int64], class_names: tuple[str, ...]) -> Samples:
        """What choices are checked against."""
        ids = self.table["sample_id"]
        others = np.setdiff1d(np.arange(len(ids)), place)
        unknown = pl.repeat(None, len(ids), dtype=pl.Int64, eager=True)
        targets = self.table["target"] if "target" in self.table.columns else unknown
        return Samples(
            ids=ids[place],
            others=ids[others],
            names=self.space.names,
            costs=self.costs if self.costs.ndim == 1 else self.costs[place],
            targets=targets[place],
            class_names=class_names,
        )

    def judged(self, place: NDArray[np.int64]) -> JudgedSamples:
        """The judged samples."""
        costs = self.costs if self.costs.ndim == 1 else self.costs[place]
        return JudgedSamples.create(self.space.names, self.correct[place], costs)


def open_choices(choices: Path | str | pl.DataFrame) -> tuple[pl.DataFrame, str, str]:
    """A table of choices, how messages name it, and the name of its agent where it has no column for it.

    Raises:
        InputError: The file cannot be read.
    """
    if isinstance(choices, pl.DataFrame):
        return choices, "choices", "agent"
    return read_choices(Path(choices)), str(choices), Path(choices).stem


def family_of(frames: Sequence[pl.DataFrame], folder: DatasetFolder, *, utilities: bool) -> str:
    """The only family that has all states of the choices.

    Raises:
        InputError: No family has them, or several have.
    """
    if len(folder.families) == 1:
        return folder.families[0]
    fitting = []
    for family in folder.families:
        states = set(folder.family_states(family)["state"])
        if all(states <= set(f.columns) if utilities else states_of(f) <= states for f in frames):
            fitting.append(family)
    if len(fitting) == 1:
        return fitting[0]
    found = "no family has" if not fitting else f"families {', '.join(fitting)} all have"
    raise InputError(
        f"{folder.path}: {found} the states of the choices; name one with `family`: {', '.join(folder.families)}"
    )
