"""The simplest agent that anyone would build: run the next state until one is sure enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from .choices import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def confidence_cascade(
    sample_ids: Sequence[str], states: Sequence[str], confidence: ArrayLike, thresholds: Sequence[float]
) -> pl.DataFrame:
    """Choices of a cascade that stops at the first state whose confidence reaches a threshold; the last always answers.

    Args:
        sample_ids: Identifiers of the samples.
        states: Names of the states, ascending by cost.
        confidence: Probability that each state gives its answer (n_samples, n_states).
        thresholds: One setting for each.

    Returns:
        A table of choices for `evaluate`: `sample_id`, `setting`, `state`, and `states_run`, all of which are paid for.

    Example:
        >>> confidence_cascade(["x", "y"], ["small", "large"], [[0.9, 0.8], [0.4, 0.7]], [0.5])["states_run"].to_list()
        ['small', 'small|large']
    """
    sure = np.asarray(confidence, dtype=np.float64)
    last = len(states) - 1
    parts = []
    for threshold in thresholds:
        reached = sure >= threshold
        stage = np.where(reached.any(axis=1), np.argmax(reached, axis=1), last)
        run = [SEPARATOR.join(states[: place + 1]) for place in range(len(states))]
        parts.append(
            pl.DataFrame(
                {
                    "sample_id": list(sample_ids),
                    "setting": pl.repeat(float(threshold), len(stage), eager=True),
                    "state": pl.Series(states).gather(stage),
                    "states_run": pl.Series(run).gather(stage),
                }
            )
        )
    return pl.concat(parts)
