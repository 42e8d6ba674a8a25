"""`adaptlabels build`: run backbones over a dataset and write a dataset folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .. import console
from ..console import TerminalProgress
from ..options import FamiliesFileOption, FamiliesOption, JsonOption
from . import finish

if TYPE_CHECKING:
    from ...builders.backbones.families import Family
    from ...builders.build.engine import Engine
    from ...builders.build.forecast import Forecast, PassForecast
    from ...builders.build.plan import BuildPlan
    from ...builders.build.recipe import Built
    from ...builders.sources.benchmarks import Benchmark
    from ...labels.tables.folder import DatasetFolder

MOST_DIGITS = 9
"""Digits of a batch size."""


@dataclass(frozen=True)
class BuildOptions:
    """What the user asked for."""

    dataset: str
    """Name of the benchmark."""
    out: Path
    """The dataset folder."""
    source: str | None = None
    """Where the items come from; None for the benchmark's own."""
    split: str | None = None
    """Split of the source; None for the benchmark's own."""
    families: tuple[str, ...] = ()
    """Names of families; empty for the benchmark's own."""
    states: tuple[str, ...] = ()
    """Names of states; empty for all."""
    families_file: Path | None = None
    """The user's own state spaces."""
    device: str = "auto"
    """Device, or `auto`."""
    devices: str | None = None
    """Several GPUs of this machine, or `all`."""
    engine: str = "local"
    """`local` or `ray`."""
    ray_address: str | None = None
    """Address of the Ray cluster; None for one that is started here."""
    dtype: str = "auto"
    """Precision, or `auto`."""
    batch_size: str = "auto"
    """Samples per batch, or `auto`."""
    shard_size: int = 1024
    """Samples of a part."""
    limit: int | None = None
    """Most samples."""
    random: bool = False
    """Initialise at random instead of loading."""
    skip_unreadable: bool = False
    """Leave unreadable images out instead of stopping."""
    compiled: bool = False
    """Compile the models."""
    channels_last: bool = False
    """Lay images out with channels last."""
    compare_reference: int = 0
    """Samples to compare with the float32 reference."""
    measure: bool | None = None
    """Measure device costs; None for on a GPU only."""
    accuracy_note: str | None = None
    """Why accuracies may lie off their published values."""
    store: str | None = None
    """Folder or URL of finished parts, where they are not kept inside the dataset folder."""


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
    """Run backbones over a dataset and write a dataset folder.

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
        from ...builders.build.forecast import forecast

        with open_engine(options) as engine:
            plan = make_plan(options, engine)
            found = forecast(plan, engine)
        _print_forecast(plan, found, as_json=as_json)
    else:
        finish.report(build(options), as_json=as_json)


def build(options: BuildOptions) -> DatasetFolder:
    """Run every state over every item and write the folder.

    Raises:
        InputError: An option, the source or the folder cannot be used; nothing has been written then.
        RunError: A state cannot be run; what was finished is kept.
    """
    from ...builders.build.plan import check_fit
    from ...labels.tables.staging import claim_folder

    with open_engine(options) as engine:
        plan = make_plan(options, engine)
        check_fit(plan)
        info = plan.benchmark.info(plan.source)
        claim_folder(options.out, info)
        built = _run(plan, options, engine)
    info = replace(info, skipped=tuple(built.skipped.items()), accuracy_note=options.accuracy_note)
    return finish.finish_folder(options.out, info, built.families)


def _run(plan: BuildPlan, options: BuildOptions, engine: Engine) -> Built:
    from ...builders.build.recipe import run_build
    from ...labels.tables.folder import WORK

    progress = TerminalProgress()
    n_states = sum(len(family.states) for family in plan.families)
    progress.say(
        f"{plan.benchmark.title}: {n_states} states of {', '.join(family.name for family in plan.families)} on"
        f" {len(plan.source)} samples ({plan.source.name}), {plan.settings.dtype} on {plan.settings.device}"
    )
    built = run_build(plan, options.out / WORK, progress, engine)
    if built.skipped:
        first = next(iter(built.skipped))
        progress.say(f"left out {len(built.skipped)} sample(s), the first {first}: {built.skipped[first]}")
    return built


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


def open_engine(options: BuildOptions) -> Engine:
    """What carries the build out; a cluster is not started before it is needed.

    Raises:
        InputError: Ray is not installed, or options contradict each other.
    """
    from ...builders.build.engine import LocalEngine
    from ...builders.running.devices import choose_devices
    from ...labels.errors import InputError

    if options.ray_address is not None and options.engine != "ray":
        raise InputError("--ray-address: only with --engine ray")
    if options.devices is not None and (options.ray_address is not None or options.device != "auto"):
        raise InputError("--devices: names GPUs of this machine; leave --device and --ray-address away")
    gpus = None if options.devices is None else choose_devices(options.devices)
    if options.engine == "local" and gpus is None:
        return LocalEngine()
    try:
        from ...builders.cluster.engine import RayEngine
    except ModuleNotFoundError as error:
        if error.name not in ("ray", "pynvml"):
            raise
        raise InputError("several machines or GPUs need Ray: pip install 'adaptlabels[ray]'") from error
    return RayEngine(options.ray_address, gpus=gpus)


def make_plan(options: BuildOptions, engine: Engine | None = None) -> BuildPlan:
    """Check every option and open the source.

    Args:
        options: What the user asked for.
        engine: What will carry the build out; None for this process.

    Raises:
        InputError: An option or the source cannot be used.
        RunError: The engine's cluster cannot be reached.
    """
    from ...builders.build.engine import LocalEngine
    from ...builders.build.plan import RUNNERS, BuildPlan
    from ...builders.running.contract import RunSettings
    from ...builders.sources.benchmarks import find_benchmark
    from ...builders.sources.opening import open_source
    from ...labels.errors import InputError

    benchmark = find_benchmark(options.dataset).at_split(options.split)
    families = choose_families(options, benchmark)
    batch_size = parse_batch_size(options.batch_size)
    if options.channels_last and benchmark.runner != "vision":
        raise InputError("--channels-last: only images have channels")
    source = open_source(benchmark, options.source, options.limit)
    device = (engine or LocalEngine()).choose_device("cuda" if options.devices else options.device)
    settings = RunSettings(
        device,
        RUNNERS[benchmark.runner]().default_dtype(device) if options.dtype == "auto" else options.dtype,
        batch_size,
        compiled=options.compiled,
        channels_last=options.channels_last,
        skip_unreadable=options.skip_unreadable,
    )
    return BuildPlan(
        benchmark,
        source,
        families,
        settings,
        random=options.random,
        shard_size=options.shard_size,
        store=options.store,
        measure=settings.device.type == "cuda" if options.measure is None else options.measure,
        compare_reference=options.compare_reference,
    )


def choose_families(options: BuildOptions, benchmark: Benchmark) -> tuple[Family, ...]:
    """The families and states that the user named, or the benchmark's own.

    Raises:
        InputError: A family or state does not exist, or a family keeps fewer than two states.
    """
    from ...builders.backbones.families import known_families
    from ...labels.errors import InputError

    known = known_families(options.families_file)
    names = options.families or benchmark.families
    for name in names:
        if name not in known:
            raise InputError(f"--family {name!r}: no such family; there are {', '.join(known)}")
    families = tuple(known[name] for name in dict.fromkeys(names))
    if not options.states:
        return families
    existing = {state.name for family in families for state in family.states}
    for name in options.states:
        if name not in existing:
            raise InputError(
                f"--state {name!r}: no such state in {', '.join(names)}; there are {', '.join(sorted(existing))}"
            )
    return tuple(
        family.narrowed(options.states)
        for family in families
        if options.families or any(state.name in options.states for state in family.states)
    )


def parse_batch_size(text: str) -> int | None:
    """A batch size, or None for `auto`.

    Raises:
        InputError: Neither `auto` nor a whole number above 0.
    """
    from ...labels.errors import InputError

    if text == "auto":
        return None
    if not text.isdecimal() or len(text) > MOST_DIGITS or int(text) < 1:
        raise InputError(f"--batch-size {text!r}: expected auto or a whole number above 0")
    return int(text)
