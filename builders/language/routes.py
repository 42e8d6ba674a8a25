"""The ways to get log-likelihoods out of a causal language model, and which of them a model allows.

The quickest runs trees of sequences (`trees`) through the model's body, and its head where tokens are scored. Not
every model takes a mask of ours: recurrent ones have none, and some compute their own. Not every model's head is all
that lies between hidden states and logits: some scale or cap them. So each way is tried on real sequences first.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import torch

from .likelihood import LOGIT_BYTES_PACKED, log_likelihoods
from .packing import PackedWeights
from .trees import collate, grow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from transformers import PreTrainedModel

    from ..backbones.exits import Trunk
    from .tokens import EncodedChoice
    from .trees import Inputs, Row

TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float16: 5e-3}
"""Relative difference up to which two ways to the same log-likelihoods are taken as equal, by precision."""
KNOWN_LAYERS = frozenset({"full_attention", "sliding_attention"})
"""Kinds of layers (`layer_types` of a configuration) whose attention a mask describes whole."""


@dataclass(frozen=True, eq=False)
class Exits:
    """Where a model ends: after several numbers of its layers."""

    trunk: Trunk
    """Its layers."""
    depths: tuple[int, ...]
    """Layers of each exit."""


class CausalModel:
    """A model and the pieces of it that routes run."""

    def __init__(self, model: PreTrainedModel, *, compiled: bool = False, exits: Exits | None = None) -> None:
        """Take a model apart.

        Args:
            model: The model, on its device.
            compiled: Whether its body is compiled.
            exits: Its exits, each of which gives answers; None where only its last layer does.
        """
        self.whole = model
        """The model."""
        self.config = model.config.get_text_config()
        """Configuration of its text part."""
        self.body: Any = torch.compile(model.base_model, dynamic=True) if compiled else model.base_model
        """All but the head."""
        self.head = model.get_output_embeddings()
        """What makes logits of hidden states; None where it is not known."""
        self.packed = PackedWeights(model if not compiled else torch.nn.Module())
        """Weights in the layout of the CPU's matrix products."""
        self.exits = exits
        """Its exits."""

    @property
    def n_exits(self) -> int:
        """How many answers it gives."""
        return 1 if self.exits is None else len(self.exits.depths)

    @contextmanager
    def ending_at(self, index: int) -> Iterator[None]:
        """Run only up to one of the exits, which is then the only one."""
        exits = self.exits
        if exits is None:
            yield
            return
        self.exits = None
        try:
            with exits.trunk.shortened(exits.depths[index]):
                yield
        finally:
            self.exits = exits

    def hidden(self, arguments: dict[str, torch.Tensor], pick: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Hidden states that the head takes, of every exit (n_exits, …): one run of the body serves all."""
        if self.exits is None:
            return pick(self.body(**arguments, use_cache=False).last_hidden_state)[None]
        run = partial(self.body, **arguments, use_cache=False)
        return torch.stack(self.exits.trunk.states_after(self.exits.depths, run, pick))

    def logits(self, arguments: dict[str, torch.Tensor]) -> Iterator[torch.Tensor]:
        """What the model as a whole makes of tokens, cut to one exit after the other."""
        for index in range(self.n_exits):
            with self.ending_at(index):
                yield self.whole(**arguments, use_cache=False).logits

    @property
    def has_own_head(self) -> bool:
        """Whether body and head can be run by themselves."""
        # Weights that accelerate keeps elsewhere lie on "meta"; the model as a whole knows how to run them.
        offloaded = self.head is not None and self.head.weight.device.type == "meta"
        return self.head is not None and self.whole.base_model is not self.whole and not offloaded


@dataclass(frozen=True, eq=False)
class Route:
    """A way to run a model."""

    model: CausalModel
    """The model."""
    own_head: bool
    """Whether the body runs alone and the head on scored positions only."""
    reach: int
    """Longest sequence, in tokens, that may be part of a tree; 0 where none may."""

    @classmethod
    def quickest(cls, model: CausalModel) -> Route:
        """The quickest way that the model's configuration allows; `try_on` tells whether it holds."""
        own_head = model.has_own_head
        return cls(model, own_head, _reach(model.config) if own_head and _takes_masks(model.whole) else 0)

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
        """Summed log-likelihoods of a batch, 0 for choices that are not in it.

        Args:
            rows: The rows.
            n_choices: Number of choices in all.

        Returns:
            Those of every exit (n_exits, n_choices), float64, on the CPU.
        """
        inputs = collate(rows, plain=all(row.is_plain for row in rows))
        with torch.inference_mode(), self.model.packed.in_use():
            found = self._log_likelihoods(inputs).double().cpu()
        return torch.zeros(len(found), n_choices, dtype=torch.float64).index_add(1, inputs.owners, found)

    def try_on(self, choices: Sequence[EncodedChoice]) -> Trial:
        """What of this way holds on an item: trees may change the sums, and a head may not be all.

        Args:
            choices: An item's choices, cut to the model's window; better long ones.
        """
        alone = replace(self, reach=0)
        whole = replace(alone, own_head=False)
        quick_rows, single_rows = self.rows(choices, 0), alone.rows(choices, 0)
        quick_sums = self._sums_or_none(quick_rows, len(choices))
        alone_sums = alone._sums_or_none(single_rows, len(choices))
        right = whole._sums(single_rows, len(choices))
        if not self.own_head or alone_sums is None or not self._close(alone_sums, right):
            return Trial(whole, settled=True)
        # Choices that differ in their last tokens only make no tree that could be tried.
        branches = len(quick_rows) == 1 and not quick_rows[0].is_plain
        trees_hold = branches and quick_sums is not None and self._close(quick_sums, right)
        return Trial(self if trees_hold else alone, settled=branches or self.reach == 0)

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
        tolerance = TOLERANCE[self.model.whole.dtype]
        # What is not finite is told elsewhere, and is no reason to run slowly.
        return bool(torch.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True))

    def _log_likelihoods(self, inputs: Inputs) -> torch.Tensor:
        """Of each scored token, at every exit (n_exits, n_scored)."""
        model = self.model
        device = model.whole.get_input_embeddings().weight.device
        arguments: dict[str, torch.Tensor] = {"input_ids": inputs.tokens.to(device)}
        if inputs.mask is not None and inputs.positions is not None:
            arguments |= {"attention_mask": self._as_taken(inputs.mask.to(device))}
            arguments |= {"position_ids": inputs.positions.to(device)}
        vocabulary = int(model.config.vocab_size)
        if self.own_head:
            weight = cast("torch.Tensor", model.head.weight)
            found: Iterable[torch.Tensor] = model.hidden(
                arguments, lambda states: _picked(states, inputs).to(weight.device)
            )
            head, logit_bytes = model.head, LOGIT_BYTES_PACKED if len(model.packed) else None
        else:
            found = (_picked(logits, inputs) for logits in model.logits(arguments))
            head, logit_bytes = torch.clone, None
        return torch.stack(
            [
                log_likelihoods(
                    head,
                    scored,
                    vocabulary,
                    inputs.predictors.to(scored.device),
                    inputs.targets.to(scored.device),
                    logit_bytes=logit_bytes,
                )
                for scored in found
            ]
        )

    def _as_taken(self, mask: torch.Tensor) -> torch.Tensor:
        """A boolean mask, or for attention that adds its mask, what it adds."""
        if self.model.config._attn_implementation == "sdpa":
            return mask
        dtype = self.model.whole.dtype
        lowest = torch.finfo(dtype).min
        return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, lowest)


def _picked(states: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    """Of all positions those whose next token is scored (n_predicting, …)."""
    return states.flatten(0, 1)[inputs.predicting.to(states.device)]


@dataclass(frozen=True, eq=False)
class Trial:
    """What was learnt from running an item."""

    route: Route
    """The quickest way that holds, as far as was seen."""
    settled: bool
    """Whether that is the last word; otherwise another item may show that a quicker way holds."""


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
