"""`adaptlabels label`: predictions made elsewhere → a dataset folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import console
from . import finish

if TYPE_CHECKING:
    from pathlib import Path


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
    from ...labels.errors import InputError
    from ...labels.importers.table import label_predictions, label_sample_logs
    from ...labels.tables.staging import claim_folder

    if form == "lm-eval":
        info, tables = label_sample_logs(predictions, states or _known_states(families), name=name, split=split)
    elif states is None:
        raise InputError("--states: name a CSV or parquet of state,cost")
    else:
        info, tables = label_predictions(predictions, states, name=name, split=split)
    info = replace(info, licence=licence)
    claim_folder(out, info)
    folder = finish.finish_folder(out, info, tables)
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
