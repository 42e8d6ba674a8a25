"""The built-in agents beside those that are given: learned on folds 0-4, judged on the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..folds import LEARNING_FOLDS
from .baselines import FEWEST_SAMPLES, act, fit_agents
from .figures import Action
from .judge import Judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .figures import AgentFigures, Kind
    from .judge import Judge

KINDS: dict[str, Kind] = {"mixing": "mixture", "cascade": "cascade", "router": "router"}
"""Kind of each built-in agent."""


def built_in_agents(
    judge: Judge,
    place: NDArray[np.int64],
    correct: NDArray[np.bool_],
    R: NDArray[np.float64],
    confidence: NDArray[np.float64],
    features: NDArray[np.float64],
    folds: NDArray[np.int8],
    judged_folds: Sequence[int],
) -> tuple[list[AgentFigures], list[str]]:
    """Mixing, cascade and router at the settings that they learned for each allowed loss, which is their `setting`.

    Args:
        judge: Judges them.
        place: Places of the judged samples among all (n_judged,).
        correct: Which states are right (n_samples, n_states), on all samples.
        R: Cost of each state (n_states,).
        confidence: Probability that each state gives its answer (n_samples, n_states).
        features: What the cheapest state outputs (n_samples, n_features).
        folds: Fold of each sample (n_samples,).
        judged_folds: Folds that are judged.

    Returns:
        Their figures, and why there are none where they cannot be had.
    """
    if set(judged_folds) & set(LEARNING_FOLDS):
        return [], ["no built-in agents stand beside these: they learn from folds 0-4, which are judged here"]
    learning = np.isin(folds, LEARNING_FOLDS)
    if not np.isfinite(confidence).all():
        return [], ["no built-in agents stand beside these: confidences are not known for every sample and state"]
    if len(correct) < FEWEST_SAMPLES or not learning.any():
        return [], [f"no built-in agents stand beside these: {len(correct)} samples are too few to learn from"]
    fitted, _ = fit_agents(correct, R, confidence, features, folds, np.random.default_rng(0))
    judged = [
        Judged(
            agent.dial.agent,
            agent.allowed_loss,
            KINDS[agent.dial.agent],
            tuple(
                (branch.probability, Action(judge.judged.right_of(branch.states), branch.paid, branch.states))
                for branch in branches
            ),
        )
        for agent, branches in zip(fitted, act(fitted, confidence[place], features[place]), strict=True)
    ]
    return judge.figures(judged)[0], []
