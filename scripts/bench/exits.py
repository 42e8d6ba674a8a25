"""Five exits of one network against its deepest alone: CPU seconds of a pass, alternating in one run.

    python scripts/bench/exits.py vision --model vit_small_patch16_224 --exits 4 6 8 10 12
    python scripts/bench/exits.py language --items ITEMS --tokenizer TOKENIZER --model pythia-410m --exits 8 12 16 20 24

ITEMS is HellaSwag as JSON lines, TOKENIZER a `tokenizer.json`; images are noise. Weights are random, which times do not
depend on.
"""

from __future__ import annotations

import argparse
import io
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from adaptlabels.builders.backbones.families import Backbone, Family
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.building.plan import RUNNERS
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.sources.benchmarks import AnswerSpace
from adaptlabels.builders.sources.items import ImageItem
from adaptlabels.scripts.bench.choices import find_state, read_items
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE_SIDES = (375, 500)
"""Height and width of the images: ImageNet's most frequent."""


def network_of(options: argparse.Namespace) -> tuple[Backbone, str | None]:
    """The whole network, and its tokenizer."""
    if options.kind == "language":
        return find_state(options.model, options.tokenizer).backbone, options.tokenizer
    return Backbone(name=options.model, architecture=options.model, source="none/none"), None


def noise(count: int) -> list[ImageItem]:
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (*IMAGE_SIDES, 3), dtype=np.uint8)).save(file, "JPEG")
        found.append(ImageItem(str(number), 0, "", file.getvalue(), "noise"))
    return found


def cpu_seconds(states: Sequence[LoadedState], items: Sequence[Any], settings: RunSettings, classes: int) -> float:
    """CPU seconds of one pass, after one item that tries and compiles what is tried and compiled once."""
    keys = [state.key for state in states]
    with RUNNERS[states[0].family.runner]().open(states, settings, AnswerSpace(classes)) as opened:
        opened.score(items[:1], keys, lambda steps, bound_by=None: None)
        started = time.process_time()
        opened.score(items, keys, lambda steps, bound_by=None: None)
        return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("vision", "language"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--exits", type=int, nargs="+", required=True)
    parser.add_argument("--items")
    parser.add_argument("--tokenizer")
    parser.add_argument("--limit", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    network, tokenizer = network_of(options)
    backbones = tuple(
        network.model_copy(update={"name": f"exit-{depth}", "exit": depth}) for depth in sorted(options.exits)
    )
    runner = RUNNERS[options.kind]()
    family = Family(name="bench", runner=options.kind, dataset="any", tokenizer=tokenizer, states=backbones)
    states = [LoadedState(family, backbone, RANDOM, runner.cost(backbone, None)) for backbone in backbones]
    language = options.kind == "language"
    items = read_items(options.items, options.limit) if language else noise(options.limit)
    classes, settings = 4 if language else 1000, RunSettings(torch.device("cpu"), threads=1)
    seconds: dict[str, list[float]] = {"all exits": [], "deepest alone": [], "one by one": []}
    for _ in range(options.rounds):
        seconds["deepest alone"].append(cpu_seconds(states[-1:], items, settings, classes))
        seconds["all exits"].append(cpu_seconds(states, items, settings, classes))
    seconds["one by one"] = [sum(cpu_seconds([state], items, settings, classes) for state in states)]
    least = {name: min(found) for name, found in seconds.items()}
    for name, found in least.items():
        print(f"{name}: {found:.2f} CPU s, {found / least['deepest alone']:.3f} times the deepest alone")


if __name__ == "__main__":
    main()
