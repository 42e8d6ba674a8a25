"""What would bound two large builds on clusters of several sizes: arithmetic, from counted and measured stage costs.

    python scripts/bench/scale.py

Operations, parameters, activations and pixels are counted by the package, placement is the one that Ray would be asked
for, reading and writing parts is measured here. What cannot be measured without GPUs is assumed, and printed as such.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
import torch
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.building.gathering import PARTS_AT_ONCE
from adaptlabels.builders.building.plan import RUNNERS, BuildPlan
from adaptlabels.builders.building.store import Part, Store
from adaptlabels.builders.cluster.machines import Machine
from adaptlabels.builders.cluster.placement import place, workers_on, workers_on_all
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.running.scores import PART_SCHEMA
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.items import Held
from adaptlabels.labels.tables.shards import SHARD_ROWS

GPUS = (8, 64, 512)
MACHINE = Machine("8 x H100", cpus=128, memory_bytes=1 << 40, gpus=8, gpu_bytes=80 << 30, gpu_name="NVIDIA H100 80GB")
DECODE_SECONDS = 5.22e-3
"""CPU time of an image in 10 pixel settings: `images.py data`, RESULTS.md."""
SHARING = 2.2
"""Operations that shared contexts save on HellaSwag, times: `choices.py speed`, RESULTS.md."""
ASSUMED = {
    "float32 on a GPU, TFLOP/s (60 % of an H100's 67)": 40e12,
    "bfloat16 on a GPU, TFLOP/s (40 % of an H100's 990)": 400e12,
    "storage that a machine reads, bytes/s": 2e9,
    "PCIe of a GPU, bytes/s": 20e9,
    "bytes of an image": 110e3,
    "round trip to an object store, s": 0.02,
}
FLOAT32, BFLOAT16, STORAGE, PCIE, IMAGE_BYTES, ROUND_TRIP = ASSUMED.values()


@dataclass(frozen=True)
class Build:
    """One build on paper."""

    title: str
    benchmark: str
    samples: int
    states: list[LoadedState]
    dtype: str
    rate: float
    """Operations per second of a GPU."""
    shard_size: int


def states_of(*families: str, times: int = 1) -> list[LoadedState]:
    """All states of some families, several times over."""
    found = []
    for name in families:
        family = shipped_families()[name]
        runner = RUNNERS[family.runner]()
        found += [LoadedState(family, one, RANDOM, runner.cost(one, None)) for one in family.states] * times
    return found


def part_seconds(rows: int) -> tuple[float, float]:
    """Seconds to write and to read a part of images on this machine's disk."""
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "sample_id": [f"ILSVRC2012_{number:08d}" for number in range(rows)],
            "prediction": rng.integers(0, 1000, rows),
            "confidence": rng.random(rows),
            "margin": rng.random(rows),
            "entropy": rng.random(rows),
            "scores": rng.random((rows, 5)).tolist(),
            "classes": rng.integers(0, 1000, (rows, 5)).tolist(),
            "gflops": np.full(rows, 4.2),
        }
    )
    frame = frame.with_columns(**{name: None for name in PART_SCHEMA if name not in frame.columns}).cast(
        cast("Any", PART_SCHEMA)
    )
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        units = [Part("family", "state", shard) for shard in range(50)]
        started = time.perf_counter()
        for unit in units:
            store.put(unit, "print", frame)
        written = time.perf_counter()
        with ThreadPoolExecutor(PARTS_AT_ONCE) as pool:
            list(pool.map(lambda unit: store.get(unit, "print"), units))
        return (written - started) / len(units), (time.perf_counter() - written) / len(units)


def stages(build: Build, gpus: int, write: float, read: float) -> dict[str, float]:
    """Seconds of each stage if nothing else took time."""
    machines = [MACHINE] * (gpus // MACHINE.gpus)
    plan = BuildPlan(
        find_benchmark(build.benchmark), Held("none", None, ()), (), RunSettings(torch.device("cuda"), build.dtype)
    )
    units = -(-build.samples // build.shard_size)
    vision = plan.benchmark.runner == "vision"
    device = 0.0
    weights = 0.0
    slowest = 0.0
    placements = place(plan, build.states, machines)
    for one in placements:
        operations = sum(state.cost.nominal_gflops() for state in one.states) * 1e9 / (1 if vision else SHARING)
        unit = operations * build.shard_size / build.rate  # the GPUs of a state that is spread work one at a time
        device += unit * units * max(1.0, one.gpus)
        workers = workers_on_all(machines, one, units)
        size = sum(state.cost.parameters for state in one.states) * (4 if build.dtype == "float32" else 2)
        weights += workers * size
        at_once = min(workers, workers_on(MACHINE, one))  # that load over one machine's link
        slowest = max(slowest, -(-units // workers) * unit + size * at_once / STORAGE)
    sizes = {cast("Any", state.cost).input_size for state in build.states} if vision else set()
    pixels = sum(int(np.prod(size)) for size in sizes)
    passes = len(placements)
    parts = units * len(build.states)
    families = sum(state.backbone == state.family.states[0] for state in build.states)
    # One family after the other, each shard of its tables on a machine of its own.
    gatherers = min(len(machines), -(-build.samples * len(build.states) // (families * SHARD_ROWS)))
    found = {
        "device": device / gpus,
        "slowest pass, its weights' loading included": slowest,
        "weights from storage": weights / (STORAGE * len(machines)),
        "parts, written": parts * (write + 4 * ROUND_TRIP) / gpus,
        "parts, gathered": parts * (read + 2 * ROUND_TRIP / PARTS_AT_ONCE) / gatherers,
    }
    if vision:
        found |= {
            "images from storage": build.samples * passes * IMAGE_BYTES / (STORAGE * len(machines)),
            "decoding and resizing": build.samples * passes * DECODE_SECONDS / (MACHINE.cpus * len(machines)),
            "PCIe": build.samples * pixels / (PCIE * gpus),
        }
    return found


def main() -> None:
    """Print a table for each build."""
    write, read = part_seconds(1024)
    out = sys.stdout.write
    out(f"measured here: a part of 1,024 images is written in {1e3 * write:.1f} ms and read in {1e3 * read:.1f} ms\n")
    out("assumed: " + "; ".join(f"{name}: {value:.3g}" for name, value in ASSUMED.items()) + "\n")
    vision = states_of("efficientnet", "vit", times=6)
    language = states_of("pythia", "llama2")
    builds = [
        Build("ImageNet-1k train, 96 states", "imagenet", 1_281_167, vision, "float32", FLOAT32, 1024),
        Build("HellaSwag validation, 11 states", "hellaswag", 10_042, language, "bfloat16", BFLOAT16, 1024),
        Build("the same, shards of 128", "hellaswag", 10_042, language, "bfloat16", BFLOAT16, 128),
    ]
    for build in builds:
        units = -(-build.samples // build.shard_size)
        out(f"\n{build.title}: {units} units in each pass, {units * len(build.states)} parts\n\n")
        columns = [stages(build, gpus, write, read) for gpus in GPUS]
        out("| stage, seconds | " + " | ".join(f"{gpus} GPUs" for gpus in GPUS) + " |\n| --- | --- | --- | --- |\n")
        for stage in columns[0]:
            out(f"| {stage} | " + " | ".join(f"{column[stage]:,.1f}" for column in columns) + " |\n")
    settings = RunSettings(torch.device("cuda"), "bfloat16")
    plan = BuildPlan(find_benchmark("hellaswag"), Held("none", None, ()), (), settings)
    out("\nGPUs of a worker: ")
    placed = [(one.states[0].backbone.name, one.gpus) for one in place(plan, language, [MACHINE])]
    out(", ".join(f"{name} {gpus:g}" for name, gpus in placed) + "\n")


if __name__ == "__main__":
    main()
