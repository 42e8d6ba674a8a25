"""A pass of image classifiers: one decoding of an image serves all of its states.

Each image is decoded once and becomes one 8-bit tensor for each distinct pixel setting; these go to the device, are
normalised there in the order of timm's prefetcher, and every state of the pass runs on them.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch

from ...labels.errors import RunError
from ..running.batching import MemoryBudget
from ..running.contract import networks
from ..running.device_costs import DeviceCosts, measure_forward
from ..running.precision import reference_arithmetic
from ..running.scores import Answers, Scores, summarise
from .classifiers import RANDOM_SEED, Classifier
from .loading import Batch, PixelLoader
from .pixels import PixelSetting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..backbones.costs import VisionCost
    from ..progress import Advance
    from ..running.contract import LoadedState, RunSettings
    from ..sources.benchmarks import AnswerSpace
    from ..sources.items import ImageItem

KEPT_SCORES = 5
"""Highest log-probabilities that table *predictions* keeps."""
BATCH_SIZE = {"cpu": 32, "cuda": 128}
"""Images per batch where the user leaves it to us, by kind of device."""


def cost_of(state: LoadedState) -> VisionCost:
    """A state's cost as this runner counted it."""
    return cast("VisionCost", state.cost)


def batch_size(settings: RunSettings) -> int:
    """Images per batch: the user's, or ours for the device."""
    return settings.batch_size or BATCH_SIZE[settings.device.type]


@dataclass(frozen=True)
class _Inputs:
    """What a state's forward takes; states with equal inputs share the tensor."""

    setting: PixelSetting
    """How the pixels are made."""
    mean: tuple[float, ...]
    """Mean of each channel, shares of 1."""
    std: tuple[float, ...]
    """Standard deviation of each channel, shares of 1."""


@dataclass
class _Row:
    """What is kept of one batch under one state; tensors on the device."""

    prediction: torch.Tensor
    confidence: torch.Tensor
    margin: torch.Tensor
    entropy: torch.Tensor
    scores: torch.Tensor
    classes: torch.Tensor
    finite: torch.Tensor


class VisionPass:
    """The states of a pass, loaded."""

    def __init__(self, states: Sequence[LoadedState], settings: RunSettings, answers: AnswerSpace) -> None:
        """Load the states.

        Args:
            states: The states, whose costs `vision_cost` counted.
            settings: How they run.
            answers: What may be answered.
        """
        self._settings = settings
        self._resources = ExitStack()
        self._models: dict[str, Classifier] = {}
        self._inputs: dict[str, _Inputs] = {}
        self._gflops: dict[str, float] = {}
        self._budgets: dict[_Inputs, MemoryBudget] = {}
        self._subset = None if answers.subset is None else torch.tensor(answers.subset, device=settings.device)
        self._floats = torch.empty(0, device=settings.device)
        for exits in networks(states, settings):
            model = Classifier(exits, settings, answers)
            mean, std = tuple(model.config["mean"]), tuple(model.config["std"])
            inputs = _Inputs(PixelSetting.of(model.config), mean, std)
            self._budgets.setdefault(inputs, MemoryBudget(batch_size(settings), exits[-1].backbone.name))
            for state in exits:
                self._inputs[state.key], self._models[state.key] = inputs, model
                self._gflops[state.key] = cost_of(state).gflops

    def __enter__(self) -> Self:
        self._resources.enter_context(reference_arithmetic())
        self._loader = self._resources.enter_context(
            PixelLoader(
                batch_size(self._settings),
                self._settings.threads,
                pin_memory=self._settings.device.type == "cuda",
                skip_unreadable=self._settings.skip_unreadable,
            )
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self._models.clear()
        self._resources.close()
        if self._settings.device.type == "cuda":
            torch.cuda.empty_cache()

    def score(self, items: Sequence[ImageItem], wanted: Sequence[str], advance: Advance) -> Answers:
        """Answers of the wanted states to the items."""
        rows: dict[str, list[_Row]] = {key: [] for key in wanted}
        problems: dict[int, str] = {}
        settings = list(dict.fromkeys(self._inputs[key].setting for key in wanted))
        for batch, bound_by in self._paced(self._loader.batches(items, settings)):
            problems |= batch.problems
            if batch.indices:
                self._forward(batch, rows)
            advance((len(batch.indices) + len(batch.problems)) * len(wanted), bound_by=bound_by)
        return Answers({key: self._gather(key, found, items) for key, found in rows.items()}, problems)

    def _paced(self, batches: Iterable[Batch]) -> Iterable[tuple[Batch, str]]:
        """The batches, no more than one ahead of the device, each with what the one before waited for."""
        marks: deque[torch.cuda.Event] = deque()
        bound_by, ready = "decode", time.perf_counter()
        for batch in batches:
            got = time.perf_counter()
            waited = got - ready
            yield batch, bound_by
            if self._settings.device.type == "cuda":
                marks.append(torch.cuda.Event())
                marks[-1].record()
                if len(marks) > 1:
                    marks.popleft().synchronize()
            ready = time.perf_counter()
            slowest = "decode" if batch.decode_seconds > batch.resize_seconds else "resize"
            bound_by = slowest if waited > ready - got else "device"

    def _forward(self, batch: Batch, rows: dict[str, list[_Row]]) -> None:
        """Run all states on a batch; those with equal inputs share the normalised tensor."""
        for inputs in dict.fromkeys(self._inputs[key] for key in rows):
            keys = [key for key in rows if self._inputs[key] == inputs]
            pixels = batch.pixels[inputs.setting].to(self._settings.device, non_blocking=True)

            def classify(
                piece: list[int], inputs: _Inputs = inputs, keys: list[str] = keys, pixels: torch.Tensor = pixels
            ) -> dict[str, _Row]:
                images = self._normalise(pixels[piece[0] : piece[-1] + 1], inputs)
                return self._classify(keys, images)

            for _, found in self._budgets[inputs].run([1] * len(batch.indices), classify):
                for key, row in found.items():
                    rows[key].append(row)

    def _normalise(self, pixels: torch.Tensor, inputs: _Inputs) -> torch.Tensor:
        """8-bit pixels to a model's input, in the order of timm's prefetcher: less 255 mean, over 255 std.

        In float32 it lies in a buffer that the next call overwrites.
        """
        mean = torch.tensor([255 * value for value in inputs.mean], device=pixels.device).view(1, 3, 1, 1)
        std = torch.tensor([255 * value for value in inputs.std], device=pixels.device).view(1, 3, 1, 1)
        if len(self._floats) < pixels.numel():  # one buffer for all: fresh memory costs a CPU more than the arithmetic
            self._floats = torch.empty(pixels.numel(), device=pixels.device)
        floats = self._floats[: pixels.numel()].view(pixels.shape)
        images = floats.copy_(pixels).sub_(mean).div_(std).to(self._settings.torch_dtype)
        return images.contiguous(memory_format=torch.channels_last) if self._settings.channels_last else images

    def _classify(self, keys: Sequence[str], images: torch.Tensor) -> dict[str, _Row]:
        at_once = self._budgets[self._inputs[keys[0]]].most
        found = {}
        with torch.inference_mode():
            for model in dict.fromkeys(self._models[key] for key in keys):
                for key, logits in model.logits(images, keys, at_once).items():  # (n_images, n_classes)
                    found[key] = self._row(logits)
        return found

    def _row(self, logits: torch.Tensor) -> _Row:
        with torch.inference_mode():
            if self._subset is not None:
                logits = logits[:, self._subset]
            log_probabilities = logits.log_softmax(dim=1)
            prediction = logits.argmax(dim=1)
            top = log_probabilities.topk(min(KEPT_SCORES, logits.shape[1]), dim=1)
            found = summarise(log_probabilities, prediction)
        return _Row(
            prediction,
            found.confidence,
            found.margin,
            found.entropy,
            top.values,
            top.indices.short(),
            logits.isfinite().all(dim=1),
        )

    def _gather(self, key: str, rows: Sequence[_Row], items: Sequence[ImageItem]) -> Scores:
        def whole(name: str, width: int = 0) -> Any:  # noqa: ANN401 - arrays of several types
            tensors = [getattr(row, name) for row in rows]
            return torch.cat(tensors).cpu().numpy() if tensors else np.empty((0, width) if width else 0)

        if not np.all(whole("finite")):
            raise RunError(
                f"state {key.split('/')[1]!r}: outputs for {items[0].where} to {items[-1].where} are not all finite;"
                f" the precision {self._settings.dtype} may be too narrow; try `dtype` float32"
            )
        prediction = whole("prediction")
        return Scores(
            prediction=prediction.astype(np.int64),
            confidence=whole("confidence"),
            margin=whole("margin"),
            entropy=whole("entropy"),
            scores=whole("scores", KEPT_SCORES),
            gflops=np.full(len(prediction), self._gflops[key]),
            classes=whole("classes", KEPT_SCORES),
        )

    def measure(self, key: str) -> DeviceCosts:
        """Latency, throughput, memory and energy of a state's forwards, without the data path."""
        setting = self._inputs[key].setting
        whole = self._budgets[self._inputs[key]].most
        generator = torch.Generator().manual_seed(RANDOM_SEED)
        pixels = torch.randint(0, 256, (whole, 3, setting.height, setting.width), generator=generator)
        many = self._normalise(pixels.to(self._settings.device), self._inputs[key])
        one = many[:1].clone()
        with self._models[key].only(key) as model:
            held = sum(tensor.nbytes for tensor in (one, many, *model.parameters(), *model.buffers()))
            return measure_forward(lambda: model(one), lambda: model(many), whole, self._settings.device, held)
