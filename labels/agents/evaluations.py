"""What an evaluation of agents says, and its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..bounds.states import StateSpace
    from ..confidence import ConfidenceQuality
    from .curves import CurveFigures
    from .figures import AgentFigures
    from .judge import Comparison

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupEvaluation:
    """The agents on the samples of one group."""

    group: str | None
    """Value of the column that the samples were grouped by."""
    samples: int
    """Number of judged samples in it."""
    agents: tuple[AgentFigures, ...]
    """As of `Evaluation`, without the built-in agents."""

    def to_json(self) -> dict[str, Any]:
        """One entry of `groups` in the JSON of `adaptlabels evaluate`."""
        return {"group": self.group, "samples": self.samples, "agents": [agent.to_json() for agent in self.agents]}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `adaptlabels evaluate` prints."""

    space: StateSpace
    """The states with their costs and, on the judged samples, accuracies."""
    folds: tuple[int, ...]
    """Folds that the agents were judged on."""
    samples: int
    """Number of judged samples: every figure rests on these."""
    samples_left_out: int
    """Samples of these folds that some agent did not choose for; 0 unless a subset was allowed."""
    sample_costs: bool
    """Whether each sample's own costs were taken."""
    agents: tuple[AgentFigures, ...]
    """The given agents, and those that stand beside them."""
    curves: tuple[CurveFigures, ...]
    """Agents that were given at several settings."""
    comparisons: tuple[Comparison, ...]
    """Each given agent against each of another table."""
    groups: tuple[GroupEvaluation, ...]
    """The same for each group, where samples were grouped."""
    confidence: tuple[ConfidenceQuality, ...]
    """Quality of each state's confidence on the judged samples."""
    warnings: tuple[str, ...]
    """What a reader must know before using the numbers."""
    frontier: tuple[Floats, Floats]
    """Costs and accuracies of the frontier's vertices."""

    def of_kind(self, kind: str) -> list[AgentFigures]:
        """The agents of one kind."""
        return [agent for agent in self.agents if agent.kind == kind]

    def to_json(self) -> dict[str, Any]:
        """The JSON of `adaptlabels evaluate`; figures that are undefined are null."""
        assert self.space.accuracies is not None, "an evaluation has accuracies"
        states = zip(self.space.names, self.space.costs, self.space.accuracies, strict=True)
        found = {
            "family": self.space.family,
            "cost_metric": self.space.cost_metric,
            "folds": list(self.folds),
            "samples": self.samples,
            "subset": self.samples_left_out > 0,
            "samples_left_out": self.samples_left_out,
            "sample_costs": self.sample_costs,
            "states": [{"state": name, "cost": float(cost), "accuracy": float(right)} for name, cost, right in states],
            "agents": [agent.to_json() for agent in self.agents],
            "curves": [curve.to_json() for curve in self.curves],
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "groups": [group.to_json() for group in self.groups],
            "confidence": [quality.to_json() for quality in self.confidence],
            "warnings": list(self.warnings),
        }
        defined: dict[str, Any] = _defined(found)
        return defined


def _defined(content: Any) -> Any:  # noqa: ANN401 - any JSON document
    """The same with None where a number is undefined."""
    if isinstance(content, dict):
        return {key: _defined(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_defined(value) for value in content]
    return None if isinstance(content, float) and not np.isfinite(content) else content
