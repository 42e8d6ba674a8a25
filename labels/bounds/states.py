"""State spaces: what an adaptive agent chooses from.

A `StateSpace` holds the names, costs and, where known, accuracies of one family's states in ascending order
of cost. It is data only; what follows from it is in `bounds`, `frontier` and `selection`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_accuracies, as_costs
from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class StateSpace:
    """The states of one family, ascending by cost.

    Example:
        >>> space = StateSpace.create(["small", "large"], costs=[1.0, 10.0], accuracies=[0.6, 0.8])
        >>> space.names, len(space)
        (('small', 'large'), 2)
    """

    names: tuple[str, ...]
    """Names of the states, unique."""
    costs: NDArray[np.float64]
    """Cost of one inference (n_states,), in the unit of `cost_metric`."""
    accuracies: NDArray[np.float64] | None = None
    """Share of samples that each state gets right (n_states,), 0 to 1; None where unknown."""
    family: str = "family"
    """Name of the state space."""
    cost_metric: str = "gflops"
    """What `costs` counts."""

    @classmethod
    def create(
        cls,
        names: Sequence[str],
        costs: ArrayLike,
        accuracies: ArrayLike | None = None,
        *,
        family: str = "family",
        cost_metric: str = "gflops",
    ) -> StateSpace:
        """Check the states and put them in ascending order of cost.

        Args:
            names: Name of each state, unique.
            costs: Cost of each state (n_states,), above 0.
            accuracies: Accuracy of each state (n_states,), 0 to 1.
            family: Name of the state space.
            cost_metric: What the costs count.

        Raises:
            InputError: Fewer than two states, a name given twice, a cost that is not above 0 and finite, an
                accuracy outside 0 to 1, or lengths that differ.
        """
        if len(set(names)) != len(names):
            twice = next(name for name in names if list(names).count(name) > 1)
            raise InputError(f"{family}: state {twice!r} is given twice")
        values = np.asarray(costs, dtype=np.float64)
        if values.shape != (len(names),):
            raise InputError(f"{family}: {len(names)} names for costs of shape {values.shape}")
        order = np.argsort(values, kind="stable")
        ordered = tuple(names[i] for i in order)
        try:
            checked = as_costs(values[order], names=ordered)
            measured = None
            if accuracies is not None:
                measured = as_accuracies(np.asarray(accuracies)[order], len(names), ordered)
        except InputError as error:
            raise InputError(f"{family}: {error}") from error
        return cls(ordered, checked, measured, family, cost_metric)

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Place of a state in order of cost, from 0.

        Raises:
            InputError: No state has this name.
        """
        if name not in self.names:
            raise InputError(f"{self.family}: no state {name!r}; there are {', '.join(self.names)}")
        return self.names.index(name)

    def take(self, indices: Sequence[int]) -> StateSpace:
        """The space of some of the states, by their places in ascending order."""
        chosen = list(indices)
        return replace(
            self,
            names=tuple(self.names[i] for i in chosen),
            costs=self.costs[chosen],
            accuracies=None if self.accuracies is None else self.accuracies[chosen],
        )

    def without_dominated(self) -> StateSpace:
        """The space without its dominated states.

        Raises:
            InputError: The accuracies are unknown, or a single state is left.
        """
        left_out = self.dominated()
        kept = [i for i in range(len(self)) if i not in left_out]
        if len(kept) < 2:
            raise InputError(f"{self.family}: {self.names[0]!r} dominates all other states; nothing is left to adapt")
        return self.take(kept)

    def dominated(self) -> tuple[int, ...]:
        """States that cost no less than another one that is at least as accurate.

        The closed forms of the paper need `A_1 <= … <= A_N`; without these states it holds.

        Example:
            >>> space = StateSpace.create(["a", "b", "c"], [1.0, 2.0, 3.0], [0.6, 0.5, 0.8])
            >>> [space.names[i] for i in space.dominated()]
            ['b']

        Raises:
            InputError: The accuracies are unknown.
        """
        if self.accuracies is None:
            raise InputError(f"{self.family}: accuracies are needed to find dominated states")
        R, A = self.costs, self.accuracies
        return tuple(
            i for i in range(len(self)) if (A[:i] >= A[i]).any() or ((R[i + 1 :] == R[i]) & (A[i + 1 :] > A[i])).any()
        )
