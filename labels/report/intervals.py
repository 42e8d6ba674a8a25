"""The figures of a report with their intervals: each is computed once from the labels, and once on all replicates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..bounds import formulas
from ..bounds.closed_forms import bound_by_form
from ..bounds.forms import FORMS
from ..bounds.interval import Interval
from ..bounds.sample_costs import resample_bounds, sample_cost_bounds
from ..bounds.selection import select_conservative, select_from_labels
from ..bounds.utility import conservative_utility, utility_from_labels
from .comparing import compares_states
from .family_report import BoundResult, SelectionResult, StateResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    from numpy.typing import ArrayLike, NDArray

    from ..bounds.bootstrap import Replicates
    from ..bounds.closed_forms import Bound
    from ..bounds.forms import Form
    from ..bounds.oracle import Oracle
    from ..bounds.states import StateSpace


@dataclass(frozen=True, eq=False)
class Alpha:
    """An error correlation that Eq. 8 is computed with."""

    value: float
    """The correlation itself."""
    resampled: float | NDArray[np.float64]
    """The same on resampled label sets, (n_replicates,) where it is measured on them."""


def measured_alpha(found: Oracle, sets: Replicates | None) -> Alpha:
    """The least correlation of the labels, and of every resampled set: the end of the range opposite to 1."""
    value = float(formulas.least_alpha(found.alpha))
    if sets is None:
        return Alpha(value, value)
    return Alpha(value, formulas.least_alpha(formulas.alpha_profile(sets.error_profiles, sets.error_rates)))


def bound_results(
    R: NDArray[np.float64],
    A: NDArray[np.float64],
    E: NDArray[np.float64] | None,
    alphas: Sequence[Alpha],
    sets: Replicates | None,
) -> Iterator[BoundResult]:
    """Every bound that the input allows.

    Args:
        R: Costs (n_states,).
        A: Accuracies (n_states,).
        E: Error profile (n_states,); None where only accuracies are known.
        alphas: Error correlations, each for one bound of Eq. 8.
        sets: Resampled label sets; None for no intervals.
    """
    for name, form in FORMS.items():
        if form.needs_labels and E is None:
            continue
        for alpha in alphas if form.takes_alpha else (None,):
            bound = bound_by_form(name, E, A, R, None if alpha is None else alpha.value)
            yield BoundResult(bound) if sets is None else _with_intervals(bound, form, R, sets, alpha)


def _with_intervals(
    bound: Bound, form: Form, R: NDArray[np.float64], sets: Replicates, alpha: Alpha | None
) -> BoundResult:
    figures = form(sets.error_profiles, sets.accuracies, R, None if alpha is None else alpha.resampled)
    gain = None if np.isnan(bound.gain) else Interval.of(figures.gain(R[-1]))
    return BoundResult(bound, gain, Interval.of(figures.mean_cost), Interval.of(figures.accuracy))


def sample_cost_results(
    correct: ArrayLike, costs: ArrayLike, replicates: int | None, seed: int, clusters: ArrayLike | None = None
) -> dict[str, BoundResult]:
    """The exact and the iso-accuracy bound under per-sample costs, by their names."""
    bounds = sample_cost_bounds(correct, costs)
    if replicates is None:
        return {bound.bound: BoundResult(bound) for bound in bounds}
    sets = resample_bounds(correct, costs, replicates, rng=np.random.default_rng(seed), clusters=clusters)
    return {
        bound.bound: BoundResult(
            bound, Interval.of(found.gain), Interval.of(found.mean_cost), Interval.of(found.accuracy)
        )
        for bound, found in zip(bounds, sets, strict=True)
    }


def published_states(R: NDArray[np.float64], A: NDArray[np.float64], names: Sequence[str]) -> Iterator[StateResult]:
    """The figures of every state from published numbers."""
    utility = conservative_utility(R, A).utility
    for i, name in enumerate(names):
        yield StateResult(name, float(R[i]), float(A[i]), None, None, utility=float(utility[i]))


def measured_states(
    space: StateSpace, correct: ArrayLike, found: Oracle, sets: Replicates | None
) -> Iterator[StateResult]:
    """The figures of every state on labels."""
    R, A = space.costs, found.accuracies
    utility = conservative_utility(R, A).utility
    compared = compares_states(len(space))
    exact, iso = (
        utility_from_labels(correct, R, bound=bound).utility if compared else None
        for bound in ("exact", "iso-accuracy")
    )
    if sets is not None:
        alphas = formulas.alpha_profile(sets.error_profiles, sets.error_rates)
        shares = formulas.exact_shares(sets.error_profiles)
    for i, name in enumerate(space.names):
        alpha = None if np.isnan(found.alpha[i]) else float(found.alpha[i])
        state = StateResult(
            name,
            float(R[i]),
            float(A[i]),
            alpha,
            float(found.shares[i]),
            utility=float(utility[i]),
            utility_exact=None if exact is None else float(exact[i]),
            utility_iso=None if iso is None else float(iso[i]),
        )
        if sets is not None:
            state = replace(
                state,
                accuracy_interval=Interval.of(sets.accuracies[:, i]),
                alpha_interval=Interval.of(alphas[:, i]),
                oracle_share_interval=Interval.of(shares[:, i]),
            )
        yield state


def published_selection(R: NDArray[np.float64], A: NDArray[np.float64]) -> tuple[SelectionResult, ...]:
    """The best states of every number under Eq. 9, which needs accuracies that rise."""
    return tuple(SelectionResult(selection) for selection in select_conservative(R, A))


def measured_selection(
    correct: ArrayLike, R: NDArray[np.float64], bound: Literal["exact", "iso-accuracy"], sets: Replicates | None
) -> tuple[SelectionResult, ...]:
    """The best states of every number on labels."""
    chosen = select_from_labels(correct, R, bound=bound)
    if sets is None:
        return tuple(SelectionResult(selection) for selection in chosen)
    profiles = sets.subset_profiles([selection.indices for selection in chosen])
    results = []
    for selection, E in zip(chosen, profiles, strict=True):
        figures = FORMS[bound](E, sets.accuracies, R[list(selection.indices)])
        results.append(SelectionResult(selection, Interval.of(figures.gain(R[-1]))))
    return tuple(results)
