"""Weights of linear layers laid out once as the CPU's matrix products want them, instead of at every product.

oneDNN's products with packed weights run at full speed on few rows too, so that logits can stay in the caches. The
model itself stays as it is: layers take their packed weights while `in_use`, and their own afterwards.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from ..running.memory import available_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPICAL_ROWS = 2048
"""Rows of the products that the layout is chosen for."""
TOLERANCE = 1e-5
"""Relative difference up to which packed and own weights give the same product."""


class PackedWeights:
    """Packed weights of a model's linear layers."""

    def __init__(self, model: nn.Module) -> None:
        """Pack what can be packed: float32 on a CPU whose torch has oneDNN, where there is room for a second copy.

        Args:
            model: The model.
        """
        self._packed: dict[nn.Linear, torch.Tensor] = {}
        layers = [layer for layer in model.modules() if type(layer) is nn.Linear]
        if not layers or not all(_can_be_packed(layer) for layer in layers):
            return
        if sum(layer.weight.nbytes for layer in layers) > available_bytes(torch.device("cpu")) / 4:
            return
        if not _products_agree(layers[0]):
            return
        self._packed = {layer: _pack(layer) for layer in layers}

    def __len__(self) -> int:
        return len(self._packed)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let the layers take their packed weights."""
        for layer, weight in self._packed.items():
            layer.forward = partial(_product, weight, layer.bias)  # type: ignore[method-assign]
        try:
            yield
        finally:
            for layer in self._packed:
                del layer.forward


def _can_be_packed(layer: nn.Linear) -> bool:
    return (
        layer.weight.device.type == "cpu"
        and layer.weight.dtype == torch.float32
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def _pack(layer: nn.Linear) -> torch.Tensor:
    # What torch's own compiler makes of a linear layer on a CPU (`torch._inductor.fx_passes.mkldnn_fusion`).
    return cast("torch.Tensor", torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), TYPICAL_ROWS))


def _product(weight: torch.Tensor, bias: torch.Tensor | None, rows: torch.Tensor) -> torch.Tensor:
    return cast("torch.Tensor", torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], ""))


def _products_agree(layer: nn.Linear) -> bool:
    """Whether the packed product is the layer's own, tried on one layer."""
    rows = torch.randn(5, layer.in_features, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        own = layer(rows)
        packed = _product(_pack(layer), layer.bias, rows)
    return bool(((own - packed).abs().max() <= TOLERANCE * own.abs().max()).item())
