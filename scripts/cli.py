"""The program `adaptlabels`: its commands, and how errors reach the terminal.

A command's module is imported when the command runs, so that `--help` is instant.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..labels.errors import AdaptLabelsError
from . import options

INTERRUPTED = 130
app = typer.Typer(
    name="adaptlabels",
    help="Ground-truth labels and exact bounds for adaptive inference.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("adaptlabels"))
        raise typer.Exit


@app.callback()
def _settings(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    if debug:
        os.environ["ADAPTLABELS_DEBUG"] = "1"


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(help="Folder for the two dataset folders.")] = Path("adaptlabels-demo"),
    json: options.Json = False,
) -> None:
    """Build both embedded miniature datasets, end to end and offline."""
    from .commands.demo import run

    run(out, as_json=json)


@app.command()
def families(family: options.Family = None, families: options.Families = None, json: options.Json = False) -> None:
    """List state spaces, their states and costs; needs no weights."""
    from .commands.families import run

    run(families, tuple(family or ()), as_json=json)


@app.command()
def build(
    dataset: Annotated[str, typer.Argument(help="imagenet, hellaswag, digits, …; see README.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="The dataset folder; a build that is there resumes.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="hub:org/name[@rev], imagefolder:PATH, webdataset:PATH, parquet:PATH, jsonl:PATH; the dataset's own by"
            " default.",
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Split of the source; the dataset's own by default.")
    ] = None,
    family: options.Family = None,
    state: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only these states; give it again for another.")
    ] = None,
    families: options.Families = None,
    device: Annotated[str, typer.Option(metavar="D", help="auto, cpu, cuda or cuda:N.")] = "auto",
    devices: Annotated[
        str | None,
        typer.Option(metavar="D,D|all", help="Several GPUs of this machine at once: cuda:0,cuda:1 or all (needs Ray)."),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="ray spreads the build over a cluster's machines and GPUs.")
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="A", help="With ray: the cluster, as host:6379 or auto; by default one is started on this machine."
        ),
    ] = None,
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"],
        typer.Option(help="Precision; auto is float32, for language models on a GPU bfloat16."),
    ] = "auto",
    batch_size: Annotated[str, typer.Option(metavar="N|auto", help="Samples per batch.")] = "auto",
    shard_size: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Samples that are kept as one part; a killed build repeats that many."),
    ] = 1024,
    limit: Annotated[int | None, typer.Option(metavar="N", help="Only the first N samples.")] = None,
    weights: Annotated[
        Literal["pretrained", "random"], typer.Option(help="random initialises instead of loading, for dry runs.")
    ] = "pretrained",
    on_error: Annotated[
        Literal["stop", "skip"], typer.Option(help="skip leaves unreadable images out of all states and lists them.")
    ] = "stop",
    compile: Annotated[  # noqa: A002 - the option's name
        bool, typer.Option("--compile", help="Compile models: faster after a start, and recorded in states.")
    ] = False,
    channels_last: Annotated[
        bool, typer.Option("--channels-last", help="Images with channels last in memory; recorded in states.")
    ] = False,
    compare_reference: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Answer N samples in float32 too, and tell how often the answer differs."
        ),
    ] = 0,
    measure: Annotated[
        bool | None,
        typer.Option(help="Measure latency, throughput, memory, energy; on a GPU by default.", show_default=False),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URL",
            help="Where finished parts are kept: a folder, or s3://…, gs://…; OUT/.adaptlabels/parts by default.",
        ),
    ] = None,
    accuracy_note: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Why accuracies may lie off their published values; they then may."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say passes, memory and time, and do nothing.")] = False,
    json: options.Json = False,
) -> None:
    """Run backbones over a dataset and write a dataset folder; resumes what is there."""
    from ..builders.options import BuildOptions
    from .commands.build import run

    run(
        BuildOptions(
            dataset=dataset,
            out=out,
            source=source,
            split=split,
            families=tuple(family or ()),
            states=tuple(state or ()),
            families_file=families,
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
            compiled=compile,
            channels_last=channels_last,
            compare_reference=compare_reference,
            measure=measure,
            accuracy_note=accuracy_note,
            store=store,
        ),
        dry_run=dry_run,
        as_json=json,
    )


@app.command()
def label(
    predictions: Annotated[
        Path,
        typer.Argument(
            help="CSV or parquet with sample_id, state, target, prediction and, if known, confidence, group, family; or"
            " logs of lm-evaluation-harness, a file or a folder with one for each model.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(help="The dataset folder to write.", show_default=False)],
    states: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or parquet: state,cost[,…].", show_default=False)
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["table", "lm-eval"],
        typer.Option(help="lm-eval: samples_*.jsonl of --log_samples; costs by the models' names, or from --states."),
    ] = "table",
    families: options.Families = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the dataset. The family, and so the config, is a column or the file's stem."),
    ] = None,
    split: Annotated[str, typer.Option(help="Name of the split.")] = "test",
    licence: Annotated[
        str | None, typer.Option(metavar="ID", help="Licence of the source dataset, as the Hub writes it: mit, …")
    ] = None,
    json: options.Json = False,
) -> None:
    """Turn predictions that were made elsewhere into a dataset folder."""
    from .commands.label import run

    run(
        predictions,
        out,
        states,
        form=format,
        families=families,
        name=name,
        split=split,
        licence=licence,
        as_json=json,
    )


@app.command()
def validate(where: options.Where, json: options.Json = False) -> None:
    """Check a dataset folder's tables, by themselves, against each other, and for the Hub's viewer."""
    from .commands.validate import run

    run(where, as_json=json)


@app.command()
def bounds(
    where: Annotated[
        str,
        typer.Argument(
            help="A dataset folder, hub:org/name[@version], or a CSV of state,cost,accuracy.", show_default=False
        ),
    ],
    family: options.Family = None,
    cost: Annotated[str | None, typer.Option(metavar="METRIC", help="Column of states; gflops by default.")] = None,
    alpha: Annotated[
        list[float] | None, typer.Option(metavar="X", help="Error correlation for one more constant-alpha bound.")
    ] = None,
    overhead: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="B0 B1",
            help="Cost of a decision, b0 + b1 R, b0 in the unit of the costs; adds gains with it and the break-even.",
        ),
    ] = None,
    select: Annotated[
        int | None, typer.Option(metavar="K", help="Only the best K states, not those of every size.")
    ] = None,
    pareto: Annotated[bool, typer.Option("--pareto", help="Leave dominated states out.")] = False,
    bootstrap: Annotated[
        int, typer.Option(metavar="B", min=0, help="Replicates behind the intervals; 0 for none.")
    ] = 1000,
    agents: Annotated[bool, typer.Option(help="Fit real agents to the labels as well.")] = True,
    sample_costs: Annotated[
        bool, typer.Option("--sample-costs", help="Exact and iso-accuracy by each sample's own GFLOPs (language).")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Plot (png, svg or pdf); one for each family, its name added.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Compute what adaptation can save, from labels or from published numbers."""
    from .commands.bounds import BoundsOptions, run

    run(
        BoundsOptions(
            where=where,
            families=tuple(family or ()),
            cost=cost,
            alphas=tuple(alpha or ()),
            overhead=overhead,
            select=select,
            pareto=pareto,
            replicates=bootstrap or None,
            agents=agents,
            sample_costs=sample_costs,
            plot=plot,
        ),
        as_json=json,
    )


@app.command()
def card(folder: options.Folder, json: options.Json = False) -> None:
    """Write a dataset folder's card and its plots again."""
    from .commands.card import run

    run(folder, as_json=json)


@app.command()
def publish(
    folder: options.Folder,
    repository: Annotated[str, typer.Argument(metavar="ORG/NAME", help="The Hub dataset.", show_default=False)],
    version: Annotated[
        str, typer.Option(metavar="auto|X.Y.Z", help="auto takes the least version that the changes allow.")
    ] = "auto",
    private: Annotated[bool, typer.Option("--private", help="A dataset that has to be made is private.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say version, changes, files and sizes, and do nothing.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Publish a dataset folder as a version of a Hub dataset: one commit, read back, one tag."""
    from .commands.publish import run

    run(folder, repository, version=version, private=private, dry_run=dry_run, as_json=json)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A dataset folder, or hub:org/name[@version].", show_default=False)],
    new: Annotated[str, typer.Argument(help="The version after it.", show_default=False)],
    json: options.Json = False,
) -> None:
    """Say what changed between two versions, sample by sample, and which version that asks for."""
    from .commands.diff import run

    run(old, new, as_json=json)


def main() -> None:
    """Run the program: one line for an error, and an exit status that says whose fault it was."""
    try:
        app()
    except AdaptLabelsError as error:
        if "ADAPTLABELS_DEBUG" in os.environ:
            raise
        sys.stderr.write(f"adaptlabels: {error}\n")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.stderr.write("adaptlabels: stopped; the same command goes on from here\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
