"""A Ray cluster carries a plan out: its machines, what they offer, and what is done on them.

Ray places workers by what their pass takes (`placement`), starts lost ones again, runs the units that these had again,
and moves items and results. What is ours is the unit (`scoring`), the worker around it (`worker`), and who gets which
unit next (`crew`).
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TextIO, cast

import ray
import torch
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ...labels.errors import InputError, RunError, first_line
from .machines import alive, look, sees
from .placement import place, workers_on_all
from .pool import ATTEMPTS, RETRIED, Crew, Shift, Work, our_error
from .worker import do_on_device, without_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..building.catalogue import Catalogue
    from ..building.engine import OnDevice
    from ..building.passes import Placement
    from ..building.plan import BuildPlan
    from ..building.store import Store
    from ..progress import Progress
    from ..running.contract import LoadedState
    from .placement import Machine

LOCAL = "local"
"""Address that starts a cluster on this machine, for this build."""
NAMESPACE = "adaptlabels"
VISIBLE = "CUDA_VISIBLE_DEVICES"
"""Environment variable with the GPUs that a process sees."""
DEFAULTS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Unless the user says otherwise: no reports home, and what later versions do of themselves, without the warning of
earlier ones that they will."""


class RayEngine:
    """A Ray cluster: the one at an address, or one on this machine that is started for the build."""

    def __init__(self, address: str | None = None, *, gpus: Sequence[int] | None = None) -> None:
        """Choose the cluster; it is reached, or started, when it is first needed.

        Args:
            address: `host:port` of a cluster, `auto` for the one that runs on this machine; None takes the environment
                variable `RAY_ADDRESS`, else starts one.
            gpus: GPUs of this machine that a cluster which is started here gets; None for all.

        Raises:
            InputError: The address is one of Ray Client, whose programs run elsewhere.
        """
        self._address = LOCAL if gpus is not None else address or os.environ.get("RAY_ADDRESS") or LOCAL
        self._gpus = gpus
        self._started = ExitStack()
        if self._address.startswith("ray://"):
            raise InputError(
                f"--ray-address {self._address!r}: run the command on a machine of the cluster, with the address"
                " host:6379 or auto"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._started.close()

    @cached_property
    def machines(self) -> Mapping[str, Machine]:
        """Machines that lend cores or GPUs, by Ray's identifier.

        Raises:
            RunError: The cluster cannot be reached or started, or has no machine.
        """
        self._connect()
        lent = alive()
        found = {
            node: replace(lent[node], gpu_bytes=facts.gpu_bytes, gpu_name=facts.gpu_name)
            for node, facts in self._ask_all(list(lent), look).items()
        }
        if not found:
            raise RunError(f"the Ray cluster at {self._address} has no machine with a core to lend")
        for machine in found.values():
            if machine.gpus and not machine.gpu_bytes:
                raise RunError(
                    f"{machine.name} lends {machine.gpus} GPU(s), but does not say how much memory they have; install"
                    " nvidia-ml-py there, or say --device cpu"
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
            with _inherited(self._gpus):
                ray.init(namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR, **options)
        except (ConnectionError, OSError, RuntimeError, ValueError) as error:
            raise RunError(f"--ray-address {self._address}: no Ray cluster ({first_line(error)})") from error
        self._started.callback(ray.shutdown)

    def _ask_all(self, nodes: Sequence[str], question: Any, *arguments: Any) -> dict[str, Any]:  # noqa: ANN401
        """What a function finds on every machine; a machine that goes meanwhile is left out."""
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
                raise our_error(error, "a machine") from error
            except ray.exceptions.RayError:
                continue
        return found

    def choose_device(self, name: str) -> torch.device:
        """GPUs where the cluster has any, else cores; `cpu` or `cuda` say so.

        Raises:
            InputError: Another name, or no machine has a GPU.
        """
        if name not in ("auto", "cpu", "cuda"):
            raise InputError(f"--device {name!r}: on Ray expected auto, cpu or cuda; which GPU it is, Ray decides")
        with_gpus = any(machine.gpus for machine in self.machines.values())
        if name == "cuda" and not with_gpus:
            raise InputError(f"--device cuda: none of the {len(self.machines)} machines lends a GPU")
        return torch.device("cuda" if with_gpus and name != "cpu" else "cpu")

    def device_name(self, device: torch.device) -> str:
        """Name of the cluster's GPUs; several names where they differ."""
        if device.type == "cpu":
            return device.type
        return " + ".join(sorted({machine.gpu_name for machine in self.machines.values() if machine.gpus}))

    def make_passes(self, plan: BuildPlan, states: Sequence[LoadedState]) -> list[Placement]:
        """Passes that fit onto the machines, and what a worker takes."""
        return place(plan, states, list(self.machines.values()))

    def run(self, plan: BuildPlan, passes: Sequence[Placement], store: Store, progress: Progress) -> Catalogue:
        """Run every pass over every shard, in parallel."""
        self._check_store(store)
        machines = self.machines.values()
        works = [Work(plan, one, store) for one in passes]
        shapes = list(dict.fromkeys(one.shape for one in passes))
        crews = [Crew(plan, [work for work in works if work.placement.shape == shape], store) for shape in shapes]
        for crew in crews:
            crew.size = self.workers(crew.works[0].placement, crew.left)
        progress.say(
            f"{sum(crew.size for crew in crews)} worker(s) for {sum(crew.left for crew in crews)} units on"
            f" {len(machines)} machine(s):"
            f" {', '.join(sorted(machine.name for machine in machines))}"
        )
        return Shift(plan, crews, self.machines, progress).work()

    def on_device(
        self, work: OnDevice, plan: BuildPlan, passes: Sequence[Placement], progress: Progress
    ) -> dict[str, Any]:
        """Do the work on the machines, each pass on a whole device."""
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

    def capacity(self, device: torch.device) -> float:
        """GPUs, or cores, of all machines."""
        machines = self.machines.values()
        return float(sum(machine.gpus if device.type == "cuda" else machine.cpus for machine in machines))

    def workers(self, placement: Placement, units: int) -> int:
        """Workers that the machines hold at once, as far as there are units."""
        return workers_on_all(list(self.machines.values()), placement, units)

    def _check_store(self, store: Store) -> None:
        """Every machine must see the store.

        Raises:
            InputError: One does not.
            RunError: The store cannot be written.
        """
        with store.probe() as token:
            for node, answer in self._ask_all(list(self.machines), sees, store, token).items():
                if not answer:
                    raise InputError(
                        f"--store {store.name}: {self.machines[node].name} does not see it; name a folder that all"
                        " machines share, or a URL such as s3://bucket/folder"
                    )


@contextmanager
def _inherited(gpus: Sequence[int] | None) -> Iterator[None]:
    """What processes of a cluster on this machine inherit: the GPUs that they get, and Ray's settings."""
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
    """Standard output while Ray runs: it prints there of its own what happens on the machines.

    Reports have that stream to themselves, and what became of a unit we say ourselves.
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
