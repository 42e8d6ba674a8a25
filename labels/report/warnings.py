"""What a reader must know before using the numbers of a report, one sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..bounds.forms import FORMS
from .comparing import MOST_COMPARED, compares_states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ..agents.baselines import AgentResult
    from ..bounds.alpha_range import AlphaRange
    from ..bounds.closed_forms import Bound
    from ..bounds.oracle import Oracle
    from ..bounds.states import StateSpace

RANDOM_WEIGHTS = "the weights were initialised at random, so that these numbers measure nothing"
SLOPE = "dR/dalpha = R_1 (1 - A_N) - R_2 (1 - A_2) + sum_{i>=3} R_i (A_i - A_{i-1})"
"""The sign of which says whether a smaller alpha promises more gain."""
NAMED = 3
"""Samples that a warning names."""
LOSS_TOLERANCE = 0.005
"""Accuracy that an agent may lose beyond what it was allowed before a report warns."""


def falling_accuracies(space: StateSpace, A: NDArray[np.float64], instead: str) -> list[str]:
    """States that are less accurate than the one before them, which the closed forms do not allow."""
    falls = [space.names[i] for i in np.flatnonzero(np.diff(A) < 0) + 1]
    if not falls:
        return []
    return [
        f"accuracy falls at {', '.join(falls)}, but the closed forms (conservative, constant-alpha, continuous) assume"
        f" that it rises with cost: {instead}"
    ]


def negative_shares(space: StateSpace, bounds: Sequence[Bound], instead: str) -> list[str]:
    """Forms under which the oracle takes a state on less than no sample."""
    forms: dict[str, list[str]] = {}
    for bound in bounds:
        if bound.shares is not None and (bound.shares < 0).any():
            names = ", ".join(space.names[i] for i in np.flatnonzero(bound.shares < 0))
            forms.setdefault(names, []).append(bound.bound)
    return [
        f"the oracle's share of {names} comes out negative under {_listed(found)}, so their cost means nothing:"
        f" {instead}"
        for names, found in forms.items()
    ]


def undefined_alphas(space: StateSpace, found: Oracle) -> list[str]:
    """States that are never wrong."""
    undefined = [space.names[i] for i in np.flatnonzero(np.isnan(found.alpha))]
    if not undefined:
        return []
    return [f"alpha is undefined for {', '.join(undefined)}, which is never wrong on these samples"]


def below_exact(bounds: Sequence[Bound], found: Oracle) -> list[str]:
    """Closed forms that promise less cost than the oracle really has."""
    below = [b.bound for b in bounds if not FORMS[b.bound].needs_labels and b.mean_cost < found.mean_cost]
    if not below:
        return []
    return [
        f"{_listed(below)}: less cost than the exact oracle, so no bound here; the assumption on alpha does not hold"
        " (under Eq. 9 an oracle that is never right is cheap, because it falls back to the smallest state); use exact"
        " and iso-accuracy"
    ]


def reversed_alpha(span: AlphaRange, found: Oracle | None) -> list[str]:
    """A closed form whose ends have changed places: alpha = 1 promises more than a smaller alpha."""
    low, high = span.gains
    if not (span.reversed and low < high):
        return []
    exact = "" if found is None else f"; the exact gain is {found.gain:.4g}"
    return [
        f"alpha = 1 (Eq. 9) promises more gain than alpha = {span.least.alpha:.3g}, {high:.4g} instead of {low:.4g}, so"
        f" it is not the conservative end: {SLOPE} is {span.slope:.3g}, below 0{exact}"
    ]


def poor_baseline(space: StateSpace, A: NDArray[np.float64]) -> list[str]:
    """A largest state that is not the most accurate: every gain over it flatters."""
    best = int(np.argmax(A))
    if A[best] <= A[-1]:
        return []
    return [
        f"the largest state, {space.names[-1]}, is less accurate than {space.names[best]}, so that gains over it"
        " flatter: leave dominated states out"
    ]


def left_out_samples(left_out: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Samples that are not in a pool, as only some of its families have them."""
    return [
        f"the pool leaves out {len(samples):,} sample(s) of {family} that other families lack:"
        f" {', '.join(samples[:NAMED])}{', …' if len(samples) > NAMED else ''}"
        for family, samples in left_out.items()
    ]


def costly_agents(agents: Sequence[AgentResult]) -> list[str]:
    """Agents that lose more on new samples than they were fitted to lose."""
    over = [a for a in agents if a.loss > a.allowed_loss + LOSS_TOLERANCE]
    if not over:
        return []
    names = ", ".join(f"{a.agent} {100 * a.loss:.1f} where {100 * a.allowed_loss:.1f} were allowed" for a in over)
    return [f"on the judged samples, agents lose more points of accuracy than on those learned from: {names}"]


def too_many_to_compare(space: StateSpace) -> list[str]:
    """Spaces of so many states that they are not compared with each other."""
    if compares_states(len(space)):
        return []
    return [
        f"{len(space):,} states: up to {MOST_COMPARED} are compared with each other, so there is no selection of the"
        " best few, and no overlap of errors; the bounds are of all states; leave dominated states out, or label fewer"
    ]


def all_warnings(
    space: StateSpace,
    A: NDArray[np.float64],
    found: Oracle | None,
    bounds: Sequence[Bound],
    span: AlphaRange,
    agents: Sequence[AgentResult],
) -> tuple[str, ...]:
    """Every warning of a report.

    Args:
        space: The states.
        A: Accuracies (n_states,).
        found: The oracle on the labels; None for published numbers.
        bounds: The bounds under the states' mean costs.
        span: The closed form from the least alpha to 1.
        agents: What real agents reach.
    """
    instead = "leave dominated states out" + ("" if found is None else ", or use exact and iso-accuracy")
    warnings = (
        too_many_to_compare(space)
        + poor_baseline(space, A)
        + falling_accuracies(space, A, instead)
        + negative_shares(space, bounds, instead)
    )
    if found is not None:
        warnings += undefined_alphas(space, found) + below_exact(bounds, found)
    return (*warnings, *reversed_alpha(span, found), *costly_agents(agents))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))
