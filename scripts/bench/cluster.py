"""One build on Ray against the local engine on one core: the gain of a second node, and what Ray itself costs.

    python scripts/bench/cluster.py digits          # two nodes of one core, and one, each against one core
    python scripts/bench/cluster.py stories --items 16000 --nodes 2

The build is a miniature dataset with more items than ship (digits under new names, stories made by the same grammar)
under both of its families, whose weights are trained first where the cache lacks them. Each side runs in a process of
its own, alternating. A node's processes are bound to one core, as the local engine is. The cluster runs before the
clock starts, as a user's does; its workers do not. Tables are compared byte for byte.
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

from adaptlabels.builders.miniature import grammar
from adaptlabels.builders.miniature.datasets import digits_folder

SEED = 17
FAMILIES = {"digits": ("vit-mini", "convnext-mini"), "stories": ("neox-mini", "llama-mini")}
SETTLE_SECONDS = 10
"""Time for Ray's own processes to start."""


def write_items(dataset: str, root: Path, count: int) -> str:
    """A source of so many items, as `--source` takes it."""
    if dataset == "stories":
        rng = Random(SEED)
        path = root / "items.jsonl"
        path.write_text("".join(json.dumps(grammar.make_item(rng, number)) + "\n" for number in range(count)))
        return f"jsonl:{path}"
    files = sorted(digits_folder().glob("*/*.png"))
    for number in range(count):
        file = files[number % len(files)]
        copy = root / "images" / file.parent.name / f"{number:06d}.png"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    return f"imagefolder:{root / 'images'}"


def build_once(options: argparse.Namespace) -> None:
    """One build, timed; runs in a process of its own."""
    from adaptlabels.builders import BuildOptions, make_plan, open_engine
    from adaptlabels.builders.building.plan import load_states
    from adaptlabels.builders.building.run import run_build
    from adaptlabels.builders.progress import Silent
    from adaptlabels.cards import write_card
    from adaptlabels.labels import write_dataset

    chosen = BuildOptions(
        dataset=options.dataset,
        out=options.out,
        source=options.source,
        families=FAMILIES[options.dataset],
        device="cpu",
        shard_size=options.shard_size,
        engine="ray" if options.address else "local",
        ray_address=options.address,
    )
    with open_engine(chosen) as engine:
        plan = make_plan(chosen, engine)
        load_states(plan, Silent())
        started = time.perf_counter()
        built = run_build(plan, options.out / ".adaptlabels", Silent(), engine)
        seconds = time.perf_counter() - started
    write_dataset(options.out, plan.benchmark.info(plan.source), built.families, card=write_card)
    sys.stdout.write(f"{seconds}\n")


def timed(options: argparse.Namespace, out: Path, source: str, address: str | None, *, one_core: bool) -> float:
    """Seconds of one build in a process of its own."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, __file__, options.dataset, "--child", "--out", str(out), "--source", source]
    command += ["--shard-size", str(options.shard_size), *(["--address", address] if address else [])]
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


def start(nodes: int) -> Any:  # noqa: ANN401
    """A cluster whose nodes have a core each."""
    from ray.cluster_utils import Cluster

    everything = os.sched_getaffinity(0)
    cluster = Cluster()
    for core in range(nodes):
        os.sched_setaffinity(0, {core})  # what the node's processes inherit
        cluster.add_node(num_cpus=1, include_dashboard=False)
    os.sched_setaffinity(0, everything)
    time.sleep(SETTLE_SECONDS)
    return cluster


def compare(root: Path, source: str, options: argparse.Namespace, nodes: int) -> None:
    """The local engine on one core and a cluster of some nodes, alternating."""
    pairs: list[tuple[float, float]] = []
    for _ in range(options.rounds):
        local = timed(options, root / "local", source, None, one_core=True)
        cluster = start(nodes)
        spread = timed(options, root / "ray", source, cluster.address, one_core=False)
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
    parser.add_argument("dataset", choices=list(FAMILIES))
    parser.add_argument("--items", type=int, default=120_000)
    parser.add_argument("--shard-size", type=int, default=2048)
    parser.add_argument("--nodes", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--source", help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        build_once(options)
        return
    sys.stdout.write(
        f"Python {platform.python_version()}, torch {version('torch')}, Ray {version('ray')}; {options.items} items,"
        f" {' and '.join(FAMILIES[options.dataset])}, shards of {options.shard_size}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = write_items(options.dataset, Path(folder), options.items)
        for nodes in options.nodes:
            compare(Path(folder), source, options, nodes)


if __name__ == "__main__":
    main()
