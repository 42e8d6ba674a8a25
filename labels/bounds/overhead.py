"""What deciding costs: the overhead of a real agent, and how much of it the gain can bear (Eq. 12-13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError


@dataclass(frozen=True)
class Overhead:
    """A mean cost with the cost of deciding in it."""

    mean_cost: float
    """`R' = (1 + b1) R + b0`."""
    gain: float
    """`G' = R_N / R'`; below 1, deciding costs more than it saves."""
    break_even: float
    """The `b0` at which `G' = 1`, for the given `b1`; negative where `b1` alone is too much."""


def with_overhead(mean_cost: float, largest_cost: float, *, b0: float = 0.0, b1: float = 0.0) -> Overhead:
    """Add the cost of deciding, `b0 + b1 R_i` per sample, to an oracle's mean cost.

    `R' = (1 + b1) R_oracle + b0`, `G' = R_N / R'`, break-even `b0 = R_N - (1 + b1) R_oracle`.

    Args:
        mean_cost: Mean cost without deciding, as of a `Bound`.
        largest_cost: `R_N`, cost of the largest state.
        b0: Cost of a decision that does not depend on the state, in the unit of the costs.
        b1: Cost of a decision as a share of the state's cost.

    Raises:
        InputError: A cost is not above 0 and finite, or an overhead is negative or not finite.

    Example:
        >>> with_overhead(2.0, 10.0, b0=1.0, b1=0.5)
        Overhead(mean_cost=4.0, gain=2.5, break_even=7.0)
    """
    for name, cost in (("mean cost", mean_cost), ("largest cost", largest_cost)):
        if not (np.isfinite(cost) and cost > 0):
            raise InputError(f"overhead: {name} is {cost:g}; a number above 0 is needed")
    for name, share in (("b0", b0), ("b1", b1)):
        if not (np.isfinite(share) and share >= 0):
            raise InputError(f"overhead: {name} is {share:g}; a number from 0 up is needed")
    cost = (1 + b1) * mean_cost + b0
    return Overhead(cost, largest_cost / cost, largest_cost - (1 + b1) * mean_cost)
