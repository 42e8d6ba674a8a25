"""Everything that one family's labels, or its published numbers, say about adaptation.

One function gathers the bounds, their intervals, the best small state spaces, what real agents reach, and the warnings
that a reader needs before believing any of it. Commands, cards and the table *bounds* take its result.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..agents.baselines import FEWEST_SAMPLES, compare_agents
from ..bounds.alpha_range import alpha_range, alpha_range_from_labels
from ..bounds.bootstrap import REPLICATES, SEED, replicate
from ..bounds.growing import path_conservative, path_from_labels
from ..bounds.oracle import oracle
from ..bounds.overlap import error_overlap
from ..bounds.parts import bounds_by_part
from ..checks import as_accuracies, as_alpha, as_costs
from ..errors import InputError
from .comparing import compares_states
from .family_report import FamilyReport
from .intervals import (
    Alpha,
    bound_results,
    measured_alpha,
    measured_selection,
    measured_states,
    published_selection,
    published_states,
    sample_cost_results,
)
from .values import part_values, sample_values
from .warnings import RANDOM_WEIGHTS, all_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from ..agents.baselines import AgentResult
    from ..bounds.states import StateSpace
    from ..tables.folder import DatasetFolder


MOST_SEEN = 1_000_000
"""Samples of a folder that real agents see at most: every n-th of more."""


def report_family(
    space: StateSpace,
    correct: ArrayLike | None = None,
    *,
    confidence: ArrayLike | None = None,
    features: ArrayLike | None = None,
    folds: ArrayLike | None = None,
    sample_costs: ArrayLike | None = None,
    parts: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    alphas: Sequence[float] = (),
    replicates: int | None = REPLICATES,
    seed: int = SEED,
    agents_see: int = 1,
) -> FamilyReport:
    """Compute all bounds that the input allows.

    Args:
        space: The states with costs and, without labels, accuracies.
        correct: Which states are right (n_samples, n_states); None to work from published accuracies.
        confidence: Probability that each state gives its answer (n_samples, n_states), for real agents.
        features: What the cheapest state outputs (n_samples, n_features), for the learned router.
        folds: Fold of each sample (n_samples,), for real agents; dealt at random by default.
        sample_costs: Cost of each inference (n_samples, n_states), for the exact and the iso-accuracy bound.
        parts: What parts the samples (n_samples,), for figures by part.
        clusters: Cluster of each sample (n_samples,), of which whole ones are resampled; None resamples samples.
        alphas: Error correlations to add a `constant-alpha` bound for.
        replicates: Bootstrap replicates behind the intervals; None leaves the intervals out.
        seed: Seed of the replicates, and of folds that are not given.
        agents_see: Real agents see every n-th sample, from the first on; `confidence`, `features` and `folds` are of
            these alone.

    Raises:
        InputError: Neither labels nor accuracies, or anything that the bounds refuse.

    Example:
        >>> from adaptlabels.labels import StateSpace
        >>> space = StateSpace.create(["small", "large"], [1.0, 10.0], [0.6, 0.8], family="demo")
        >>> [(b.bound.bound, round(b.bound.gain, 3)) for b in report_family(space).bounds]
        [('conservative', 3.571), ('constant-alpha', 3.571), ('continuous', 5.263)]
    """
    further = [Alpha(as_alpha(alpha), alpha) for alpha in alphas]
    if correct is None:
        return _report_published(space, further)
    found = oracle(correct, space.costs)
    R, A = space.costs, found.accuracies
    rng = np.random.default_rng(seed)
    sets = None if replicates is None else replicate(correct, replicates, rng=rng, clusters=clusters)
    chosen = [measured_alpha(found, sets), *further]
    bounds = tuple(bound_results(R, A, found.error_profile, chosen, sets))
    right = np.asarray(correct)[::agents_see]
    together = None if clusters is None else np.asarray(clusters)[::agents_see]
    agents = _agents(right, R, confidence, features, folds, together, replicates, seed)
    span = alpha_range_from_labels(correct, R)
    compared = compares_states(len(space))
    own = {} if sample_costs is None else sample_cost_results(correct, sample_costs, replicates, seed, clusters)
    return FamilyReport(
        space=replace(space, accuracies=A),
        samples=len(found.states),
        oracle=found,
        states=tuple(measured_states(space, correct, found, sets)),
        bounds=tuple(own.get(entry.bound.bound, entry) for entry in bounds),
        selection=measured_selection(correct, R, "exact", sets) if compared else (),
        alpha_range=span,
        selection_iso_accuracy=measured_selection(correct, R, "iso-accuracy", sets) if compared else (),
        growing=tuple(path_from_labels(correct, R, bound=bound) for bound in ("exact", "iso-accuracy") if compared),
        overlap=error_overlap(correct) if compared else None,
        parts=None
        if parts is None
        else bounds_by_part(correct, R, parts, replicates=replicates, rng=rng, clusters=clusters),
        agents=agents,
        warnings=all_warnings(space, A, found, [entry.bound for entry in bounds], span, agents),
        sample_costs=sample_costs is not None,
    )


def _report_published(space: StateSpace, further: Sequence[Alpha]) -> FamilyReport:
    """From published numbers, which say nothing of alpha: 1, as in Eq. 9, stands in."""
    if space.accuracies is None:
        raise InputError(f"{space.family}: accuracies or labels are needed")
    R, A = as_costs(space.costs), as_accuracies(space.accuracies, len(space))
    bounds = tuple(bound_results(R, A, None, [Alpha(1.0, 1.0), *further], None))
    span = alpha_range(R, A, min((alpha.value for alpha in further), default=0.0))
    rising, compared = not (np.diff(A) < 0).any(), compares_states(len(space))
    return FamilyReport(
        space=space,
        samples=None,
        oracle=None,
        states=tuple(published_states(R, A, space.names)),
        bounds=bounds,
        selection=published_selection(R, A) if rising and compared else (),
        alpha_range=span,
        growing=(path_conservative(R, A),) if rising and compared else (),
        warnings=all_warnings(space, A, None, [entry.bound for entry in bounds], span, ()),
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
    by: str | None = None,
    cluster: str | None = None,
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
        by: Column of *labels* that parts the samples, such as `category`, for figures by part.
        cluster: Column of *labels* whose values are resampled whole, where samples of one value err together.

    Raises:
        InputError: No such family or column, a metric that is not known for all of its states, a single state is left,
            or samples have no costs of their own.
        TableError: A table breaks its schema.
    """
    space = folder.state_space(family, cost)
    parts = None if by is None else part_values(folder, family, by)
    clusters = None if cluster is None else sample_values(folder, family, cluster, "cluster")
    if sample_costs and space.cost_metric not in ("gflops", "cost"):
        raise InputError(f"`sample_costs`: samples have no {space.cost_metric!r} of their own")
    if pareto:
        space = space.without_dominated()
    order = columns_of(folder, space)
    if agents:
        folder.tables[family].preload(["sample_id", "fold", "correct", "confidence"])
    every = -(-folder.tables[family].rows // MOST_SEEN)
    report = report_family(
        space,
        folder.correct(family)[:, order],
        confidence=folder.confidence(family, every)[:, order] if agents else None,
        features=folder.outputs(family, order[0], every) if agents else None,
        folds=folder.labels(family, ["fold"])["fold"].to_numpy()[::every] if agents else None,
        sample_costs=folder.sample_costs(family)[:, order] if sample_costs else None,
        parts=parts,
        clusters=clusters,
        alphas=alphas,
        replicates=replicates,
        agents_see=every,
    )
    report = replace(report, by=by, cluster=cluster)
    return replace(report, warnings=(*random_weights(folder, [family]), *report.warnings))


def columns_of(folder: DatasetFolder, space: StateSpace) -> list[int]:
    """Where the states of a space stand in the lists of its family's labels."""
    stored = folder.family_states(space.family)["state"].to_list()
    return [stored.index(name) for name in space.names]


def random_weights(folder: DatasetFolder, families: Sequence[str]) -> list[str]:
    """The warning on families whose weights nobody trained."""
    kinds = {kind for family in families for kind in folder.family_states(family)["weights"]}
    return [RANDOM_WEIGHTS] if "random" in kinds else []


def _agents(
    correct: ArrayLike,
    R: NDArray[np.float64],
    confidence: ArrayLike | None,
    features: ArrayLike | None,
    folds: ArrayLike | None,
    clusters: ArrayLike | None,
    replicates: int | None,
    seed: int,
) -> tuple[AgentResult, ...]:
    """Real agents, where the labels have confidences and there are enough of them."""
    if confidence is None:
        return ()
    known = np.asarray(confidence, dtype=np.float64)
    if len(known) < FEWEST_SAMPLES or not np.isfinite(known).all():
        return ()
    rng = np.random.default_rng(seed)
    return tuple(
        compare_agents(correct, R, known, features, folds=folds, replicates=replicates, rng=rng, clusters=clusters)
    )
