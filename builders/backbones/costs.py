"""What a state costs: the figures that are counted, and those of the families that ship, counted before.

This module loads no neural network, so that state spaces are listed at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from .families import shipped_families

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from .families import Backbone, Family

COUNTS = "counts.json"
"""Counts of the families that ship, as `scripts/count_families.py` makes them."""
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
    activation_bytes: int
    """Most bytes that the tensors of one image take at once, in float32, without what kernels take besides."""

    @property
    def input_sides(self) -> tuple[int, ...]:
        """Height and width of an image."""
        return self.input_size[1:]

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
    head_gflops: float
    """GFLOPs of the head at one position; they are part of `c1`."""
    activation_bytes: int
    """Most bytes that the tensors of one token take at once in the model's body, in float32."""

    def as_run(self, nodes: int, predicting: int) -> float:
        """10^9 operations of a row of tokens whose head runs at some of them only.

        Args:
            nodes: Tokens of the row.
            predicting: Tokens at which the head runs.
        """
        return float(self.gflops(nodes)) - self.head_gflops * (nodes - predicting)

    def gflops(self, tokens: ArrayLike) -> NDArray[np.float64]:
        """10^9 operations for sequences of these lengths, of the lengths' shape."""
        n = np.asarray(tokens, dtype=np.float64)
        c0, c1, c2 = self.coefficients
        return c0 + c1 * n + c2 * n**2

    @property
    def input_sides(self) -> tuple[int, ...]:
        """None: a text has no size of its own."""
        return ()

    def nominal_gflops(self) -> float:
        """10^9 operations of an item of four sequences of `NOMINAL_TOKENS` tokens."""
        return NOMINAL_SEQUENCES * float(self.gflops(NOMINAL_TOKENS))


Cost = VisionCost | LanguageCost


def shipped_cost(family: Family, backbone: Backbone) -> Cost | None:
    """What a state of a family that ships was counted to cost; None for any other.

    Args:
        family: The state's family.
        backbone: The state.
    """
    shipped = shipped_families().get(family.name)
    if shipped is None or backbone not in shipped.states:
        return None
    found = _counts().get(family.name, {}).get(backbone.name)
    return None if found is None else cost_of_plain(family.runner, found)


def cost_of_plain(runner: str, plain: Mapping[str, Any]) -> Cost:
    """A cost from JSON, which has lists for tuples."""
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    return VisionCost(**fields) if runner == "vision" else LanguageCost(**fields)


@cache
def _counts() -> dict[str, dict[str, dict[str, Any]]]:
    """Plain costs by family and state."""
    text = resources.files(__package__).joinpath(COUNTS).read_text(encoding="utf-8")
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(text)["families"]
    return found
