"""What is asked of every machine of a cluster; nothing heavy is imported for it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .store import Store


@dataclass(frozen=True)
class Facts:
    """What a machine says of itself."""

    name: str
    """Its host name."""
    gpu_bytes: int = 0
    """Memory of its smallest GPU; 0 where it has none, or cannot say."""
    gpu_name: str = ""
    """Name of its GPUs."""


def look() -> Facts:
    """Look at the machine that this runs on; NVML sees GPUs that Ray hides from a task without one."""
    try:
        import pynvml
    except ModuleNotFoundError:
        return Facts(platform.node())
    try:
        pynvml.nvmlInit()
        gpus = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        sizes = [int(pynvml.nvmlDeviceGetMemoryInfo(gpu).total) for gpu in gpus]
        names = sorted({str(pynvml.nvmlDeviceGetName(gpu)) for gpu in gpus})
    except pynvml.NVMLError:  # no driver
        return Facts(platform.node())
    return Facts(platform.node(), min(sizes, default=0), " + ".join(names))


def sees(store: Store, token: str) -> bool:
    """Whether the machine that this runs on has the store with this token."""
    return store.sees(token)
