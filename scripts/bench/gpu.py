"""Everything that only a GPU can show, as one command, into one Markdown table.

    python scripts/bench/gpu.py --out DIR             # under 9 minutes on one H100 or H200; no network
    python scripts/bench/gpu.py --out DIR --tiny      # the same with the smallest models, on any machine

What it measures: how many answers change in faster modes, against float32 on the CPU (trained miniatures, whose answers
mean something); a pass of eight image models against timm's loader and model one by one, with the device's busy share;
items per second against lm-evaluation-harness, where that is installed; and what `--measure` states, against torch's
profiler. Large models have the true shapes and random weights, as times do not depend on them.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import platform
import sys
import time
from argparse import Namespace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from adaptlabels.builders.backbones.families import Backbone, Family, shipped_families
from adaptlabels.builders.backbones.weights import Weights, miniature_folder
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.building.plan import RUNNERS
from adaptlabels.builders.miniature.training import make_tokenizer
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.running.devices import choose_device, device_name
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.items import ImageItem
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.scripts.bench.choices import ask, harness
from adaptlabels.scripts.bench.images import device_time, meta_config, timm_loader
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VISION = (
    ("efficientnet", "efficientnet-b0"), ("efficientnet", "efficientnet-b4"), ("resnet", "resnet-50"),
    ("convnext", "convnext-tiny"), ("convnext", "convnext-base"), ("vit", "vit-small-224"), ("vit", "vit-base-224"),
    ("vit", "vit-large-224"),
)  # fmt: skip
LANGUAGE = ("pythia-70m", "pythia-160m", "pythia-410m", "pythia-1b", "pythia-1.4b")
MODES: dict[str, dict[str, Any]] = {
    "float32": {},
    "bfloat16": {"dtype": "bfloat16"},
    "float16": {"dtype": "float16"},
    "channels-last": {"channels_last": True},
    "compiled": {"compiled": True},
}
MINIATURES = {"vision": ("vit-mini", "convnext-mini"), "language": ("neox-mini", "llama-mini")}
ROUNDS = 3
Row = tuple[str, str, str]
"""What was measured, of what, and what came out."""


def main() -> None:
    """Measure everything and write the table, after every line: a lent machine may be taken back."""
    options = read_options()
    devices = [choose_device(name) for name in options.device or every_device()]
    rows: list[Row] = []
    for device in devices:
        for name in options.part or PARTS:
            started = time.perf_counter()
            for what, of, found in PARTS[name](device, options):
                rows.append((what, f"{of}, {device}", found))
                print(" | ".join(rows[-1]), flush=True)
                write(options.out, rows, devices)
            print(f"  {name}: {time.perf_counter() - started:.0f} s", flush=True)


def read_options() -> Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of gpu.md and gpu.json; it is made")
    parser.add_argument("--tiny", action="store_true", help="the smallest models and few samples")
    parser.add_argument("--device", action="append", help="default: every GPU, or the CPU")
    parser.add_argument("--part", action="append", choices=PARTS, help="default: all")
    return parser.parse_args()


def every_device() -> list[str]:
    """The GPUs of this machine, or its CPU."""
    return [f"cuda:{number}" for number in range(torch.cuda.device_count())] or ["cpu"]


def count_flips(device: torch.device, options: Namespace) -> Iterator[Row]:
    """Answers of trained miniatures that differ from those of float32 on the CPU, in every mode."""
    for kind, names in MINIATURES.items():
        benchmark = find_benchmark("digits" if kind == "vision" else "stories")
        items = list(open_source(benchmark, None, 8 if options.tiny else None).items())
        runner = RUNNERS[kind]()
        states = [trained(name, number) for name in names for number in range(1 if options.tiny else 4)]
        expected: dict[str, Any] = {}
        for mode, chosen in {"reference": {}, **MODES}.items():
            if (kind == "language" and "channels_last" in chosen) or (options.tiny and mode == "compiled"):
                continue
            settings = RunSettings(torch.device("cpu") if mode == "reference" else device, **chosen)
            flips = total = 0
            for group in runner.group(states, settings, 1 << 40):
                with runner.open(group, settings, benchmark.answers) as opened:
                    found = opened.score(items, [state.key for state in group], silent).scores
                for key, scores in found.items():
                    flips += int((scores.prediction != expected.setdefault(key, scores.prediction)).sum())
                    total += len(items)
            if mode != "reference":
                yield "changed answers", f"{kind} miniatures, {mode}", f"{flips} of {total}"


def compare_images(device: torch.device, options: Namespace) -> Iterator[Row]:
    """One pass over the image models against timm's loader and model for each in turn."""
    states = [random_state(family, name) for family, name in (VISION[:1] if options.tiny else VISION)]
    items = list(photographs(2 if options.tiny else 2048))
    workers, batch = (0, 2) if options.tiny else (8, 128)
    for dtype in ("float32",) if options.tiny else ("float32", "bfloat16"):
        settings = RunSettings(device, dtype, batch, channels_last=dtype != "float32")
        loading = Namespace(batch_size=batch, workers=workers, device=str(device))
        yield _compare_images(states, items, settings, loading, 1 if options.tiny else ROUNDS)


def _compare_images(
    states: list[LoadedState], items: list[ImageItem], settings: RunSettings, loading: Namespace, rounds: int
) -> Row:
    keys = [state.key for state in states]
    busy: list[float] = []
    with RUNNERS["vision"]().open(states, settings, find_benchmark("imagenet").answers) as opened:
        models = {key: found.model for key, found in opened._models.items()}  # type: ignore[attr-defined]

        def ours() -> None:
            with device_time(settings.device, models.values()) as seconds:
                started = time.perf_counter()
                opened.score(items, keys, silent)
                busy.append(seconds() / (time.perf_counter() - started))

        def peer() -> None:
            for key, state in zip(keys, states, strict=True):
                config = {**meta_config(state), "img_dtype": settings.torch_dtype}
                with torch.inference_mode():
                    for pixels, _ in timm_loader(items, config, loading):
                        models[key](pixels).argmax(1)

        own, others = alternate(ours, peer, settings.device, rounds)
    ratio = median(b / a for a, b in zip(own, others, strict=True))
    speeds = (
        f"{len(items) / median(own):,.1f} images/s, one by one {len(items) / median(others):,.1f}; ratio {ratio:.2f}"
    )
    share = f"; device busy {100 * median(busy):.0f} %" if settings.device.type == "cuda" else ""
    return (
        "a pass against timm one by one",
        f"{len(states)} image models, {settings.dtype}",
        f"{speeds}; ratio {ratio:.2f}{share}",
    )


def compare_choices(device: torch.device, options: Namespace) -> Iterator[Row]:
    """Items per second against lm-evaluation-harness, with the same model object."""
    runner = RUNNERS["language"]()
    dtype = runner.default_dtype(device)
    benchmark = find_benchmark("stories")
    items: list[Any] = list(open_source(benchmark, None, 6 if options.tiny else 400).items())
    settings = RunSettings(device, dtype)
    if options.tiny:
        yield _compare_choices(trained("neox-mini", 0), settings, items)
        return
    with TemporaryDirectory() as folder:
        tokenizer = Path(folder, "tokenizer.json")
        make_tokenizer().backend_tokenizer.save(str(tokenizer))
        for name in LANGUAGE:
            yield _compare_choices(language_state(name, tokenizer), settings, items)


def _compare_choices(state: LoadedState, settings: RunSettings, items: list[Any]) -> Row:
    what, of = "HellaSwag-like items", f"{state.backbone.name}, {settings.dtype}"
    with RUNNERS["language"]().open([state], settings, find_benchmark("stories").answers) as opened:
        model = opened._allowed.model.whole  # type: ignore[attr-defined]
        own: Callable[[], object] = lambda: opened.score(items, [state.key], silent)  # noqa: E731
        try:
            lm = harness(model, state, 64)
        except ModuleNotFoundError:
            seconds, _ = alternate(own, lambda: None, settings.device, ROUNDS)
            return what, of, f"{len(items) / median(seconds):,.1f} items/s (lm-eval is not installed)"
        ours, others = alternate(own, lambda: ask(lm, items), settings.device, ROUNDS)
    ratio = median(b / a for a, b in zip(ours, others, strict=True))
    speeds = f"{len(items) / median(ours):,.1f} items/s, lm-eval {len(items) / median(others):,.1f}"
    return what, of, f"{speeds}; ratio {ratio:.2f}"


def compare_measures(device: torch.device, options: Namespace) -> Iterator[Row]:
    """What `--measure` states of a model, and the device time that torch's profiler sees in the same forward."""
    benchmark = find_benchmark("imagenet")
    for family, name in VISION[:1] if options.tiny else (VISION[0], VISION[2], VISION[6]):
        state = random_state(family, name)
        settings = RunSettings(device, batch_size=2 if options.tiny else 64)
        with RUNNERS["vision"]().open([state], settings, benchmark.answers) as opened:
            costs = opened.measure(state.key)
            model: Any = opened._models[state.key].model  # type: ignore[attr-defined]
            image = torch.zeros(1, 3, *state.cost.input_sides, device=device)
            seen = profiled(partial(model, image), device)
        memory = "–" if costs.peak_memory_bytes is None else f"{costs.peak_memory_bytes / 2**20:,.0f} MiB"
        energy = "–" if costs.energy_j is None else f"{costs.energy_j:.4f} J"
        text = f"latency {costs.latency_ms_p50:.2f} ms (profiler {seen:.2f} ms), {costs.throughput:,.0f} images/s"
        yield "what --measure states", name, f"{text}, {memory}, {energy}"


def profiled(forward: Callable[[], object], device: torch.device) -> float:
    """Milliseconds of a forward's operations, as torch's profiler sees them on the device."""
    from torch.profiler import ProfilerActivity, profile

    kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with torch.inference_mode():
        forward()
        with profile(activities=kinds) as seen:
            forward()
            synchronise(device)
    events = seen.key_averages()
    total = sum(e.self_device_time_total if device.type == "cuda" else e.self_cpu_time_total for e in events)
    return float(total) / 1e3


def alternate(
    ours: Callable[[], object], peer: Callable[[], object], device: torch.device, rounds: int
) -> tuple[list[float], list[float]]:
    """Seconds of both in each round, one after the other; an earlier round warms both up."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for seconds, work in zip(found, (ours, peer), strict=True):
            synchronise(device)
            started = time.perf_counter()
            work()
            synchronise(device)
            if number:
                seconds.append(time.perf_counter() - started)
    return found


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def silent(steps: int, *, bound_by: str | None = None) -> None:
    """Nobody watches."""


def trained(family_name: str, index: int) -> LoadedState:
    """A miniature with the weights that ship."""
    family = shipped_families()[family_name]
    backbone = family.states[index]
    folder = miniature_folder(family.name, backbone.name)
    cost = RUNNERS[family.runner]().cost(backbone, folder)
    return LoadedState(family, backbone, Weights("trained-here", None, None, folder, None), cost)


def random_state(family_name: str, name: str) -> LoadedState:
    """A state that ships, with random weights."""
    family = shipped_families()[family_name]
    backbone = next(state for state in family.states if state.name == name)
    return LoadedState(family, backbone, RANDOM, RUNNERS[family.runner]().cost(backbone, None))


def language_state(name: str, tokenizer: Path) -> LoadedState:
    """A Pythia model with random weights and the miniatures' tokenizer."""
    (backbone,) = (state for state in shipped_families()["pythia"].states if state.name == name)
    states: tuple[Backbone, ...] = (backbone, backbone.model_copy(update={"name": "other"}))
    family = Family(name="bench", runner="language", dataset="hellaswag", tokenizer=str(tokenizer), states=states)
    return LoadedState(family, backbone, RANDOM, RUNNERS["language"]().cost(backbone, None))


def photographs(count: int) -> Iterator[ImageItem]:
    """Images of the sizes of photographs, each with its own content."""
    rng = np.random.default_rng(5)
    for number in range(count):
        content = io.BytesIO()
        small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
        small.resize([(500, 375), (300, 410), (640, 480)][number % 3], Image.Resampling.BICUBIC).save(content, "JPEG")
        yield ImageItem(str(number), 0, "g", content.getvalue(), f"image {number}")


def write(folder: Path, rows: list[Row], devices: list[torch.device]) -> None:
    """The table, with the machine, the versions and the command."""
    folder.mkdir(parents=True, exist_ok=True)
    libraries = {}
    for name in ("adaptlabels", "torch", "timm", "transformers", "lm-eval"):
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "not installed"
    about = {
        "devices": [f"{device}: {device_name(device)}" for device in devices],
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "cuda": torch.version.cuda,
        **libraries,
        "command": " ".join(["python", "scripts/bench/gpu.py", *sys.argv[1:]]),
    }
    (folder / "gpu.json").write_text(json.dumps({**about, "rows": rows}, indent=2) + "\n", encoding="utf-8")
    lines = [f"- {name}: {value}" for name, value in about.items()]
    lines += ["", "| measured | of | result |", "| --- | --- | --- |"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    (folder / "gpu.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


PARTS: dict[str, Callable[[torch.device, Namespace], Iterator[Row]]] = {
    "flips": count_flips,
    "images": compare_images,
    "choices": compare_choices,
    "measures": compare_measures,
}
"""What is measured, by name."""


if __name__ == "__main__":
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="true")
    logging.disable(logging.WARNING)
    main()
