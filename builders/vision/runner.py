"""Runs image classifiers: which states share a pass, what they take, and what their scores depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...labels.errors import InputError
from ..backbones.costs import VisionCost
from ..backbones.counting import vision_cost
from ..backbones.image_models import create_model
from ..backbones.image_text_models import is_image_text
from ..backbones.timm_models import data_config
from ..backbones.weights import READING, files_digest
from ..cache import versions
from ..running.contract import LoadedState, Pass, RunSettings, networks
from ..sources.benchmarks import AnswerSpace
from .classifiers import RANDOM_SEED
from .loading import PixelLoader
from .passes import VisionPass, batch_size, cost_of
from .pixels import PixelSetting
from .zero_shot import check as check_zero_shot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..backbones.families import Backbone
    from ..sources.items import ImageItem

SCORER_VERSION = 2
"""Raised when a change of this folder changes what is computed; parts of another version are made again."""
WORKSPACE = 1.5
"""Memory that a forward takes over that of its tensors: what kernels ask for, and what fragments waste."""


LIBRARIES = ("torch", "timm", "torchvision", "pillow", "simplejpeg", "numba", "numpy")
TEXT_LIBRARIES = ("transformers", "tokenizers")
"""What image-text models depend on besides."""


class VisionRunner:
    """Runs classifiers of timm, and image-text models of transformers."""

    samples_are = "images"
    ordered_by_id = True
    prediction_columns: tuple[str, ...] = ()
    state_columns: tuple[str, ...] = ()
    splits_models = False

    def check_settings(self, settings: RunSettings) -> None:
        """All settings mean something to images."""

    def group(self, states: Sequence[LoadedState], settings: RunSettings, memory: int) -> list[tuple[LoadedState, ...]]:
        """As many networks in a pass as fit, cheapest first: an image is decoded once for each pass."""
        passes: list[tuple[LoadedState, ...]] = []
        for exits in networks(sorted(states, key=lambda state: state.cost.nominal_gflops()), settings):
            joined = (*passes[-1], *exits) if passes else exits
            if passes and self.needs(joined, settings) <= memory:
                passes[-1] = joined
            else:
                passes.append(exits)
        return passes

    def needs(self, states: Sequence[LoadedState], settings: RunSettings) -> int:
        """Bytes that states take together: all networks' weights, and one state's tensors at a time."""
        width = torch.empty((), dtype=settings.torch_dtype).element_size()
        costs = [cost_of(state) for state in states]
        weights = sum(exits[-1].cost.parameters for exits in networks(states, settings)) * width
        batch = batch_size(settings)
        inputs = sum(int(np.prod(size)) for size in {cost.input_size for cost in costs}) * batch * (1 + width)
        return weights + inputs + int(max(cost.activation_bytes for cost in costs) * batch * width / 4 * WORKSPACE)

    def data_seconds(self, states: Sequence[LoadedState], settings: RunSettings, items: Sequence[ImageItem]) -> float:
        """Time of one thread to decode an image and resize it for the states, tried on some."""
        with torch.device("meta"):
            models = [create_model(state.backbone, state.weights.folder) for state in states]
        wanted = list(dict.fromkeys(PixelSetting.of(data_config(model)) for model in models))
        with PixelLoader(len(items), 1, pin_memory=False, skip_unreadable=True) as loader:
            for _ in range(2):  # the first time compiles
                batches = list(loader.batches(items, wanted))
        return sum(batch.decode_seconds + batch.resize_seconds for batch in batches) / max(1, len(items))

    def cost(self, backbone: Backbone, folder: Path | None) -> VisionCost:
        """Counted cost of a state."""
        return vision_cost(backbone, folder)

    def default_dtype(self, device: torch.device) -> str:
        """Published accuracies of image models are those of float32."""
        return "float32"

    def libraries(self, backbone: Backbone) -> tuple[str, ...]:
        """Libraries whose versions a state's scores depend on."""
        return (*LIBRARIES, *TEXT_LIBRARIES) if is_image_text(backbone) else LIBRARIES

    def identity(self, state: LoadedState, answers: AnswerSpace) -> dict[str, Any]:
        """What scores depend on beside items, weights and settings."""
        found = {"scorer": SCORER_VERSION, "seed": RANDOM_SEED, **versions(*self.libraries(state.backbone))}
        if is_image_text(state.backbone):
            folder = state.weights.folder
            found |= {"texts": answers.texts, "reading": None if folder is None else files_digest(folder, *READING)}
        return found

    def check(self, state: LoadedState, answers: AnswerSpace) -> None:
        """Refuse a state that cannot answer the benchmark's question.

        Raises:
            InputError: It predicts another number of classes, cannot read what describes them, or takes other than RGB
                images.
        """
        with torch.device("meta"):
            found = create_model(state.backbone, state.weights.folder)
        if is_image_text(state.backbone):
            check_zero_shot(state.backbone, state.weights.folder, answers)
        elif found.num_classes != answers.n_classes:
            raise InputError(
                f"state {state.backbone.name!r} predicts {found.num_classes} classes, the dataset has"
                f" {answers.n_classes}"
            )
        try:
            PixelSetting.of(data_config(found))
        except InputError as error:
            raise InputError(f"state {state.backbone.name!r}: {error}") from error

    def open(self, states: Sequence[LoadedState], settings: RunSettings, answers: AnswerSpace) -> Pass[ImageItem]:
        """Load the states of a pass."""
        return VisionPass(states, settings, answers)
