"""A classifier on its device, and the states that are exits of it: one run of its blocks answers for all of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import torch

from ..backbones.image_text_models import is_image_text
from ..backbones.timm_models import data_config, load_model, trunk_of
from .zero_shot import load_zero_shot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..running.contract import LoadedState, RunSettings
    from ..sources.benchmarks import AnswerSpace

RANDOM_SEED = 0
"""Seed of weights that are initialised at random."""
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""Relative difference up to which logits of a shared run and of a cut model are taken as equal, by precision."""


class Classifier:
    """A model, and its states."""

    def __init__(self, states: Sequence[LoadedState], settings: RunSettings, answers: AnswerSpace) -> None:
        """Load the model.

        Args:
            states: A state, or several exits of one network, the deepest last.
            settings: How they run.
            answers: What may be answered.
        """
        deepest = states[-1]
        torch.manual_seed(RANDOM_SEED)
        model = _load(deepest, settings, answers)
        self.config = data_config(model)
        """Preprocessing that it asks for."""
        self._settings = settings
        self._trunk = trunk_of(model, deepest.backbone) if len(states) > 1 else None
        whole = 0 if self._trunk is None else len(self._trunk.blocks)
        self._depths = {state.key: state.backbone.exit or whole for state in states}
        self.model = _prepare(model, settings)
        """The model, up to the deepest state."""
        self._shares: bool | None = None

    def logits(self, images: torch.Tensor, wanted: Sequence[str], at_once: int) -> dict[str, torch.Tensor]:
        """Logits of each wanted state (n_images, n_classes), float32.

        Args:
            images: Normalised images.
            wanted: Keys of states; those of other models are left.
            at_once: Images of a whole batch.
        """
        keys = [key for key in wanted if key in self._depths]
        if len(keys) > 1:
            if self._shares is None:
                self._shares = self._holds(images[:1], keys)
            if self._shares:
                return dict(zip(keys, self._shared(images, keys), strict=True))
        return {key: self._alone(key, images, at_once) for key in keys}

    @contextmanager
    def only(self, key: str) -> Iterator[torch.nn.Module]:
        """The model of one state, cut to its exit."""
        if self._trunk is None:
            yield self.model
            return
        with self._trunk.shortened(self._depths[key]):
            yield self.model

    def _alone(self, key: str, images: torch.Tensor, at_once: int) -> torch.Tensor:
        missing = at_once - len(images)
        with self.only(key) as model:
            if not self._settings.compiled or missing <= 0:
                return cast("torch.Tensor", model(images)).float()
            # A compiled model is compiled again for every new shape: fill the last batch up.
            filled = torch.cat([images, images[-1:].expand(missing, -1, -1, -1)])
            return cast("torch.Tensor", model(filled)).float()[: len(images)]

    def _shared(self, images: torch.Tensor, keys: Sequence[str]) -> list[torch.Tensor]:
        """Logits of several exits, from one run up to the deepest of them."""
        assert self._trunk is not None, "only exits share a model"
        model: Any = self.model
        depths = [self._depths[key] for key in keys]
        with self._trunk.shortened(max(depths)):
            after = self._trunk.states_after(depths, lambda: model.forward_features(images))
        return [model.forward_head(states).float() for states in after]

    def _holds(self, images: torch.Tensor, keys: Sequence[str]) -> bool:
        """Whether a shared run gives what the cut models give; other parts may lie between their blocks and heads."""
        tolerance = TOLERANCE[self._settings.torch_dtype]
        cut = [self._alone(key, images, len(images)) for key in keys]
        try:
            shared = self._shared(images, keys)
        except torch.OutOfMemoryError:
            raise
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
            return False
        return all(
            one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=tolerance * largest, equal_nan=True)
            for one, other, largest in zip(shared, cut, (float(logits.abs().max()) for logits in cut), strict=True)
        )


def _load(state: LoadedState, settings: RunSettings, answers: AnswerSpace) -> torch.nn.Module:
    if is_image_text(state.backbone):
        return load_zero_shot(state.backbone, state.weights.folder, answers, settings.device)
    return load_model(state.backbone, state.weights.folder)


def _prepare(model: torch.nn.Module, settings: RunSettings) -> torch.nn.Module:
    """A model on its device, in its precision, with its fast modes."""
    model = model.eval().to(settings.device, settings.torch_dtype)
    if settings.channels_last:
        model = model.to(memory_format=torch.channels_last)
    return cast("torch.nn.Module", torch.compile(model)) if settings.compiled else model
