"""`adaptlabels label`: predictions made elsewhere → a dataset folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .. import console
from ..options import FamiliesFileOption, JsonOption
from . import finish


def command(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS",
            help="CSV or parquet with sample_id, state, target, prediction, and optionally confidence, group, family;"
            " or logs of lm-evaluation-harness: one file, or a folder with one file per model.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The dataset folder to write.", show_default=False)],
    states: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or parquet: state,cost[,…].", show_default=False)
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["table", "lm-eval"],
        typer.Option(
            help="lm-eval reads samples_*.jsonl of --log_samples; costs come from the models' names or --states."
        ),
    ] = "table",
    families_file: FamiliesFileOption = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the dataset. The family, and so the config, is a column or the file's stem."),
    ] = None,
    split: Annotated[str, typer.Option(help="Name of the split.")] = "test",
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence", "--license", metavar="ID", help="Licence of the source dataset by its name on the Hub: mit, …"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Turn predictions into a dataset folder."""
    run(
        predictions,
        out,
        states,
        form=format,
        families=families_file,
        name=name,
        split=split,
        licence=licence,
        as_json=json,
    )


def run(
    predictions: Path,
    out: Path,
    states: Path | None,
    *,
    form: str,
    families: Path | None,
    name: str | None,
    split: str,
    licence: str | None = None,
    as_json: bool,
) -> None:
    """Label, check, and write the folder.

    Raises:
        InputError: A table cannot be used, or the folder holds something else.
    """
    from ...labels import InputError, label_predictions, label_sample_logs

    if form == "lm-eval":
        made = label_sample_logs(predictions, states or _known_states(families), name=name, split=split)
    elif states is None:
        raise InputError("`states` is missing: name a CSV or parquet of state,cost")
    else:
        made = label_predictions(predictions, states, name=name, split=split)
    folder = finish.finish_folder(out, replace(made.info, licence=licence), made.families)
    finish.report(folder, as_json=as_json)


def _known_states(file: Path | None) -> Any:  # noqa: ANN401 - a polars frame, imported late
    """States of the language families, with the costs that `adaptlabels families` lists."""
    import polars as pl

    from ...builders import known_families, state_cost

    console.err.print("costs are those of `adaptlabels families`; --states FILE gives others", style="dim")
    rows = []
    for family in known_families(file).values():
        for state in family.states if family.runner == "language" else ():
            if state.source is not None:
                cost = state_cost(family, state)
                rows.append((family.name, state.name, state.source, cost.parameters, cost.nominal_gflops()))
    return pl.DataFrame(rows, schema=["family", "state", "source", "parameters", "gflops"], orient="row")
