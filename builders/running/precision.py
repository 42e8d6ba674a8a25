"""Arithmetic of a run: the float32 reference, and fast modes that record themselves."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def reference_arithmetic() -> Iterator[None]:
    """Convolutions and matrix products in what their type says, by the same algorithm every time.

    Left to itself, cuDNN rounds float32 convolutions to TF32 (10 bits of fraction) and may choose algorithms by timing
    them, or sum in an order that changes. All of it is as before afterwards.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
