"""What a report holds: plain objects with names, filled by `report` and written down by `serialising`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..bounds.overhead import Overhead, with_overhead
from ..errors import InputError
from .comparing import MOST_COMPARED, compares_states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..agents.baselines import AgentResult
    from ..bounds.alpha_range import AlphaRange
    from ..bounds.closed_forms import Bound
    from ..bounds.growing import GreedyPath
    from ..bounds.interval import Interval
    from ..bounds.oracle import Oracle
    from ..bounds.overlap import ErrorOverlap
    from ..bounds.parts import Parts
    from ..bounds.selection import Selection
    from ..bounds.states import StateSpace


@dataclass(frozen=True)
class StateResult:
    """The figures of one state."""

    state: str
    """Its name."""
    cost: float
    """Its cost, in the unit of the cost metric."""
    accuracy: float
    """`A_i`."""
    alpha: float | None
    """`alpha_i`; None without labels, or where the state is never wrong."""
    oracle_share: float | None
    """`P(oracle takes i)`; None without labels."""
    accuracy_interval: Interval | None = None
    """Interval of the accuracy."""
    alpha_interval: Interval | None = None
    """Interval of alpha."""
    oracle_share_interval: Interval | None = None
    """Interval of the oracle's share."""
    utility: float | None = None
    """What leaving the state out costs by Eq. 10, which is Eq. 9's form, in the unit of the costs."""
    utility_exact: float | None = None
    """What it costs the exact oracle; negative where that is cheaper without the state. None without labels."""
    utility_iso: float | None = None
    """What it costs the iso-accuracy oracle; None without labels."""


@dataclass(frozen=True)
class BoundResult:
    """A bound and, where it comes from labels, the intervals of its figures."""

    bound: Bound
    """The bound."""
    gain_interval: Interval | None = None
    """Interval of the gain."""
    mean_cost_interval: Interval | None = None
    """Interval of the mean cost."""
    accuracy_interval: Interval | None = None
    """Interval of the accuracy."""
    overhead: Overhead | None = None
    """The same with the cost of deciding; None where it was not asked for, or the form does not hold."""


@dataclass(frozen=True)
class SelectionResult:
    """The best k states and, where they come from labels, the interval of their gain."""

    selection: Selection
    """The states."""
    gain_interval: Interval | None = None
    """Interval of these states' gain; that they were chosen on the same samples is not in it."""


@dataclass(frozen=True)
class DecisionCost:
    """What one decision of an agent costs: `b0 + b1 R_i` (Eq. 12-13)."""

    b0: float
    """Part that does not depend on the state, in the unit of the costs."""
    b1: float
    """Part of the state's cost."""


@dataclass(frozen=True, eq=False)
class FamilyReport:
    """Everything that `adaptlabels bounds` says of one family."""

    space: StateSpace
    """The states with costs and accuracies."""
    samples: int | None
    """Number of labelled samples; None for published numbers."""
    oracle: Oracle | None
    """The oracle on the labels; None for published numbers."""
    states: tuple[StateResult, ...]
    """The figures of each state, in order of cost."""
    bounds: tuple[BoundResult, ...]
    """The bounds that the input allows."""
    selection: tuple[SelectionResult, ...]
    """The best k states for every k: of the exact gain from labels, under Eq. 9 from published numbers."""
    alpha_range: AlphaRange
    """What the closed form promises from the least alpha to 1: the least of the labels; for published numbers the least
    that was asked for, else 0."""
    selection_iso_accuracy: tuple[SelectionResult, ...] = ()
    """The same for the iso-accuracy gain; empty for published numbers."""
    growing: tuple[GreedyPath, ...] = ()
    """Which state to add next, from the largest on: by the exact and by the iso-accuracy gain from labels, by Eq. 9's
    from published numbers; empty where Eq. 9 does not hold."""
    overlap: ErrorOverlap | None = None
    """Which states err together; None for published numbers."""
    by: str | None = None
    """Column of *labels* that parts the samples; None where no parts were asked for."""
    parts: Parts | None = None
    """The figures by value of that column."""
    cluster: str | None = None
    """Column of *labels* whose values are resampled whole; None where samples are."""
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of a pool: by family, its samples that some other family lacks."""
    agents: tuple[AgentResult, ...] = ()
    """What real agents reach; empty without confidences."""
    warnings: tuple[str, ...] = ()
    """What a reader must know before using the numbers."""
    sample_costs: bool = False
    """Whether exact and iso-accuracy take each sample's own costs; everything else takes the states' mean costs."""
    decision_cost: DecisionCost | None = None
    """What the overhead of each bound rests on; None where none was asked for."""

    @property
    def baseline(self) -> StateResult:
        """The largest state, which every gain is measured against."""
        return self.states[-1]

    def find(self, name: str) -> BoundResult:
        """The first bound of a kind."""
        return next(entry for entry in self.bounds if entry.bound.bound == name)

    def with_overhead(self, b0: float, b1: float) -> FamilyReport:
        """The report with the cost of deciding beside each bound (Eq. 12-13).

        Raises:
            InputError: A cost of deciding is negative or not finite.
        """
        bounds = tuple(
            entry
            if np.isnan(entry.bound.gain)  # the form does not hold, as a warning says
            else replace(entry, overhead=with_overhead(entry.bound.mean_cost, self.baseline.cost, b0=b0, b1=b1))
            for entry in self.bounds
        )
        return replace(self, bounds=bounds, decision_cost=DecisionCost(b0, b1))

    def with_selection_of(self, k: int) -> FamilyReport:
        """The report with the best k states alone.

        Raises:
            InputError: The family does not have as many states, or too many to compare them.
        """
        if not 2 <= k <= len(self.space):
            raise InputError(
                f"`select` is {k}: family {self.space.family!r} has {len(self.space)} states; choose 2 to"
                f" {len(self.space)}"
            )
        if not compares_states(len(self.space)):
            raise InputError(
                f"`select`: family {self.space.family!r} has {len(self.space)} states, and up to {MOST_COMPARED} are"
                " compared with each other; leave dominated states out"
            )
        of_size = [
            tuple(entry for entry in found if entry.selection.k == k)
            for found in (self.selection, self.selection_iso_accuracy)
        ]
        return replace(self, selection=of_size[0], selection_iso_accuracy=of_size[1])
