"""Bounds under costs that differ by sample, and their sampling error: rows are resampled with their own costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..checks import as_correct, as_sample_costs
from ..errors import InputError
from .bootstrap import number_clusters
from .closed_forms import exact_bound
from .frontier import iso_accuracy_bound
from .oracle import cheapest_right, first_right

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .closed_forms import Bound


class Resampled(NamedTuple):
    """A bound on resampled samples, each (n_replicates,)."""

    accuracy: NDArray[np.float64]
    """Accuracy of the oracle."""
    mean_cost: NDArray[np.float64]
    """Its mean cost."""
    gain: NDArray[np.float64]
    """Mean cost of the largest state over it."""


def sample_cost_bounds(correct: ArrayLike, costs: ArrayLike) -> tuple[Bound, Bound]:
    """The exact and the iso-accuracy bound under per-sample costs.

    Args:
        correct: Which states are right (n_samples, n_states), states ascending by mean cost.
        costs: Cost of each inference (n_samples, n_states).

    Raises:
        InputError: Shapes that do not fit, no samples, one state, or costs not positive and ascending in the mean.

    Example:
        >>> exact, iso = sample_cost_bounds([[True, True], [False, True]], [[1.0, 4.0], [2.0, 8.0]])
        >>> exact.mean_cost, round(exact.gain, 4)
        (4.5, 1.3333)
    """
    values = np.asarray(costs, dtype=np.float64)
    if values.ndim != 2:
        raise InputError(f"costs: expected shape (n_samples, n_states), got {values.shape}")
    return exact_bound(correct, values), iso_accuracy_bound(correct, values)


def resample_bounds(
    correct: ArrayLike,
    costs: ArrayLike,
    replicates: int,
    *,
    rng: np.random.Generator,
    clusters: ArrayLike | None = None,
) -> tuple[Resampled, Resampled]:
    """The same bounds on label sets whose rows are resampled, costs and all.

    Args:
        correct: Which states are right (n_samples, n_states).
        costs: Cost of each inference (n_samples, n_states).
        replicates: Number of resampled sets.
        rng: Source of randomness.
        clusters: Cluster of each sample (n_samples,), of which whole ones are drawn; None draws samples.

    Raises:
        InputError: As `sample_cost_bounds`, fewer than two replicates, or a single cluster.
    """
    if replicates < 2:
        raise InputError(f"bootstrap: {replicates} replicate(s); an interval needs at least 2")
    matrix = as_correct(correct)
    R = as_sample_costs(costs, matrix.shape)
    member = np.arange(len(matrix)) if clusters is None else number_clusters(clusters, len(matrix))
    n_clusters = int(member.max()) + 1
    _, solvable = first_right(matrix)
    taken = np.take_along_axis(R, cheapest_right(matrix, R, solvable)[:, None], axis=1)[:, 0]
    fallback, largest = R.min(axis=1), R[:, -1]
    order = np.flatnonzero(solvable)[np.argsort((taken - fallback)[solvable], kind="stable")]
    prices = (taken - fallback)[order]  # what being right costs, cheapest first
    exact, iso = np.empty((3, replicates)), np.empty((3, replicates))
    for b in range(replicates):
        counts = np.bincount(rng.integers(0, n_clusters, n_clusters), minlength=n_clusters)[member]
        n_samples = int(counts.sum())
        always = counts @ largest / n_samples
        cost = counts @ taken / n_samples
        exact[:, b] = counts @ solvable / n_samples, cost, always / cost
        wanted = int(counts @ matrix[:, -1])
        bought = _bought(counts[order], prices, wanted)
        least = (counts @ fallback + bought) / n_samples
        iso[:, b] = wanted / n_samples, least, always / least
    return Resampled(*exact), Resampled(*iso)


def _bought(counts: NDArray[np.int64], prices: NDArray[np.float64], wanted: int) -> float:
    """Price of the cheapest `wanted` right answers, of which there are `counts` at each price."""
    held = np.cumsum(counts)
    last = int(np.searchsorted(held, wanted))
    whole = float(counts[:last] @ prices[:last])
    before = int(held[last - 1]) if last else 0
    return whole + (wanted - before) * float(prices[last]) if last < len(prices) else whole
