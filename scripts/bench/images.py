"""One pass over images against timm, one state after the other; alternating in one run.

    python scripts/bench/images.py data FOLDER    # data path of all states against timm's loaders: CPU time per image
    python scripts/bench/images.py pass FOLDER    # a whole pass of small states against their bare forwards
    python scripts/bench/images.py peer FOLDER    # labels of all states against timm's loader and model, one by one
    python scripts/bench/images.py scale FOLDER   # time and peak memory of a build over 250, 2,500 and 25,000 images

FOLDER holds images as `<synset>/<file>`. Weights are random: times do not depend on them. `--device cuda` runs `peer`
on a GPU, with the settings that are given for both sides.
"""

from __future__ import annotations

import argparse
import io
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import timm
import torch
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.backbones.timm_models import create_model, data_config
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.building.plan import RUNNERS
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.running.precision import reference_arithmetic
from adaptlabels.builders.sources.benchmarks import AnswerSpace, find_benchmark
from adaptlabels.builders.sources.opening import open_source
from adaptlabels.builders.vision.loading import PixelLoader
from adaptlabels.builders.vision.pixels import PixelSetting
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adaptlabels.builders.sources.items import ImageItem

SMALL = ("vit-tiny-224", "efficientnet-b0", "efficientnet-b1", "vit-small-224")
SIZES = (250, 2_500, 25_000)
TINY = ("test_vit.r160_in1k", "test_efficientnet.r160_in1k")
"""timm's own test models with ImageNet's 1,000 classes: the data path decides how long they take."""


class Folder(torch.utils.data.Dataset[Any]):
    """Encoded images as timm's dataset gives them to its loader."""

    def __init__(self, items: Sequence[ImageItem]) -> None:
        self.items = items
        self.transform: Any = None
        self.target_transform: Any = None

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, place: int) -> tuple[Any, int]:
        return self.transform(Image.open(io.BytesIO(self.items[place].content)).convert("RGB")), 0


def all_states(names: Sequence[str] = ()) -> list[LoadedState]:
    """States of the families `efficientnet` and `vit`, with random weights."""
    return [
        LoadedState(family, backbone, RANDOM, RUNNERS["vision"]().cost(backbone, None))
        for family in (shipped_families()["efficientnet"], shipped_families()["vit"])
        for backbone in family.states
        if not names or backbone.name in names
    ]


def meta_config(state: LoadedState) -> dict[str, Any]:
    """Preprocessing of a state, without its weights."""
    with torch.device("meta"):
        return data_config(create_model(state.backbone, None))


def read_items(folder: str, limit: int) -> list[ImageItem]:
    """Images in memory, so that the disk takes no part."""
    return list(open_source(find_benchmark("imagenet"), f"imagefolder:{folder}", limit).items())  # type: ignore[arg-type]


def timm_loader(items: Sequence[ImageItem], config: dict[str, Any], options: argparse.Namespace) -> Any:  # noqa: ANN401
    """Evaluation loader of timm, as its `validate.py` makes it."""
    return timm.data.create_loader(
        Folder(items), batch_size=options.batch_size, is_training=False, use_prefetcher=True,
        num_workers=options.workers, persistent_workers=options.workers > 0, device=torch.device(options.device),
        pin_memory=options.device != "cpu", **config,
    )  # fmt: skip


def alternate(rounds: int, *work: Callable[[], Any], clock: Callable[[], float]) -> list[list[float]]:
    """Seconds of each piece of work in each round, one after the other so that all see the same machine."""
    found: list[list[float]] = [[] for _ in work]
    for _ in range(rounds):
        for seconds, call in zip(found, work, strict=True):
            started = clock()
            call()
            seconds.append(clock() - started)
    return found


def report(name: str, ours: list[float], peer: list[float], per: int) -> None:
    """Medians per image, and the median of the rounds' ratios."""
    ratios = [other / own for own, other in zip(ours, peer, strict=True)]
    print(f"{name}: ours {1e3 * median(ours) / per:.2f} ms, peer {1e3 * median(peer) / per:.2f} ms an image,", end=" ")
    print(f"ratio {median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})")


def compare_data(options: argparse.Namespace) -> None:
    """Decode, resize, crop and collate for all states: once for all, or one loader for each.

    What both hand to the device are batches of 8-bit pixels, which it normalises.
    """
    items, states = read_items(options.folder, options.limit), all_states()
    configs = [meta_config(state) for state in states]
    settings = list(dict.fromkeys(PixelSetting.of(config) for config in configs))

    def ours() -> None:
        with PixelLoader(options.batch_size, 1, pin_memory=False, skip_unreadable=False) as loader:
            for _ in loader.batches(items, settings):
                pass

    def peer() -> None:
        for config in configs:
            for _ in timm_loader(items, config, options).loader:
                pass

    with PixelLoader(options.batch_size, 1, pin_memory=False, skip_unreadable=False) as loader:
        for number, batch in enumerate(loader.batches(items, settings)):
            part = items[number * options.batch_size : (number + 1) * options.batch_size]
            for config in configs:
                ((pixels, _),) = timm_loader(part, config, options).loader
                assert torch.equal(batch.pixels[PixelSetting.of(config)], pixels), "pixels differ"
    print(f"{len(items)} images, {len(states)} states, {len(settings)} pixel settings; all pixels are identical")
    found = alternate(options.rounds, ours, peer, clock=time.process_time)
    report("CPU time, encoded image to 8-bit batches", found[0], found[1], len(items))


def compare_pass(options: argparse.Namespace) -> None:
    """Everything that a pass does against nothing but the forwards."""
    items, states = read_items(options.folder, options.limit), all_states(SMALL)
    settings = RunSettings(torch.device("cpu"), batch_size=options.batch_size)
    keys = [state.key for state in states]
    with RUNNERS["vision"]().open(states, settings, AnswerSpace(1000)) as opened:
        models = {key: found.model for key, found in opened._models.items()}  # type: ignore[attr-defined]
        batches = {
            key: [pixels for pixels, _ in timm_loader(items, meta_config(state), options)]
            for key, state in zip(keys, states, strict=True)
        }

        def bare() -> None:
            with torch.inference_mode():
                for key in keys:
                    for pixels in batches[key]:
                        models[key](pixels)

        def ours() -> None:
            opened.score(items, keys, lambda steps, bound_by=None: None)

        alternate(1, ours, bare, clock=time.perf_counter)
        found = alternate(options.rounds, ours, bare, clock=time.perf_counter)
    print(f"{len(items)} images, {', '.join(SMALL)}, batches of {options.batch_size}")
    report("time, whole pass against bare forwards", found[0], found[1], len(items))


def compare_peer(options: argparse.Namespace) -> None:
    """Images per second for all states: one pass against timm's loader and model for each state in turn."""
    device = torch.device(options.device)
    items, states = read_items(options.folder, options.limit), all_states(options.state)
    items = [items[n % len(items)] for n in range(options.limit)]
    settings = RunSettings(device, options.dtype, options.batch_size, channels_last=options.channels_last)
    keys = [state.key for state in states]
    busy: list[float] = []
    with RUNNERS["vision"]().open(states, settings, AnswerSpace(1000)) as opened, reference_arithmetic():
        models = {key: found.model for key, found in opened._models.items()}  # type: ignore[attr-defined]

        def ours() -> None:
            with device_time(device, models.values()) as seconds:
                started = time.perf_counter()
                opened.score(items, keys, lambda steps, bound_by=None: None)
                busy.append(seconds() / (time.perf_counter() - started))

        def peer() -> None:
            for key, state in zip(keys, states, strict=True):
                loader = timm_loader(items, {**meta_config(state), "img_dtype": settings.torch_dtype}, options)
                with torch.inference_mode():
                    for pixels, _ in loader:
                        models[key](pixels).argmax(1)
            if device.type == "cuda":
                torch.cuda.synchronize()

        alternate(1, ours, peer, clock=time.perf_counter)
        busy.clear()
        found = alternate(options.rounds, ours, peer, clock=time.perf_counter)
    print(f"{len(items)} images, {len(states)} states, {options.dtype} on {options.device}")
    report("time, one pass against one loader and model for each state", found[0], found[1], len(items))
    if device.type == "cuda":
        print(f"  device busy with forwards {100 * median(busy):.0f} % of the pass")


def device_time(device: torch.device, models: Any) -> Any:  # noqa: ANN401
    """Seconds that the device spends in forwards, by its own events; nothing on a CPU."""
    from contextlib import contextmanager

    @contextmanager
    def watch() -> Iterator[Callable[[], float]]:
        events: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []
        hooks = []

        def before(*_: object) -> None:
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            events.append((begin, end))

        if device.type == "cuda":
            for model in models:
                hooks.append(model.register_forward_pre_hook(before))
                hooks.append(model.register_forward_hook(lambda *_: events[-1][1].record()))

        def seconds() -> float:
            if device.type != "cuda":
                return 0.0
            torch.cuda.synchronize()
            return float(sum(begin.elapsed_time(end) for begin, end in events)) / 1e3

        try:
            yield seconds
        finally:
            for hook in hooks:
                hook.remove()

    return watch()


def measure_scale(options: argparse.Namespace) -> None:
    """Builds over more and more images, each in a process of its own; files are repeated under new names."""
    files = sorted(Path(options.folder).glob("*/*"))
    with tempfile.TemporaryDirectory() as root:
        family = Path(root) / "tiny.toml"
        lines = ['name = "tiny"\nrunner = "vision"\ndataset = "imagenet"']
        lines += [
            f'[[states]]\nname = "{name.split(".")[0]}"\narchitecture = "{name}"\nsource = "timm/{name}"'
            for name in TINY
        ]
        family.write_text("\n".join(lines))
        for size in SIZES:
            folder = Path(root) / f"images-{size}"
            for number in range(size):
                file = files[number % len(files)]
                (folder / file.parent.name).mkdir(parents=True, exist_ok=True)
                (folder / file.parent.name / f"ILSVRC2012_val_{number:08d}.JPEG").symlink_to(file.resolve())
            command = [
                sys.executable, "-m", "adaptlabels.scripts.cli", "build", "imagenet", f"{root}/out-{size}", "--source",
                f"imagefolder:{folder}", "--families", str(family), "--family", "tiny", "--weights", "random",
                "--device", "cpu", "--json",
            ]  # fmt: skip
            started = time.perf_counter()
            watched = [sys.executable, "-c", WATCH, *command]
            done = subprocess.run(watched, check=True, capture_output=True, text=True)
            seconds, peak = time.perf_counter() - started, int(done.stdout.split()[-1])
            print(f"{size:>7,} images: {seconds:7.1f} s, {1e3 * seconds / size:6.2f} ms an image, peak {peak:,} MiB")


WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def main() -> None:
    """Run one comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    work = {"data": compare_data, "pass": compare_pass, "peer": compare_peer, "scale": measure_scale}
    parser.add_argument("work", choices=work)
    parser.add_argument("folder")
    parser.add_argument("--limit", type=int, default=250, help="images")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--workers", type=int, default=0, help="processes of timm's loader")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--state", action="append", default=[])
    options = parser.parse_args()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "timm", "pillow", "numpy"))
    print(f"Python {platform.python_version()}, {libraries}, {torch.get_num_threads()} threads")
    work[options.work](options)


if __name__ == "__main__":
    main()
