"""Results of any program → the tables of a dataset folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from ..tables.checking import check_table
from ..tables.info import DatasetInfo
from ..tables.labelling import ABOUT, label_family
from ..tables.layout import RESERVED, check_family_name
from ..tables.made import DatasetTables
from ..tables.schemas import PREDICTIONS, STATES
from ..tables.shards import in_shards
from ..tables.types import polars_schema
from .files import some
from .formats import AUTO, read_results
from .import_options import ImportOptions
from .known_states import StateTable, match_states, own_metric, read_states, state_names, with_own_costs
from .missing import without_missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..tables.made import FamilyTables
    from ..tables.rows import Rows
    from .missing import Missing
    from .results import Results

SPLIT_NAME = re.compile(r"\w+(\.\w+)*")
"""Split names that `datasets` takes."""
NO_ANSWER = "(no answer)"
"""Class of unanswered samples, which no target has."""
TIES = ("accuracy", "state")
"""What orders states of equal cost."""


def label_results(
    results: Results,
    states: Path | pl.DataFrame | None = None,
    *,
    name: str | None = None,
    split: str = "test",
    family: str | None = None,
    cost: str | None = None,
    cost_unit: str | None = None,
    missing: Missing = "error",
    where: str | None = None,
) -> DatasetTables:
    """Label results.

    Args:
        results: What some states answered.
        states: Table of `state` and costs (see `read_states`); by default what the results say of their states. States
            that answered nothing are left out.
        name: Name of the benchmark; by default the results'.
        split: Name of the split.
        family: Name of the family, where neither table has a column `family`; else the one family to take.
        cost: Column of `states` that is the cost; by default `gflops`, then `cost`, then the other metrics.
        cost_unit: Unit of the column `cost` of `states`, where answers have no costs of their own.
        missing: What to do where a state lacks a sample: `error`, `drop-samples` or `drop-states`.
        where: File or folder to name in messages; by default the results' name.

    Returns:
        The benchmark, and the tables of each family. States ascend by cost, then accuracy, then name.

    Raises:
        InputError: A table cannot be read, a state is unknown, costs are not known, or a family has fewer than two
            states.
        TableError: A state lacks a sample, or costs are not above 0.
    """
    if not SPLIT_NAME.fullmatch(split):
        raise InputError(f"`split` is {split!r}: letters, digits, '_' and '.' make the name of a split")
    where = where or results.name
    given = read_states(states, results, where)
    rows, known, notes = _families(results.parts, given, family, results.name)
    rows, gaps = without_missing(rows, missing, where)
    known, unanswered = _answered(known, rows)
    if "cost" in rows.columns:
        rows, means, filled = with_own_costs(rows, str(results.cost_unit), where)
        if own_metric(str(results.cost_unit)) not in known.frame.columns:
            frame = known.frame.join(means, on=["family", "state"], how="left", maintain_order="left")
            known = StateTable(frame, known.where, known.notes)
        notes += filled
    known = known.with_cost(cost)
    class_names, class_ids = results.class_names, results.class_ids
    if results.has_answers and rows.gather(lambda part: part.select("prediction").null_count()).sum().item():
        class_names = (*class_names, NO_ANSWER)
        class_ids = (*class_ids, NO_ANSWER) if class_ids else ()
        answered = pl.col("prediction").fill_null(len(class_names) - 1)
        rows = rows.each(lambda part: part.with_columns(answered))
    info = DatasetInfo(
        name=name or results.name,
        title=name or results.name,
        split=split,
        task=results.task,
        class_names=class_names,
        class_ids=class_ids,
        source=results.source,
        licence=results.licence,
        notes=tuple(dict.fromkeys((*results.notes, *known.notes, *notes, *gaps, *unanswered))),
    )
    names = known.frame["family"].unique(maintain_order=True)
    unit = results.cost_unit or cost_unit
    return DatasetTables(info, [_label_family(name, rows, known, unit, where) for name in names])


def _families(rows: Rows, given: StateTable, family: str | None, stem: str) -> tuple[Rows, StateTable, list[str]]:
    """Rows and states with the same names of states and families."""
    known, notes = given.frame, []
    if "family" not in rows.columns and "family" not in known.columns:
        name = family or _family_name(stem)
        if family is None and name != stem:
            notes = [f"The family is called {name!r}, after the file; `family` gives it another name."]
        of_family = pl.lit(name).alias("family")
        rows, known, family = rows.each(lambda part: part.with_columns(of_family)), known.with_columns(of_family), None
    if "family" in rows.columns:
        key = ["family", "state"]
        answered = rows.distinct(*key).group_by("family", maintain_order=True).agg("state")
        matches = [_match(states, known, given.where, name) for name, states in answered.iter_rows()]
    else:
        key = ["state"]
        matches = [_match(rows.distinct("state")["state"].to_list(), known, given.where, None)]
    names = pl.concat([names for names, _ in matches]).lazy()
    rows = rows.each(
        lambda part: (
            part.join(names.select(*key, "known_as", of="family"), on=key, maintain_order="left")
            .with_columns(family="of", state="known_as")
            .drop("of", "known_as")
        )
    )
    found = StateTable(pl.concat([states for _, states in matches]), given.where, given.notes)
    if family is not None:
        families = found.frame["family"].unique(maintain_order=True).to_list()
        if family not in families:
            raise InputError(f"`family` {family!r}: there is no such family; there are {some(families)}")
        rows = rows.each(lambda part: part.filter(pl.col("family") == family))
        found = StateTable(found.frame.filter(pl.col("family") == family), found.where, found.notes)
        if len(families) > 1:
            notes.append(f"Only family {family!r} of {some(families)} was taken.")
    for name in found.frame["family"].unique():
        check_family_name(name)
    return rows, found, notes


def _match(
    answered: list[str], known: pl.DataFrame, where: str, family: str | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The states that answered, by the names that the results use, with `family` and the name that they are `known_as`;
    and these and all other states of the family (or of the families that states tell).
    """
    if family is not None and "family" in known.columns:
        known = known.filter(pl.col("family") == family)
        if known.is_empty():
            raise TableError(f"{where}: family {family!r} of the results is missing")
    elif family is not None:
        known = known.with_columns(family=pl.lit(family))
    if (twice := known.filter(pl.struct("family", "state").is_duplicated())).height:
        raise InputError(f"{where}: state {twice['state'][0]!r} of family {twice['family'][0]!r} is given twice")
    found = match_states(answered, known, where)
    states = known[list(found.values())]
    left = known.join(states.select("family", "state"), on=["family", "state"], how="anti", maintain_order="left")
    names = states.select("family", pl.Series("state", list(found), dtype=pl.String), known_as="state")
    return names, pl.concat([states, left])


def _family_name(stem: str) -> str:
    """A file's stem as the name of a family: what cannot stand in a folder's name becomes a dash, and names that
    tables have get a word more.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._").removesuffix("-predictions")
    name = f"{name}-results" if name in RESERVED else name
    return check_family_name(name) if name else check_family_name(stem)


def _answered(known: StateTable, rows: Rows) -> tuple[StateTable, list[str]]:
    """The states that answered; others are left out."""
    pairs = rows.distinct("family", "state")
    there = known.frame.join(pairs, on=["family", "state"], how="semi", maintain_order="left")
    gone = known.frame.join(pairs, on=["family", "state"], how="anti", maintain_order="left")["state"].to_list()
    notes = [f"Left out states without answers: {some(gone)}."] if gone else []
    return StateTable(there, known.where, known.notes), notes


def _label_family(family: str, rows: Rows, known: StateTable, unit: str | None, where: str) -> FamilyTables:
    own = rows.each(lambda part: part.filter(pl.col("family") == family))
    right = own.gather(lambda part: part.group_by("state").agg(pl.col("correct").sum(), pl.len()))
    accuracy = right.group_by("state").sum().select("state", accuracy=pl.col("correct") / pl.col("len"))
    space = known.frame.filter(pl.col("family") == family).join(accuracy, on="state", how="left")
    space = space.sort(known.metrics[0], *TIES).with_columns(index=pl.int_range(pl.len(), dtype=pl.Int64))
    if unit is not None and "cost_unit" in STATES.columns and "cost" in space.columns:
        space = space.with_columns(cost_unit=pl.lit(unit))
    states = _to_schema(space, polars_schema(STATES, optional=space.columns), known.where)
    made = label_family(_predictions(own, space["state"].to_list(), own_metric(str(unit)), where), states)
    check_table(made.states, STATES, known.where)
    return made


def _predictions(rows: Rows, names: list[str], cost: str, where: str) -> Iterator[pl.DataFrame]:
    """Table *predictions* of a family, with what is known about samples; answers' own costs become column `cost`."""
    coding = pl.col("state").replace_strict(names, list(range(len(names))), return_dtype=pl.Int64)
    for part in rows.parts:
        coded = part.with_columns(coding).collect()
        if coded.is_empty():
            continue  # of what was chosen, this part has nothing
        coded = coded.rename({"cost": cost} if "cost" in coded.columns else {})
        table = _to_schema(coded, polars_schema(PREDICTIONS, optional=coded.columns), where)
        check_table(table, PREDICTIONS, where)
        about = coded.select(pl.col(name).first().over("sample_id") for name in ABOUT if name in coded.columns)
        yield from in_shards(table.with_columns(about.get_columns()), len(names))


def _to_schema(frame: pl.DataFrame, schema: pl.Schema, where: str) -> pl.DataFrame:
    """The schema's columns in their order and types, null where the table lacks one."""
    lacking = {name: pl.lit(None, dtype=dtype) for name, dtype in schema.items() if name not in frame.columns}
    whole = frame.with_columns(**lacking).select(schema.keys())
    try:
        return whole.cast(schema)
    except pl.exceptions.PolarsError:
        for name, dtype in schema.items():
            try:
                whole[name].cast(dtype)
            except pl.exceptions.PolarsError as error:
                raise TableError(f"{where}: column {name!r} holds {whole[name][0]!r}; expected {dtype}") from error
        raise


def label_predictions(
    predictions: Path,
    states: Path | pl.DataFrame | None = None,
    *,
    form: str = AUTO,
    options: ImportOptions | None = None,
    name: str | None = None,
    split: str = "test",
    family: str | None = None,
    cost: str | None = None,
    missing: Missing = "error",
) -> DatasetTables:
    """Label results that other programs wrote.

    Args:
        predictions: A file or folder of any format in `formats.FORMATS`, such as a long table of
            `sample_id,state,correct` or a wide one with a column per state.
        states: As of `label_results`.
        form: Name of the format; `auto` tells it by the files.
        options: What else to say about the files.
        name: As of `label_results`.
        split: As of `label_results`.
        family: As of `label_results`.
        cost: As of `label_results`.
        missing: As of `label_results`.

    Returns:
        The benchmark, and the tables of each family.

    Raises:
        InputError: A file is missing or of another kind, or a family has fewer than two states.
        TableError: A column is missing; a (sample, state) pair comes twice; a state lacks a sample; a state is not in
            the states table; costs are missing or not positive.
    """
    chosen = replace(options or ImportOptions(), split=split)
    if isinstance(states, Path):
        chosen = replace(chosen, state_names=state_names(states))
    results = read_results(predictions, form, chosen)
    return label_results(
        results,
        states,
        name=name,
        split=split,
        family=family,
        cost=cost,
        cost_unit=chosen.cost_unit,
        missing=missing,
        where=str(predictions),
    )


def label_sample_logs(
    logs: Path, states: Path | pl.DataFrame, *, name: str | None = None, split: str = "test"
) -> DatasetTables:
    """Label per-sample logs of lm-evaluation-harness: `label_predictions` with the format `lm-eval`."""
    return label_predictions(logs, states, form="lm-eval", name=name, split=split)
