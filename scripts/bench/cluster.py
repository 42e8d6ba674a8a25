"""One build on Ray against the local engine on one core: the gain of a second node, and what Ray itself costs.

    python scripts/bench/cluster.py                 # two nodes of one core, and one, each against one core
    python scripts/bench/cluster.py --items 2000    # of a shorter build

The build is `stories` with more items than ship, made by the same grammar, under the miniature language families, whose
weights are trained first where the cache lacks them. Each side runs in a process of its own, alternating; the cluster
runs before the clock starts, as a user's does, its workers do not. Tables are compared byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from adaptlabels.builders import grammar

SEED = 17
FAMILIES = ("neox-mini", "llama-mini")
SETTLE_SECONDS = 10
"""Time for Ray's own processes to start."""


def write_items(path: Path, count: int) -> None:
    """Items of the grammar in HellaSwag's form."""
    rng = Random(SEED)
    path.write_text("".join(json.dumps(grammar.make_item(rng, number)) + "\n" for number in range(count)))


def build_once(options: argparse.Namespace) -> None:
    """One build, timed; runs in a process of its own."""
    from adaptlabels.builders.building import run_build
    from adaptlabels.builders.plan import load_states
    from adaptlabels.builders.progress import Silent
    from adaptlabels.scripts.commands.build import BuildOptions, make_plan, open_engine
    from adaptlabels.scripts.commands.finish import finish_folder

    chosen = BuildOptions(
        dataset="stories", out=options.out, source=f"jsonl:{options.source}", families=FAMILIES, device="cpu",
        shard_size=options.shard_size, engine="ray" if options.address else "local", ray_address=options.address,
    )  # fmt: skip
    with open_engine(chosen) as engine:
        plan = make_plan(chosen, engine)
        load_states(plan, Silent())
        started = time.perf_counter()
        built = run_build(plan, options.out / ".adaptlabels", Silent(), engine)
        seconds = time.perf_counter() - started
    finish_folder(options.out, plan.benchmark.info(plan.source), built.families)
    sys.stdout.write(f"{seconds}\n")


def timed(out: Path, source: Path, shard_size: int, address: str | None, *, one_core: bool) -> float:
    """Seconds of one build in a process of its own."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, __file__, "--child", "--out", out, "--source", source, "--shard-size", str(shard_size)]
    command += ["--address", address] if address else []
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=(lambda: os.sched_setaffinity(0, {0})) if one_core else None,
    )
    return float(done.stdout.splitlines()[-1])


def tables(folder: Path) -> dict[str, str]:
    """Hash of every table."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.parquet"))
        if ".adaptlabels" not in file.parts
    }


def compare(root: Path, source: Path, options: argparse.Namespace, nodes: int) -> None:
    """The local engine on one core and a cluster of some nodes, alternating."""
    from ray.cluster_utils import Cluster

    pairs: list[tuple[float, float]] = []
    for _ in range(options.rounds):
        local = timed(root / "local", source, options.shard_size, None, one_core=True)
        cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1)
        time.sleep(SETTLE_SECONDS)
        spread = timed(root / "ray", source, options.shard_size, cluster.address, one_core=False)
        cluster.shutdown()
        assert tables(root / "local") == tables(root / "ray"), "the tables differ"
        pairs.append((local, spread))
    ratios = sorted(local / spread for local, spread in pairs)
    sys.stdout.write(
        f"{nodes} node(s) of one core: {median(spread for _, spread in pairs):.1f} s, one core without Ray:"
        f" {median(local for local, _ in pairs):.1f} s, {median(ratios):.2f} times as fast"
        f" ({ratios[0]:.2f} – {ratios[-1]:.2f}); tables equal\n"
    )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=48_000)
    parser.add_argument("--shard-size", type=int, default=1024)
    parser.add_argument("--nodes", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--source", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        build_once(options)
        return
    sys.stdout.write(
        f"Python {platform.python_version()}, torch {version('torch')}, Ray {version('ray')}; {options.items} items,"
        f" {' and '.join(FAMILIES)}, shards of {options.shard_size}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "items.jsonl"
        write_items(source, options.items)
        for nodes in options.nodes:
            compare(Path(folder), source, options, nodes)


if __name__ == "__main__":
    main()
