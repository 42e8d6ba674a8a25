"""Judges any number of agents on the same samples and the same resampled sets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..bounds.interval import Interval
from .curves import (
    CPT_SHARES,
    AreaScale,
    CurveFigures,
    aiq,
    apgr,
    call_performance_threshold,
    mixture_accuracy,
    quality_neutral_cost,
    upper_hull,
)
from .figures import (
    N_COLUMNS,
    Action,
    AgentFigures,
    columns,
    derive,
    intervals_of,
    mcnemar,
    oracle_action,
    single_state,
    spending_of,
)
from .judged import ROUNDING, ResampledLabels
from .resampling import Resampling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from .choices import Choices
    from .figures import Kind, StateSpending
    from .judged import JudgedSamples

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """One agent less another, on the same samples."""

    agent: str
    """The first agent."""
    setting: float | None
    """Its setting."""
    against: str
    """The second agent."""
    against_setting: float | None
    """Its setting."""
    accuracy_difference: float
    """Accuracy of the first less that of the second."""
    accuracy_interval: Interval | None
    """95 % bootstrap interval of it; None where none was asked for."""
    p_value: float
    """Exact McNemar test of it."""
    cost_difference: float
    """Mean cost of the first less that of the second."""
    cost_interval: Interval | None
    """95 % bootstrap interval of it."""

    def to_json(self) -> dict[str, Any]:
        """One entry of `comparisons` in the JSON of `adaptlabels evaluate`."""
        found = dict(vars(self))
        ends = {"accuracy_difference": found.pop("accuracy_interval"), "cost_difference": found.pop("cost_interval")}
        return found | {"intervals": {name: [end.low, end.high] for name, end in ends.items() if end is not None}}


class Judged(NamedTuple):
    """One agent at one setting, as it is judged."""

    name: str
    """Name of the agent."""
    setting: float | None
    """Its setting; None where it has only one."""
    kind: Kind
    """Whose agent it is."""
    actions: tuple[tuple[float, Action], ...]
    """What it does with which probability; more than one for an agent that tosses a coin for each sample."""


@dataclass(frozen=True, eq=False)
class Judge:
    """The judged samples, resampled once for all agents."""

    judged: JudgedSamples
    """The samples."""
    resampling: Resampling
    """Their replicates."""

    @classmethod
    def create(cls, judged: JudgedSamples, replicates: int | None, seed: int) -> Judge:
        """Draw the replicates; None or 0 for none."""
        return cls(judged, Resampling.draw(len(judged), replicates or 0, np.random.default_rng(seed)))

    def given(self, choices: Iterable[Choices]) -> tuple[list[AgentFigures], list[CurveFigures]]:
        """Figures of each agent at each setting, and of the curve of each agent that has several."""
        agents: list[AgentFigures] = []
        curves: list[CurveFigures] = []
        by_agent: dict[str, list[Choices]] = {}
        for entry in choices:
            by_agent.setdefault(entry.agent, []).append(entry)
        for name, settings in by_agent.items():
            figures, means = self.figures([Judged(name, e.setting, "given", certainly(self.act(e))) for e in settings])
            agents += figures
            if len(settings) > 1:
                curves.append(self._curve(name, settings, figures, means))
        return agents, curves

    def act(self, choices: Choices) -> Action:
        """What one agent did on the judged samples."""
        states, right, cost = choices.states, choices.right, choices.cost
        if right is None:
            assert states is not None, "an agent that is not made of the states has answers of its own"
            right = self.judged.right_of(states)
        if cost is None:
            assert states is not None, "an agent that is not made of the states has costs of its own"
            cost = self.judged.cost_of(states)
        return Action(right, cost, states)

    def singles(self) -> list[AgentFigures]:
        """Always the cheapest, the most accurate (the cheapest of equals) and the largest state."""
        judged = self.judged
        places = sorted({0, int(np.argmax(judged.accuracies)), len(judged.names) - 1})
        return self.figures(
            [Judged(judged.names[i], None, "single", certainly(single_state(judged, i))) for i in places]
        )[0]

    def oracle(self) -> AgentFigures:
        """The oracle."""
        return self.figures([Judged("oracle", None, "oracle", certainly(oracle_action(self.judged)))])[0][0]

    def figures(self, agents: Sequence[Judged]) -> tuple[list[AgentFigures], Floats]:
        """All figures of some agents.

        Returns:
            The figures, and the resampled means of `columns` (n_replicates, n_agents, 5).
        """
        judged, n_samples = self.judged, len(self.judged)
        sums = np.zeros((self.resampling.weights.shape[1], len(agents), N_COLUMNS))
        whole = np.zeros((len(agents), N_COLUMNS))
        spending: list[tuple[StateSpending, ...]] = []
        for a, agent in enumerate(agents):
            for probability, action in agent.actions:
                summed = columns(judged, action)
                for c, values in enumerate(summed):
                    sums[:, a, c] += probability * self.resampling.sums(values)
                    whole[a, c] += probability * (values.sum() / n_samples)
            spending.append(spending_of(judged, action, summed[-1]) if len(agent.actions) == 1 else ())
        intervals, means = intervals_of(sums, self.resampling, self._labels)
        R, A = judged.mean_costs, judged.accuracies
        least = judged.least_cost(whole[:, 0])
        derived = derive(whole, float(R[-1]), float(A[-1]), least)
        largest = judged.correct[:, -1]
        p_values = mcnemar([_discordant(agent.actions, largest) for agent in agents])
        best = [self._best_single(cost) for cost in whole[:, 1]]
        mixtures, reachable = mixture_accuracy(whole[:, 1], upper_hull(R, A)), judged.most_accuracy(whole[:, 1])
        found = [
            AgentFigures(
                agent=agent.name,
                setting=agent.setting,
                kind=agent.kind,
                **{figure: float(values[a]) for figure, values in derived.items()},
                p_value=float(p_values[a]),
                best_single=None if best[a] < 0 else judged.names[best[a]],
                best_single_accuracy=np.nan if best[a] < 0 else float(A[best[a]]),
                mixture_accuracy=float(mixtures[a]),
                frontier_accuracy=float(reachable[a]),
                frontier_cost=float(least[a]),
                intervals=intervals[a],
                spending=spending[a],
            )
            for a, agent in enumerate(agents)
        ]
        return found, means

    def compare(self, given: Sequence[Choices], others: Sequence[Choices]) -> list[Comparison]:
        """Each given agent against each other one, in pairs of samples."""
        opponents = [(other, self.act(other)) for other in others]
        return [
            self._pair(entry, mine, other, their)
            for entry, mine in ((entry, self.act(entry)) for entry in given if opponents)
            for other, their in opponents
        ]

    def _pair(self, entry: Choices, mine: Action, other: Choices, their: Action) -> Comparison:
        accuracy, cost = mine.right.astype(np.float64) - their.right, mine.cost - their.cost
        return Comparison(
            agent=entry.agent,
            setting=entry.setting,
            against=other.agent,
            against_setting=other.setting,
            accuracy_difference=float(accuracy.mean()),
            accuracy_interval=self._interval(accuracy),
            p_value=float(mcnemar([_discordant(certainly(mine), their.right)])[0]),
            cost_difference=float(cost.mean()),
            cost_interval=self._interval(cost),
        )

    def _interval(self, values: Floats) -> Interval | None:
        """Interval of the mean of some values (n_samples,)."""
        if self.resampling.replicates == 0:
            return None
        return Interval.of(self.resampling.means(self.resampling.sums(values)))

    @cached_property
    def _labels(self) -> ResampledLabels:
        return ResampledLabels(self.judged, self.resampling)

    @cached_property
    def _scale(self) -> AreaScale:
        return AreaScale.of(self.judged)

    @cached_property
    def _resampled_scale(self) -> AreaScale:
        return AreaScale.resampled(self._labels)

    def _best_single(self, cost: float) -> int:
        """The most accurate state, the cheapest of equals, that costs no more; -1 where every state costs more."""
        affordable = np.count_nonzero(self.judged.mean_costs <= cost * (1 + ROUNDING))
        return int(np.argmax(self.judged.accuracies[:affordable])) if affordable else -1

    def _curve(
        self, name: str, settings: Sequence[Choices], figures: Sequence[AgentFigures], means: Floats
    ) -> CurveFigures:
        R, A = self.judged.mean_costs, self.judged.accuracies
        cost, accuracy = np.array([f.mean_cost for f in figures]), np.array([f.accuracy for f in figures])
        ends = None
        if self.resampling.replicates:
            ends = Interval.of(self._resampled_scale.normalise(means[..., 1], means[..., 0]))
        neutral = quality_neutral_cost(cost, accuracy, float(A[-1]))
        recovered, thresholds = np.nan, [np.nan] * len(CPT_SHARES)
        if len(R) == 2 and all(entry.states is not None for entry in settings):
            calls = [float(np.mean(entry.states)) for entry in settings if entry.states is not None]
            weak, strong = float(A[0]), float(A[1])
            recovered = apgr(calls, accuracy, weak, strong)
            thresholds = [call_performance_threshold(calls, accuracy, weak, strong, share) for share in CPT_SHARES]
        return CurveFigures(
            agent=name,
            settings=len(settings),
            area=float(self._scale.normalise(cost, accuracy)),
            area_interval=ends,
            aiq=aiq(cost, accuracy, float(R[0]), float(R[-1])),
            qnc=neutral,
            qnc_relative=neutral / float(R[-1]),
            apgr=recovered,
            cpt_50=thresholds[0],
            cpt_80=thresholds[1],
        )


def certainly(action: Action) -> tuple[tuple[float, Action], ...]:
    """The actions of an agent that tosses no coin."""
    return ((1.0, action),)


def _discordant(actions: Sequence[tuple[float, Action]], others: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Samples that only the agent is right on, and that only another is; None for an agent that tosses a coin."""
    if len(actions) > 1:
        return None
    right = actions[0][1].right
    both = np.count_nonzero(right & others)
    return int(np.count_nonzero(right) - both), int(np.count_nonzero(others) - both)
