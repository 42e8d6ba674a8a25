"""Details of lighteval: `details/<model>/<date>/details_<task>_<date>.parquet`, as version 0.13 writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError, TableError, first_line
from .answers import as_correct
from .files import some
from .import_options import ImportOptions
from .results import of_task, results_of_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .results import Results

SOURCE = "lighteval"
FILE = re.compile(r"details_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d.-]+)\.parquet")
"""Name of a file of details."""
COLUMNS = ("doc", "metric", "model_response")
"""Columns that are read: the sample with its `id`, its scores, and what the model was given and gave."""


def is_lighteval(where: Path) -> bool:
    """Whether a path is a file of details, or a folder with some."""
    return next(_files(where), None) is not None


def _files(where: Path) -> Iterator[Path]:
    return (file for file in ([where] if where.is_file() else where.rglob("*.parquet")) if FILE.fullmatch(file.name))


def read_lighteval(where: Path, options: ImportOptions | None = None) -> Results:
    """Read a file of details, or all below a folder.

    Args:
        where: The file or folder.
        options: `metric` names the score that says who is right (by default the first that is 0 or 1 throughout);
            `threshold` for other scores; `task`.

    Returns:
        The results; states are the models, samples have the names that lighteval gave them. With several tasks, the
        task is the category. Of several runs of a model on a task the newest counts. A cost is the tokens of the
        prompt, once, and of every answer or choice.

    Raises:
        InputError: There are no such files, one cannot be read, or the metric is not there.
        TableError: A file lacks a column, or a score is neither right nor wrong.
    """
    options = options or ImportOptions()
    newest, notes = _newest(where)
    if not newest:
        raise InputError(f"{where}: no details_<task>_<date>.parquet of lighteval there")
    frames = []
    for (model, task), file in of_task(newest, options.task).items():
        frame, more = _read(file, options)
        frames.append(frame.with_columns(state=pl.lit(model), category=pl.lit(task)))
        notes += more
    models = list(dict.fromkeys(model for model, _ in newest))
    sources = [model if "/" in model else None for model in models]
    return results_of_tasks(
        pl.concat(frames),
        SOURCE,
        where,
        task=options.task,
        cost_unit="tokens",
        states=pl.DataFrame({"state": models, "source": sources}, schema_overrides={"source": pl.String}),
        notes=notes,
    )


def _newest(where: Path) -> tuple[dict[tuple[str, str], Path], list[str]]:
    """The newest file of each model and task."""
    found: dict[tuple[str, str], Path] = {}
    again = []
    for file in sorted(_files(where), key=lambda file: (file.name, str(file))):  # the date ends the name
        match = FILE.fullmatch(file.name)
        assert match is not None, "only such files were listed"
        key = (_model(file), match["task"])
        again += [key[0]] if key in found else []
        found[key] = file
    return found, [f"Of several runs of {some(sorted(set(again)))} the newest was taken."] if again else []


def _model(file: Path) -> str:
    """The folders between `details` and the date, which are the model's name."""
    folders = file.resolve().parent.parent.parts
    below = len(folders) - folders[::-1].index("details") if "details" in folders else len(folders) - 1
    return "/".join(folders[below:]) or folders[-1]


def _read(file: Path, options: ImportOptions) -> tuple[pl.DataFrame, list[str]]:
    """Sample, right or wrong and tokens of one file."""
    try:
        frame = pl.read_parquet(file, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{file}: cannot be read ({first_line(error)})") from error
    nested = [name for name in COLUMNS if isinstance(frame.schema.get(name), pl.Struct)]
    if len(nested) < len(COLUMNS) or "id" not in frame["doc"].struct.fields:
        raise TableError(
            f"{file}: expected the columns {some(COLUMNS)} with nested fields, as lighteval 0.13 writes them"
        )
    scores, notes = _scores(frame["metric"], options, file)
    names = frame["doc"].struct.field("id").cast(pl.String)
    right = as_correct(
        scores, options.threshold, lambda row: f"{file}, sample {names[row]!r}", f"metric {scores.name!r}"
    )
    return pl.DataFrame({"sample_id": names, "correct": right, "cost": _tokens(frame["model_response"])}), notes


def _scores(metrics: pl.Series, options: ImportOptions, file: Path) -> tuple[pl.Series, list[str]]:
    """The score that says who is right."""
    every = [metrics.struct.field(name) for name in metrics.struct.fields]
    known = {score.name: score for score in every if score.dtype.is_numeric() or score.dtype == pl.Boolean}
    if not known or (options.metric is not None and options.metric not in known):
        wanted = f"no metric {options.metric!r} (`metric`)" if options.metric else "no metric is a number"
        raise InputError(f"{file}: {wanted}; there are {some([score.name for score in every])}")
    plain = [name for name, score in known.items() if score.cast(pl.Float64).drop_nulls().is_in([0.0, 1.0]).all()]
    name = options.metric or next(iter([*plain, *known]))
    several = len(known) > 1 and options.metric is None
    return known[name], [f"Of the metrics {some(list(known))}, {name!r} says who is right."] if several else []


def _tokens(responses: pl.Series) -> pl.Series:
    """Tokens of the prompt and of all answers; null where none were logged."""
    counts = [
        _count(responses.struct.field(name))
        for name in ("input_tokens", "output_tokens")
        if name in responses.struct.fields
    ]
    total = pl.Series("cost", [0] * len(responses), dtype=pl.Int64)
    for count in counts:
        total = total + count
    return total.replace(0, None).cast(pl.Float64).alias("cost")


def _count(tokens: pl.Series) -> pl.Series:
    """How many tokens each row has, in one list or in several; below 0 they pad a batch."""
    if not isinstance(tokens.dtype, pl.List):
        return pl.Series([0] * len(tokens), dtype=pl.Int64)
    inner = tokens.dtype.inner
    each = pl.element().list.eval(pl.element() >= 0).list.sum() if isinstance(inner, pl.List) else pl.element() >= 0
    frame = pl.DataFrame({"tokens": tokens})
    return frame.select(pl.col("tokens").list.eval(each).list.sum().fill_null(0).cast(pl.Int64)).to_series()
