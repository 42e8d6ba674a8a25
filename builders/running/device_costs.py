"""What a state takes on its device: latency, throughput, memory and energy, measured after warm-up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP_SECONDS = 0.5
"""Time that a forward is repeated before anything is measured, for clocks, caches and compiled kernels to settle."""
LATENCY_RUNS = 100
"""Forwards at batch 1 behind the percentiles, on a GPU."""
MOST_SECONDS = 3.0
"""Time after which no further forward is started; three are made at least."""
LEAST_RUNS = 3


@dataclass(frozen=True)
class DeviceCosts:
    """What one state takes; null where it cannot be measured."""

    latency_ms_p50: float
    """Median time of one sample alone, milliseconds."""
    latency_ms_p95: float
    """95th percentile of it, milliseconds."""
    throughput: float
    """Samples per second in full batches."""
    peak_memory_bytes: int | None
    """Most memory of the device that the state took in a full batch, weights included; None on a CPU."""
    energy_j: float | None
    """Energy per sample in full batches, joules; None on a CPU, or without nvidia-ml-py."""


def measure_forward(
    one: Callable[[], object], many: Callable[[], object], batch_size: int, device: torch.device, held_bytes: int
) -> DeviceCosts:
    """Time a state's forwards.

    Args:
        one: Runs one sample that lies on the device.
        many: Runs a full batch that lies on the device.
        batch_size: Samples of the full batch.
        device: The device.
        held_bytes: Memory of the device that the state's weights and inputs take.
    """
    with torch.inference_mode():
        _warm_up(one, device)
        latencies = _durations(one, device, LATENCY_RUNS)
        _warm_up(many, device)
        others = 0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            others = torch.cuda.memory_allocated(device) - held_bytes
        before, started = _energy(device), time.perf_counter()
        durations = _durations(many, device, LATENCY_RUNS)
        elapsed, after = time.perf_counter() - started, _energy(device)
    samples = batch_size * len(durations)
    return DeviceCosts(
        latency_ms_p50=float(np.percentile(latencies, 50)) * 1e3,
        latency_ms_p95=float(np.percentile(latencies, 95)) * 1e3,
        throughput=samples / elapsed,
        peak_memory_bytes=torch.cuda.max_memory_allocated(device) - others if device.type == "cuda" else None,
        energy_j=None if before is None or after is None else (after - before) / samples,
    )


def _warm_up(run: Callable[[], object], device: torch.device) -> None:
    started = time.perf_counter()
    while True:
        run()
        _wait(device)
        if time.perf_counter() - started > WARM_UP_SECONDS:
            return


def _durations(run: Callable[[], object], device: torch.device, count: int) -> list[float]:
    """Seconds of each of `count` runs, one after the other; by the device's own events where it is a GPU."""
    found: list[float] = []
    started = time.perf_counter()
    while len(found) < count and (len(found) < LEAST_RUNS or time.perf_counter() - started < MOST_SECONDS):
        found.append(_duration(run, device))
    return found


def _duration(run: Callable[[], object], device: torch.device) -> float:
    if device.type != "cuda":
        started = time.perf_counter()
        run()
        return time.perf_counter() - started
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    run()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1e3


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _energy(device: torch.device) -> float | None:
    """Joules that the device has used since its driver was loaded (NVML); None where nobody says."""
    if device.type != "cuda":
        return None
    try:
        import pynvml
    except ModuleNotFoundError:
        return None
    _wait(device)
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3
    except pynvml.NVMLError:  # older than Volta, or no permission
        return None
