"""A hundred agents with fifty settings each, judged with intervals.

    python scripts/bench/agents.py [--samples 50000] [--agents 100] [--settings 50] [--states 8]

All of `--samples` are judged; folds 5-9 of ImageNet's validation set are half of its 50,000.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time

import numpy as np
from adaptlabels.labels.agents.choices import Choices
from adaptlabels.labels.agents.judge import Judge
from adaptlabels.labels.agents.judged import JudgedSamples

REPLICATES = 1000


def made_up(n_samples: int, n_states: int, seed: int = 0) -> tuple[JudgedSamples, np.ndarray]:
    """Correlated states of rising accuracy, and how hard each sample is."""
    rng = np.random.default_rng(seed)
    hard = rng.normal(size=(n_samples, 1))
    correct = hard + 0.35 * rng.normal(size=(n_samples, n_states)) < np.linspace(0.13, 1.1, n_states)
    names = tuple(f"s{i}" for i in range(n_states))
    return JudgedSamples.create(names, correct, np.geomspace(1, 100, n_states)), hard[:, 0]


def dials(hard: np.ndarray, n_states: int, n_agents: int, n_settings: int, seed: int = 1) -> list[Choices]:
    """Agents that see how hard a sample is, some better than others; a setting shifts all of their thresholds."""
    rng = np.random.default_rng(seed)
    rows = np.arange(len(hard))
    found = []
    for agent in range(n_agents):
        seen = hard + rng.uniform(0.1, 1) * rng.normal(size=len(hard))
        for setting in np.linspace(-1, 1, n_settings):
            states = np.digitize(seen, np.linspace(-0.5, 1.2, n_states - 1) + setting).astype(np.int16)
            found.append(Choices(f"agent {agent}", float(setting), rows, states, None, None))
    return found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--states", type=int, default=8)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--settings", type=int, default=50)
    options = parser.parse_args()
    judged, hard = made_up(options.samples, options.states)
    choices = dials(hard, options.states, options.agents, options.settings)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, spent = time.perf_counter(), time.process_time()
    agents, curves = Judge.create(judged, REPLICATES, 0).given(choices)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}")
    print(f"{options.samples:,} samples x {options.states} states, {REPLICATES} replicates")
    print(f"  settings judged {len(agents):,} of {len(curves)} agents")
    print(f"  seconds         {time.perf_counter() - started:.1f} ({time.process_time() - spent:.1f} of CPU)")
    print(
        f"  peak memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before:.0f} MiB beside choices"
    )
    first = agents[0]
    ends = first.intervals["share_of_saving"]
    print(f"  share of saving of the first {first.share_of_saving:.4f} ({ends.low:.4f} – {ends.high:.4f})")


if __name__ == "__main__":
    main()
