"""Counts parameters and floating-point operations of states, on the meta device.

The meta device has shapes but no memory, so that Llama-2-70B counts in a second on a laptop. torch's FlopCounterMode
counts matrix products, convolutions and attention, 2 operations per multiply-add. Attention runs in its plain ("eager")
form there, so that its products are seen. Counts are kept in the cache, keyed by what they depend on.
"""

from __future__ import annotations

import json
import weakref
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.weak import WeakIdKeyDictionary

from ...labels.errors import InputError, first_line
from ...labels.tables.parquet import atomic_file
from ..cache import cache_folder, key_of, versions
from .costs import Cost, LanguageCost, VisionCost, cost_of_plain, shipped_cost
from .weights import config_text, describing_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .families import Backbone, Family

LENGTHS = (16, 32, 64)
"""Sequence lengths in tokens that the quadratic of a language model goes through."""


def state_cost(family: Family, backbone: Backbone) -> Cost:
    """What a state costs as its family's table describes it: counted before, or now; no weights are fetched.

    Args:
        family: The state's family.
        backbone: The state.

    Raises:
        InputError: The library that runs the state cannot make it.
    """
    return shipped_cost(family, backbone) or count_cost(family, backbone)


def count_cost(family: Family, backbone: Backbone) -> Cost:
    """Count a state as its family's table describes it; arguments and errors are those of `state_cost`."""
    return COUNTED_BY[family.runner](backbone, describing_folder(family.runner, backbone))


def vision_cost(backbone: Backbone, folder: Path | None = None) -> VisionCost:
    """Count a timm model, or the image side of an image-text model.

    Args:
        backbone: The state.
        folder: Folder of its weights, whose `config.json` then says what the model is.
    """
    content = {"runner": "vision", **_identity(backbone, folder), **versions("torch", "timm")}

    def count() -> dict[str, Any]:
        from .image_models import create_model
        from .timm_models import input_size

        with torch.device("meta"):
            model = create_model(backbone, folder).eval()
            shape = input_size(model)
            images = torch.empty(1, *shape)
        with _PeakMemory(model) as memory:
            flops = _count(lambda: model(images))
        return asdict(VisionCost(_parameters(model), flops / 1e9, shape, memory.peak))

    found = _cached(content, count)
    return cast("VisionCost", cost_of_plain("vision", found))


def language_cost(backbone: Backbone, folder: Path | None = None) -> LanguageCost:
    """Count a causal language model of transformers.

    Args:
        backbone: The state.
        folder: Folder of its weights, whose `config.json` then says what the model is.

    Raises:
        InputError: transformers cannot make the model, or run it on the meta device.
    """
    content = {"runner": "language", "counts": 3, **_identity(backbone, folder), **versions("torch", "transformers")}

    def count() -> dict[str, Any]:
        from .transformers_models import create_model

        with torch.device("meta"):
            model = create_model(backbone, folder, attention="eager").eval()
        flops = [_with_some_mask(model, tokens, backbone.name, _count) / 1e9 for tokens in LENGTHS]
        peak = _with_some_mask(model.base_model, LENGTHS[-1], backbone.name, partial(_peak_bytes, model))
        lengths = np.array(LENGTHS, dtype=np.float64)
        coefficients = np.linalg.solve(np.vander(lengths, 3, increasing=True), np.array(flops))
        head = _count(partial(_head, model)) / 1e9
        return asdict(LanguageCost(_parameters(model), tuple(coefficients.tolist()), head, peak // LENGTHS[-1]))

    found = _cached(content, count)
    return cast("LanguageCost", cost_of_plain("language", found))


COUNTED_BY: dict[str, Callable[[Backbone, Path | None], Cost]] = {
    "vision": vision_cost,
    "language": language_cost,
}
"""What counts a state, by the name of its runner."""


def _forward(model: torch.nn.Module, tokens: int, mask: torch.Tensor | None) -> None:
    masked = {} if mask is None else {"attention_mask": mask}
    model(input_ids=torch.zeros(1, tokens, dtype=torch.long, device="meta"), use_cache=False, **masked)


def _with_some_mask(model: torch.nn.Module, tokens: int, name: str, look: Callable[[Callable[[], object]], int]) -> int:
    """What is seen of a sequence's forward; on the meta device most models want their mask whole, some otherwise."""
    masks = (
        torch.ones(1, 1, tokens, tokens, dtype=torch.bool, device="meta"),
        torch.ones(1, tokens, dtype=torch.bool, device="meta"),
        None,
    )
    reason = ""
    for mask in masks:
        try:
            return look(partial(_forward, model, tokens, mask))
        except (IndexError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
            reason = reason or first_line(error)
    raise InputError(f"state {name!r}: its operations cannot be counted on the meta device ({reason})")


def _head(model: Any) -> None:  # noqa: ANN401 - a causal language model of transformers
    head = model.get_output_embeddings()
    if head is not None:
        head(torch.empty(1, head.weight.shape[1], device="meta", dtype=head.weight.dtype))


class _PeakMemory(TorchDispatchMode):
    """Follows the bytes of all tensors that operations make, until they are freed; weights do not count."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self._alive = 0
        self._known: Any = WeakIdKeyDictionary()
        for tensor in (*model.parameters(), *model.buffers()):
            self._known[tensor.untyped_storage()] = 0

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 - an operator of torch
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._follow(tensor.untyped_storage())
        return made

    def _follow(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        size = storage.nbytes()
        self._known[storage] = size
        self._alive += size
        self.peak = max(self.peak, self._alive)
        weakref.finalize(storage, self._forget, size)

    def _forget(self, size: int) -> None:
        self._alive -= size


def _count(forward: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        forward()
    return int(counter.get_total_flops())


def _peak_bytes(model: torch.nn.Module, forward: Callable[[], object]) -> int:
    with _PeakMemory(model) as memory, torch.no_grad():
        forward()
    return int(memory.peak)


def _parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _identity(backbone: Backbone, folder: Path | None) -> dict[str, Any]:
    exit_ = {} if backbone.exit is None else {"exit": backbone.exit}
    if folder is None:
        return {"architecture": backbone.architecture, "config": backbone.config, **exit_}
    return {"config.json": config_text(folder), **exit_}


def _cached(content: dict[str, Any], count: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    path = cache_folder("costs") / f"{key_of(content)}.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        found = count()
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(found), encoding="utf-8")
    return found
