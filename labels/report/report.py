"""Everything that one family's labels, or its published numbers, say about adaptation.

One function gathers the bounds, their intervals, the best small state spaces, what real agents reach, and the warnings
that a reader needs before believing any of it; the command line prints the result and *bounds* stores it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from ..agents.baselines import FEWEST_SAMPLES, AgentResult, compare_agents
from ..bounds import formulas
from ..bounds.bootstrap import REPLICATES, SEED, Replicates, interval, replicate
from ..bounds.closed_forms import Bound, conservative_bound, constant_alpha_bound, continuous_bound, exact_bound
from ..bounds.frontier import iso_accuracy_bound
from ..bounds.oracle import minimum_alpha, oracle
from ..bounds.sample_costs import resample_bounds, sample_cost_bounds
from ..bounds.selection import Selection, select_conservative, select_from_labels
from ..errors import InputError
from ..tables.schemas import BOUNDS_TABLE, polars_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from ..bounds.oracle import Oracle
    from ..bounds.states import StateSpace
    from ..tables.folder import DatasetFolder

CLOSED_FORMS = ("conservative", "constant-alpha", "continuous")
"""Bounds that are computed from accuracies under an assumption on alpha."""
RANDOM_WARNING = "the weights were initialised at random, so that these numbers measure nothing"
LOSS_TOLERANCE = 0.005
"""Accuracy that an agent may lose beyond what it was allowed before a report warns."""
Interval = tuple[float | None, float | None]
"""Ends of a 95 % bootstrap interval; None without labels, or where a figure is undefined."""
UNKNOWN: Interval = (None, None)


@dataclass(frozen=True)
class BoundWithInterval:
    """A bound and, where it comes from labels, the bootstrap intervals of its figures."""

    bound: Bound
    """The bound."""
    gain: Interval = UNKNOWN
    """Interval of the gain."""
    mean_cost: Interval = UNKNOWN
    """Interval of the mean cost."""
    accuracy: Interval = UNKNOWN
    """Interval of the accuracy."""


@dataclass(frozen=True)
class SelectionWithInterval:
    """The best k states and, where they come from labels, the bootstrap interval of their gain."""

    chosen: Selection
    """The states."""
    gain: Interval = UNKNOWN
    """Interval of these states' gain; that they were chosen on the same samples is not in it."""


@dataclass(frozen=True)
class StateIntervals:
    """Bootstrap intervals of the figures of each state, in order of cost."""

    accuracy: tuple[Interval, ...]
    """Intervals of `A_i`."""
    alpha: tuple[Interval, ...]
    """Intervals of `alpha_i`."""
    oracle_share: tuple[Interval, ...]
    """Intervals of `P(oracle takes i)`."""


@dataclass(frozen=True, eq=False)
class FamilyReport:
    """What `adaptlabels bounds` prints of one family."""

    space: StateSpace
    """The states with costs and accuracies."""
    samples: int | None
    """Number of labelled samples; None for published numbers."""
    oracle: Oracle | None
    """The oracle on the labels; None for published numbers."""
    bounds: tuple[BoundWithInterval, ...]
    """The bounds that the input allows."""
    states: StateIntervals
    """Intervals of the states' figures."""
    selection: tuple[SelectionWithInterval, ...]
    """The best k states for every k: of the exact gain from labels, under Eq. 9 from published numbers."""
    selection_iso_accuracy: tuple[SelectionWithInterval, ...]
    """The same for the iso-accuracy gain; empty for published numbers."""
    agents: tuple[AgentResult, ...]
    """What real agents reach; empty without confidences."""
    warnings: tuple[str, ...]
    """What a reader must know before using the numbers."""
    sample_costs: bool = False
    """Whether exact and iso-accuracy take each sample's own costs; everything else takes the states' mean costs."""

    def find(self, name: str) -> BoundWithInterval:
        """The first bound of a kind."""
        return next(entry for entry in self.bounds if entry.bound.bound == name)

    def to_json(self) -> dict[str, Any]:
        """One entry of `families` in the JSON of `adaptlabels bounds`."""
        space = self.space
        accuracies = _known_accuracies(space)
        return {
            "family": space.family,
            "cost_metric": space.cost_metric,
            "samples": self.samples,
            "sample_costs": self.sample_costs,
            "baseline": {
                "state": space.names[-1],
                "cost": float(space.costs[-1]),
                "accuracy": float(accuracies[-1]),
            },
            "states": [self._state(i) for i in range(len(space))],
            "bounds": [_bound_entry(entry) for entry in self.bounds],
            "selection": [self._selected(chosen) for chosen in self.selection],
            "selection_iso_accuracy": [self._selected(chosen) for chosen in self.selection_iso_accuracy],
            "agents": [
                {
                    "agent": result.agent,
                    "allowed_loss": result.allowed_loss,
                    "loss": result.loss,
                    "accuracy": result.accuracy,
                    "mean_cost": result.mean_cost,
                    "gain": float(space.costs[-1] / result.mean_cost),
                    "share_of_saving": _number(result.share_of_saving),
                    **_ends("accuracy", result.accuracy_interval or UNKNOWN),
                    **_ends("mean_cost", result.mean_cost_interval or UNKNOWN),
                    **_ends("share_of_saving", _defined(result.share_interval)),
                }
                for result in self.agents
            ],
            "warnings": list(self.warnings),
        }

    def to_table(self) -> pl.DataFrame:
        """The family's rows of table *bounds*."""
        schema = polars_schema(BOUNDS_TABLE)
        rows = [
            {**entry, "family": self.space.family, "cost_metric": self.space.cost_metric}
            for entry in self.to_json()["bounds"]
        ]
        return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)

    def _state(self, i: int) -> dict[str, Any]:
        found, ends = self.oracle, self.states
        return {
            "state": self.space.names[i],
            "cost": float(self.space.costs[i]),
            "accuracy": float(_known_accuracies(self.space)[i]),
            "alpha": None if found is None else _number(found.alpha[i]),
            "oracle_share": None if found is None else float(found.shares[i]),
            **_ends("accuracy", ends.accuracy[i]),
            **_ends("alpha", ends.alpha[i]),
            **_ends("oracle_share", ends.oracle_share[i]),
        }

    def _selected(self, entry: SelectionWithInterval) -> dict[str, Any]:
        chosen = entry.chosen
        return {
            "k": chosen.k,
            "states": [self.space.names[i] for i in chosen.indices],
            "gain": chosen.gain,
            "share_of_full_gain": chosen.share_of_full_gain,
            "bound": chosen.bound,
            "method": chosen.method,
            "greedy_loss": chosen.greedy_loss,
            **_ends("gain", entry.gain),
        }


def report_family(
    space: StateSpace,
    correct: ArrayLike | None = None,
    *,
    confidence: ArrayLike | None = None,
    features: ArrayLike | None = None,
    sample_costs: ArrayLike | None = None,
    alphas: Sequence[float] = (),
    replicates: int | None = REPLICATES,
    seed: int = SEED,
) -> FamilyReport:
    """Compute all bounds that the input allows.

    Args:
        space: The states with costs and, without labels, accuracies.
        correct: Which states are right (n_samples, n_states); None to work from published accuracies.
        confidence: Probability that each state gives its answer (n_samples, n_states), for real agents.
        features: What the cheapest state outputs (n_samples, n_features), for the learned router.
        sample_costs: Cost of each inference (n_samples, n_states), for the exact and the iso-accuracy bound.
        alphas: Error correlations to add a `constant-alpha` bound for.
        replicates: Bootstrap replicates behind the intervals; None leaves the intervals out.
        seed: Seed of the replicates and of the agents' halves.

    Raises:
        InputError: Neither labels nor accuracies, or anything that the bounds refuse.

    Example:
        >>> from adaptlabels.labels import StateSpace
        >>> space = StateSpace.create(["small", "large"], [1.0, 10.0], [0.6, 0.8], family="demo")
        >>> [(b.bound.bound, round(b.bound.gain, 3)) for b in report_family(space).bounds]
        [('conservative', 3.571), ('constant-alpha', 3.571), ('continuous', 5.263)]
    """
    costs = space.costs
    if correct is None:
        found, accuracies = None, _known_accuracies(space)
        bounds: list[Bound] = []
        # Published numbers say nothing of alpha; the conservative 1 stands in.
        chosen_alphas = (1.0, *alphas)
    else:
        found = oracle(correct, costs)
        accuracies = found.accuracies
        bounds = [exact_bound(correct, costs), iso_accuracy_bound(correct, costs)]
        # The paper's optimistic figure.
        chosen_alphas = (minimum_alpha(found.alpha), *alphas)
    bounds.append(conservative_bound(costs, accuracies))
    bounds += [constant_alpha_bound(costs, accuracies, alpha) for alpha in chosen_alphas]
    bounds.append(continuous_bound(costs, accuracies))
    sets = None
    if correct is not None and replicates is not None:
        sets = replicate(correct, replicates, rng=np.random.default_rng(seed))
    least = None if found is None else bounds[3]
    agents = _agents(correct, costs, confidence, features, replicates, seed)
    warnings = (*_warnings(space, accuracies, found, bounds), *_agent_warnings(agents))
    entries = [_with_intervals(bound, costs, sets, least_alpha=bound is least) for bound in bounds]
    if correct is not None and sample_costs is not None:
        entries[:2] = _sample_cost_entries(correct, sample_costs, replicates, seed)
    return FamilyReport(
        space=replace(space, accuracies=accuracies),
        samples=None if found is None else len(found.states),
        oracle=found,
        bounds=tuple(entries),
        states=_state_intervals(sets, len(space)),
        selection=_select(costs, accuracies, correct, "exact", sets),
        selection_iso_accuracy=() if correct is None else _select(costs, accuracies, correct, "iso-accuracy", sets),
        agents=agents,
        warnings=warnings,
        sample_costs=sample_costs is not None,
    )


def report_folder(
    folder: DatasetFolder,
    family: str,
    *,
    cost: str | None = None,
    pareto: bool = False,
    alphas: Sequence[float] = (),
    replicates: int | None = REPLICATES,
    agents: bool = True,
    sample_costs: bool = False,
) -> FamilyReport:
    """Compute all bounds of one family of a dataset folder.

    Args:
        folder: The dataset folder.
        family: Name of the family.
        cost: Column of *states* that is the cost; `gflops` by default.
        pareto: Leave out states that cost no less than one at least as accurate.
        alphas: Error correlations to add a `constant-alpha` bound for.
        replicates: Bootstrap replicates behind the intervals; None leaves the intervals out.
        agents: Whether to fit real agents, which takes a second or more.
        sample_costs: Whether exact and iso-accuracy take each sample's own GFLOPs instead of the states' means.

    Raises:
        InputError: No such family, a metric that is not known for all of its states, a single state is left, or samples
            have no costs of their own.
        TableError: A table breaks its schema.
    """
    space = folder.state_space(family, cost)
    if sample_costs and space.cost_metric != "gflops":
        raise InputError(f"--sample-costs: samples have GFLOPs of their own, no {space.cost_metric!r}")
    if pareto:
        space = space.without_dominated()
    by_index = folder.family_states(family)["state"].to_list()
    order = [by_index.index(name) for name in space.names]
    confidence = features = None
    if agents:
        confidence, features = (
            folder.confidence(family)[:, order],
            folder.outputs(family, by_index.index(space.names[0])),
        )
    report = report_family(
        space,
        folder.correct(family)[:, order],
        confidence=confidence,
        features=features,
        sample_costs=folder.sample_costs(family)[:, order] if sample_costs else None,
        alphas=alphas,
        replicates=replicates,
    )
    if "random" in folder.family_states(family)["weights"].to_list():
        return replace(report, warnings=(RANDOM_WARNING, *report.warnings))
    return report


def replicate_bound(
    bound: Bound, R: NDArray[np.float64], sets: Replicates, *, least_alpha: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Accuracy and mean cost of a bound on every resampled label set, each (n_replicates,).

    Args:
        bound: The bound on the labels themselves.
        R: Costs (n_states,).
        sets: The resampled label sets.
        least_alpha: Whether a `constant-alpha` bound takes the least alpha of each set, or the one that it has.
    """
    E, A = sets.error_profiles, sets.accuracies
    largest: NDArray[np.float64] = A[:, -1]
    if bound.bound == "exact":
        return 1 - E[:, -1], formulas.exact_shares(E) @ R
    if bound.bound == "iso-accuracy":
        return largest, formulas.frontier_cost(R, formulas.solved_shares(E), largest)
    if bound.bound == "conservative":
        return largest, formulas.conservative_shares(A) @ R
    if bound.bound == "continuous":
        return largest, formulas.continuous_cost(R, A)
    if least_alpha:
        profiles = formulas.alpha_profile(E, sets.error_rates)[:, 1:]
        alpha = np.where(np.isnan(profiles), 1.0, profiles).min(axis=1)
    else:
        alpha = np.full(len(largest), bound.alpha, dtype=np.float64)
    return 1 - alpha * (1 - largest), formulas.constant_alpha_shares(A, alpha) @ R


def _with_intervals(
    bound: Bound, R: NDArray[np.float64], sets: Replicates | None, *, least_alpha: bool
) -> BoundWithInterval:
    if sets is None:
        return BoundWithInterval(bound)
    accuracy, mean_cost = replicate_bound(bound, R, sets, least_alpha=least_alpha)
    gain, cost, right = (_interval(values) for values in (formulas.gain_over(R[-1], mean_cost), mean_cost, accuracy))
    return BoundWithInterval(bound, UNKNOWN if np.isnan(bound.gain) else gain, cost, right)


def _sample_cost_entries(
    correct: ArrayLike, costs: ArrayLike, replicates: int | None, seed: int
) -> list[BoundWithInterval]:
    """The exact and the iso-accuracy bound under per-sample costs."""
    bounds = sample_cost_bounds(correct, costs)
    if replicates is None:
        return [BoundWithInterval(bound) for bound in bounds]
    sets = resample_bounds(correct, costs, replicates, rng=np.random.default_rng(seed))
    return [
        BoundWithInterval(bound, _interval(found.gain), _interval(found.mean_cost), _interval(found.accuracy))
        for bound, found in zip(bounds, sets, strict=True)
    ]


def _state_intervals(sets: Replicates | None, n_states: int) -> StateIntervals:
    if sets is None:
        return StateIntervals(*((UNKNOWN,) * n_states for _ in range(3)))
    E, A = sets.error_profiles, sets.accuracies
    figures = (A, formulas.alpha_profile(E, sets.error_rates), formulas.exact_shares(E))
    return StateIntervals(*(tuple(_interval(values[:, i]) for i in range(n_states)) for values in figures))


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = interval(values)
    return _number(float(low)), _number(float(high))


def _select(
    costs: NDArray[np.float64],
    accuracies: NDArray[np.float64],
    correct: ArrayLike | None,
    bound: Literal["exact", "iso-accuracy"],
    sets: Replicates | None,
) -> tuple[SelectionWithInterval, ...]:
    if correct is None:
        monotone = bool((np.diff(accuracies) >= 0).all())
        chosen = select_conservative(costs, accuracies) if monotone else []
        return tuple(SelectionWithInterval(selection) for selection in chosen)
    chosen = select_from_labels(correct, costs, bound=bound)
    if sets is None:
        return tuple(SelectionWithInterval(selection) for selection in chosen)
    profiles = sets.subset_profiles([selection.indices for selection in chosen])
    found = []
    for selection, E in zip(chosen, profiles, strict=True):
        R = costs[list(selection.indices)]
        if bound == "exact":
            cost = formulas.exact_shares(E) @ R
        else:
            cost = formulas.frontier_cost(R, formulas.solved_shares(E), sets.accuracies[:, -1])
        found.append(SelectionWithInterval(selection, _interval(R[-1] / cost)))
    return tuple(found)


def _agents(
    correct: ArrayLike | None,
    costs: NDArray[np.float64],
    confidence: ArrayLike | None,
    features: ArrayLike | None,
    replicates: int | None,
    seed: int,
) -> tuple[AgentResult, ...]:
    """Real agents, where the labels have confidences and there are enough of them."""
    if correct is None or confidence is None:
        return ()
    known = np.asarray(confidence, dtype=np.float64)
    if len(known) < FEWEST_SAMPLES or not np.isfinite(known).all():
        return ()
    rng = np.random.default_rng(seed)
    return tuple(compare_agents(correct, costs, known, features, replicates=replicates, rng=rng))


def _bound_entry(entry: BoundWithInterval) -> dict[str, Any]:
    return {
        "bound": entry.bound.bound,
        "alpha": _number(entry.bound.alpha),
        "accuracy": entry.bound.accuracy,
        "accuracy_gain": entry.bound.accuracy_gain,
        "mean_cost": entry.bound.mean_cost,
        "gain": _number(entry.bound.gain),
        **_ends("gain", entry.gain),
        **_ends("mean_cost", entry.mean_cost),
        **_ends("accuracy", entry.accuracy),
    }


def _defined(ends: tuple[float, float] | None) -> Interval:
    return UNKNOWN if ends is None else (_number(ends[0]), _number(ends[1]))


def _ends(name: str, ends: Interval) -> dict[str, float | None]:
    return {f"{name}_low": ends[0], f"{name}_high": ends[1]}


def _warnings(
    space: StateSpace, accuracies: NDArray[np.float64], found: Oracle | None, bounds: Sequence[Bound]
) -> list[str]:
    instead = "leave dominated states out (--pareto)" + ("" if found is None else ", or use exact and iso-accuracy")
    warnings = []
    falls = [space.names[i] for i in range(1, len(space)) if accuracies[i] < accuracies[i - 1]]
    if falls:
        warnings.append(
            f"accuracy falls at {', '.join(falls)}, but the closed forms (conservative, constant-alpha, continuous)"
            f" assume that it rises with cost: {instead}"
        )
    negative: dict[str, list[str]] = {}
    for bound in bounds:
        if bound.shares is not None and (bound.shares < 0).any():
            names = ", ".join(space.names[i] for i in np.flatnonzero(bound.shares < 0))
            negative.setdefault(names, []).append(bound.bound)
    for names, forms in negative.items():
        warnings.append(
            f"the oracle's share of {names} comes out negative under {' and '.join(dict.fromkeys(forms))}, so their"
            f" cost means nothing: {instead}"
        )
    if found is None:
        return warnings
    undefined = [space.names[i] for i in np.flatnonzero(np.isnan(found.alpha))]
    if undefined:
        warnings.append(f"alpha is undefined for {', '.join(undefined)}, which is never wrong on these samples")
    exact = bounds[0].mean_cost
    below = [b.bound for b in bounds if b.bound in CLOSED_FORMS and b.mean_cost < exact]
    if below:
        warnings.append(
            f"less cost than the exact oracle has: {' and '.join(dict.fromkeys(below))}, so no bound here, as their"
            " assumption on alpha does not hold (under Eq. 9 an oracle that is never right is cheap, because it falls"
            " back to the smallest state); use exact and iso-accuracy"
        )
    return warnings


def _agent_warnings(agents: Sequence[AgentResult]) -> list[str]:
    """Agents that lose more on new samples than they were fitted to lose."""
    over = [a for a in agents if a.loss > a.allowed_loss + LOSS_TOLERANCE]
    if not over:
        return []
    names = ", ".join(f"{a.agent} {100 * a.loss:.1f} where {100 * a.allowed_loss:.1f} were allowed" for a in over)
    return [f"on the measured half, agents lose more points of accuracy than on the fitted one: {names}"]


def _known_accuracies(space: StateSpace) -> NDArray[np.float64]:
    if space.accuracies is None:
        raise InputError(f"{space.family}: accuracies or labels are needed")
    return space.accuracies


def _number(value: float | np.floating[Any] | None) -> float | None:
    return None if value is None or np.isnan(value) else float(value)
