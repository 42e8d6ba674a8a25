"""The units of a build and the workers of a cluster: who scores which unit, who reads which, and what comes next.

Nothing here knows Ray. The passes whose workers take the same share of a machine form a pool; a worker of the pool
scores one unit and reads another meanwhile. When its pass has no unit left it goes over to another pass of the pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..building.scoring import Scorer
from ..sources.items import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..building.pass_plan import Placement
    from ..building.plan import BuildPlan
    from ..building.store import Store
    from ..sources.items import Portion


class PassQueue:
    """The units of one pass that no worker has been given yet."""

    def __init__(self, plan: BuildPlan, placement: Placement, store: Store) -> None:
        """Queue a pass; nothing is read yet.

        Args:
            plan: The build.
            placement: The pass.
            store: Where its parts go.
        """
        self.placement = placement
        self.workers = 0
        """Workers whose last new unit came from here."""
        self._plan, self._store = plan, store
        self._expected = -(-len(plan.source) // plan.shard_size)
        self._shards: Iterator[Portion[Any]] | None = portions(plan.source, plan.shard_size)

    @cached_property
    def prints(self) -> Mapping[str, str]:
        """Fingerprint of each state, by its key. This reads tokenizers: ask for it while workers start."""
        return Scorer(self._plan, self.placement.states, self._store).prints

    @property
    def left(self) -> int:
        """Units that are left, going by the length that the source states; 0 only if there is none."""
        return 0 if self._shards is None else max(1, self._expected)

    def take(self) -> Unit | None:
        """The next unit, or None if there is none left."""
        shard = None if self._shards is None else next(self._shards, None)
        self._expected -= 1
        if shard is None:
            self.clear()
            return None
        return Unit(self, shard)

    def clear(self) -> None:
        """Drop all units that are left."""
        self._shards = None


@dataclass(eq=False)
class Unit:
    """One pass on one shard: what a worker is given."""

    queue: PassQueue
    """Queue of the pass."""
    shard: Portion[Any]
    """The shard."""
    failures: int = 0
    """Times that it failed, or that a worker was lost while it scored or read this unit."""


@dataclass(eq=False)
class Worker:
    """One worker, as the scheduler sees it."""

    pool: Pool
    """Pool of the worker."""
    actor: Any = None
    """Ray's handle of the process."""
    ready: bool = False
    """Whether the process runs and waits for units."""
    queue: PassQueue | None = None
    """Queue from which it got its last new unit."""
    unit: Unit | None = None
    """Unit that it scores."""
    reading: Unit | None = None
    """Unit that it reads meanwhile."""
    reserved: Unit | None = None
    """Unit that it gets next: the one that it reads, unless another worker has taken it over."""


class Pool:
    """The workers that take the same share of a machine, and the passes that they serve.

    When a worker is lost, either the unit that it scored or the one that it read may have killed it. So both count as
    failed, and from then on each is scored alone: nobody reads it ahead, whoever scores it reads nothing else, and it
    is not scored again while the worker that it was taken over from still reads it. A worker that has answered reads
    nothing any more (`ScoringWorker`). Hence every attempt at a unit that kills its workers is counted, and no other
    unit fails more than once because of it.
    """

    def __init__(self, queues: Sequence[PassQueue]) -> None:
        """Form a pool without workers.

        Args:
            queues: The passes, all of one shape.
        """
        self.queues = queues
        self.size = 1
        """Workers to start."""
        self.workers: list[Worker] = []
        """Workers that were started and not let go."""
        self._failed: list[Unit] = []
        self._stopped = False

    @property
    def placement(self) -> Placement:
        """A pass of the pool; its workers take the same as those of the others."""
        return self.queues[0].placement

    @property
    def left(self) -> int:
        """Units that no worker has: new ones, and failed ones that are to be tried again."""
        return sum(queue.left for queue in self.queues) + len(self._failed)

    def stop(self) -> None:
        """Give out no more units, and take none back."""
        self._stopped = True
        self._failed.clear()
        for queue in self.queues:
            queue.clear()
        for worker in self.workers:
            worker.reserved = None

    def assign(self, worker: Worker) -> bool:
        """Choose what an idle worker scores next, and what it reads meanwhile.

        Returns:
            Whether there is a unit for it.
        """
        unit = worker.reserved or self._next_failed() or self._next_new(worker) or self._take_over()
        worker.unit, worker.reserved = unit, None
        if unit is not None and not unit.failures:
            worker.reserved = self._next_new(worker)
        worker.reading = worker.reserved
        return unit is not None

    def finish(self, worker: Worker) -> None:
        """Note that a worker has finished its unit."""
        worker.unit = worker.reading = None

    def requeue(self, worker: Worker, *, lost: bool) -> int:
        """Count a failure, and take the unit back so that it is tried again.

        Args:
            worker: The worker whose unit failed.
            lost: Whether the worker is gone, and with it what it had read.

        Returns:
            How often the unit has failed by now; if the worker is lost, the higher count of the two units that it had.
        """
        charged = [unit for unit in (worker.unit, worker.reading if lost else None) if unit is not None]
        returned = [unit for unit in (worker.unit, worker.reserved if lost else None) if unit is not None]
        for unit in charged:
            unit.failures += 1
        if lost:
            worker.reserved = None
        if not self._stopped:
            self._failed += returned
        worker.unit = worker.reading = None
        return max(unit.failures for unit in charged)

    def _next_failed(self) -> Unit | None:
        """The first failed unit that no other worker still reads; that worker will ask for it when it is done."""
        for unit in self._failed:
            if not any(worker.reading is unit for worker in self.workers):
                self._failed.remove(unit)
                return unit
        return None

    def _next_new(self, worker: Worker) -> Unit | None:
        """The next unit of the worker's pass, or else of the pass that has the fewest workers."""
        while worker.queue is None or (unit := worker.queue.take()) is None:
            others = [queue for queue in self.queues if queue.left]
            if not others:
                return None
            if worker.queue is not None:
                worker.queue.workers -= 1
            worker.queue = min(others, key=lambda queue: (queue.workers, -queue.left))
            worker.queue.workers += 1
        return unit

    def _take_over(self) -> Unit | None:
        """A unit that is reserved for another worker, so that none is idle while there is work."""
        for worker in self.workers:
            if worker.reserved is not None:
                unit, worker.reserved = worker.reserved, None
                return unit
        return None
