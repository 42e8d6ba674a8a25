"""Logs of Inspect (`inspect_ai`), `.eval` and `.json`, read by its own `read_eval_log`."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError, TableError, first_line
from .files import some
from .import_options import ImportOptions
from .results import Results

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
"""Inspect's values: correct, incorrect, partial, no answer."""
SOURCE = "inspect_ai"


def is_inspect(where: Path) -> bool:
    """Whether a path is a log of Inspect, or a folder with some."""
    return bool(_files(where))


def _files(where: Path) -> list[Path]:
    files = [where] if where.is_file() else sorted([*where.rglob("*.eval"), *where.rglob("*.json")])
    return [file for file in files if file.suffix == ".eval" or (file.suffix == ".json" and _is_log(file))]


def _is_log(file: Path) -> bool:
    with file.open("rb") as opened:
        start = opened.read(2048).decode("utf-8", "ignore")
    return '"eval"' in start and '"version"' in start and '"status"' in start


def read_inspect(where: Path, options: ImportOptions | None = None) -> Results:
    """Read a log, or all below a folder.

    Args:
        where: A `.eval` or `.json` log, or a folder with one for each model and task.
        options: `metric` names the scorer, where samples have several (the first otherwise); `threshold` for scores;
            `cost_unit` `usd`, `seconds` or `tokens` (the default) says which of the logged costs is the cost; `task`.

    Returns:
        The results; states are the models. With several tasks, the task is the category. The first epoch counts.

    Raises:
        InputError: There are no such logs, or one cannot be read.
        TableError: A score is neither right nor wrong.
    """
    from inspect_ai.log import read_eval_log

    options = options or ImportOptions()
    unit = options.cost_unit or "tokens"
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for file in _files(where):
        try:
            log = read_eval_log(str(file))
        except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
            raise InputError(f"{file}: cannot be read as a log of Inspect ({first_line(error)})") from error
        if log.status != "success":
            notes.append(f"{log.eval.model}: the run of {log.eval.task} ended with status {log.status}.")
        samples = [sample for sample in log.samples or () if sample.epoch == 1]
        if len(samples) < len(log.samples or ()):
            notes.append(f"{log.eval.model}: only the first of several epochs of {log.eval.task} was taken.")
        for sample in samples:
            about = {"sample_id": str(sample.id), "state": log.eval.model, "category": log.eval.task}
            score = _score(sample, options, f"{file}, sample {sample.id!r}")
            rows.append({**about, "correct": score, "cost": _cost(sample, unit), "created": log.eval.created})
    if not rows:
        raise InputError(f"{where}: no logs of Inspect with samples there")
    frame = pl.DataFrame(rows, schema_overrides={"correct": pl.Boolean, "cost": pl.Float64})
    frame, more = _newest(frame)
    if frame["category"].n_unique() == 1 and options.task is None:
        frame = frame.rename({"category": "task"})
    lacking = frame["correct"].null_count()
    notes += [*more, *([f"{lacking} samples without a score count as missing."] if lacking else [])]
    frame = frame if frame["cost"].null_count() < len(frame) else frame.drop("cost")
    tasks = Counter(row["category"] for row in rows)
    results = Results.create(
        next(iter(tasks)) if len(tasks) == 1 else where.resolve().name,
        frame,
        SOURCE,
        where=str(where),
        cost_unit=unit,
        notes=notes,
    )
    return results if options.task is None else results.only(options.task, str(where))


def _newest(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The newest log of each model and task."""
    newest = frame.filter(pl.col("created") == pl.col("created").max().over("state", "category"))
    if len(newest) == len(frame):
        return newest, []
    models = frame.group_by("state", "category", maintain_order=True).agg(pl.col("created").n_unique())
    again = models.filter(pl.col("created") > 1)["state"].to_list()
    return newest, [f"Of several runs of {some(again)} the newest was taken."]


def _score(sample: Any, options: ImportOptions, place: str) -> bool | None:  # noqa: ANN401 - inspect_ai's own class
    scores = sample.scores or {}
    if not scores:
        return None
    name = options.metric or next(iter(scores))
    if name not in scores:
        raise InputError(f"{place}: no scorer {name!r} (`metric`); there are {some(list(scores))}")
    value = scores[name].value
    number = WORDS.get(value) if isinstance(value, str) else value
    if isinstance(number, bool):
        return number
    if not isinstance(number, int | float):
        raise TableError(f"{place}: {name} is {value!r}; choose another scorer with `metric`")
    if number != number:  # noqa: PLR0124 - NaN is Inspect's "unscored"
        return None
    if options.threshold is None and number not in (0, 1):
        raise TableError(f"{place}: {name} is {value!r}; say with `threshold` from which score an answer is right")
    return number >= (1 if options.threshold is None else options.threshold)


def _cost(sample: Any, unit: str) -> float | None:  # noqa: ANN401 - inspect_ai's own class
    if unit == "seconds":
        seconds = sample.working_time or sample.total_time
        return None if seconds is None else float(seconds)
    usages = list((sample.model_usage or {}).values())
    known = [usage.total_cost if unit == "usd" else usage.total_tokens for usage in usages]
    found = [float(value) for value in known if value is not None]
    return sum(found) if found else None
