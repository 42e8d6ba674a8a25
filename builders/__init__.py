"""Builders: run every backbone of a state space over a benchmark and label the outcome.

    items → runners → parts in the store → tables

Names are imported on first use: what reads sources, families and plans needs no neural-network library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .backbones.counting import state_cost
    from .backbones.families import Backbone, Family, find_families, known_families, read_families
    from .build_options import BuildOptions, make_plan
    from .building.engine import Engine, LocalEngine
    from .building.forecast import Forecast, PassForecast, forecast
    from .building.plan import BuildPlan
    from .building.run import Built, run_build
    from .progress import Advance, Progress, Silent
    from .recipe import build, open_engine
    from .running.contract import RunSettings
    from .sources.benchmarks import Benchmark, benchmarks, find_benchmark
    from .sources.items import ChoiceItem, ImageItem, Source
    from .sources.joining import join_source
    from .sources.opening import open_source

_LAZY = {
    "Advance": "progress",
    "Backbone": "backbones.families",
    "Benchmark": "sources.benchmarks",
    "BuildOptions": "build_options",
    "BuildPlan": "building.plan",
    "Built": "building.run",
    "ChoiceItem": "sources.items",
    "Engine": "building.engine",
    "Family": "backbones.families",
    "Forecast": "building.forecast",
    "ImageItem": "sources.items",
    "LocalEngine": "building.engine",
    "PassForecast": "building.forecast",
    "Progress": "progress",
    "RunSettings": "running.contract",
    "Silent": "progress",
    "Source": "sources.items",
    "benchmarks": "sources.benchmarks",
    "build": "recipe",
    "find_benchmark": "sources.benchmarks",
    "find_families": "backbones.families",
    "forecast": "building.forecast",
    "join_source": "sources.joining",
    "known_families": "backbones.families",
    "make_plan": "build_options",
    "open_engine": "recipe",
    "open_source": "sources.opening",
    "read_families": "backbones.families",
    "run_build": "building.run",
    "state_cost": "backbones.counting",
}

__all__ = [
    "Advance",
    "Backbone",
    "Benchmark",
    "BuildOptions",
    "BuildPlan",
    "Built",
    "ChoiceItem",
    "Engine",
    "Family",
    "Forecast",
    "ImageItem",
    "LocalEngine",
    "PassForecast",
    "Progress",
    "RunSettings",
    "Silent",
    "Source",
    "benchmarks",
    "build",
    "find_benchmark",
    "find_families",
    "forecast",
    "join_source",
    "known_families",
    "make_plan",
    "open_engine",
    "open_source",
    "read_families",
    "run_build",
    "state_cost",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
