"""`adaptlabels build`: run backbones over a dataset and write a dataset folder."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from ...builders.options import BuildOptions
from .. import console
from ..console import TerminalProgress
from . import finish

if TYPE_CHECKING:
    from ...builders import BuildPlan, Forecast, PassForecast
    from ...labels.tables.folder import DatasetFolder


def run(options: BuildOptions, *, dry_run: bool, as_json: bool) -> None:
    """Build and print what came out, or only say what a build would do."""
    if dry_run:
        from ...builders import forecast, make_plan, open_engine

        with open_engine(options) as engine:
            plan = make_plan(options, engine)
            found = forecast(plan, engine)
        _print_forecast(plan, found, as_json=as_json)
    else:
        finish.report(build(options), as_json=as_json)


def build(options: BuildOptions) -> DatasetFolder:
    """Build what the user asked for, with a card, and tell what happens.

    Raises:
        InputError: An option, the source or the folder cannot be used; nothing has been written then.
        RunError: A state cannot be run; what was finished is kept.
    """
    from ...builders import build as build_tables
    from ...cards.card import write_card

    return build_tables(**vars(options), progress=TerminalProgress(), card=write_card)


def _print_forecast(plan: BuildPlan, found: Forecast, *, as_json: bool) -> None:
    """Say what a build would do."""
    if as_json:
        console.print_json(asdict(found))
        return
    rows = [
        (
            number,
            ", ".join(state.split("/")[1] for state in one.states),
            f"{one.parameters / 1e6:,.1f} M",
            f"{one.memory_bytes / 2**30:.1f} GiB",
            one.gflops,
            _workers(one),
            console.duration(one.seconds),
        )
        for number, one in enumerate(found.passes, start=1)
    ]
    columns = ("pass", "states", "parameters", "memory", "GFLOPs per sample", "workers", "time")
    console.print_table("", columns, rows)
    console.out.print(
        f"\n{plan.benchmark.title}: {found.samples:,} samples ({plan.source.name}), {plan.settings.dtype} on"
        f" {plan.settings.device}, {found.units:,} units in each pass, about {console.duration(found.seconds)}."
        f"\nThe cheapest states ran at"
        f" {', '.join(f'{rate:,.0f} GFLOP/s ({family})' for family, rate in found.gflops_per_second.items())} here;"
        f" larger ones are mostly faster. Reading, decoding and resizing a sample took"
        f" {1e3 * found.data_seconds:.1f} ms of one thread. Nothing was written.",
        markup=False,
    )


def _workers(one: PassForecast) -> str:
    """Workers of a pass and what each takes, as it is read."""
    if not one.cpus:
        return "this process"
    takes = f"{one.gpus:g} GPU, " if one.gpus else ""
    return f"{one.workers} x ({takes}{one.cpus} cores)"
