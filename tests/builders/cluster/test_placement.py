"""What workers take of machines, and how many a machine holds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from adaptlabels.builders.backbones.costs import shipped_cost
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.building.forecast import RANDOM
from adaptlabels.builders.building.pass_plan import Placement
from adaptlabels.builders.building.plan import BuildPlan
from adaptlabels.builders.cluster.machines import Machine
from adaptlabels.builders.cluster.placement import MOST_ON_A_GPU, place, workers_on, workers_on_all
from adaptlabels.builders.running.contract import LoadedState, RunSettings
from adaptlabels.builders.sources.benchmarks import find_benchmark
from adaptlabels.builders.sources.items import Held
from adaptlabels.labels import InputError

GIB = 2**30
H100S = Machine("h100s", cpus=192, memory_bytes=1024 * GIB, gpus=8, gpu_bytes=80 * GIB, gpu_name="NVIDIA H100")
CORES = Machine("cores", cpus=16, memory_bytes=64 * GIB)


@cache
def states(family: str):
    found = shipped_families()[family]
    return [LoadedState(found, backbone, RANDOM, shipped_cost(found, backbone)) for backbone in found.states]


def plan_of(benchmark: str, device: str, dtype: str = "float32") -> BuildPlan:
    families = tuple(shipped_families()[name] for name in find_benchmark(benchmark).families)
    settings = RunSettings(torch.device(device), dtype)
    return BuildPlan(find_benchmark(benchmark), Held("none", None, ()), families, settings)


def by_state(placements):
    return {state.backbone.name: one for one in placements for state in one.states}


def test_small_models_share_a_gpu_and_large_ones_take_several():
    plan = plan_of("hellaswag", "cuda", "bfloat16")
    found = by_state(place(plan, states("pythia") + states("llama2"), [H100S]))
    assert found["pythia-70m"].gpus == 1 / MOST_ON_A_GPU
    assert found["pythia-12b"].gpus == 1 / 2  # 24 GiB and its batch, twice within 68 GiB
    assert found["llama2-13b"].gpus == 1 / 2
    assert found["llama2-70b"].gpus == 3  # 129 GiB of weights
    assert workers_on(H100S, found["pythia-70m"]) == 8 * MOST_ON_A_GPU
    assert workers_on(H100S, found["llama2-70b"]) == 2
    assert found["llama2-70b"].cpus == 72
    assert [one.gpus for one in place(plan, states("llama2"), [H100S])] == [3, 1 / 2, 1 / 4]


def test_workers_on_a_gpu_fit_into_its_memory_together():
    for dtype in ("bfloat16", "float32"):
        plan = plan_of("hellaswag", "cuda", dtype)
        for one in place(plan, states("pythia"), [H100S]):
            assert one.device_bytes / one.gpus <= H100S.gpu_bytes


def test_images_of_all_states_are_decoded_once_where_memory_allows():
    plan = plan_of("imagenet", "cuda")
    (one,) = place(plan, states("vit"), [H100S])
    assert len(one.states) == len(states("vit"))
    small = replace(H100S, gpu_bytes=12 * GIB)
    assert len(place(plan, states("vit"), [small])) > 1


def test_the_smallest_machine_decides_how_large_a_pass_may_be():
    plan = plan_of("hellaswag", "cuda", "bfloat16")
    small = replace(H100S, name="small", gpu_bytes=24 * GIB, cpus=32)
    found = by_state(place(plan, states("llama2"), [H100S, small]))
    assert found["llama2-7b"].gpus == 1
    assert found["llama2-7b"].cpus == 4
    assert found["llama2-13b"].gpus == 2


def test_on_cores_a_worker_takes_one_or_as_many_as_have_its_memory():
    plan = plan_of("hellaswag", "cpu")
    found = by_state(place(plan, states("pythia"), [CORES]))
    assert (found["pythia-70m"].cpus, workers_on(CORES, found["pythia-70m"])) == (1, 16)
    large = found["pythia-6.9b"]
    assert large.cpus == 7  # 26 GiB and a process, of 4 GiB for each core
    assert workers_on(CORES, large) == 2
    assert workers_on(CORES, large) * large.memory_bytes <= CORES.memory_bytes


@pytest.mark.parametrize(("device", "machine"), [("cuda", replace(H100S, gpus=2)), ("cpu", CORES)])
def test_a_state_that_fits_nowhere_is_named_before_anything_runs(device, machine):
    plan = plan_of("hellaswag", device, "bfloat16")
    with pytest.raises(InputError, match=r"llama2-70b: needs .* on one machine, which none of the 1 has"):
        place(plan, states("llama2"), [machine])


def test_there_are_no_more_workers_than_units():
    one = Placement(tuple(states("vit")), 1, cpus=1, gpus=0.5)
    assert workers_on_all([H100S, H100S], one, units=1000) == 32
    assert workers_on_all([H100S, H100S], one, units=5) == 5
    assert workers_on(H100S, replace(one, cpus=100)) == 1
