"""The ways to get log-likelihoods out of a causal language model, and which of them a model allows.

The quickest runs trees of sequences (`trees`) through the model's body, and its head where tokens are scored. Not
every model takes a mask of ours: recurrent ones have none, and some compute their own. Not every model's head is all
that lies between hidden states and logits: some scale or cap them. So each way is tried on real sequences first.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

import torch

from .likelihood import LOGIT_BYTES_PACKED, log_likelihoods
from .packing import PackedWeights
from .trees import collate, grow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

    from .tokens import EncodedChoice
    from .trees import Inputs, Row

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float16: 5e-3}
"""Relative difference up to which two ways to the same log-likelihoods are taken as equal, by precision."""
KNOWN_LAYERS = frozenset({"full_attention", "sliding_attention"})
"""Kinds of layers (`layer_types` of a configuration) whose attention a mask describes whole."""


class Route:
    """How one model runs."""

    def __init__(self, model: PreTrainedModel, *, compiled: bool = False) -> None:
        """Take the quickest way that the model's configuration allows; `try_on` tells whether it holds.

        Args:
            model: The model, on its device.
            compiled: Whether the body is compiled.
        """
        self._model = model
        self._config = model.config.get_text_config()
        self._body: Any = torch.compile(model.base_model, dynamic=True) if compiled else model.base_model
        self._head = model.get_output_embeddings()
        self._packed = PackedWeights(model if not compiled else torch.nn.Module())
        # Weights that accelerate keeps elsewhere lie on "meta"; the model as a whole knows how to run them.
        offloaded = self._head is not None and self._head.weight.device.type == "meta"
        self.own_head = self._head is not None and model.base_model is not model and not offloaded
        """Whether the body runs alone and the head on scored positions only."""
        self._possible_reach = _reach(self._config) if self.own_head and _takes_masks(model) else 0
        self.reach = self._possible_reach
        """Longest sequence, in tokens, that may be part of a tree; 0 where none may."""

    def rows(self, choices: Sequence[EncodedChoice], first_owner: int) -> list[Row]:
        """The rows of one item: a tree, or one row for each of its choices.

        Args:
            choices: The item's choices, cut to the model's window.
            first_owner: Number of the first choice.
        """
        if max(len(choice.tokens) for choice in choices) - 1 <= self.reach:
            return [grow(choices, first_owner)]
        return [grow([choice], first_owner + index) for index, choice in enumerate(choices)]

    def run(self, rows: Sequence[Row], n_choices: int) -> torch.Tensor:
        """Summed log-likelihoods of a batch (n_choices,), float64, on the CPU; 0 for choices that are not in it.

        Args:
            rows: The rows.
            n_choices: Number of choices in all.
        """
        inputs = collate(rows, plain=all(row.is_plain for row in rows))
        with torch.inference_mode(), self._packed.in_use():
            found = self._log_likelihoods(inputs).double().cpu()
        return torch.zeros(n_choices, dtype=torch.float64).index_add(0, inputs.owners, found)

    def try_on(self, choices: Sequence[EncodedChoice]) -> bool:
        """Give up what the model turns out not to allow: trees that change the sums, a head that is not all.

        Args:
            choices: An item's choices, cut to the model's window; better long ones.

        Returns:
            Whether that settles it: choices that differ in their last tokens only make no tree that could be tried, and
            until one is, none is used.
        """
        self.reach = self._possible_reach
        plain = [grow([choice], index) for index, choice in enumerate(choices)]
        quickest = self.rows(choices, 0)
        sums = self._sums_or_none(quickest, len(choices))
        self.reach, own_head = 0, self.own_head
        alone = self._sums_or_none(plain, len(choices))
        self.own_head = False
        whole = self._sums(plain, len(choices))
        self.own_head = own_head and alone is not None and self._close(alone, whole)
        branches = len(quickest) == 1 and not quickest[0].is_plain
        if self.own_head and sums is not None and self._close(sums, whole) and branches:
            self.reach = self._possible_reach
        return branches or self._possible_reach == 0 or not self.own_head

    def _sums(self, rows: Sequence[Row], n_choices: int) -> torch.Tensor:
        """The sums, each row by itself so that memory suffices if it ever does."""
        return torch.stack([self.run([row], n_choices) for row in rows]).sum(dim=0)

    def _sums_or_none(self, rows: Sequence[Row], n_choices: int) -> torch.Tensor | None:
        """The sums, or None from a model that breaks over what it is given."""
        try:
            return self._sums(rows, n_choices)
        except torch.OutOfMemoryError:
            raise
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
            return None

    def _close(self, one: torch.Tensor, other: torch.Tensor) -> bool:
        tolerance = TOLERANCE[self._model.dtype]
        # What is not finite is told elsewhere, and is no reason to run slowly.
        return bool(torch.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True))

    def _log_likelihoods(self, inputs: Inputs) -> torch.Tensor:
        """Of each scored token (n_scored,)."""
        device = self._model.get_input_embeddings().weight.device
        arguments: dict[str, torch.Tensor] = {"input_ids": inputs.tokens.to(device)}
        if inputs.mask is not None and inputs.positions is not None:
            arguments |= {"attention_mask": self._as_taken(inputs.mask.to(device))}
            arguments |= {"position_ids": inputs.positions.to(device)}
        vocabulary = int(self._config.vocab_size)
        if self.own_head:
            hidden = self._body(**arguments, use_cache=False).last_hidden_state.flatten(0, 1)
            weight = cast("torch.Tensor", self._head.weight)
            scored = hidden[inputs.predicting.to(hidden.device)].to(weight.device)
            predictors, targets = (tensor.to(weight.device) for tensor in (inputs.predictors, inputs.targets))
            logit_bytes = LOGIT_BYTES_PACKED if len(self._packed) else None
            return log_likelihoods(self._head, scored, vocabulary, predictors, targets, logit_bytes=logit_bytes)
        logits = self._model(**arguments, use_cache=False).logits.flatten(0, 1)
        scored = logits[inputs.predicting.to(logits.device)]
        predictors, targets = (tensor.to(logits.device) for tensor in (inputs.predictors, inputs.targets))
        return log_likelihoods(torch.clone, scored, vocabulary, predictors, targets)

    def _as_taken(self, mask: torch.Tensor) -> torch.Tensor:
        """A boolean mask, or for attention that adds its mask, what it adds."""
        if self._config._attn_implementation == "sdpa":
            return mask
        lowest = torch.finfo(self._model.dtype).min
        return torch.zeros(mask.shape, dtype=self._model.dtype, device=mask.device).masked_fill_(~mask, lowest)


def _takes_masks(model: PreTrainedModel) -> bool:
    """Whether the body has arguments for mask and positions, and no memory of its own."""
    arguments = inspect.signature(model.base_model.forward).parameters
    return {"attention_mask", "position_ids"} <= set(arguments) and not getattr(model, "_is_stateful", False)


def _reach(config: Any) -> int:  # noqa: ANN401 - a configuration of transformers
    """Longest sequence, in tokens, on which all layers look at everything before; 0 where some never do."""
    kinds = set(getattr(config, "layer_types", None) or ())
    if kinds - KNOWN_LAYERS:
        return 0
    limits = [getattr(config, "attention_chunk_size", None)]
    slides = "sliding_attention" in kinds if kinds else getattr(config, "use_sliding_window", True)
    if slides:
        limits.append(getattr(config, "sliding_window", None))
    return min((int(limit) for limit in limits if limit), default=2**31)
