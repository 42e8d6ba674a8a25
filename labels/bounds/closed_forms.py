"""What adaptation can save: the bounds of arXiv 2402.04359, each a function from arrays to a `Bound`.

`exact_bound` needs to know, per sample, which states are right; `conservative_bound`, `constant_alpha_bound` and
`continuous_bound` make do with published accuracies, at the price of an assumption on how errors correlate, which
each docstring states. Costs are positive and ascending, in any unit; accuracies are fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..checks import as_accuracies, as_costs
from ..errors import InputError
from . import formulas
from .forms import FORMS
from .oracle import Agent, oracle

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .forms import BoundName


@dataclass(frozen=True, eq=False)
class Bound:
    """Accuracy and mean cost of an adaptive oracle under one of the paper's forms."""

    bound: BoundName
    """`exact`, `iso-accuracy`, `conservative`, `constant-alpha` or `continuous`."""
    accuracy: float
    """Share of samples that the oracle gets right."""
    mean_cost: float
    """The oracle's mean cost per sample, in the unit of the costs."""
    gain: float
    """`R_N / mean_cost`; not a number where a closed form that does not hold gives no cost above 0."""
    accuracy_gain: float
    """`accuracy` less that of the largest state."""
    alpha: float | None = None
    """The error correlation that the bound assumes; None where it assumes none."""
    shares: NDArray[np.float64] | None = None
    """`P(oracle takes i)` (n_states,). A negative one means that the form does not hold for these accuracies."""


def exact_bound(correct: ArrayLike, costs: ArrayLike, *, agent: Agent = "select") -> Bound:
    """The oracle of Eq. 4 measured on labels (Eq. 5-7); no assumption is made.

    `A = 1 - E_N`, `R = R_1 (1 - E_1 + E_N) + sum_{i>=2} R_i (E_{i-1} - E_i)`; with per-sample costs the plain mean
    of `R_first(x)(x)`.

    Args:
        correct: Which states are right (n_samples, n_states).
        costs: Cost of each state (n_states,) or of each inference (n_samples, n_states).
        agent: Whether only the state that is taken is paid for, or every one tried.

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending.

    Example:
        >>> bound = exact_bound([[True, True], [False, True], [False, False]], costs=[1.0, 10.0])
        >>> round(bound.accuracy, 4), bound.mean_cost, bound.gain
        (0.6667, 4.0, 2.5)
    """
    result = oracle(correct, costs, agent=agent)
    return Bound("exact", result.accuracy, result.mean_cost, result.gain, result.accuracy_gain, shares=result.shares)


def conservative_bound(costs: ArrayLike, accuracies: ArrayLike, *, agent: Agent = "select") -> Bound:
    """Eq. 9: every sample that a state gets wrong, all smaller ones get wrong too (alpha = 1).

    `A = A_N`, `R = R_1 (A_1 + 1 - A_N) + sum_{i>=2} R_i (A_i - A_{i-1})`. Needs `A_1 <= … <= A_N`; where that fails a
    share is negative. An approximation, not a bound in every case: see `docs/bounds.md`.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,).
        agent: Whether only the state that is taken is paid for, or every one tried.

    Raises:
        InputError: Shapes that do not fit, one state, costs not positive and ascending, accuracies outside 0 to 1.

    Example:
        EfficientNet B0-B7 as first published, multiply-adds counted once:

        >>> R = [0.39, 0.70, 1.0, 1.8, 4.2, 9.9, 19, 37]
        >>> A = [0.771, 0.791, 0.801, 0.816, 0.829, 0.836, 0.840, 0.843]
        >>> bound = conservative_bound(R, A)
        >>> round(bound.mean_cost, 5), round(bound.gain, 3)
        (0.72382, 51.118)
    """
    R, A = _arrays(costs, accuracies)
    return bound_by_form("conservative", None, A, R, agent=agent)


def constant_alpha_bound(costs: ArrayLike, accuracies: ArrayLike, alpha: float, *, agent: Agent = "select") -> Bound:
    """Eq. 8: all states but the first share one error correlation alpha.

    `A = 1 - alpha (1 - A_N)`,
    `R = R_1 [A_1 + alpha (1 - A_N)] + R_2 [(1 - A_1) - alpha (1 - A_2)] + alpha sum_{i>=3} R_i (A_i - A_{i-1})`.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,).
        alpha: 0 to 1; the paper's optimistic figure is the least one measured, 1 gives Eq. 9.
        agent: Whether only the state that is taken is paid for, or every one tried.

    Raises:
        InputError: As `conservative_bound`, and alpha outside 0 to 1.

    Example:
        >>> round(constant_alpha_bound([1.0, 2.0, 10.0], [0.5, 0.6, 0.8], alpha=0.5).accuracy, 12)
        0.9
    """
    if not 0 <= alpha <= 1:
        raise InputError(f"alpha: {alpha:g} is not between 0 and 1")
    R, A = _arrays(costs, accuracies)
    return bound_by_form("constant-alpha", None, A, R, float(alpha), agent)


def continuous_bound(costs: ArrayLike, accuracies: ArrayLike) -> Bound:
    """Eq. 11: infinitely many states on the piecewise-linear line through the given ones, alpha = 1.

    `A = A_N`, `R = R_1 (A_1 + 1 - A_N) + integral_{A_1}^{A_N} R(a) da`. There is no cascade of infinitely many states.

    Args:
        costs: Cost of each state (n_states,).
        accuracies: Accuracy of each state (n_states,).

    Raises:
        InputError: As `conservative_bound`.

    Example:
        >>> round(continuous_bound([1.0, 3.0], [0.5, 0.7]).mean_cost, 12)
        1.2
    """
    R, A = _arrays(costs, accuracies)
    return bound_by_form("continuous", None, A, R)


def _arrays(costs: ArrayLike, accuracies: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    R = as_costs(costs)
    return R, as_accuracies(accuracies, len(R))


def bound_by_form(
    name: BoundName,
    E: NDArray[np.float64] | None,
    A: NDArray[np.float64],
    R: NDArray[np.float64],
    alpha: float | None = None,
    agent: Agent = "select",
) -> Bound:
    """The bound of a name, from checked arrays: what every public function here comes to.

    Args:
        name: Name of the bound.
        E: Error profile (n_states,), None where it is unknown.
        A: Accuracies (n_states,).
        R: Costs (n_states,).
        alpha: Error correlation, for `constant-alpha`.
        agent: Whether only the state that is taken is paid for, or every one tried.
    """
    form = FORMS[name]
    figures = form(E, A, R if agent == "select" else formulas.cascade_costs(R), alpha)
    return Bound(
        name,
        float(figures.accuracy),
        float(figures.mean_cost),
        float(figures.gain(R[-1])),
        float(figures.accuracy - A[-1]),
        form.assumed_alpha(alpha),
        figures.shares,
    )
