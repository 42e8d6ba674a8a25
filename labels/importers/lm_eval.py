"""Per-sample logs of lm-evaluation-harness (`--log_samples`), multiple choice and generative.

The harness writes `<output>/<model>/samples_<task>_<date>.jsonl`, one line per sample and filter, and
`results_<date>.json` beside it. The folder's name is the model's, with `/` written as `__`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError, TableError
from .files import some
from .import_options import ImportOptions
from .json_files import json_lines, read_json
from .known_states import SLASH
from .lm_eval_sample import Sample, read_sample
from .results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LOG_NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d{2}-\d{2}T[\d.-]+)\.jsonl?(\.gz)?")
"""Names of the harness's sample logs; version 0.4.3 wrote one JSON array each, as `.json`."""
METRICS = ("acc_norm", "acc", "exact_match", "pass@1", "pass_at_1", "em", "prompt_level_strict_acc")
"""Metrics that say who is right; the first that a log has is taken."""
SOURCE = "lm-evaluation-harness"


@dataclass(frozen=True)
class Log:
    """One file of samples."""

    file: Path
    """The file."""
    task: str
    """The harness's name of the task."""
    date: str
    """When the run began, as the file's name has it."""

    @property
    def model(self) -> str:
        """Name of the model's folder."""
        return self.file.resolve().parent.name


def is_lm_eval(where: Path) -> bool:
    """Whether a path is a sample log, or a folder with some."""
    return bool(LOG_NAME.fullmatch(where.name)) if where.is_file() else bool(_log_files(where))


def read_lm_eval(where: Path, options: ImportOptions | None = None) -> Results:
    """Read one log, or all below a folder.

    Args:
        where: A `samples_<task>_<date>.jsonl` (also `.json`, and `.gz`), or a folder that holds such files, one for
            each model and task. Of several runs of a model on a task the newest counts.
        options: `task` (or a group's name: `mmlu` takes `mmlu_anatomy`, …), `metric`, `filter`, `threshold`, `split`.

    Returns:
        The results; states are the models. With several tasks, the task is the category. Parameters and revisions
        come from the aggregated results, where they are there.

    Raises:
        InputError: There is no log, or none of this task.
        TableError: A line is not a sample, its metric is not a matter of right and wrong, or models were asked
            different documents under one name.
    """
    options = options or ImportOptions()
    logs, notes = _newest(_chosen(_find_logs(where), options.task, where))
    tasks = list(dict.fromkeys(log.task for log in logs))
    frames = []
    answered = True
    choices = 0
    kinds = set()
    for task in tasks:
        read = {log: _read(log, options) for log in logs if log.task == task}
        samples = {log.model: found for log, (found, _) in read.items()}
        notes += [note for _, (_, more) in read.items() for note in more]
        identified, more = _identify(samples, task, options.split)
        notes += more
        every = [sample for found in samples.values() for sample in found]
        without = sum(sample.target is None for sample in every)
        if without and any(sample.scores for sample in every):
            notes.append(
                f"{task}: {without} of {len(every)} log-likelihoods do not give the logged metric, so only right and"
                " wrong were kept."
            )
        answered &= not without
        kinds |= {bool(sample.scores) for sample in every}
        choices = max(choices, *(len(sample.scores) for sample in every))
        frames.append(_frame(identified, task if len(tasks) > 1 else None))
    rows = pl.concat(frames)
    empty = [name for name in rows.columns if rows[name].null_count() == len(rows)]
    unknown = [] if answered else ["target", "prediction", "prediction_acc"]
    name = tasks[0] if len(tasks) == 1 else options.task or where.resolve().name
    models = list(dict.fromkeys(log.model for log in logs))
    states = pl.DataFrame([_about_model(model, logs) for model in models], infer_schema_length=None)
    named = dict(zip(models, states["state"], strict=True))
    if len(set(named.values())) < len(named):
        named, states = {model: model for model in models}, states.with_columns(state=pl.Series(models))
    return Results.create(
        name,
        rows.drop({*empty, *unknown} & set(rows.columns)).with_columns(pl.col("state").replace(named)),
        SOURCE,
        where=str(where),
        task="multiple-choice" if kinds == {True} else "other",
        class_names=[str(index) for index in range(choices)] if answered and choices else (),
        states=states.select(name for name in states.columns if states[name].null_count() < len(states)),
        notes=notes,
    )


def _log_files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("samples_*.json*") if LOG_NAME.fullmatch(file.name))


def _find_logs(where: Path) -> list[Log]:
    files = [where] if where.is_file() else _log_files(where)
    if not files:
        raise InputError(f"{where}: no samples_<task>_<date>.jsonl of lm-evaluation-harness (--log_samples) there")
    logs = []
    for file in files:
        found = LOG_NAME.fullmatch(file.name)
        if found is None:
            raise InputError(f"{file}: expected a name such as samples_hellaswag_2026-01-31T12-00-00.jsonl")
        logs.append(Log(file, found["task"], found["date"]))
    return logs


def _chosen(logs: Sequence[Log], task: str | None, where: Path) -> list[Log]:
    """The logs of one task, or of a group of tasks."""
    if task is None:
        return list(logs)
    found = [log for log in logs if log.task == task] or [log for log in logs if log.task.startswith(f"{task}_")]
    if not found:
        raise InputError(f"{where}: no logs of `task` {task!r}; there are {some(sorted({log.task for log in logs}))}")
    return found


def _newest(logs: Sequence[Log]) -> tuple[list[Log], list[str]]:
    """The newest log of each model and task."""
    newest: dict[tuple[str, str], Log] = {}
    for log in sorted(logs, key=lambda log: log.date):
        newest[log.model, log.task] = log
    counts = Counter((log.model, log.task) for log in logs)
    return list(newest.values()), [
        f"{model}: of {count} runs of {task} the newest was taken, {newest[model, task].date}."
        for (model, task), count in counts.items()
        if count > 1
    ]


def _read(log: Log, options: ImportOptions) -> tuple[list[Sample], list[str]]:
    """The samples of one log, under one filter."""
    lines = list(json_lines(log.file))
    if not lines:
        raise TableError(f"{log.file}: no samples")
    filters = list(dict.fromkeys(str(line.get("filter", "none")) for _, line in lines))
    chosen = options.filter if options.filter is not None else filters[-1]
    if chosen not in filters:
        raise InputError(f"{log.file}: no `filter` {chosen!r}; there are {some(filters)}")
    kept = [(number, line) for number, line in lines if str(line.get("filter", "none")) == chosen]
    metric = options.metric or _metric(kept[0][1], f"{log.file} line {kept[0][0]}")
    notes = [f"{log.task}: the filter {chosen!r} of {some(filters)} was taken."] if len(filters) > 1 else []
    samples = [
        read_sample(line, f"{log.file} line {number}", metric, options.threshold, log.task) for number, line in kept
    ]
    return samples, notes


def _metric(line: dict[str, Any], place: str) -> str:
    found = next((metric for metric in METRICS if metric in line), None)
    if found is not None:
        return found
    named = line.get("metrics")
    metrics = [str(name) for name in named] if isinstance(named, list) else []
    if not metrics:
        raise TableError(f"{place}: not a sample as lm-evaluation-harness logs it (it names no metric)")
    raise TableError(f"{place}: say with `metric` which of {some(metrics)} is right or wrong")


def _identify(
    samples: dict[str, list[Sample]], task: str, split: str
) -> tuple[dict[str, list[tuple[str, Sample]]], list[str]]:
    """Each sample with a name that is the same in all models: its own, else its number, else its hash."""

    def by_name(sample: Sample) -> str | None:
        return sample.name or by_number(sample)

    def by_number(sample: Sample) -> str:
        return f"{split}-{sample.number}"

    def by_hash(sample: Sample) -> str | None:
        return sample.doc_hash

    candidates: tuple[tuple[Callable[[Sample], str | None], str | None], ...] = (
        (by_name, None),
        (by_number, f"Documents of {task} have names that repeat, so their numbers were taken."),
        (by_hash, f"Documents of {task} have other numbers in other models, so their hashes were taken."),
    )
    for name, note in candidates:
        named = {model: [(str(name(each)), each) for each in found] for model, found in samples.items()}
        if _same_documents(named) and all(name(each) for found in samples.values() for each in found):
            return named, [note] if note else []
    raise TableError(
        f"{task}: models were asked different documents, or one document twice, so answers cannot be joined"
    )


def _same_documents(named: dict[str, list[tuple[str, Sample]]]) -> bool:
    """Whether each name is one document: once in each model, and with the same hash in all."""
    hashes: dict[str, str | None] = {}
    for found in named.values():
        if len({name for name, _ in found}) < len(found):
            return False
        if any(hashes.setdefault(name, sample.doc_hash) != sample.doc_hash for name, sample in found):
            return False
    return True


def _frame(identified: dict[str, list[tuple[str, Sample]]], task: str | None) -> pl.DataFrame:
    rows = [
        {"sample_id": name, "state": model, **sample.row(), **({} if task is None else {"category": task})}
        for model, found in identified.items()
        for name, sample in sorted(found, key=lambda pair: pair[1].number)
    ]
    types: dict[str, Any] = {
        "category": pl.String,
        "split_type": pl.String,
        "source_id": pl.String,
        "target": pl.Int64,
        "prediction": pl.Int64,
        "prediction_acc": pl.Int64,
        "scores": pl.List(pl.Float32),
    }
    floats = dict.fromkeys(("confidence", "margin", "entropy"), pl.Float32)
    return pl.DataFrame(rows, schema_overrides={**types, **floats}, infer_schema_length=None)


def _about_model(model: str, logs: Sequence[Log]) -> dict[str, Any]:
    """What the aggregated results beside a log say of its model."""
    folder = next(log.file.parent for log in logs if log.model == model)
    found: dict[str, Any] = {}
    for file in sorted(folder.glob("results*.json")):
        found = read_json(file)
    config = found.get("config") or {}
    name = str(found.get("model_name") or "")
    if not name or name.replace("/", SLASH).lstrip("_") != model.lstrip("_"):
        name = model.replace(SLASH, "/")
    local = name.startswith(("/", ".", "~"))
    parameters = config.get("model_num_parameters")
    return {
        "state": name.rstrip("/").rpartition("/")[2] if local else name,
        "source": None if local or "/" not in name else name,
        "revision": config.get("model_sha") or None,
        "parameters": parameters if isinstance(parameters, int) and parameters > 0 else None,
    }
