"""Predictions that were made elsewhere → a dataset folder's tables, without running anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError
from ..tables.folder import DatasetTables, FamilyTables, check_family_name, default_cost_metric
from ..tables.info import DatasetInfo
from ..tables.labelling import check_predictions, make_labels
from ..tables.schemas import COST_METRICS, LARGEST_CLASS, PREDICTIONS, STATES, check_table, polars_schema
from .lm_eval import match_states, read_sample_logs

if TYPE_CHECKING:
    from collections.abc import Sequence

SPLIT_NAME = re.compile(r"\w+(\.\w+)*")
"""Split names that `datasets` takes."""
REQUIRED = ("sample_id", "state", "target", "prediction")
CSV_TYPES = {
    "sample_id": pl.String,
    "state": pl.String,
    "family": pl.String,
    "group": pl.String,
    "confidence": pl.Float64,
}
"""Types of columns that are not left to inference."""
OPTIONAL = ("confidence", "group", "family")


def read_any_table(path: Path) -> pl.DataFrame:
    """Read a CSV or parquet table.

    Raises:
        InputError: The file is missing, of another kind, or cannot be read.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise InputError(f"{path}: expected a .csv or .parquet file")
    try:
        frame = read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    if frame.is_empty():
        raise TableError(f"{path}: the table has no rows")
    return frame


def read_csv(path: Path) -> pl.DataFrame:
    """Read a CSV whose names stay text: an identifier such as `007` is not the number 7."""
    columns = pl.read_csv(path, n_rows=0, infer_schema=False).columns
    kept = {name: kind for name, kind in CSV_TYPES.items() if name in columns}
    return pl.read_csv(path, schema_overrides=kept, infer_schema_length=None)


def label_predictions(
    predictions: Path, states: Path, *, name: str | None = None, split: str = "test"
) -> DatasetTables:
    """Label a long table of predictions.

    Args:
        predictions: CSV or parquet with `sample_id,state,target,prediction` and optionally `confidence`, `group`,
            `family`. Targets and predictions are whole numbers from 0, or names of classes.
        states: CSV or parquet with `state`, at least one cost (`cost` or a metric of *states* such as `gflops`), and
            optionally `family` and other columns of *states*. Without `family` there is one, named after the
            predictions' file.
        name: Name of the benchmark; by default the predictions' file stem.
        split: Name of the split.

    Returns:
        The benchmark, and the tables of each family.

    Raises:
        InputError: A file is missing or of another kind, or a family has fewer than two states.
        TableError: A column is missing; a (sample, state) pair comes twice; a state lacks a sample; a state is not in
            the states table; costs are missing or not positive.
    """
    _check_split(split)
    given = _columns(read_any_table(predictions), predictions)
    known = _state_columns(read_any_table(states), states)
    given, class_names = _encode_classes(given, predictions)
    family_name = check_family_name(predictions.stem) if "family" not in known.columns else None
    if family_name is not None:
        known = known.with_columns(family=pl.lit(family_name))
    if "family" not in given.columns:
        given = _families_by_state(given, known, predictions)
    info = DatasetInfo(
        name=name or predictions.stem,
        title=name or predictions.stem,
        split=split,
        task="other",
        class_names=tuple(class_names),
        source=f"predictions:{predictions.name}",
    )
    strange = set(given["family"].unique()) - set(known["family"].unique())
    if strange:
        raise TableError(f"{states}: family {sorted(strange)[0]!r} of the predictions is missing")
    return DatasetTables(info, _label_families(given, known, predictions, str(states)))


def label_sample_logs(
    logs: Path, states: Path | pl.DataFrame, *, name: str | None = None, split: str = "test"
) -> DatasetTables:
    """Label per-sample logs of lm-evaluation-harness, of one multiple-choice task.

    Args:
        logs: A log, or a folder with one for each model.
        states: As of `label_predictions`, a file or its rows; states are found by a model's name or by their `source`.
            Those without a log are left out.
        name: Name of the benchmark; by default the task's.
        split: Name of the split.

    Returns:
        The benchmark, and the tables of each family.

    Raises:
        InputError: There are no logs, they are of several tasks, or a model is no state.
        TableError: A line is no sample of a multiple-choice task, or a model lacks a sample.
    """
    _check_split(split)
    found = read_sample_logs(logs, split)
    where = str(states) if isinstance(states, Path) else "the known families"
    known = _state_columns(read_any_table(states), states) if isinstance(states, Path) else states
    if "family" not in known.columns:
        known = known.with_columns(family=pl.lit(check_family_name(found.task)))
    matched = match_states(found.rows["model"].unique(maintain_order=True).to_list(), known, where)
    models, pairs = list(matched), list(matched.values())
    given = found.rows.with_columns(
        family=pl.col("model").replace_strict(models, [family for family, _ in pairs], return_dtype=pl.String),
        state=pl.col("model").replace_strict(models, [state for _, state in pairs], return_dtype=pl.String),
    )
    kept = known.filter(pl.struct("family", "state").is_in([{"family": f, "state": s} for f, s in pairs]))
    info = DatasetInfo(
        name=name or found.task,
        title=name or found.task,
        split=split,
        task="multiple-choice",
        class_names=tuple(map(str, range(found.n_choices))),
        source="lm-evaluation-harness",
    )
    return DatasetTables(info, _label_families(given, kept, logs, where))


def _check_split(split: str) -> None:
    if not SPLIT_NAME.fullmatch(split):
        raise InputError(f"`split` is {split!r}: letters, digits, '_' and '.' make the name of a split")


def _label_families(given: pl.DataFrame, known: pl.DataFrame, predictions: Path, states: str) -> list[FamilyTables]:
    families = known["family"].unique(maintain_order=True).to_list()
    return [_label_family(family, given, known, predictions, states) for family in families]


def _label_family(
    family: str, given: pl.DataFrame, known: pl.DataFrame, predictions: Path, states: str
) -> FamilyTables:
    space = known.filter(pl.col("family") == family)
    metric = default_cost_metric(space)
    space = space.sort(metric, maintain_order=True).with_row_index("index")
    names = space["state"].to_list()
    twice = space.filter(pl.col("state").is_duplicated())
    if len(twice):
        raise TableError(f"{states}: state {twice['state'][0]!r} of family {family!r} is given twice")
    rows = given.filter(pl.col("family") == family)
    missing = rows.filter(~pl.col("state").is_in(names))
    if len(missing):
        raise TableError(
            f"{states}: state {missing['state'][0]!r} of {predictions} is missing ({len(missing)} prediction rows)"
        )
    coded = rows.with_columns(
        state=pl.col("state").replace_strict(names, list(range(len(names))), return_dtype=pl.Int64)
    )
    check_predictions(coded, names, str(predictions))
    predicted = polars_schema(PREDICTIONS, optional=coded.columns)
    table = _to_schema(
        coded.with_columns(correct=pl.col("prediction") == pl.col("target")), predicted, str(predictions)
    )
    wanted = polars_schema(STATES, optional=space.columns)
    groups = coded.unique("sample_id", maintain_order=True) if "group" in coded.columns else None
    labelled = make_labels(check_table(table, PREDICTIONS, str(predictions)), _to_schema(space, wanted, states), groups)
    check_table(labelled.states, STATES, states)
    return FamilyTables(labelled.labels, table, labelled.states)


def _to_schema(frame: pl.DataFrame, schema: pl.Schema, where: str) -> pl.DataFrame:
    """The schema's columns in their order and types, null where the table lacks one."""
    lacking = {name: pl.lit(None, dtype=dtype) for name, dtype in schema.items() if name not in frame.columns}
    whole = frame.with_columns(**lacking).select(schema.keys())
    for name, dtype in schema.items():
        try:
            whole[name].cast(dtype)
        except pl.exceptions.PolarsError as error:
            raise TableError(f"{where}: column {name!r} holds {whole[name][0]!r}; {dtype} is expected") from error
    return whole.cast(schema)


def _columns(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    _require(frame, REQUIRED, path)
    unknown = [column for column in frame.columns if column not in (*REQUIRED, *OPTIONAL)]
    if unknown:
        raise TableError(f"{path}: column {unknown[0]!r} is not one of {', '.join((*REQUIRED, *OPTIONAL))}")
    for column in REQUIRED:
        if frame[column].null_count():
            row = int(frame[column].is_null().arg_max() or 0)
            raise TableError(f"{path}: column {column!r} is empty in row {row} (counted from 0)")
        if frame.schema[column] == pl.String and (frame[column] == "").any():
            row = int((frame[column] == "").arg_max() or 0)
            raise TableError(f"{path}: column {column!r} is empty in row {row} (counted from 0)")
    if "confidence" in frame.columns:
        _check_confidence(frame["confidence"], path)
    return frame.with_columns(pl.col("sample_id").cast(pl.String), pl.col("state").cast(pl.String))


def _check_confidence(confidence: pl.Series, path: Path) -> None:
    if not confidence.dtype.is_numeric():
        raise TableError(f"{path}: column 'confidence' holds {confidence[0]!r}, which is no number")
    wrong = ~confidence.cast(pl.Float64).is_between(0, 1)
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise TableError(
            f"{path}: column 'confidence' is {confidence[row]} in row {row} (counted from 0); 0 to 1 is meant"
        )


def _state_columns(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    _require(frame, ("state",), path)
    metrics = [column for column in COST_METRICS if column in frame.columns]
    if not metrics:
        raise TableError(f"{path}: no cost column; give 'cost' or one of {', '.join(COST_METRICS[:-1])}")
    unknown = [column for column in frame.columns if column not in STATES.columns]
    if unknown:
        raise TableError(f"{path}: column {unknown[0]!r} is not one of {', '.join(STATES.columns)}")
    for metric in metrics:
        if not frame.schema[metric].is_numeric():
            raise TableError(f"{path}: column {metric!r} holds {frame[metric][0]!r}, which is no number")
        whole = STATES.columns[metric].dtype.type.is_integer() and frame.schema[metric].is_float()
        if whole and (frame[metric] != frame[metric].round()).any():
            raise TableError(f"{path}: column {metric!r} must hold whole numbers")
        wrong = frame.filter(
            pl.col(metric).is_null() | ~pl.col(metric).cast(pl.Float64).is_finite() | (pl.col(metric) <= 0)
        )
        if len(wrong):
            raise TableError(f"{path}: column {metric!r} of state {wrong['state'][0]!r} is not a number above 0")
    kept = [c for c in frame.columns if c not in ("index", "accuracy", "alpha", "oracle_share")]
    return frame.select(kept).with_columns(pl.col("state").cast(pl.String))


def _require(frame: pl.DataFrame, columns: Sequence[str], path: Path) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise TableError(f"{path}: column {missing[0]!r} is missing; it has {', '.join(frame.columns)}")


def _encode_classes(frame: pl.DataFrame, path: Path) -> tuple[pl.DataFrame, list[str]]:
    """Whole numbers stay as they are; names become their place in alphabetical order."""
    columns = ("target", "prediction")
    if all(frame.schema[column].is_integer() for column in columns):
        least = min(int(frame[column].min() or 0) for column in columns)  # type: ignore[arg-type]
        if least < 0:
            raise TableError(f"{path}: target or prediction is {least}; classes count from 0")
        count = 1 + max(int(frame[column].max() or 0) for column in columns)  # type: ignore[arg-type]
        if count > LARGEST_CLASS + 1:
            raise TableError(f"{path}: target or prediction is {count - 1}; classes go up to {LARGEST_CLASS}")
        return frame, [str(index) for index in range(count)]
    if any(frame.schema[column].is_float() for column in columns):
        raise TableError(f"{path}: target and prediction must be whole numbers from 0, or names of classes")
    text = frame.with_columns(pl.col(column).cast(pl.String) for column in columns)
    names = sorted(set(text["target"]) | set(text["prediction"]))
    codes = list(range(len(names)))
    return text.with_columns(
        pl.col(column).replace_strict(names, codes, return_dtype=pl.Int64) for column in columns
    ), names


def _families_by_state(given: pl.DataFrame, known: pl.DataFrame, predictions: Path) -> pl.DataFrame:
    """A state's family from the states table; only possible where no two families share a state's name."""
    pairs = known.select("state", "family").unique()
    shared = pairs.filter(pl.col("state").is_duplicated())
    if len(shared):
        raise TableError(
            f"{predictions}: state {shared['state'][0]!r} belongs to several families; add a column 'family'"
        )
    joined = given.join(pairs, on="state", how="left")
    lost = joined.filter(pl.col("family").is_null())
    if lost.is_empty():
        return joined
    families = known["family"].unique()
    if len(families) > 1:
        raise TableError(f"{predictions}: state {lost['state'][0]!r} is missing from the states table")
    return joined.with_columns(family=pl.lit(families[0]))
