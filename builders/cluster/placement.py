"""What a worker of each pass takes of a machine, from its states' parameters, precision and activations.

Ray does the placing; these are the requests that it gets.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...labels.errors import InputError
from ..building.pass_plan import Placement
from ..running.memory import GPU_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..building.plan import BuildPlan
    from ..running.contract import LoadedState
    from .machines import Machine

PROCESS_BYTES = 1 << 30
"""Memory of a worker before it has loaded anything: Python, torch, timm or transformers."""
MOST_ON_A_GPU = 4
"""Most workers that share a GPU; more would only wait for each other."""


def workers_on(machine: Machine, one: Placement) -> int:
    """Workers of a pass that a machine holds at once."""
    limits = [machine.cpus // max(1, one.cpus)]
    if one.gpus >= 1:
        limits.append(machine.gpus // math.ceil(one.gpus))
    elif one.gpus:
        limits.append(machine.gpus * int(1 / one.gpus))
    if one.memory_bytes:
        limits.append(machine.memory_bytes // one.memory_bytes)
    return min(limits)


def workers_on_all(machines: Sequence[Machine], one: Placement, units: int) -> int:
    """Workers of a pass that all machines hold at once, but no more than there are units."""
    return min(units, sum(workers_on(machine, one) for machine in machines))


def place(plan: BuildPlan, states: Sequence[LoadedState], machines: Sequence[Machine]) -> list[Placement]:
    """Choose which states run together, and what a worker of theirs takes.

    Args:
        plan: The build; its device decides whether GPUs or cores are shared out.
        states: All states.
        machines: The cluster.

    Returns:
        The passes, beginning with those whose workers take most of a machine.

    Raises:
        InputError: A state fits on no machine.
    """
    found = (
        _on_gpus(plan, states, machines) if plan.settings.device.type == "cuda" else _on_cpus(plan, states, machines)
    )
    for one in found:
        if not any(workers_on(machine, one) for machine in machines):
            raise InputError(
                f"{', '.join(state.backbone.name for state in one.states)}: {_request(one)} on one machine, which none"
                f" of the {len(machines)} has; choose other `states`, or add a machine before the build begins"
            )
    return sorted(found, key=lambda one: (-one.gpus, -one.cpus))


def _on_gpus(plan: BuildPlan, states: Sequence[LoadedState], machines: Sequence[Machine]) -> list[Placement]:
    with_gpus = [machine for machine in machines if machine.gpus]
    usable = int(min(machine.gpu_bytes for machine in with_gpus) * GPU_SHARE)
    cpus_of_a_gpu = min(machine.cpus / machine.gpus for machine in with_gpus)
    found = []
    for group in plan.runner.group(states, plan.settings, usable):
        needs = plan.runner.needs(group, plan.settings)
        weights = sum(state.cost.parameters for state in group) * plan.settings.torch_dtype.itemsize
        if plan.runner.splits_models and weights > usable:
            gpus = float(math.ceil(needs / usable))  # batches that do not fit are split, weights are not
        else:
            gpus = 1 / max(1, min(MOST_ON_A_GPU, usable // max(1, needs)))
        found.append(Placement(tuple(group), needs, max(1, int(cpus_of_a_gpu * gpus)), gpus))
    return found


def _on_cpus(plan: BuildPlan, states: Sequence[LoadedState], machines: Sequence[Machine]) -> list[Placement]:
    """One core for a worker, or as many as have the memory that its states need."""
    memory_of_a_core = min(machine.memory_bytes // machine.cpus for machine in machines)
    found = []
    for group in plan.runner.group(states, plan.settings, max(0, memory_of_a_core - PROCESS_BYTES)):
        needs = plan.runner.needs(group, plan.settings)
        cpus = max(1, math.ceil((PROCESS_BYTES + needs) / max(1, memory_of_a_core)))
        found.append(Placement(tuple(group), needs, cpus, memory_bytes=cpus * memory_of_a_core))
    return found


def _request(one: Placement) -> str:
    if one.gpus:
        return f"needs {one.gpus:g} GPU(s) and {one.cpus} core(s)"
    return f"needs {one.memory_bytes / 2**30:.1f} GiB and {one.cpus} core(s)"
