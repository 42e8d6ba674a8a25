"""What a state costs: parameters and floating-point operations, counted on the meta device.

The meta device has shapes but no memory, so that Llama-2-70B counts in a second on a laptop. torch's FlopCounterMode
counts matrix products, convolutions and attention, 2 operations per multiply-add. Attention runs in its plain ("eager")
form there, so that its products are seen. Counts are kept in the cache, keyed by what they depend on.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from ..labels.parquet import atomic_file
from .cache import cache_folder, key_of, versions
from .weights import config_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from .spaces import Backbone

LENGTHS = (16, 32, 64)
"""Sequence lengths in tokens that the quadratic of a language model goes through."""
NOMINAL_TOKENS = 80
"""Tokens of a sequence for which `families` states GFLOPs: the mean of HellaSwag's context and ending with Pythia's
tokenizer is 79.9 (validation split, 40,168 sequences)."""
NOMINAL_SEQUENCES = 4
"""Sequences of an item for which `families` states GFLOPs."""


@dataclass(frozen=True)
class VisionCost:
    """Cost of classifying one image."""

    parameters: int
    """Number of parameters."""
    gflops: float
    """10^9 operations per image."""
    input_size: tuple[int, int, int]
    """Channels, height, width."""

    def nominal_gflops(self) -> float:
        """10^9 operations per image."""
        return self.gflops


@dataclass(frozen=True)
class LanguageCost:
    """Cost of running one sequence of any length through a causal language model, head included."""

    parameters: int
    """Number of parameters."""
    coefficients: tuple[float, float, float]
    """GFLOPs of n tokens are `c0 + c1 n + c2 n^2`; the quadratic is exact, as attention is the only quadratic part."""

    def gflops(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """10^9 operations for sequences of these lengths, of the lengths' shape."""
        n = np.asarray(tokens, dtype=np.float64)
        c0, c1, c2 = self.coefficients
        return c0 + c1 * n + c2 * n**2

    def nominal_gflops(self) -> float:
        """10^9 operations of an item of four sequences of `NOMINAL_TOKENS` tokens."""
        return NOMINAL_SEQUENCES * float(self.gflops(NOMINAL_TOKENS))


def vision_cost(backbone: Backbone, folder: Path | None = None) -> VisionCost:
    """Count a timm model.

    Args:
        backbone: The state.
        folder: Folder of its weights, whose `config.json` then says what the model is.
    """
    content = {"runner": "vision", **_identity(backbone, folder), **versions("torch", "timm")}

    def count() -> dict[str, Any]:
        from .vision import create_model, input_size

        with torch.device("meta"):
            model = create_model(backbone, folder, load=False).eval()
            shape = input_size(model)
            images = torch.empty(1, *shape)
        flops = _count(lambda: model(images))
        return asdict(VisionCost(_parameters(model), flops / 1e9, shape))

    found = _cached(content, count)
    return VisionCost(found["parameters"], found["gflops"], tuple(found["input_size"]))


def language_cost(backbone: Backbone, folder: Path | None = None) -> LanguageCost:
    """Count a causal language model of transformers.

    Args:
        backbone: The state.
        folder: Folder of its weights, whose `config.json` then says what the model is.
    """
    content = {"runner": "language", **_identity(backbone, folder), **versions("torch", "transformers")}

    def count() -> dict[str, Any]:
        from .language import create_model

        with torch.device("meta"):
            model = create_model(backbone, folder, attention="eager").eval()
        flops = [_count(partial(_forward, model, tokens)) / 1e9 for tokens in LENGTHS]
        lengths = np.array(LENGTHS, dtype=np.float64)
        coefficients = np.linalg.solve(np.vander(lengths, 3, increasing=True), np.array(flops))
        return asdict(LanguageCost(_parameters(model), tuple(coefficients.tolist())))

    found = _cached(content, count)
    return LanguageCost(found["parameters"], tuple(found["coefficients"]))


def _forward(model: torch.nn.Module, tokens: int) -> None:
    # On the meta device transformers cannot look into a mask to simplify it, and wants it whole.
    mask = torch.ones(1, 1, tokens, tokens, dtype=torch.bool, device="meta")
    model(input_ids=torch.zeros(1, tokens, dtype=torch.long, device="meta"), attention_mask=mask, use_cache=False)


def _count(forward: Callable[[], object]) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        forward()
    return int(counter.get_total_flops())


def _parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _identity(backbone: Backbone, folder: Path | None) -> dict[str, Any]:
    if folder is None:
        return {"architecture": backbone.architecture, "config": backbone.config}
    return {"config.json": config_text(folder)}


def _cached(content: dict[str, Any], count: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    path = cache_folder("costs") / f"{key_of(content)}.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        found = count()
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(found), encoding="utf-8")
    return found
