"""The bounds calculator against a direct bootstrap and a plain pass over the matrix, alternating in one run.

    OPENBLAS_NUM_THREADS=1 python scripts/bench/bounds.py [--samples 50000] [--large 1280000]

Prints medians over the rounds, and ratios of times that were measured side by side. Times are seconds of one
processor, so that other work on the machine changes them little.
"""

from __future__ import annotations

import argparse
import platform
import time
import tracemalloc
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from adaptlabels.labels import (
    LabelledSpace,
    StateSpace,
    alpha_profile,
    exact_bound,
    frontier,
    pool_families,
    replicate,
    report_family,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptlabels.labels import FamilyReport
    from numpy.typing import NDArray

ROUNDS = 5
DIRECT_REPLICATES = 20
REPLICATES = 1000


def label_set(n_samples: int, n_states: int, seed: int = 0) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Correlated states of rising accuracy, as families of networks are: 55 % to 85 %."""
    rng = np.random.default_rng(seed)
    correct = np.empty((n_samples, n_states), dtype=bool)
    for start in range(0, n_samples, 1 << 16):
        rows = slice(start, start + (1 << 16))
        hard = rng.normal(size=(len(correct[rows]), 1))
        correct[rows] = hard + 0.35 * rng.normal(size=correct[rows].shape) < np.linspace(0.13, 1.1, n_states)
    return correct, np.geomspace(1, 100, n_states)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of one call, and what it gave."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def direct_bootstrap(correct: NDArray[np.bool_], costs: NDArray[np.float64], replicates: int) -> NDArray[np.float64]:
    """Exact gain, alpha and accuracies of label sets whose rows are resampled one set at a time."""
    rng = np.random.default_rng(1)
    gains = np.empty(replicates)
    for b in range(replicates):
        rows = correct[rng.integers(0, len(correct), len(correct))]
        first = np.where(rows.any(axis=1), rows.argmax(axis=1), 0)
        unsolved = ~np.logical_or.accumulate(rows, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            unsolved.mean(axis=0) / (1 - rows.mean(axis=0))
        gains[b] = costs[-1] / costs[first].mean()
    return gains


def same_by_patterns(correct: NDArray[np.bool_], costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The figures of `direct_bootstrap`, by counts of patterns."""
    sets = replicate(correct, REPLICATES, rng=np.random.default_rng(1))
    with np.errstate(divide="ignore", invalid="ignore"):
        _ = sets.error_profiles / sets.error_rates, sets.accuracies
    E = sets.error_profiles
    shares = np.concatenate([1 - E[:, :1] + E[:, -1:], E[:, :-1] - E[:, 1:]], axis=1)
    return np.asarray(costs[-1] / (shares @ costs))


def compare_bootstrap(n_samples: int, n_states: int) -> None:
    """All bounds with 1,000 replicates against the direct bootstrap of the exact bound alone."""
    correct, costs = label_set(n_samples, n_states)
    space = StateSpace.create([f"s{i}" for i in range(n_states)], costs)
    ours, same, direct = [], [], []
    for _ in range(ROUNDS):
        same.append(timed(lambda: same_by_patterns(correct, costs))[0])
        seconds, report = timed(lambda: report_family(space, correct, replicates=REPLICATES))
        ours.append(seconds)
        seconds, _ = timed(lambda: direct_bootstrap(correct, costs, DIRECT_REPLICATES))
        direct.append(seconds / DIRECT_REPLICATES * REPLICATES)
    without = median(timed(lambda: report_family(space, correct, replicates=None))[0] for _ in range(ROUNDS))
    low, high = np.percentile(direct_bootstrap(correct, costs, REPLICATES), [2.5, 97.5])
    exact = report.find("exact")
    intervals = median(ours) - without
    print(f"{n_samples:,} samples x {n_states} states, {REPLICATES} replicates")
    print(f"  all bounds, selection, intervals   {median(ours):8.3f} s")
    print(f"  of which the intervals             {intervals:8.3f} s")
    print(f"  exact gain, alpha, accuracies only {median(same):8.3f} s")
    print(f"  direct bootstrap of rows           {median(direct):8.3f} s (from {DIRECT_REPLICATES} replicates)")
    alike = median(d / s for d, s in zip(direct, same, strict=True))
    print(f"  ratio, the same figures            {alike:8.1f}")
    ratio = median(d / o for d, o in zip(direct, ours, strict=True))
    print(f"  ratio, direct over everything      {ratio:8.1f}")
    print(f"  exact gain {exact.bound.gain:.4f}, 95 %")
    print(f"    ours   {exact.gain_interval.low:.4f} – {exact.gain_interval.high:.4f}")
    print(f"    direct {low:.4f} – {high:.4f}")


def time_pool(n_samples: int, n_states: int, n_families: int = 4) -> None:
    """A pool of families: matching samples, then all bounds, both selections and the intervals of every figure."""
    correct, costs = label_set(n_samples, n_states)
    ids = [f"sample-{i}" for i in range(n_samples)]
    families = []
    for f in range(n_families):
        columns = slice(f, None, n_families)
        names = [f"s{i}" for i in range(len(costs[columns]))]
        space = StateSpace.create(names, costs[columns], family=f"family{f}")
        families.append(LabelledSpace(space, correct[:, columns], ids))
    runs = [timed(lambda: _report_pool(families)) for _ in range(ROUNDS)]
    report = runs[0][1]
    print(f"{n_samples:,} samples x {n_states} pooled states of {n_families} families, {REPLICATES} replicates")
    print(f"  everything                         {median(seconds for seconds, _ in runs):8.3f} s")
    print(f"  exact gain {report.find('exact').bound.gain:.4f}")


def _report_pool(families: list[LabelledSpace]) -> FamilyReport:
    pool = pool_families(families)
    return report_family(pool.space, pool.correct, replicates=REPLICATES)


def compare_pass(n_samples: int, n_states: int) -> None:
    """Exact, alpha and frontier against a plain pass (a sum) over the matrix; memory beyond the matrix."""
    correct, costs = label_set(n_samples, n_states)
    gigabytes = correct.nbytes / 1e9
    work: dict[str, Callable[[], Any]] = {
        "exact": lambda: exact_bound(correct, costs),
        "alpha": lambda: alpha_profile(correct),
        "frontier": lambda: frontier(correct, costs),
    }
    plain: list[float] = []
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        plain.append(timed(lambda: np.count_nonzero(correct))[0])
        for name, call in work.items():
            seconds[name].append(timed(call)[0])
    print(f"{n_samples:,} samples x {n_states} states, {gigabytes:.3f} GB")
    print(f"  plain pass   {median(plain):8.4f} s {gigabytes / median(plain):8.2f} GB/s")
    for name, call in work.items():
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        took, share = median(seconds[name]), peak / correct.nbytes
        ratio = median(s / p for s, p in zip(seconds[name], plain, strict=True))
        speed = f"{gigabytes / took:8.2f} GB/s, {ratio:.1f} passes"
        print(f"  {name:<12} {took:8.4f} s {speed}, peak {share:.2f} of the matrix")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--states", type=int, default=16)
    parser.add_argument("--large", type=int, default=1_280_000)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    compare_bootstrap(options.samples, options.states)
    time_pool(options.samples, 40)
    for share in (4, 2, 1):
        compare_pass(options.large // share, 100)


if __name__ == "__main__":
    main()
