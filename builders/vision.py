"""Runs image classifiers of timm: one decoding of an image serves every state of a pass."""

from __future__ import annotations

import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config

from ..labels.errors import InputError, first_line
from .batching import consecutive, run_or_split
from .cache import versions
from .measure import VisionCost, vision_cost
from .runner import LoadedState, Pass, RunSettings
from .scores import Scores
from .weights import safetensors_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from .items import ImageItem
    from .spaces import Backbone

SCORER_VERSION = 1
"""Raised when a change of this module changes what it computes; parts of another version are made again."""
KEPT_SCORES = 5
"""Highest log-probabilities that table *predictions* keeps."""
BATCH_SIZE = 32
"""Images per batch where the user leaves it to us."""
RANDOM_SEED = 0
"""Seed of `--weights random`."""


def create_model(backbone: Backbone, folder: Path | None, *, load: bool) -> torch.nn.Module:
    """A timm model, from its weights folder where there is one, else from the family's table.

    Args:
        backbone: The state.
        folder: Folder with `config.json` and safetensors, as timm writes it and the Hub has it.
        load: Whether to load the weights; without it they are as initialised.

    Raises:
        InputError: timm does not know the architecture.
    """
    if ":" in backbone.architecture:
        raise InputError(f"state {backbone.name!r}: architecture {backbone.architecture!r} is no timm model name")
    name = backbone.architecture if folder is None else f"local-dir:{folder}"
    arguments = backbone.config if folder is None else {}
    try:
        model = cast("torch.nn.Module", timm.create_model(name, pretrained=False, **arguments))
        if load and folder is not None:
            # Named by us: left to itself, timm may take a pickle that lies beside the safetensors.
            timm.models.load_checkpoint(model, str(safetensors_file(folder)), strict=True, weights_only=True)
    except (AssertionError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"state {backbone.name!r}: timm cannot make {name!r} ({first_line(error)})") from error
    return model


def data_config(model: torch.nn.Module) -> dict[str, Any]:
    """Preprocessing that the model's own configuration asks for, as timm's `validate.py` resolves it."""
    return cast("dict[str, Any]", resolve_data_config({}, model=model))


def input_size(model: torch.nn.Module) -> tuple[int, int, int]:
    """Channels, height and width of the model's input."""
    return cast("tuple[int, int, int]", tuple(data_config(model)["input_size"]))


def decode(item: ImageItem) -> Image.Image:
    """The image in RGB, as timm's dataset opens it.

    Raises:
        InputError: The file is no image, is truncated, or is a decompression bomb.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(item.content)) as image:
                return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        reason = str(error).replace(f"{io.BytesIO()!r}", "")
        raise InputError(
            f"{item.place}: cannot be decoded as an image ({type(error).__name__}: {reason[:80]})"
        ) from error


class VisionRunner:
    """Runs timm classifiers."""

    libraries = ("torch", "timm", "torchvision", "pillow", "numpy")

    def plan(self, states: Sequence[LoadedState]) -> list[tuple[LoadedState, ...]]:
        """All states in one pass: an image is read and decoded once."""
        return [tuple(states)]

    def cost(self, backbone: Backbone, folder: Path | None) -> VisionCost:
        """Counted cost of a state."""
        return vision_cost(backbone, folder)

    def identity(self, state: LoadedState) -> dict[str, Any]:
        """What scores depend on beside items, weights and settings."""
        return {"scorer": SCORER_VERSION, "seed": RANDOM_SEED, **versions(*self.libraries)}

    def check(self, state: LoadedState, n_classes: int) -> None:
        """Refuse a state that cannot answer the benchmark's question.

        Raises:
            InputError: It predicts another number of classes.
        """
        with torch.device("meta"):
            found = create_model(state.backbone, state.weights.folder, load=False)
        if found.num_classes != n_classes:
            raise InputError(
                f"state {state.backbone.name!r} predicts {found.num_classes} classes, the dataset has {n_classes}"
            )

    def open(self, states: Sequence[LoadedState], settings: RunSettings) -> Pass[ImageItem]:
        """Load the states of a pass."""
        return _VisionPass(states, settings)


class _VisionPass:
    def __init__(self, states: Sequence[LoadedState], settings: RunSettings) -> None:
        self._settings = settings
        self._resources = ExitStack()
        self._pool = self._resources.enter_context(ThreadPoolExecutor(settings.threads))
        self._models: dict[str, torch.nn.Module] = {}
        self._transforms: dict[str, Callable[[Image.Image], torch.Tensor]] = {}
        self._transform_of: dict[str, str] = {}
        self._gflops: dict[str, float] = {}
        for state in states:
            torch.manual_seed(RANDOM_SEED)
            model = create_model(state.backbone, state.weights.folder, load=True)
            config = data_config(model)
            key = repr(sorted(config.items()))
            self._transform_of[state.backbone.name] = key
            self._transforms.setdefault(key, create_transform(**config, is_training=False))
            self._models[state.backbone.name] = model.eval().to(settings.device, settings.torch_dtype)
            self._gflops[state.backbone.name] = cast("VisionCost", state.cost).gflops

    def __enter__(self) -> _VisionPass:
        return self

    def __exit__(self, *exception: object) -> None:
        self._models.clear()
        self._resources.close()
        if self._settings.device.type == "cuda":
            torch.cuda.empty_cache()

    def score(
        self, items: Sequence[ImageItem], wanted: Sequence[str], advance: Callable[[int], None]
    ) -> dict[str, Scores]:
        """Answers of the wanted states to the items."""
        logits: dict[str, list[NDArray[np.float32]]] = {name: [] for name in wanted}
        for batch in consecutive(len(items), self._settings.batch_size or BATCH_SIZE):
            images = list(self._pool.map(decode, [items[i] for i in batch]))
            for name, rows in self._forward(images, wanted).items():
                logits[name].append(rows)
            advance(len(batch) * len(wanted))
        return {name: _to_scores(np.concatenate(rows), self._gflops[name]) for name, rows in logits.items()}

    def _forward(self, images: Sequence[Image.Image], wanted: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        found: dict[str, NDArray[np.float32]] = {}
        for key, transform in self._transforms.items():
            names = [name for name in wanted if self._transform_of[name] == key]
            if not names:
                continue
            pixels = torch.stack(list(self._pool.map(transform, images)))  # (batch, channels, height, width)
            for name in names:
                found[name] = self._logits(name, pixels)
        return found

    def _logits(self, name: str, pixels: torch.Tensor) -> NDArray[np.float32]:
        model, rows = self._models[name], {}

        def run(batch: list[int]) -> None:
            inputs = pixels[batch].to(self._settings.device, self._settings.torch_dtype)
            with torch.inference_mode():
                rows[batch[0]] = model(inputs).float().cpu().numpy()  # (batch, n_classes)

        run_or_split(list(range(len(pixels))), run, name)
        return np.concatenate([rows[start] for start in sorted(rows)])


def _to_scores(logits: NDArray[np.float32], gflops: float) -> Scores:
    """Answers from logits (n_samples, n_classes)."""
    log_probabilities = torch.log_softmax(torch.from_numpy(logits), dim=1)
    kept = log_probabilities.topk(min(KEPT_SCORES, logits.shape[1]), dim=1)
    return Scores(
        prediction=logits.argmax(axis=1).astype(np.int64),
        probabilities=log_probabilities.exp().numpy(),
        scores=kept.values.numpy(),
        gflops=np.full(len(logits), gflops),
        classes=kept.indices.numpy().astype(np.int16),
    )
