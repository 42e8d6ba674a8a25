"""How much memory a device offers to the states of a pass."""

from __future__ import annotations

import os

import torch

GPU_SHARE = 0.85
"""Share of a GPU's free memory that a pass may plan with; kernels and fragments take the rest."""
CPU_SHARE = 0.5
"""Share of the machine's memory that a pass may plan with; items, pixels and the user's other work take the rest."""


def available_bytes(device: torch.device) -> int:
    """Bytes that the states of one pass may take."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free * GPU_SHARE)
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * CPU_SHARE)
