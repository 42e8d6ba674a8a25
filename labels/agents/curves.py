"""What a dial of settings reaches as a whole: areas, and the field's own figures; definitions are in docs/agents.md.

A curve is a list of points (mean cost, accuracy). Between two settings an agent can toss a coin, so that a curve is
piecewise linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .judged import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ..bounds.interval import Interval
    from .judged import JudgedSamples, ResampledLabels

    Floats = NDArray[np.float64]

CPT_SHARES = (0.5, 0.8)
"""Shares of the gap in accuracy that RouteLLM gives the call-performance threshold for."""


@dataclass(frozen=True)
class CurveFigures:
    """One agent over all of its settings; figures that are undefined are not a number."""

    agent: str
    """Name of the agent."""
    settings: int
    """Number of its settings."""
    area: float
    """Area under its curve between the smallest and the largest state's cost, normalised: 0 for the mixture of single
    states, 1 for the frontier."""
    area_interval: Interval | None
    """95 % bootstrap interval of the area; None where none was asked for."""
    aiq: float
    """RouterBench's average improvement in quality between the smallest and the largest state's cost."""
    qnc: float
    """Least mean cost of the largest state's accuracy, mixing settings; not a number where none reaches it."""
    qnc_relative: float
    """The same over the largest state's cost, as UniRoute gives its quality-neutral cost."""
    apgr: float
    """RouteLLM's average performance gap recovered; for two states."""
    cpt_50: float
    """RouteLLM's CPT(50 %): share of calls of the larger of two states that recovers half of the gap in accuracy."""
    cpt_80: float
    """CPT(80 %)."""

    def to_json(self) -> dict[str, Any]:
        """One entry of `curves` in the JSON of `adaptlabels evaluate`."""
        found = dict(vars(self))
        ends = found.pop("area_interval")
        return found | {"intervals": {} if ends is None else {"area": [ends.low, ends.high]}}


def area_under(cost: ArrayLike, accuracy: ArrayLike, low: ArrayLike, high: ArrayLike) -> Floats:
    """Area under a piecewise-linear curve between two costs, flat beyond its ends.

    Args:
        cost: Costs of the points (..., n_points), in any order; of several at one cost the last step is to the highest.
        accuracy: Their accuracies (..., n_points).
        low: Left end (...,).
        high: Right end (...,).

    Returns:
        Areas (...,).

    Example:
        >>> float(area_under([1.0, 3.0], [0.0, 1.0], 1.0, 4.0))
        2.0
    """
    x, y = np.asarray(cost, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)
    order = np.lexsort((y, x), axis=-1)
    x, y = np.take_along_axis(x, order, axis=-1), np.take_along_axis(y, order, axis=-1)
    left, right = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    start, stop = (np.clip(x[..., ends], left[..., None], right[..., None]) for ends in (slice(-1), slice(1, None)))
    width = np.diff(x, axis=-1)
    slope = np.where(width > 0, np.diff(y, axis=-1) / np.where(width > 0, width, 1.0), 0.0)
    inside = (stop - start) * (y[..., :-1] + slope * ((start + stop) / 2 - x[..., :-1]))
    before = (np.clip(x[..., 0], left, right) - left) * y[..., 0]
    after = (right - np.clip(x[..., -1], left, right)) * y[..., -1]
    return np.asarray(inside.sum(axis=-1) + before + after)


def upper_hull(cost: ArrayLike, accuracy: ArrayLike) -> tuple[Floats, Floats]:
    """Vertices of the non-decreasing concave hull: what mixing some points reaches at best.

    Args:
        cost: Costs (n_points,).
        accuracy: Accuracies (n_points,).

    Returns:
        Costs and accuracies, both (n_vertices,) and strictly ascending.

    Example:
        >>> upper_hull([1.0, 2.0, 3.0, 4.0], [0.5, 0.6, 0.9, 0.8])[0].tolist()
        [1.0, 3.0]
    """
    x, y = np.asarray(cost, dtype=np.float64), np.asarray(accuracy, dtype=np.float64)
    kept: list[int] = []
    for i in np.lexsort((-y, x)):
        if kept and y[i] <= y[kept[-1]]:
            continue
        while len(kept) > 1 and _is_below(x, y, kept[-2], kept[-1], i):
            kept.pop()
        kept.append(int(i))
    return x[kept], y[kept]


def _is_below(x: Floats, y: Floats, a: int, b: int, c: int) -> bool:
    """Whether point b is on or below the line from a to c."""
    return bool((y[b] - y[a]) * (x[c] - x[a]) <= (y[c] - y[a]) * (x[b] - x[a]))


def mixture_accuracy(cost: ArrayLike, hull: tuple[Floats, Floats]) -> Floats:
    """Accuracy of the best mixture at some mean costs (...,); not a number below the hull's first cost."""
    x, y = hull
    wanted = np.asarray(cost, dtype=np.float64)
    return np.where(wanted < x[0] * (1 - ROUNDING), np.nan, np.interp(wanted, x, y))


def aiq(cost: ArrayLike, accuracy: ArrayLike, low: float, high: float) -> float:
    """RouterBench's AIQ (arXiv 2403.12031): mean accuracy of the non-decreasing hull over a range of costs.

    The hull begins at RouterBench's null router, which costs nothing and is never right, and is flat beyond the dearest
    setting.

    Args:
        cost: Mean cost of each setting (n_settings,).
        accuracy: Accuracy of each (n_settings,).
        low: Least cost of the range.
        high: Greatest cost of it.

    Example:
        >>> round(aiq([2.0, 4.0], [0.6, 0.8], low=1.0, high=5.0), 6)
        0.6625
    """
    x, y = upper_hull(np.append(0.0, cost), np.append(0.0, accuracy))
    return float(area_under(x, y, low, high) / (high - low)) if high > low else np.nan


def quality_neutral_cost(cost: ArrayLike, accuracy: ArrayLike, target: float) -> float:
    """QNC (UniRoute, arXiv 2502.08773): least mean cost of an accuracy, mixing settings.

    Args:
        cost: Mean cost of each setting (n_settings,).
        accuracy: Accuracy of each (n_settings,).
        target: The accuracy that is wanted, such as the largest state's.

    Returns:
        The cost; not a number where no setting reaches the accuracy.

    Example:
        >>> round(quality_neutral_cost([2.0, 4.0], [0.6, 0.8], target=0.75), 6)
        3.5
    """
    x, y = upper_hull(cost, accuracy)
    return float(np.interp(target, y, x, right=np.nan))


def apgr(calls: ArrayLike, accuracy: ArrayLike, weak: float, strong: float) -> float:
    """RouteLLM's APGR (arXiv 2406.18665): mean over all shares of calls of the recovered gap in accuracy.

    Args:
        calls: Share of samples that the larger of two states answers, for each setting (n_settings,).
        accuracy: Accuracy of each setting (n_settings,).
        weak: Accuracy of the smaller state, which is the curve at no calls.
        strong: Accuracy of the larger state, which is the curve where it gets all calls.

    Returns:
        0.5 for a coin, not a number where the states are equally accurate.

    Example:
        >>> round(apgr([0.5], [0.8], weak=0.6, strong=0.9), 6)
        0.583333
    """
    if weak == strong:
        return np.nan
    shares = np.concatenate([[0.0], np.asarray(calls), [1.0]])
    recovered = (np.concatenate([[weak], np.asarray(accuracy), [strong]]) - weak) / (strong - weak)
    return float(area_under(shares, recovered, 0.0, 1.0))


def call_performance_threshold(
    calls: ArrayLike, accuracy: ArrayLike, weak: float, strong: float, recovered: float
) -> float:
    """RouteLLM's CPT (arXiv 2406.18665): the least share of calls of the larger state that recovers so much of the gap.

    Args:
        calls: As of `apgr`.
        accuracy: As of `apgr`.
        weak: As of `apgr`.
        strong: As of `apgr`.
        recovered: Share of the gap in accuracy.

    Returns:
        The share, linear between settings; not a number where the larger state is not more accurate.

    Example:
        >>> round(call_performance_threshold([0.5], [0.8], weak=0.6, strong=0.9, recovered=0.5), 6)
        0.375
    """
    if strong <= weak:
        return np.nan
    order = np.lexsort((np.asarray(accuracy), np.asarray(calls)))
    x = np.concatenate([[0.0], np.asarray(calls, dtype=np.float64)[order], [1.0]])
    y = np.concatenate([[weak], np.asarray(accuracy, dtype=np.float64)[order], [strong]])
    target = weak + recovered * (strong - weak)
    last = int(np.argmax(y >= target))  # the first point that reaches it; the end does
    if last == 0:
        return 0.0
    step = (target - y[last - 1]) / (y[last] - y[last - 1])
    return float(x[last - 1] + step * (x[last] - x[last - 1]))


@dataclass(frozen=True, eq=False)
class AreaScale:
    """The range of costs that areas are taken over, and the areas that count as 0 and 1; each (...,)."""

    smallest: tuple[Floats, Floats]
    """Cost and accuracy of the cheapest state."""
    largest: tuple[Floats, Floats]
    """The same of the dearest."""
    mixture: Floats
    """Area under the mixture of single states."""
    frontier: Floats
    """Area under the frontier."""

    @classmethod
    def of(cls, judged: JudgedSamples) -> AreaScale:
        """The scale on the judged samples."""
        R, A = judged.mean_costs, judged.accuracies
        curve = judged.frontier
        return cls(
            (R[0], A[0]),
            (R[-1], A[-1]),
            area_under(*upper_hull(R, A), R[0], R[-1]),
            area_under(curve.mean_cost, curve.accuracy, R[0], R[-1]),
        )

    @classmethod
    def resampled(cls, labels: ResampledLabels) -> AreaScale:
        """The scale on each resampled set."""
        R, A = labels.mean_costs, labels.accuracies
        hulls = [area_under(*upper_hull(r, a), r[0], r[-1]) for r, a in zip(R, A, strict=True)]
        curves = [
            area_under(curve.mean_cost, curve.accuracy, r[0], r[-1])
            for r, curve in zip(R, labels.frontiers(), strict=True)
        ]
        return cls((R[:, 0], A[:, 0]), (R[:, -1], A[:, -1]), np.array(hulls), np.array(curves))

    def normalise(self, cost: Floats, accuracy: Floats) -> Floats:
        """Normalised area (...,) of curves with points (..., n_settings).

        Any agent may always run the smallest state: where its curve begins within the range, it is joined to it. Where
        the curve ends within the range it is joined to the largest state, or goes on flat if it is more accurate.
        """
        (low, smallest), (high, largest) = self.smallest, self.largest
        order = np.lexsort((accuracy, cost), axis=-1)
        x, y = np.take_along_axis(cost, order, axis=-1), np.take_along_axis(accuracy, order, axis=-1)
        first, last = x[..., 0] > low, x[..., -1] < high
        x = _with_ends(np.where(first, low, x[..., 0]), x, np.where(last, high, x[..., -1]))
        highest = np.maximum(largest, y[..., -1])
        y = _with_ends(np.where(first, smallest, y[..., 0]), y, np.where(last, highest, y[..., -1]))
        room, above = self.frontier - self.mixture, area_under(x, y, low, high) - self.mixture
        some = room > ROUNDING * self.frontier
        return np.where(some, above / np.where(some, room, 1.0), np.nan)


def _with_ends(first: Floats, values: Floats, last: Floats) -> Floats:
    return np.concatenate([first[..., None], values, last[..., None]], axis=-1)
