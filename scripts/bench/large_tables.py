"""Labels of large tables of predictions, beside some lines of polars that make the same label columns, and no more.

    python scripts/bench/large_tables.py [--samples 100000 --samples 1000000] [--states 10] [--rounds 2]
    python scripts/bench/large_tables.py --wide --samples 100000 --states 50    # right and wrong alone, as a wide CSV

`label` also computes the bounds with their intervals, trains the agents, writes card, plots and explorer, and checks
the folder; the pipeline, which reads no wide tables, writes one table. Both run in processes of their own, in turn; the
least CPU time counts.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

CLASSES = 1000
PIPELINE = """
import sys
import polars as pl
states = pl.read_csv(sys.argv[2]).sort("cost").with_row_index("index")
pl.scan_parquet(sys.argv[1]).join(states.lazy().select("state", "index"), on="state").with_columns(
    correct=pl.col("prediction") == pl.col("target")
).group_by("sample_id").agg(
    pl.col("target").first(),
    *(pl.col(name).sort_by("index") for name in ("prediction", "correct", "confidence")),
    oracle_state=pl.col("index").filter("correct").min(),
).with_columns(
    solvable=pl.col("oracle_state").is_not_null(), oracle_state=pl.col("oracle_state").fill_null(0)
).with_columns(
    oracle_cost=pl.col("oracle_state").replace_strict(states["index"], states["cost"])
).sink_parquet(sys.argv[3], engine="streaming", compression="zstd")
"""


def write_wide(folder: Path, n_samples: int, n_states: int) -> Path:
    """Write `wide.csv`, one column of right and wrong for each state, and `states.csv`: errors overlap."""
    rng = np.random.default_rng(0)
    difficulty = rng.random((n_samples, 1))
    right = np.linspace(0.5, 0.9, n_states) + 0.15 * rng.standard_normal((n_samples, n_states)) > difficulty
    names = pl.DataFrame({"sample_id": [f"s{place:09d}" for place in range(n_samples)]})
    columns = (pl.Series(f"m{state:03d}", right[:, state].astype(np.int8)) for state in range(n_states))
    names.with_columns(columns).write_csv(folder / "wide.csv")
    write_states(folder, n_states)
    return folder / "wide.csv"


def write_states(folder: Path, n_states: int) -> None:
    rows = [f"m{state:03d},{cost:.6g}" for state, cost in enumerate(np.geomspace(0.3, 30, n_states))]
    (folder / "states.csv").write_text("\n".join(["state,cost", *rows]) + "\n")


def write_long(folder: Path, n_samples: int, n_states: int) -> Path:
    """Write `predictions.parquet`, state after state, and `states.csv`: errors of the states overlap."""
    rng = np.random.default_rng(0)
    names = pl.Series([f"s{place:09d}" for place in range(n_samples)])
    target, difficulty = rng.integers(0, CLASSES, n_samples), rng.random(n_samples)
    writer = None
    for state, accuracy in enumerate(np.linspace(0.55, 0.9, n_states)):
        right = 0.7 * difficulty + 0.3 * rng.random(n_samples) < accuracy
        table = pl.DataFrame(
            {
                "sample_id": names,
                "state": pl.repeat(f"m{state:03d}", n_samples, eager=True),
                "target": pl.Series(target, dtype=pl.Int16),
                "prediction": pl.Series(np.where(right, target, (target + 1) % CLASSES), dtype=pl.Int16),
                "confidence": pl.Series(rng.uniform(0.05, 0.95, n_samples), dtype=pl.Float32),
            }
        ).to_arrow()
        writer = writer or pq.ParquetWriter(folder / "predictions.parquet", table.schema)
        writer.write_table(table)
    assert writer is not None, "there are states"
    writer.close()
    write_states(folder, n_states)
    return folder / "predictions.parquet"


def run(*command: str) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of a program."""
    code = (
        "import resource, subprocess, sys\n"
        "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, action="append")
    parser.add_argument("--states", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--wide", action="store_true")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, polars {version('polars')}, pyarrow {version('pyarrow')}")
    print("| samples x states | label: CPU s / peak MB | polars pipeline |\n| --- | --- | --- |")
    for n_samples in options.samples or [100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            table = (write_wide if options.wide else write_long)(folder, n_samples, options.states)
            inputs = str(table), str(folder / "states.csv")
            ours, theirs = [], []
            for turn in range(options.rounds):
                program = [sys.executable, "-m", "adaptlabels.scripts.cli", "label"]
                ours.append(run(*program, inputs[0], str(folder / f"out-{turn}"), "--states", inputs[1]))
                if not options.wide:
                    theirs.append(run(sys.executable, "-c", PIPELINE, *inputs, str(folder / "labels.parquet")))
        shown = [
            f"{min(taken for taken, _ in runs):.1f} / {min(peak for _, peak in runs):,.0f}" if runs else "–"
            for runs in (ours, theirs)
        ]
        print(f"| {n_samples:,} x {options.states} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    main()
