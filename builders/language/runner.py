"""Runs causal language models of transformers: what their states take, and what their scores depend on."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch

from ...labels.errors import InputError
from ..backbones.costs import LanguageCost
from ..backbones.counting import language_cost
from ..cache import key_of, versions
from ..running.contract import LoadedState, Pass, RunSettings, networks
from ..sources.benchmarks import AnswerSpace
from .likelihood import LOGIT_BYTES
from .models import RANDOM_SEED, Tokenizer
from .passes import TOKENS_PER_BATCH, LanguagePass, cost_of
from .tokens import EncodedChoice, encode_items

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..backbones.families import Backbone
    from ..sources.items import ChoiceItem

LIBRARIES = ("torch", "transformers", "tokenizers", "numpy")
SCORER_VERSION = 2
"""Raised when a change of what is computed here or in the modules beside it makes finished parts worthless."""
KEPT_TOKENS = 1 << 26
"""Tokens that are kept for a family's next states: 256 MiB."""


class LanguageRunner:
    """Runs causal language models."""

    samples_are = "items"
    ordered_by_id = False
    prediction_columns = ("prediction_acc", "gflops", "gflops_run")
    state_columns = ("gflops_run",)
    splits_models = True

    def __init__(self) -> None:
        self._tokenizers: dict[str, Tokenizer] = {}
        self._encoded: OrderedDict[str, list[list[EncodedChoice]]] = OrderedDict()
        self._sizes: dict[str, int] = {}

    def check_settings(self, settings: RunSettings) -> None:
        """Refuse what is for images only.

        Raises:
            InputError: Channels are to lie last.
        """
        if settings.channels_last:
            raise InputError("`channels_last`: only images have channels")

    def group(self, states: Sequence[LoadedState], settings: RunSettings, memory: int) -> list[tuple[LoadedState, ...]]:
        """One network in memory at a time, at all of its exits."""
        return networks(states, settings)

    def needs(self, states: Sequence[LoadedState], settings: RunSettings) -> int:
        """Bytes of a network's weights, of a batch's tensors, and of the logits that are made at once."""
        width = torch.empty((), dtype=settings.torch_dtype).element_size()
        costs = [cost_of(state) for state in states]
        batch = max(cost.activation_bytes for cost in costs) * TOKENS_PER_BATCH[settings.device.type]
        weights = max(cost.parameters for cost in costs) * width
        return weights + batch * width // 4 + LOGIT_BYTES[settings.device.type]

    def data_seconds(self, states: Sequence[LoadedState], settings: RunSettings, items: Sequence[ChoiceItem]) -> float:
        """Tokenising takes next to nothing beside the model."""
        return 0.0

    def cost(self, backbone: Backbone, folder: Path | None) -> LanguageCost:
        """Counted cost of a state."""
        return language_cost(backbone, folder)

    def default_dtype(self, device: torch.device) -> str:
        """Language models are trained in bfloat16; CPUs are fastest, and exact, in float32."""
        return "bfloat16" if device.type == "cuda" else "float32"

    def libraries(self, backbone: Backbone) -> tuple[str, ...]:
        """Libraries whose versions a state's scores depend on."""
        return LIBRARIES

    def identity(self, state: LoadedState, answers: AnswerSpace) -> dict[str, Any]:
        """What scores depend on beside items, weights and settings."""
        return {
            "scorer": SCORER_VERSION,
            "seed": RANDOM_SEED,
            "tokenizer": self.tokenizer(state).key,
            **versions(*LIBRARIES),
        }

    def check(self, state: LoadedState, answers: AnswerSpace) -> None:
        """Any language model can choose among any number of choices."""

    def open(self, states: Sequence[LoadedState], settings: RunSettings, answers: AnswerSpace) -> Pass[ChoiceItem]:
        """Load the network of a pass."""
        return LanguagePass(states, settings, self)

    def tokenizer(self, state: LoadedState) -> Tokenizer:
        """The tokenizer of a state, loaded once."""
        if state.key not in self._tokenizers:
            self._tokenizers[state.key] = Tokenizer.of(state)
        return self._tokenizers[state.key]

    def encode(self, state: LoadedState, items: Sequence[ChoiceItem]) -> list[list[EncodedChoice]]:
        """Tokens of some items; states whose tokenizers are equal share them."""
        tokenizer = self.tokenizer(state)
        key = key_of({"tokenizer": tokenizer.key, "items": [item.digest().hex() for item in items]})
        if key not in self._encoded:
            found = encode_items(tokenizer.own, items, add_bos_token=state.family.add_bos_token)
            self._encoded[key] = found
            self._sizes[key] = sum(len(choice.tokens) for choices in found for choice in choices)
            while len(self._encoded) > 1 and sum(self._sizes.values()) > KEPT_TOKENS:
                oldest, _ = self._encoded.popitem(last=False)
                del self._sizes[oldest]
        return self._encoded[key]
