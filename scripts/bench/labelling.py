"""Seconds and memory of `adaptlabels label` on a wide table of right and wrong alone.

    python scripts/bench/labelling.py --samples 100000 --states 50

The command runs in a process of its own, on one thread: reading, labels, bounds with intervals, plots, card, explorer
and checks. CPU seconds are that process's, so that others on the machine slow it but do not count.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl


def write_table(folder: Path, n_samples: int, n_states: int) -> tuple[Path, Path]:
    """A wide table whose states get more right as they cost more, and err together; and the table of states."""
    rng = np.random.default_rng(0)
    hardness = rng.random((n_samples, 1))
    skill = np.linspace(0.5, 0.9, n_states)
    right = skill + 0.15 * rng.standard_normal((n_samples, n_states)) > hardness
    names = [f"model-{number:02d}" for number in range(n_states)]
    frame = pl.DataFrame({"sample_id": [f"q{number:06d}" for number in range(n_samples)]})
    table, states = folder / "wide.csv", folder / "states.csv"
    frame.with_columns(pl.Series(name, right[:, i].astype(np.int8)) for i, name in enumerate(names)).write_csv(table)
    pl.DataFrame({"state": names, "cost": np.geomspace(1, 100, n_states)}).write_csv(states)
    return table, states


def main() -> None:
    """Print CPU seconds, wall seconds and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--states", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        table, states = write_table(Path(name), asked.samples, asked.states)
        command = [
            sys.executable,
            "-m",
            "adaptlabels.scripts.cli",
            "label",
            table,
            Path(name, "out"),
            "--states",
            states,
        ]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
        started = time.perf_counter()
        subprocess.run(
            [*map(str, command), "--json"], check=True, env={**os.environ, **threads}, stdout=subprocess.DEVNULL
        )
        wall = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = table.stat().st_size / 1e6
    sys.stdout.write(
        f"{asked.samples:,} samples x {asked.states} states ({size:.1f} MB of CSV):"
        f" {used.ru_utime + used.ru_stime:.1f} CPU seconds, {wall:.1f} s by the clock, at most"
        f" {used.ru_maxrss * 1024 / 1e9:.2f} GB\n"
    )


if __name__ == "__main__":
    main()
