"""`adaptlabels label`: results of other programs → a dataset folder."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .. import console
from ..options import FamiliesFileOption, JsonOption
from ..printing import folders
from ..shown_errors import in_options, options_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...labels.importers.import_options import ImportOptions
    from ...labels.importers.missing import Missing
    from ...labels.tables.folder import DatasetFolder


def command(
    context: typer.Context,
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="Results of other programs: a table of sample_id, state, and correct or target and prediction (CSV,"
            " JSON lines, parquet), or one column per state; or a folder of logs.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The dataset folder to write.", show_default=False)],
    states: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Table of state,cost[,…]; not needed where answers have costs.", show_default=False
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="auto, table, wide, lm-eval, inspect, …: see the docs.")
    ] = "auto",
    families_file: FamiliesFileOption = None,
    name: Annotated[str | None, typer.Option(help="Name of the dataset; the file's stem by default.")] = None,
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the family, where no column names it.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Cost of a state; gflops, then cost by default.")
    ] = None,
    cost_unit: Annotated[
        str | None,
        typer.Option(metavar="UNIT", help="Unit of the column cost, or the cost to take of a log: usd, tokens, …"),
    ] = None,
    missing: Annotated[
        Literal["error", "drop-samples", "drop-states"],
        typer.Option(help="What to do where a state did not answer a sample."),
    ] = "error",
    threshold: Annotated[float | None, typer.Option(metavar="T", help="The lowest score that counts as right.")] = None,
    task: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this task; by default all, as categories.")
    ] = None,
    metric: Annotated[str | None, typer.Option(metavar="NAME", help="The metric that says who is right.")] = None,
    filter: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(metavar="NAME", help="Filter of lm-eval; the last by default.")
    ] = None,
    targets: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Table of sample_id,target, or JSON of several right classes (ReaL)."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="OURS=THEIRS,…", help="Names of columns: sample_id=id,correct=acc.")
    ] = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="Also write the families as one, on the samples that all of them have.")
    ] = False,
    split: Annotated[str, typer.Option(help="Name of the split.")] = "test",
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence", "--license", metavar="ID", help="Licence of the source dataset by its name on the Hub: mit, …"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Turn results of other programs into a dataset folder."""
    from ...labels.importers.import_options import ImportOptions, parse_columns

    run(
        predictions,
        out,
        states,
        form=form,
        reading=ImportOptions(
            task=task,
            threshold=threshold,
            metric=metric,
            filter=filter,
            targets=targets,
            cost_unit=cost_unit,
            columns=parse_columns(columns),
        ),
        families=families_file,
        name=name,
        split=split,
        family=family,
        cost=cost,
        missing=missing,
        pool=pool,
        licence=licence,
        as_json=json,
        option_names=options_of(context.command),
    )


def run(
    predictions: Path,
    out: Path,
    states: Path | None = None,
    *,
    form: str = "auto",
    reading: ImportOptions | None = None,
    families: Path | None = None,
    name: str | None = None,
    split: str = "test",
    family: str | None = None,
    cost: str | None = None,
    missing: Missing = "error",
    pool: bool = False,
    licence: str | None = None,
    as_json: bool,
    option_names: Mapping[str, str] | None = None,
) -> None:
    """Label, check, and write the folder; notes name the options that `option_names` has for arguments.

    Raises:
        InputError: The results cannot be used, or the folder holds something else.
    """
    from ...cards import write_card
    from ...labels import label_predictions, write_dataset
    from ...labels.importers.formats import AUTO, recognise
    from ...labels.tables.pooling import pool_tables

    found = recognise(predictions).name if form == AUTO else form
    made = label_predictions(
        predictions,
        _states_of_logs(predictions, reading, families) if states is None and found == "lm-eval" else states,
        form=found,
        options=reading,
        name=name,
        split=split,
        family=family,
        cost=cost,
        missing=missing,
    )
    console.err.print(f"read {predictions} as {found}", style="dim", markup=False)
    for note in made.info.notes:
        console.err.print(in_options(note, option_names or {}), style="dim", markup=False)
    info = replace(made.info, licence=licence or made.info.licence)
    families_made = [*made.families, pool_tables(made.families)] if pool else made.families
    console.err.print("labels, bounds with intervals, card, checks", style="dim")
    with tempfile.TemporaryDirectory() as place:
        old = _copied(out, Path(place) / "old")
        folder = write_dataset(out, info, families_made, card=write_card)
        if old is not None:
            _say_what_changed(old, folder)
    folders.print_folder(folder, as_json=as_json)


def _copied(out: Path, place: Path) -> Path | None:
    """A copy of a dataset folder that is about to be replaced; None where there is none, or no room for it."""
    if not (out / "states").is_dir():
        return None
    try:
        return shutil.copytree(out, place)
    except OSError:
        return None


def _say_what_changed(old: Path, folder: DatasetFolder) -> None:
    """Compare the labels with those that were there."""
    from ...cards import diff
    from ...labels import AdaptLabelsError, open_folder

    try:
        lines = diff(open_folder(str(old)), folder).lines() or ["nothing changed"]
    except AdaptLabelsError as error:
        lines = [f"not compared with the labels that were there: {error}"]
    for line in lines:
        console.err.print(line, markup=False)


def _states_of_logs(logs: Path, reading: ImportOptions | None, families: Path | None) -> Any:  # noqa: ANN401 - a frame
    """The known states, where the logs are of them; None leaves the costs to what the logs say of their models."""
    from ...labels import InputError, read_results
    from ...labels.importers.known_states import match_states

    results = read_results(logs, "lm-eval", reading)
    known = _known_states(families)
    try:
        match_states(results.state_names, known, "the known states")
    except InputError:
        if results.states is None or "parameters" not in results.states.columns:
            raise
        console.err.print("costs are the models' parameters; --states FILE gives others", style="dim")
        return None
    console.err.print("costs are those of `adaptlabels families`; --states FILE gives others", style="dim")
    return known


def _known_states(file: Path | None) -> Any:  # noqa: ANN401 - a polars frame, imported late
    """States of the language families, with the costs that `adaptlabels families` lists."""
    import polars as pl

    from ...builders import known_families, state_cost

    rows = []
    for family in known_families(file).values():
        for state in family.states if family.runner == "language" else ():
            if state.source is not None:
                cost = state_cost(family, state)
                rows.append((family.name, state.name, state.source, cost.parameters, cost.nominal_gflops()))
    return pl.DataFrame(rows, schema=["family", "state", "source", "parameters", "gflops"], orient="row")
