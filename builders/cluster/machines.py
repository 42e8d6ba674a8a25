"""The machines of a cluster, and the questions put to each; they import nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..building.store import Store


@dataclass(frozen=True)
class Machine:
    """What one machine offers."""

    name: str
    """Its host name."""
    cpus: int
    """Cores that it offers."""
    memory_bytes: int
    """Memory that it offers."""
    gpus: int = 0
    """GPUs that it offers."""
    gpu_bytes: int = 0
    """Memory of its smallest GPU."""
    gpu_name: str = ""
    """Name of its GPUs."""


def list_machines() -> dict[str, Machine]:
    """Machines of the cluster that offer cores now, by Ray's identifier; of their GPUs, Ray knows only the number."""
    import ray

    found = {}
    for node in ray.nodes():
        offered = node["Resources"]
        if node["Alive"] and offered.get("CPU", 0) >= 1:
            found[node["NodeID"]] = Machine(
                name=node["NodeManagerHostname"],
                cpus=int(offered["CPU"]),
                memory_bytes=int(offered.get("memory", 0)),
                gpus=int(offered.get("GPU", 0)),
            )
    return found


@dataclass(frozen=True)
class Gpus:
    """The GPUs of a machine."""

    smallest_bytes: int = 0
    """Memory of the smallest; 0 if there is none, or if the machine cannot tell."""
    name: str = ""
    """Name of the model; several names if they differ."""


def find_gpus() -> Gpus:
    """The GPUs of the machine that this runs on. NVML sees those that Ray hides from a task that asked for none."""
    try:
        import pynvml
    except ModuleNotFoundError:
        return Gpus()
    try:
        pynvml.nvmlInit()
        gpus = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        sizes = [int(pynvml.nvmlDeviceGetMemoryInfo(gpu).total) for gpu in gpus]
        names = sorted({str(pynvml.nvmlDeviceGetName(gpu)) for gpu in gpus})
    except pynvml.NVMLError:  # no driver
        return Gpus()
    return Gpus(min(sizes, default=0), " + ".join(names))


def sees_store(store: Store, token: str) -> bool:
    """Whether the machine that this runs on finds the token in the store."""
    return store.sees(token)
