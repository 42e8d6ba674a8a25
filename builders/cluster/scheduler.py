"""Gives the units of a build to the workers of a Ray cluster until none is left.

All workers are requested at once; those for which the cluster has no room yet wait in Ray until others are let go. Ray
starts a lost worker again. Which units are tried again, and how often, is decided here: Ray itself runs a unit at most
once each time it is submitted, as `max_task_retries` of that call stays at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ray

from ...labels.errors import AdaptLabelsError, RunError, first_line
from ..building.catalogue import Catalogue
from ..building.engine import build_task
from .machines import list_machines
from .placement import workers_on
from .pool import Worker
from .worker import ScoringWorker, without_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..building.plan import BuildPlan
    from ..building.store import Store
    from ..progress import Advance, Progress
    from .machines import Machine
    from .pool import Pool
    from .worker import Done

ATTEMPTS = 3
"""Failures of one unit, lost workers included, after which the build stops."""
CHECK_SECONDS = 30
"""Time without an answer after which the machines are checked."""
RETRIED = (RunError, RuntimeError, OSError, MemoryError)
"""Errors that may be gone at the next attempt; what is wrong with the input stays wrong."""


class Scheduler:
    """Starts the workers, submits units to them, and collects what they answer."""

    def __init__(
        self, plan: BuildPlan, pools: Sequence[Pool], store: Store, machines: Mapping[str, Machine], progress: Progress
    ) -> None:
        """Prepare; no worker is started yet.

        Args:
            plan: The build.
            pools: All passes, and how many workers they get.
            store: Where parts go.
            machines: The machines of the cluster, by Ray's identifier.
            progress: Told what happens.
        """
        self._plan, self._pools, self._store, self._progress = plan, pools, store, progress
        self._machines = dict(machines)
        self._pending: dict[Any, Worker] = {}
        self._failure: AdaptLabelsError | None = None

    def run(self) -> Catalogue:
        """Have all units scored.

        Raises:
            InputError: An item cannot be used.
            RunError: A unit failed `ATTEMPTS` times, or no machine is left for it; what is finished is kept.
        """
        catalogue = Catalogue()
        placements = [queue.placement for pool in self._pools for queue in pool.queues]
        try:
            with build_task(self._plan, placements, self._progress) as advance:
                self._start_workers()
                while self._pending:
                    answers, _ = ray.wait(list(self._pending), timeout=CHECK_SECONDS)
                    for answer in answers:
                        worker = self._pending.pop(answer)
                        try:
                            self._collect(worker, answer, catalogue, advance)
                            self._submit(worker)
                        except AdaptLabelsError as error:
                            self._stop(error)
                        self._let_go()
                    if not answers:
                        self._check_machines()
        finally:
            for pool in self._pools:
                for worker in pool.workers:
                    ray.kill(worker.actor)
        if self._failure is not None:
            raise self._failure
        return catalogue

    def _start_workers(self) -> None:
        # By value: a worker that is started again must not need an object that may be lost with a machine.
        arguments = without_items(self._plan), self._store
        for pool in self._pools:
            cpus, gpus, memory = pool.placement.shape
            actor = ray.remote(ScoringWorker).options(
                num_cpus=max(1, cpus), num_gpus=gpus, memory=memory or None, max_restarts=-1
            )
            pool.workers = [Worker(pool, actor.remote(*arguments)) for _ in range(pool.size)]
            for worker in pool.workers:
                self._await_start(worker)

    def _await_start(self, worker: Worker) -> None:
        """Wait for a worker's process, the first one or the one that Ray starts in place of a lost one."""
        worker.ready = False
        # Ray repeats this call, and no other, until a process answers it.
        self._pending[worker.actor.ready.options(max_task_retries=-1).remote()] = worker

    def _submit(self, worker: Worker) -> None:
        """Send a worker its next unit, if there is one."""
        if not worker.ready or not worker.pool.assign(worker):
            return
        unit, reading = worker.unit, worker.reading
        assert unit is not None, "a worker was assigned a unit"
        ahead = None if reading is None else reading.shard
        answer = worker.actor.score.remote(unit.queue.placement, unit.queue.prints, unit.shard, ahead)
        self._pending[answer] = worker

    def _collect(self, worker: Worker, answer: Any, catalogue: Catalogue, advance: Advance) -> None:  # noqa: ANN401
        """Take a worker's answer.

        Raises:
            AdaptLabelsError: Its unit cannot be used or has failed too often, or the worker cannot be started.
        """
        try:
            done: Done | None = ray.get(answer)
        except ray.exceptions.RayTaskError as error:
            self._requeue(worker, error, lost=False)
            return
        except ray.exceptions.RayError as error:  # its process or its machine is gone
            self._requeue(worker, error, lost=True)
            self._progress.say("a worker was lost; Ray starts it again, and its units are tried again")
            self._await_start(worker)
            return
        worker.ready = True
        worker.pool.finish(worker)
        if done is not None:
            for bound_by, steps in done.steps.items():
                advance(steps, bound_by=bound_by)
            catalogue.add(done.seen)

    def _requeue(self, worker: Worker, error: ray.exceptions.RayError, *, lost: bool) -> None:
        """Have the worker's unit tried again.

        Raises:
            AdaptLabelsError: It has failed too often or would fail again, or the worker had none.
        """
        if worker.unit is None:
            raise RunError(f"a worker cannot be started ({type(error).__name__}: {first_line(error)})") from error
        failures = worker.pool.requeue(worker, lost=lost)
        may_pass = lost or isinstance(getattr(error, "cause", None), RETRIED)
        if not may_pass or failures >= ATTEMPTS:
            raise our_error(error, "a unit") from error

    def _stop(self, error: AdaptLabelsError) -> None:
        """Keep the first error; units that are being scored may end, no further one begins."""
        if self._failure is None:
            self._failure = error
            self._progress.say("a unit failed; waiting for those that are being scored")
        for pool in self._pools:
            pool.stop()

    def _check_machines(self) -> None:
        """Report machines that have left the cluster, and stop if none is left that can hold a pool's workers.

        Raises:
            RunError: No machine is left for a pass.
        """
        now = list_machines()
        for node in [node for node in self._machines if node not in now]:
            self._progress.say(
                f"{self._machines.pop(node).name} has left the cluster; other workers take over its units"
            )
        for pool in self._pools:
            if pool.workers and not any(workers_on(machine, pool.placement) for machine in now.values()):
                names = ", ".join(state.backbone.name for state in pool.placement.states)
                raise RunError(f"no machine is left for {names}; run the same command again when there is one")

    def _let_go(self) -> None:
        """End workers that have no unit and get none, so that Ray has room for others."""
        for pool in self._pools:
            if pool.left:
                continue
            for worker in [worker for worker in pool.workers if worker.unit is None]:
                pool.workers.remove(worker)
                ray.kill(worker.actor)
                for answer in [answer for answer, other in self._pending.items() if other is worker]:
                    del self._pending[answer]


def our_error(error: ray.exceptions.RayError, what: str, attempts: int = ATTEMPTS) -> AdaptLabelsError:
    """The error that was raised where the work ran, or what became of the process.

    Args:
        error: Ray's error.
        what: What ran, as a message calls it.
        attempts: How often it was tried if another attempt could help.
    """
    cause = getattr(error, "cause", None)
    if isinstance(cause, AdaptLabelsError):
        return cause
    times = f" {attempts} times" if attempts > 1 else ""
    if isinstance(error, ray.exceptions.RayTaskError) and cause is not None:
        tried = times if isinstance(cause, RETRIED) else ""
        return RunError(f"{what} failed{tried}: {type(cause).__name__}: {first_line(cause)}")
    return RunError(
        f"{what} lost its worker{times} ({type(error).__name__}: {first_line(error)}); memory may have run out: try a"
        " smaller `batch_size` or `shard_size`"
    )
