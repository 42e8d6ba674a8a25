"""The machines of a cluster, and what each is asked; nothing heavy is imported for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .placement import Machine

if TYPE_CHECKING:
    from ..building.store import Store


def alive() -> dict[str, Machine]:
    """Machines of the cluster that lend cores now, by Ray's identifier; of GPUs only their number is known."""
    import ray

    found = {}
    for node in ray.nodes():
        lent = node["Resources"]
        if node["Alive"] and lent.get("CPU", 0) >= 1:
            found[node["NodeID"]] = Machine(
                name=node["NodeManagerHostname"],
                cpus=int(lent["CPU"]),
                memory_bytes=int(lent.get("memory", 0)),
                gpus=int(lent.get("GPU", 0)),
            )
    return found


@dataclass(frozen=True)
class Facts:
    """What a machine says of itself."""

    gpu_bytes: int = 0
    """Memory of its smallest GPU; 0 where it has none, or cannot say."""
    gpu_name: str = ""
    """Name of its GPUs."""


def look() -> Facts:
    """Look at the machine that this runs on; NVML sees GPUs that Ray hides from a task without one."""
    try:
        import pynvml
    except ModuleNotFoundError:
        return Facts()
    try:
        pynvml.nvmlInit()
        gpus = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        sizes = [int(pynvml.nvmlDeviceGetMemoryInfo(gpu).total) for gpu in gpus]
        names = sorted({str(pynvml.nvmlDeviceGetName(gpu)) for gpu in gpus})
    except pynvml.NVMLError:  # no driver
        return Facts()
    return Facts(min(sizes, default=0), " + ".join(names))


def sees(store: Store, token: str) -> bool:
    """Whether the machine that this runs on has the store with this token."""
    return store.sees(token)
