"""What a runner says of a batch of samples under one state, and how probabilities become it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..labels.schemas import PREDICTIONS, polars_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .items import Item


@dataclass(frozen=True, eq=False)
class Scores:
    """The answers of one state to some samples."""

    prediction: NDArray[np.int64]
    """Index of the answer (n_samples,)."""
    probabilities: NDArray[np.float32]
    """Probability of every class or choice (n_samples, n_classes)."""
    scores: NDArray[np.float32]
    """What table *predictions* keeps of the scores (n_samples, n_scores)."""
    gflops: NDArray[np.float64]
    """Cost of each sample (n_samples,), 10^9 operations."""
    classes: NDArray[np.int16] | None = None
    """Classes that `scores` belong to (n_samples, n_scores); None where it is all of them in order."""


PART_SCHEMA = pl.Schema(
    {
        **{
            name: dtype
            for name, dtype in polars_schema(PREDICTIONS).items()
            if name not in ("family", "state", "correct")
        },
        "group": pl.String(),
        "gflops": pl.Float64(),
    }
)
"""Columns of a part: those of *predictions* that differ by sample, and what the labels and states need besides."""


def part_frame(items: Sequence[Item], scores: Scores) -> pl.DataFrame:
    """The rows that the store keeps of some samples under one state."""
    largest = np.sort(scores.probabilities, axis=1)[:, -2:]  # (n_samples, 2)
    answer = np.take_along_axis(scores.probabilities, scores.prediction[:, None], axis=1)[:, 0]
    return pl.DataFrame(
        {
            "sample_id": [item.sample_id for item in items],
            "target": [item.target for item in items],
            "prediction": scores.prediction,
            "confidence": answer,
            "margin": largest[:, 1] - largest[:, 0],
            "entropy": entropy(scores.probabilities),
            "scores": list(scores.scores),
            "classes": None if scores.classes is None else list(scores.classes),
            "group": [item.group for item in items],
            "gflops": scores.gflops,
        },
        schema=PART_SCHEMA,
        strict=False,
    )


def entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Entropy in nats (n_samples,) of distributions (n_samples, n_classes); 0 log 0 = 0.

    Example:
        >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]], dtype=np.float32)).round(4).tolist()
        [0.0, 0.6930999755859375]
    """
    p = probabilities.astype(np.float64)
    terms = np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0)
    found: NDArray[np.float32] = (-terms.sum(axis=1)).clip(min=0.0).astype(np.float32)
    return found
