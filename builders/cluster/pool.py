"""The workers of a cluster as the driver sees them: who has which unit, and what is next.

Passes whose workers take the same of a machine share a crew. All workers of all crews are asked for at once; those that
the cluster cannot hold yet wait in Ray until others are through. A worker takes the next unit of its pass when it is
done with one, goes over to another pass when its own has none left, and goes when there is none at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ray

from ...labels.errors import AdaptLabelsError, RunError, first_line
from ..building.catalogue import Catalogue
from ..building.engine import build_task
from ..building.scoring import Scorer
from ..sources.items import portions
from .machines import alive
from .placement import workers_on
from .worker import Hand, without_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..building.passes import Placement
    from ..building.plan import BuildPlan
    from ..building.store import Store
    from ..progress import Advance, Progress
    from ..sources.items import Portion
    from .placement import Machine
    from .worker import Done

ATTEMPTS = 3
"""Times that a unit is tried before its error stops the build."""
LOOK_SECONDS = 30
"""Time without an answer after which it is looked whether machines are gone."""
RETRIED = (RunError, RuntimeError, OSError, MemoryError)
"""Errors that may be gone when a unit is tried again; what is wrong with the input stays wrong."""


class Work:
    """The units of one pass that nobody has yet."""

    def __init__(self, plan: BuildPlan, placement: Placement, store: Store) -> None:
        """Nothing is read yet.

        Args:
            plan: The build.
            placement: The pass.
            store: Where its parts go.
        """
        self.placement = placement
        self._plan, self._store = plan, store
        self._expected = -(-len(plan.source) // plan.shard_size)
        self.workers = 0
        """Workers that have taken one and not gone over to another pass."""
        self._units: Iterator[Portion[Any]] | None = portions(plan.source, plan.shard_size)

    @cached_property
    def prints(self) -> Mapping[str, str]:
        """Fingerprint of each state, by its key; tokenizers are read for it, best while workers start."""
        return Scorer(self._plan, self.placement.states, self._store).prints

    def take(self) -> Portion[Any] | None:
        """The next unit; None when none is left."""
        unit = None if self._units is None else next(self._units, None)
        self._expected -= 1
        if unit is None:
            self.stop()
        return unit

    @property
    def left(self) -> int:
        """Units that are left, as far as the source tells its length; 0 only where there is none."""
        return 0 if self._units is None else max(1, self._expected)

    def stop(self) -> None:
        """Give out no more units."""
        self._units = None


class Crew:
    """Workers that take the same of a machine, and the passes that are theirs."""

    def __init__(self, plan: BuildPlan, works: Sequence[Work], store: Store) -> None:
        """Nobody is asked for yet.

        Args:
            plan: The build.
            works: The passes, of one shape.
            store: Where parts go.
        """
        self.works = works
        self.size = 1
        """Workers to ask for."""
        self.workers: list[_Worker] = []
        self.returned: list[Unit] = []
        """Units that failed, or whose worker was lost, and that are tried again."""
        # By value: a worker that is started again must not need an object that may be lost with a machine.
        self._arguments = (without_items(plan), store)

    def start(self) -> None:
        """Ask for all workers; Ray starts them as machines have room."""
        cpus, gpus, memory = self.works[0].placement.shape
        hired = ray.remote(Hand).options(
            num_cpus=max(1, cpus),
            num_gpus=gpus,
            memory=memory or None,
            max_restarts=-1,
        )
        self.workers = [_Worker(self, hired.remote(*self._arguments)) for _ in range(self.size)]

    @property
    def left(self) -> int:
        """Units that nobody has yet."""
        return sum(work.left for work in self.works) + len(self.returned)

    def stop(self) -> None:
        """Give out no more units."""
        for work in self.works:
            work.stop()
        self.returned.clear()
        for worker in self.workers:
            worker.promised = None

    def next_unit(self, worker: _Worker) -> Unit | None:
        """The next unit of the worker's pass, else of the pass that has the fewest workers; None when there is none."""
        if self.returned:
            return self.returned.pop(0)
        while worker.work is None or (portion := worker.work.take()) is None:
            others = [work for work in self.works if work.left]
            if not others:
                return None
            if worker.work is not None:
                worker.work.workers -= 1
            worker.work = min(others, key=lambda work: (work.workers, -work.left))
            worker.work.workers += 1
        return Unit(worker.work, portion)

    def promised_to_another(self) -> Unit | None:
        """A unit that another worker would have been given next, taken from it; None where there is none."""
        for worker in self.workers:
            if worker.promised is not None:
                unit, worker.promised = worker.promised, None
                return unit
        return None


@dataclass(eq=False)
class Unit:
    """A shard to be scored by the states of a pass."""

    work: Work
    """The pass."""
    portion: Portion[Any]
    """The shard."""
    failures: int = 0
    """Times that it failed."""


@dataclass(eq=False)
class _Worker:
    """One worker, as the driver sees it."""

    crew: Crew
    handle: Any
    work: Work | None = None
    """Pass of which it got a unit last."""
    here: bool = False
    """Whether it has been placed."""
    unit: Unit | None = None
    """Unit that it has."""
    promised: Unit | None = None
    """Unit that comes next; it is read already."""


class Shift:
    """Gives units to workers until none is left."""

    def __init__(
        self, plan: BuildPlan, crews: Sequence[Crew], machines: Mapping[str, Machine], progress: Progress
    ) -> None:
        """Nobody is asked for yet.

        Args:
            plan: The build.
            crews: Who does it.
            machines: The machines on which they will be, by Ray's identifier.
            progress: Told what happens.
        """
        self._plan, self._crews, self._progress = plan, crews, progress
        self._machines = dict(machines)
        self._waiting: dict[Any, _Worker] = {}
        self._failure: AdaptLabelsError | None = None

    def work(self) -> Catalogue:
        """Have all units done.

        Raises:
            InputError: An item cannot be used.
            RunError: A unit failed as often as it is tried; what was finished is kept.
        """
        catalogue = Catalogue()
        placements = [work.placement for crew in self._crews for work in crew.works]
        try:
            with build_task(self._plan, placements, self._progress) as advance:
                for crew in self._crews:
                    crew.start()
                    for worker in crew.workers:
                        self._greet(worker)
                while self._waiting:
                    answers, _ = ray.wait(list(self._waiting), timeout=LOOK_SECONDS)
                    for answer in answers:
                        worker = self._waiting.pop(answer)
                        try:
                            self._hear(worker, answer, catalogue, advance)
                            self._feed(worker)
                        except AdaptLabelsError as error:
                            self._fail(error)
                        self._release()
                    if not answers:
                        self._look_around()
        finally:
            for crew in self._crews:
                for worker in crew.workers:
                    ray.kill(worker.handle)
        if self._failure is not None:
            raise self._failure
        return catalogue

    def _greet(self, worker: _Worker) -> None:
        """Ask a worker to say when it is there, for the first time or again."""
        worker.here = False
        self._waiting[worker.handle.hello.options(max_task_retries=-1).remote()] = worker

    def _hear(self, worker: _Worker, answer: Any, catalogue: Catalogue, advance: Advance) -> None:  # noqa: ANN401
        """Take what a worker answers.

        Raises:
            AdaptLabelsError: Its unit cannot be used, or has failed too often; or it cannot be started.
        """
        unit, worker.unit = worker.unit, None
        try:
            done: Done | None = ray.get(answer)
        except ray.exceptions.RayTaskError as error:
            self._again(worker, unit, error, may_pass=isinstance(error.cause, RETRIED))
            return
        except ray.exceptions.RayError as error:  # its process or its machine is gone; Ray starts it again
            self._again(worker, unit, error, may_pass=True)
            self._progress.say("a worker was lost; its unit is run again")
            self._greet(worker)
            return
        worker.here = True
        if done is not None:
            for bound_by, steps in done.steps.items():
                advance(steps, bound_by=bound_by)
            catalogue.add(done.seen)

    def _again(self, worker: _Worker, unit: Unit | None, error: Exception, *, may_pass: bool) -> None:
        """Give a unit back, and the one that was promised with it."""
        if unit is not None:
            unit.failures += 1
        if unit is None or not may_pass or unit.failures >= ATTEMPTS:
            raise our_error(error, "a unit") from error
        if self._failure is None:
            worker.crew.returned += [unit] if worker.promised is None else [unit, worker.promised]
        worker.promised = None

    def _feed(self, worker: _Worker) -> None:
        if not worker.here or self._failure is not None:
            return
        crew = worker.crew
        unit = worker.promised or crew.next_unit(worker) or crew.promised_to_another()
        worker.unit, worker.promised = unit, None
        if unit is None:
            return
        if not unit.failures:  # else alone, so that it is clear whose fault it is
            worker.promised = crew.next_unit(worker)
        coming = None if worker.promised is None else worker.promised.portion
        answer = worker.handle.run.remote(unit.work.placement, unit.work.prints, unit.portion, coming)
        self._waiting[answer] = worker

    def _fail(self, error: AdaptLabelsError) -> None:
        """Keep the first error; units that are under way may end, no further one begins."""
        if self._failure is None:
            self._failure = error
            self._progress.say("a unit failed; waiting for those under way")
        for crew in self._crews:
            crew.stop()

    def _look_around(self) -> None:
        """Nothing has come for a while: tell of machines that are gone, and stop where none is left for a crew.

        Raises:
            RunError: Units wait for a machine that nobody has.
        """
        now = alive()
        for node in [node for node in self._machines if node not in now]:
            self._progress.say(f"{self._machines.pop(node).name} is gone; others take its units when they are free")
        for crew in self._crews:
            placement = crew.works[0].placement
            if crew.workers and not any(workers_on(machine, placement) for machine in now.values()):
                names = ", ".join(state.backbone.name for state in placement.states)
                raise RunError(f"no machine is left for {names}; run the same command again when there is one")

    def _release(self) -> None:
        """Let workers go for whom nothing is left, so that Ray can place others."""
        for crew in self._crews:
            if crew.left:
                continue
            for worker in [worker for worker in crew.workers if worker.unit is None]:
                crew.workers.remove(worker)
                ray.kill(worker.handle)
                for answer in [answer for answer, other in self._waiting.items() if other is worker]:
                    del self._waiting[answer]


def our_error(error: Exception, what: str) -> AdaptLabelsError:
    """An error as it was raised where it ran; or what became of the process.

    Args:
        error: Ray's error.
        what: What ran, as a message calls it.
    """
    cause = getattr(error, "cause", None)
    if isinstance(cause, AdaptLabelsError):
        return cause
    if isinstance(error, ray.exceptions.RayTaskError) and cause is not None:
        times = f" {ATTEMPTS} times" if isinstance(cause, RETRIED) else ""
        return RunError(f"{what} failed{times}: {type(cause).__name__}: {first_line(cause)}")
    return RunError(
        f"{what} lost its worker {ATTEMPTS} times ({type(error).__name__}: {first_line(error)}); memory may have run"
        " out: a smaller --batch-size or --shard-size takes less"
    )
