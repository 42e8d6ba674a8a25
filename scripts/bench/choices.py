"""HellaSwag items against lm-evaluation-harness, the same model object for both; alternating in one run.

    python scripts/bench/choices.py speed ITEMS TOKENIZER --threads 1     # items per second
    python scripts/bench/choices.py memory ITEMS TOKENIZER                # peak memory, each side in its own process

ITEMS is HellaSwag as JSON lines, TOKENIZER a `tokenizer.json`. Items are drawn evenly from all; weights are random,
which times do not depend on. The harness runs at each batch size, and its best one counts. `--device cuda` for a GPU.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from adaptlabels.builders.backbones.families import Backbone, Family, shipped_families
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.language import models as causal
from adaptlabels.builders.language.runner import LanguageRunner
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.sources.benchmarks import AnswerSpace, find_benchmark
from adaptlabels.builders.sources.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptlabels.builders.sources.items import ChoiceItem

SMALL_LLAMA = Backbone(
    name="llama-45m",
    architecture="llama",
    source="none/none",
    config={
        "hidden_size": 512, "intermediate_size": 1376, "num_hidden_layers": 6, "num_attention_heads": 8,
        "num_key_value_heads": 8, "vocab_size": 50304, "max_position_embeddings": 2048,
    },
)  # fmt: skip
BATCH_SIZES = (1, 4, 8, 16, 32)


def find_state(name: str, tokenizer: str) -> LoadedState:
    """A state of the family `pythia` or `llama2`, or the small Llama, with random weights."""
    shipped = [state for family in ("pythia", "llama2") for state in shipped_families()[family].states]
    backbone = next(state for state in (*shipped, SMALL_LLAMA) if state.name == name)
    family = Family(name="bench", runner="language", dataset="hellaswag", tokenizer=tokenizer,
                    states=(backbone, backbone.model_copy(update={"name": "other"})))  # fmt: skip
    return LoadedState(family, backbone, RANDOM, LanguageRunner().cost(backbone, None))


def read_items(path: str, count: int) -> list[ChoiceItem]:
    """Items drawn evenly from all."""
    items: list[Any] = list(open_source(find_benchmark("hellaswag"), f"jsonl:{path}").items())
    return [items[int(place)] for place in np.linspace(0, len(items) - 1, count)]


def harness(model: Any, state: LoadedState, batch_size: int) -> Any:  # noqa: ANN401
    """The harness around a model that is loaded."""
    from lm_eval.models.huggingface import HFLM

    tokenizer = causal.load_tokenizer(state)
    tokenizer.eos_token = tokenizer.eos_token or "<|endoftext|>"  # the harness needs one, a bare file has none
    return HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch_size)


def ask(lm: Any, items: Sequence[ChoiceItem]) -> np.ndarray[Any, Any]:  # noqa: ANN401
    """Summed log-likelihoods (n_items, 4) as the harness computes them."""
    from lm_eval.api.instance import Instance

    requests = [
        Instance("loglikelihood", {}, (item.context, f" {choice}"), place)
        for item in items
        for place, choice in enumerate(item.choices)
    ]
    return np.array([found for found, _ in lm.loglikelihood(requests, disable_tqdm=True)]).reshape(len(items), -1)


def compare_speed(options: argparse.Namespace) -> None:
    """Items per second of every model."""
    items = read_items(options.items, options.limit)
    for name in options.model:
        compare_model(find_state(name, options.tokenizer), items, options)


def compare_model(state: LoadedState, items: Sequence[ChoiceItem], options: argparse.Namespace) -> None:
    """Items per second of one model, at the harness's best batch size."""
    device = torch.device(options.device)
    runner = LanguageRunner()
    settings = RunSettings(device, options.dtype or runner.default_dtype(device), compiled=options.compile)
    ours, peer = [], []
    with runner.open([state], settings, AnswerSpace(4)) as opened:
        model = opened._allowed.model.whole  # type: ignore[attr-defined]
        some = items[:: max(1, len(items) // 60)]
        times = {size: timed(ask, harness(model, state, size), some)[0] for size in options.batch_size}
        best = min(times, key=lambda size: times[size])
        lm = harness(model, state, best)
        for number in range(options.rounds + 1):
            runner._encoded.clear()  # tokenising counts for both
            seconds, answers = timed(opened.score, items, [state.key], lambda steps, bound_by=None: None)
            other, expected = timed(ask, lm, items)
            if number:  # the first round warms both up
                ours.append(seconds)
                peer.append(other)
    scores = answers.scores[state.key]
    found = np.array([list(row) for row in scores.scores])
    lengths = np.array([[len(choice) for choice in item.choices] for item in items])
    same = (scores.prediction == (expected / lengths).argmax(1)).mean()
    ratios = [other / own for own, other in zip(ours, peer, strict=True)]
    print(
        f"{state.backbone.name}, {settings.dtype}: ours {len(items) / median(ours):.2f} items/s, harness"
        f" {len(items) / median(peer):.2f} (batch size {best}), ratio {median(ratios):.2f}"
        f" ({min(ratios):.2f} – {max(ratios):.2f}); same decision on {same:.1%}, largest relative difference"
        f" {np.abs(found / expected - 1).max():.1e}; {scores.gflops_run.sum() / median(ours):,.0f} GFLOP/s"
    )


def timed(work: Any, *arguments: Any) -> tuple[float, Any]:  # noqa: ANN401
    """Seconds of one call, and what it gave."""
    started = time.perf_counter()
    found = work(*arguments)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started, found


def compare_memory(options: argparse.Namespace) -> None:
    """Peak memory of this process with one side only."""
    if options.side is None:
        for name in options.model:
            for side in ("model", "ours", "harness"):
                command = [sys.executable, __file__, "memory", options.items, options.tokenizer, "--model", name]
                command += ["--side", side, "--limit", str(options.limit)]
                print(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        return
    items, state = read_items(options.items, options.limit), find_state(options.model[0], options.tokenizer)
    runner = LanguageRunner()
    with runner.open([state], RunSettings(torch.device("cpu")), AnswerSpace(4)) as opened:
        if options.side == "ours":
            opened.score(items, [state.key], lambda steps, bound_by=None: None)
        elif options.side == "harness":
            ask(harness(opened._allowed.model.whole, state, 8), items)  # type: ignore[attr-defined]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{options.model[0]}, {options.side}: peak {peak:,} MiB")


def main() -> None:
    """Run one comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=("speed", "memory"))
    parser.add_argument("items")
    parser.add_argument("tokenizer")
    parser.add_argument("--model", action="append")
    parser.add_argument("--limit", type=int, default=300, help="items")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0 for all")
    parser.add_argument("--batch-size", type=int, action="append", help="of the harness")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--side", choices=("model", "ours", "harness"))
    options = parser.parse_args()
    options.model = options.model or ["pythia-70m", "llama-45m", "pythia-160m"]
    options.batch_size = options.batch_size or BATCH_SIZES
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="true" if options.threads != 1 else "false")
    logging.disable(logging.WARNING)
    if options.threads:
        torch.set_num_threads(options.threads)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "lm-eval"))
    print(f"Python {platform.python_version()}, {libraries}, {torch.get_num_threads()} threads")
    {"speed": compare_speed, "memory": compare_memory}[options.work](options)


if __name__ == "__main__":
    main()
