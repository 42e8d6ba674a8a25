"""What a runner says of samples under one state, and the rows that the store keeps of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import torch

from ...labels.tables.schemas import PREDICTIONS
from ...labels.tables.types import polars_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ..sources.items import Item


@dataclass(frozen=True, eq=False)
class Scores:
    """The answers of one state to some samples."""

    prediction: NDArray[np.int64]
    """Index of the answer (n_samples,)."""
    confidence: NDArray[np.float32]
    """Probability of the answer (n_samples,)."""
    margin: NDArray[np.float32]
    """Highest less second-highest probability (n_samples,)."""
    entropy: NDArray[np.float32]
    """Entropy of the probabilities, in nats (n_samples,)."""
    scores: NDArray[np.float32] | Sequence[NDArray[np.float32]]
    """What table *predictions* keeps of the scores (n_samples, n_scores); items may differ in their number."""
    gflops: NDArray[np.float64]
    """Cost of each sample (n_samples,), 10^9 operations."""
    classes: NDArray[np.int16] | None = None
    """Classes that `scores` belong to (n_samples, n_scores); None where it is all of them in order."""
    gflops_run: NDArray[np.float64] | None = None
    """Cost of each sample as it was run (n_samples,), 10^9 operations; None where that is `gflops`."""
    prediction_acc: NDArray[np.int64] | None = None
    """Answer by the scores as they are (n_samples,); None where that is `prediction`."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What the states of a pass say of a shard."""

    scores: dict[str, Scores]
    """For each state, by its key, its answers to the samples without a problem, in order."""
    problems: dict[int, str] = field(default_factory=dict)
    """Why a sample could not be used, by its index in the shard; the same for all states."""


@dataclass(frozen=True, eq=False)
class Summary:
    """What is kept of distributions over classes; tensors on the distributions' device."""

    confidence: torch.Tensor
    """Probability of the answer (n_samples,), float32."""
    margin: torch.Tensor
    """Highest less second-highest probability (n_samples,), float32."""
    entropy: torch.Tensor
    """Entropy in nats (n_samples,), float32."""


def summarise(log_probabilities: torch.Tensor, prediction: torch.Tensor) -> Summary:
    """Confidence, margin and entropy of distributions, summed in double precision.

    Args:
        log_probabilities: Natural logarithms (n_samples, n_classes).
        prediction: Index of each answer (n_samples,).

    Example:
        >>> found = summarise(torch.tensor([[1.0, 0.0], [0.5, 0.5]]).log(), torch.tensor([0, 1]))
        >>> found.margin.tolist(), [round(value, 4) for value in found.entropy.tolist()]
        ([1.0, 0.0], [0.0, 0.6931])
    """
    probabilities = log_probabilities.double().exp()
    largest = probabilities.topk(min(2, probabilities.shape[1]), dim=1).values
    return Summary(
        confidence=probabilities.gather(1, prediction[:, None])[:, 0].float(),
        margin=(largest[:, 0] - largest[:, -1]).float(),
        entropy=torch.special.entr(probabilities).sum(dim=1).clamp(min=0).float(),
    )


PART_SCHEMA = pl.Schema(
    {
        **{
            name: dtype
            for name, dtype in polars_schema(PREDICTIONS).items()
            if name not in ("family", "state", "target", "targets", "correct", "cost")
        },
        "problem": pl.String(),
    }
)
"""Columns of a part: those of *predictions* that the state decides, its cost, and why a sample could not be used."""


def part_frame(items: Sequence[Item], scores: Scores, problems: Mapping[int, str]) -> pl.DataFrame:
    """The rows that the store keeps of some samples under one state.

    Args:
        items: All samples, in order.
        scores: Answers to those without a problem, in order.
        problems: Why a sample could not be used, by its index.
    """
    kept = [index for index in range(len(items)) if index not in problems]
    rows = pl.DataFrame(
        {
            "prediction": scores.prediction,
            "confidence": scores.confidence,
            "margin": scores.margin,
            "entropy": scores.entropy,
            "scores": list(scores.scores),
            "classes": None if scores.classes is None else list(scores.classes),
            "gflops": scores.gflops,
            "gflops_run": scores.gflops_run,
            "prediction_acc": scores.prediction_acc,
            "_index": np.array(kept, dtype=np.int64),
        },
        schema={
            **{name: dtype for name, dtype in PART_SCHEMA.items() if name not in ("sample_id", "problem")},
            "_index": pl.Int64(),
        },
        strict=False,
    )
    samples = pl.DataFrame(
        {
            "sample_id": [item.sample_id for item in items],
            "problem": [problems.get(index) for index in range(len(items))],
            "_index": np.arange(len(items), dtype=np.int64),
        },
        schema_overrides={"problem": pl.String()},
    )
    return samples.join(rows, on="_index", how="left", maintain_order="left").select(PART_SCHEMA.names())
