"""How well a state's confidence tells its right answers from its wrong ones: what cascades live on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import as_correct
from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

BINS = 15
"""Bins of equal width of the calibration error, as in Guo et al., arXiv 1706.04599."""

SAMPLES_AT_ONCE = 1 << 20
"""Samples that a step takes, so that what it holds stays small."""


@dataclass(frozen=True)
class ConfidenceQuality:
    """How well one state's confidence is worth; figures that are undefined are not a number."""

    state: str
    """Name of the state."""
    auroc: float
    """Chance that a right answer has more confidence than a wrong one, ties counted as half: 0.5 where confidence says
    nothing."""
    ece: float
    """Expected calibration error: mean distance of accuracy from mean confidence over bins, weighted by their size."""
    aurc: float
    """Area under the risk-coverage curve: mean over all n of the error rate on the n most confident samples."""

    def to_json(self) -> dict[str, Any]:
        """One entry of `confidence` in the JSON of `adaptlabels evaluate`."""
        return dict(vars(self))


def confidence_quality(
    correct: ArrayLike, confidence: ArrayLike, names: Sequence[str]
) -> tuple[ConfidenceQuality, ...]:
    """Quality of each state's confidence.

    Args:
        correct: Which states are right (n_samples, n_states).
        confidence: Probability that each state gives its answer (n_samples, n_states), not a number where unknown.
        names: Names of the states.

    Returns:
        One entry for each state whose confidence is known for every sample.

    Raises:
        InputError: Shapes that do not fit.

    Example:
        >>> found = confidence_quality([[True, True], [False, True]], [[0.9, 1.0], [0.3, 1.0]], ["small", "large"])
        >>> [(f.state, f.auroc, round(f.ece, 2), f.aurc) for f in found]
        [('small', 1.0, 0.2, 0.25), ('large', nan, 0.0, 0.0)]
    """
    right = as_correct(correct)
    sure: NDArray[np.float64] = np.asarray(confidence, dtype=np.float64)
    if sure.shape != right.shape:
        raise InputError(f"`confidence`: expected shape {right.shape}, got {sure.shape}")
    found = (quality_of_state(name, right[:, i], sure[:, i]) for i, name in enumerate(names))
    return tuple(entry for entry in found if entry is not None)


def quality_of_state(name: str, right: NDArray[np.bool_], sure: NDArray[np.floating]) -> ConfidenceQuality | None:
    """Quality of one state's confidence; None where it is unknown for some sample.

    Args:
        name: Name of the state.
        right: On which samples it is right (n_samples,).
        sure: Probability that it gives to its answers (n_samples,), not a number where unknown.
    """
    if not np.isfinite(sure).all():
        return None
    wrong, sizes = _ties(right, sure)
    return ConfidenceQuality(name, _auroc(wrong, sizes), _calibration_error(right, sure), _aurc(wrong, sizes))


def _ties(right: NDArray[np.bool_], sure: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Wrong samples and samples of each confidence, the highest first."""
    order = np.argsort(-sure)
    falling = sure[order]
    begins = np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))
    wrong = np.add.reduceat(~right[order], begins, dtype=np.float64)
    return wrong, np.diff(begins, append=len(order))


def _auroc(wrong: NDArray[np.float64], sizes: NDArray[np.int64]) -> float:
    """Share of pairs of a right and a wrong sample in which the right one is more confident; ties count as half."""
    right = sizes - wrong
    n_pairs = right.sum() * wrong.sum()
    more_confident = np.cumsum(right) - right / 2
    return float(more_confident @ wrong / n_pairs) if n_pairs else np.nan


def _calibration_error(right: NDArray[np.bool_], confidence: NDArray[np.floating]) -> float:
    gaps = np.zeros(BINS)
    for first in range(0, len(right), SAMPLES_AT_ONCE):
        sure = confidence[first : first + SAMPLES_AT_ONCE].astype(np.float64, copy=False)
        places = np.clip(np.ceil(sure * BINS).astype(np.int64) - 1, 0, BINS - 1)
        gaps += np.bincount(places, weights=right[first : first + SAMPLES_AT_ONCE] - sure, minlength=BINS)
    return float(np.abs(gaps).sum() / len(right))


def _aurc(wrong: NDArray[np.float64], sizes: NDArray[np.int64]) -> float:
    """Geifman and El-Yaniv, arXiv 1805.08206; samples of equal confidence share their errors evenly."""
    errors = np.repeat(wrong / sizes, sizes)
    np.cumsum(errors, out=errors)
    errors /= np.arange(1, len(errors) + 1)
    return float(errors.mean())
