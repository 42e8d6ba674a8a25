"""`adaptlabels build`: run backbones over a dataset and write a dataset folder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...builders.build_options import BuildOptions
from .. import console
from ..console import TerminalProgress
from ..options import FamiliesFileOption, FamiliesOption, JsonOption
from ..printing import folders

if TYPE_CHECKING:
    from ...builders import BuildPlan, Forecast, PassForecast
    from ...labels.tables.folder import DatasetFolder


def command(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET", help="imagenet, hellaswag, digits, …; a wrong name lists them all.", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="The dataset folder; continues a build that is there.", show_default=False),
    ],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="hub:org/name[@revision], imagefolder:PATH, webdataset:PATH, parquet:PATH or jsonl:PATH; the dataset's"
            " own by default.",
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Split of the source; the dataset's own by default.")
    ] = None,
    families: FamiliesOption = None,
    states: Annotated[
        list[str] | None, typer.Option("--state", metavar="NAME", help="Only this state; repeatable.")
    ] = None,
    families_file: FamiliesFileOption = None,
    device: Annotated[str, typer.Option(metavar="D", help="auto, cpu, cuda or cuda:N.")] = "auto",
    devices: Annotated[
        str | None,
        typer.Option(metavar="D,D|all", help="Several GPUs of this machine: cuda:0,cuda:1 or all. Needs Ray."),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="ray spreads the build over a cluster's machines and GPUs.")
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="A",
            help="Address of the Ray cluster, host:6379 or auto; by default one is started on this machine.",
        ),
    ] = None,
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"],
        typer.Option(help="Precision; auto is bfloat16 for language models on a GPU, else float32."),
    ] = "auto",
    batch_size: Annotated[str, typer.Option(metavar="N|auto", help="Samples per batch.")] = "auto",
    shard_size: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Samples stored at a time: what a stopped build repeats at most."),
    ] = 1024,
    limit: Annotated[int | None, typer.Option(metavar="N", help="Only the first N samples.")] = None,
    weights: Annotated[
        Literal["pretrained", "random"], typer.Option(help="random initialises instead of loading, for dry runs.")
    ] = "pretrained",
    on_error: Annotated[
        Literal["stop", "skip"], typer.Option(help="skip leaves unreadable images out of all states and lists them.")
    ] = "stop",
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the models: slower to start, then faster. Recorded in states.")
    ] = False,
    channels_last: Annotated[
        bool, typer.Option("--channels-last", help="Keep images channels-last in memory. Recorded in states.")
    ] = False,
    compare_reference: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Also run N samples in float32 and report how often the answer differs."),
    ] = 0,
    measure: Annotated[
        bool | None,
        typer.Option(help="Measure latency, throughput, memory and energy; on a GPU by default.", show_default=False),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URL",
            help="Where finished parts are kept: a folder, s3://… or gs://…; OUT/.adaptlabels/parts by default.",
        ),
    ] = None,
    accuracy_note: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Reason why accuracies differ from the published ones; disables that check."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and exit.")] = False,
    json: JsonOption = False,
) -> None:
    """Run backbones, write a dataset folder.

    Run the same command again to continue a build that was stopped.
    """
    run(
        BuildOptions(
            dataset=dataset,
            out=out,
            source=source,
            split=split,
            families=tuple(families or ()),
            states=tuple(states or ()),
            families_file=families_file,
            device=device,
            devices=devices,
            engine=engine,
            ray_address=ray_address,
            dtype=dtype,
            batch_size=batch_size,
            limit=limit,
            shard_size=shard_size,
            random=weights == "random",
            skip_unreadable=on_error == "skip",
            compiled=compiled,
            channels_last=channels_last,
            compare_reference=compare_reference,
            measure=measure,
            accuracy_note=accuracy_note,
            store=store,
        ),
        dry_run=dry_run,
        as_json=json,
    )


def run(options: BuildOptions, *, dry_run: bool, as_json: bool) -> None:
    """Build and print what came out, or only say what a build would do."""
    if dry_run:
        from ...builders import forecast, make_plan, open_engine

        with open_engine(options) as engine:
            plan = make_plan(options, engine)
            found = forecast(plan, engine)
        _print_forecast(plan, found, as_json=as_json)
    else:
        folders.print_folder(build(options), as_json=as_json)


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
