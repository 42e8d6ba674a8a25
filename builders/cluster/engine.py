"""Carries a plan out on a Ray cluster.

Ray places workers by what their pass takes (`placement`), starts lost ones again, and moves items and results. Ours are
the worker (`worker`), the choice of its next unit (`pool`), and what is tried again (`scheduler`).
"""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TextIO, cast

import ray
import torch
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ...labels.errors import InputError, RunError, first_line
from .machines import find_gpus, list_machines, sees_store
from .placement import place, workers_on_all
from .pool import PassQueue, Pool
from .scheduler import ATTEMPTS, RETRIED, Scheduler, our_error
from .worker import do_on_device, without_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..building.catalogue import Catalogue
    from ..building.engine import OnDevice, ResultT, TaskT
    from ..building.pass_plan import Placement
    from ..building.plan import BuildPlan
    from ..building.store import Store
    from ..progress import Progress
    from ..running.contract import LoadedState
    from .machines import Machine

LOCAL = "local"
"""Address that makes Ray start a cluster on this machine, for this build."""
NAMESPACE = "adaptlabels"
VISIBLE = "CUDA_VISIBLE_DEVICES"
"""Environment variable with the GPUs that a process sees."""
DEFAULTS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Settings of Ray unless the user's environment has others: send no usage reports, and treat tasks without a GPU as
later versions will, which also silences the warning about that change."""


class RayEngine:
    """A Ray cluster: a running one, or one that is started on this machine for the build."""

    def __init__(self, ray_address: str | None = None, *, gpus: Sequence[int] | None = None) -> None:
        """Choose the cluster; it is connected to, or started, when it is first needed.

        Args:
            ray_address: `host:port` of a cluster, or `auto` for the one that runs on this machine. None takes the
                environment variable `RAY_ADDRESS`; without that, a cluster is started.
            gpus: GPUs of this machine for a cluster that is started here; None for all.

        Raises:
            InputError: The address is one of Ray Client, which runs the program outside the cluster.
        """
        self._address = LOCAL if gpus is not None else ray_address or os.environ.get("RAY_ADDRESS") or LOCAL
        self._gpus = gpus
        self._started = ExitStack()
        if self._address.startswith("ray://"):
            raise InputError(
                f"`ray_address` is {self._address!r}: Ray Client is not supported; run the command on a machine of the"
                " cluster, with the address host:6379 or auto"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._started.close()

    @cached_property
    def machines(self) -> Mapping[str, Machine]:
        """Machines that offer cores or GPUs, by Ray's identifier.

        Raises:
            RunError: The cluster cannot be reached or started, or it has no machine with a core.
        """
        self._connect()
        listed = list_machines()
        found = {
            node: replace(listed[node], gpu_bytes=gpus.smallest_bytes, gpu_name=gpus.name)
            for node, gpus in self._ask_all(list(listed), find_gpus).items()
        }
        if not found:
            raise RunError(f"the Ray cluster at {self._address} offers no CPU core")
        for machine in found.values():
            if machine.gpus and not machine.gpu_bytes:
                raise RunError(
                    f"{machine.name} offers {machine.gpus} GPU(s), but the size of their memory is unknown; install"
                    " nvidia-ml-py there, or set `device` to cpu"
                )
        return found

    def _connect(self) -> None:
        if ray.is_initialized():
            return
        options: dict[str, Any] = {"address": self._address}
        if self._address == LOCAL:
            options |= {"include_dashboard": False}
            options |= {} if self._gpus is None else {"num_gpus": len(self._gpus)}
        self._started.enter_context(redirect_stdout(cast("TextIO", _WithoutRaylet(sys.stderr))))
        try:
            with _inherited_environment(self._gpus):
                ray.init(namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR, **options)
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise RunError(f"`ray_address` is {self._address}: no Ray cluster there ({first_line(error)})") from error
        self._started.callback(ray.shutdown)

    def _ask_all(self, nodes: Sequence[str], question: Any, *arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """Call a function on every machine; one that leaves the cluster meanwhile is left out."""
        asked = {
            node: ray.remote(question)
            .options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False))
            .remote(*arguments)
            for node in nodes
        }
        found = {}
        for node, answer in asked.items():
            try:
                found[node] = ray.get(answer)
            except ray.exceptions.RayTaskError as error:
                raise our_error(error, "a check of a machine", attempts=1) from error
            except ray.exceptions.RayError:
                continue
        return found

    def choose_device(self, name: str) -> torch.device:
        """The device of a name: `cpu`, `cuda`, or `auto` for GPUs if the cluster has any.

        Raises:
            InputError: The name is another one, or no machine has a GPU.
        """
        if name not in ("auto", "cpu", "cuda"):
            raise InputError(f"`device` is {name!r}: with Ray, expected auto, cpu or cuda (Ray chooses the GPU)")
        with_gpus = any(machine.gpus for machine in self.machines.values())
        if name == "cuda" and not with_gpus:
            raise InputError(f"`device` is cuda, but none of the {len(self.machines)} machines offers a GPU")
        return torch.device("cuda" if with_gpus and name != "cpu" else "cpu")

    def device_name(self, device: torch.device) -> str:
        """Name of the cluster's GPUs; several names if they differ."""
        if device.type == "cpu":
            return device.type
        return " + ".join(sorted({machine.gpu_name for machine in self.machines.values() if machine.gpus}))

    def make_passes(self, plan: BuildPlan, states: Sequence[LoadedState]) -> list[Placement]:
        """Passes that fit onto the machines, and what a worker takes."""
        return place(plan, states, list(self.machines.values()))

    def run(self, plan: BuildPlan, passes: Sequence[Placement], store: Store, progress: Progress) -> Catalogue:
        """Run every pass on every shard, in parallel."""
        self._check_store(store)
        queues = [PassQueue(plan, one, store) for one in passes]
        shapes = list(dict.fromkeys(one.shape for one in passes))
        pools = [Pool([queue for queue in queues if queue.placement.shape == shape]) for shape in shapes]
        for pool in pools:
            pool.size = self.workers(pool.placement, pool.left)
        progress.say(
            f"{sum(pool.size for pool in pools)} worker(s) for {sum(pool.left for pool in pools)} units on"
            f" {len(self.machines)} machine(s):"
            f" {', '.join(sorted(machine.name for machine in self.machines.values()))}"
        )
        return Scheduler(plan, pools, store, self.machines, progress).run()

    def on_device(
        self, work: OnDevice, plan: BuildPlan, passes: Sequence[Placement], progress: Progress
    ) -> dict[str, Any]:
        """Do the work on the machines, each pass on a device of its own; Ray repeats what fails."""
        pending = [
            ray.remote(do_on_device)
            .options(
                num_cpus=max(1, one.cpus),
                num_gpus=max(1.0, one.gpus) if one.gpus else 0,
                memory=one.memory_bytes or None,
                max_retries=ATTEMPTS - 1,
                retry_exceptions=list(RETRIED),
            )
            .remote(work, without_items(plan), one)
            for one in passes
        ]
        name = getattr(work, "func", work).__name__.strip("_").replace("_", " ")  # what partial wraps
        progress.say(f"{name}: {len(pending)} passes on {len(self.machines)} machine(s)")
        found: dict[str, Any] = {}
        for answer in pending:
            try:
                done: dict[str, Any] = ray.get(answer)
            except ray.exceptions.RayError as error:
                raise our_error(error, "a pass") from error
            found |= done
        return found

    def each(self, work: Callable[[Store, TaskT], ResultT], store: Store, tasks: Sequence[TaskT]) -> Iterator[ResultT]:
        """Do tasks on the machines, one ahead on each; a single task is done here, where its result goes."""
        if len(tasks) == 1:
            yield work(store, tasks[0])
            return
        remote = ray.remote(work).options(
            max_retries=ATTEMPTS - 1, retry_exceptions=list(RETRIED), scheduling_strategy="SPREAD"
        )
        begun: deque[Any] = deque()
        for task in tasks:
            begun.append(remote.remote(store, task))
            if len(begun) > len(self.machines):
                yield _done(begun.popleft())
        yield from map(_done, begun)

    def capacity(self, device: torch.device) -> float:
        """GPUs, or cores, of all machines."""
        machines = self.machines.values()
        return float(sum(machine.gpus if device.type == "cuda" else machine.cpus for machine in machines))

    def workers(self, placement: Placement, units: int) -> int:
        """Workers that the machines hold at once, but no more than there are units."""
        return workers_on_all(list(self.machines.values()), placement, units)

    def _check_store(self, store: Store) -> None:
        """Check that every machine sees the store.

        Raises:
            InputError: A machine does not.
            RunError: The store cannot be written.
        """
        with store.probe() as token:
            for node, answer in self._ask_all(list(self.machines), sees_store, store, token).items():
                if not answer:
                    raise InputError(
                        f"`store` is {store.name}, which {self.machines[node].name} does not see; choose a folder that"
                        " all machines share, or a URL such as s3://bucket/folder"
                    )


def _done(task: Any) -> Any:  # noqa: ANN401 - whatever it returns
    """What a task returned."""
    try:
        return ray.get(task)
    except ray.exceptions.RayError as error:
        raise our_error(error, "a task") from error


@contextmanager
def _inherited_environment(gpus: Sequence[int] | None) -> Iterator[None]:
    """The environment that processes of a cluster on this machine inherit: their GPUs, and Ray's settings."""
    environment = {name: os.environ.get(name, value) for name, value in DEFAULTS.items()}
    if gpus is not None:
        visible = [name for name in os.environ.get(VISIBLE, "").split(",") if name]
        environment[VISIBLE] = ",".join(visible[gpu] if visible else str(gpu) for gpu in gpus)
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _WithoutRaylet:
    """Standard output without the lines that Ray prints there about its machines.

    That stream is for reports, and what becomes of a unit is part of our own progress.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._dropped = False

    def write(self, text: str) -> int:
        if "(raylet)" in text or (self._dropped and text == "\n"):
            self._dropped = not text.endswith("\n")
            return len(text)
        self._dropped = False
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of a stream
        return getattr(self._stream, name)
