"""Which worker gets which unit, and how often: every order of events that a cluster may bring, without a cluster."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from adaptlabels.builders.building.pass_plan import Placement
from adaptlabels.builders.building.plan import BuildPlan
from adaptlabels.builders.building.store import Store
from adaptlabels.builders.cluster.pool import PassQueue, Pool, Worker
from adaptlabels.builders.cluster.scheduler import ATTEMPTS
from adaptlabels.builders.running.contract import RunSettings
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.items import Held
from hypothesis import given
from hypothesis import strategies as st


def pool_of(workers: int, shards: int, passes: int = 1) -> Pool:
    plan = BuildPlan(
        find_benchmark("digits"), Held("none", None, "x" * shards), (), RunSettings(torch.device("cpu")), shard_size=1
    )
    pool = Pool([PassQueue(plan, Placement((), 0), Store("nowhere")) for _ in range(passes)])
    pool.workers = [Worker(pool) for _ in range(workers)]
    return pool


class Simulation:
    """A build in which some units kill every worker that scores or reads them."""

    def __init__(self, pool: Pool, killers: set[int]) -> None:
        self.pool, self.killers = pool, killers
        self.attempts, self.charged, self.finished = Counter(), Counter(), Counter()
        self.stopped = False

    def busy(self):
        return [worker for worker in self.pool.workers if worker.unit is not None]

    def submit(self, worker):
        if self.pool.assign(worker):
            had = {unit.shard.index for unit in (worker.unit, worker.reading) if unit is not None}
            self.attempts.update(had & self.killers)

    def collect(self, worker):
        self.finished[worker.unit.queue, worker.unit.shard.index] += 1
        self.pool.finish(worker)

    def lose(self, worker):
        self.charged.update(unit.shard.index for unit in (worker.unit, worker.reading) if unit is not None)
        if self.pool.requeue(worker, lost=True) >= ATTEMPTS:
            self.stopped = True
            self.pool.stop()

    def kills(self, worker):
        return any(unit is not None and unit.shard.index in self.killers for unit in (worker.unit, worker.reading))


def run(simulation: Simulation, data: st.DataObject, losses: int = 0) -> Simulation:
    """Let workers start, finish and be lost in any order until nothing is left to do."""
    starting = list(simulation.pool.workers)
    while starting or simulation.busy():
        worker = data.draw(st.sampled_from([*starting, *simulation.busy()]))
        if worker in starting:
            starting.remove(worker)
            simulation.submit(worker)
        elif simulation.kills(worker) or (losses > 0 and data.draw(st.booleans())):
            losses -= 1
            simulation.lose(worker)
            starting.append(worker)
        else:
            simulation.collect(worker)
            simulation.submit(worker)
    return simulation


@given(st.data(), st.integers(1, 4), st.integers(1, 12))
def test_a_unit_that_kills_its_workers_is_tried_exactly_as_often_as_is_counted(data, workers, shards):
    killer = data.draw(st.integers(0, shards - 1))
    simulation = run(Simulation(pool_of(workers, shards), {killer}), data)
    assert simulation.stopped
    assert simulation.attempts[killer] == simulation.charged[killer] == ATTEMPTS
    others = {index: count for index, count in simulation.charged.items() if index != killer}
    assert max(others.values(), default=0) <= 1


@given(st.data(), st.integers(1, 4), st.integers(1, 8), st.integers(1, 3))
def test_every_unit_is_scored_exactly_once_whatever_two_workers_are_lost(data, workers, shards, passes):
    simulation = run(Simulation(pool_of(workers, shards, passes), set()), data, losses=ATTEMPTS - 1)
    assert not simulation.stopped
    expected = [(queue, index) for queue in simulation.pool.queues for index in range(shards)]
    assert simulation.finished == Counter(expected)
    assert simulation.pool.left == 0


def test_a_unit_that_fails_on_a_worker_that_lives_leaves_what_was_read_to_that_worker():
    pool = pool_of(workers=1, shards=3)
    (worker,) = pool.workers
    assert pool.assign(worker)
    read = worker.reserved
    assert (worker.unit.shard.index, read.shard.index) == (0, 1)
    assert pool.requeue(worker, lost=False) == 1
    assert pool.assign(worker)
    assert worker.unit is read
    assert worker.reserved.shard.index == 2


def test_a_failed_unit_waits_until_nobody_reads_it_any_more():
    pool = pool_of(workers=2, shards=2)
    first, second = pool.workers
    pool.assign(first)
    pool.assign(second)
    unit = second.unit
    assert unit is first.reading
    assert pool.requeue(second, lost=True) == 1
    assert not pool.assign(second)
    assert pool.requeue(first, lost=True) == 2
    assert [pool.assign(first), pool.assign(second)] == [True, True]
    assert {first.unit.shard.index, second.unit.shard.index} == {0, 1}


def test_workers_without_a_unit_take_over_what_others_have_reserved():
    pool = pool_of(workers=2, shards=2)
    first, second = pool.workers
    assert pool.assign(first)
    assert first.reading is first.reserved is not None
    assert pool.assign(second)
    assert second.unit is first.reading
    assert first.reserved is None
    pool.finish(first)
    assert not pool.assign(first)


@pytest.mark.parametrize("lost", [True, False])
def test_a_pool_that_was_stopped_takes_nothing_back(lost):
    pool = pool_of(workers=1, shards=3)
    (worker,) = pool.workers
    pool.assign(worker)
    pool.stop()
    pool.requeue(worker, lost=lost)
    assert pool.left == 0
    assert not pool.assign(worker)
