"""Per-sample logs of lm-evaluation-harness (`--log_samples`) → predictions, without running anything.

The harness writes `<output>/<model>/samples_<task>_<date>.jsonl`, one line per sample with the log-likelihood of every
choice. The folder's name is the model's, with `/` written as `__`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ..errors import InputError, TableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

LOG_NAME = re.compile(r"samples_(?P<task>.+)_\d{4}-\d{2}-\d{2}T[\d.-]+\.jsonl")
"""Names of the harness's sample logs."""
LIKELIHOOD_METRICS = ("acc_norm", "acc")
"""Metrics of multiple choice; the first that a log has decides the prediction."""
ROW_TYPES: dict[str, Any] = {"scores": pl.List(pl.Float32), "group": pl.String, "split_type": pl.String}
SEPARATOR = "__"
"""What the harness writes for `/` in a model's name."""


@dataclass(frozen=True)
class SampleLogs:
    """What some logs say."""

    task: str
    """The harness's name of the task."""
    rows: pl.DataFrame
    """One row per model and sample: `model`, `sample_id`, `target`, `prediction`, `prediction_acc`, `confidence`,
    `margin`, `entropy`, `scores`, `group` and, where the task has it, `split_type`."""
    n_choices: int
    """Most choices of a sample."""


def read_sample_logs(where: Path, split: str) -> SampleLogs:
    """Read one log, or all below a folder.

    Args:
        where: A `samples_<task>_<date>.jsonl`, or a folder that holds such files of one task, one for each model.
        split: Name of the split, for identifiers of samples that have none.

    Raises:
        InputError: There is no log, a model has two, or they are of several tasks.
        TableError: A line is no sample of a multiple-choice task; names file and line.
    """
    files = [where] if where.is_file() else sorted(where.rglob("samples_*.jsonl"))
    if not files:
        raise InputError(f"{where}: no samples_<task>_<date>.jsonl of lm-evaluation-harness (--log_samples) there")
    tasks: dict[str, Path] = {}
    models: dict[str, Path] = {}
    for file in files:
        found = LOG_NAME.fullmatch(file.name)
        if found is None:
            raise InputError(f"{file}: expected a name such as samples_hellaswag_2026-01-31T12-00-00.jsonl")
        tasks.setdefault(found["task"], file)
        model = file.resolve().parent.name
        if model in models:
            raise InputError(f"{models[model]} and {file} are of one model, {model}; keep one of them")
        models[model] = file
    if len(tasks) > 1:
        raise InputError(f"{where}: logs of several tasks, {', '.join(tasks)}; name a folder or file with one of them")
    rows = [row for model, file in models.items() for row in _rows(model, file, split)]
    n_choices = max(len(row["scores"]) for row in rows)
    frame = pl.DataFrame(rows, schema_overrides=ROW_TYPES)
    if frame["split_type"].null_count():
        frame = frame.drop("split_type")
    return SampleLogs(next(iter(tasks)), frame, n_choices)


def _rows(model: str, file: Path, split: str) -> Iterator[dict[str, Any]]:
    empty = True
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    empty = False
                    yield {"model": model, **_row(line, f"{file} line {number}", split)}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error})") from error
    if empty:
        raise TableError(f"{file}: no samples")


def _row(line: str, place: str, split: str) -> dict[str, Any]:
    try:
        sample = json.loads(line)
        doc, arguments = sample["doc"], sample["arguments"]
        given = arguments.values() if isinstance(arguments, dict) else arguments
        texts = [argument["arg_1"] if isinstance(argument, dict) else argument[1] for argument in given]
        choices = [str(text).removeprefix(" ") for text in texts]
        scores = np.array([float(answer[0]) for answer in sample["filtered_resps"]])
        metric = next(name for name in LIKELIHOOD_METRICS if name in sample)
        logged = float(sample[metric]) == 1
        sample_id = _sample_id(doc, sample, split)
        group, split_type = (
            None if doc.get(name) is None else str(doc[name]) for name in ("activity_label", "split_type")
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration) as error:
        raise TableError(
            f"{place}: not a sample of a multiple-choice task, as lm-evaluation-harness logs it"
            f" ({type(error).__name__}: {error})"
        ) from error
    if len(scores) != len(choices):
        raise TableError(f"{place}: {len(scores)} log-likelihoods for {len(choices)} choices")
    if not np.isfinite(scores).all():
        raise TableError(f"{place}: a log-likelihood is {scores[~np.isfinite(scores)][0]}, which is no number")
    target = _target(str(sample["target"]), choices, place)
    weighed = scores / np.array([max(1, len(choice)) for choice in choices]) if metric == "acc_norm" else scores
    prediction = int(weighed.argmax())
    if (prediction == target) != logged:
        raise TableError(f"{place}: its {metric} does not follow from its log-likelihoods, so its form is not known")
    return {
        "sample_id": sample_id,
        "target": target,
        "prediction": prediction,
        "prediction_acc": int(scores.argmax()),
        **_summary(weighed, prediction),
        "scores": scores.tolist(),
        "group": group,
        "split_type": split_type or None,
    }


def _target(text: str, choices: list[str], place: str) -> int:
    """Index of the right choice; some tasks log its text."""
    if text.isdecimal() and int(text) < len(choices):
        return int(text)
    if text.strip() in choices:
        return choices.index(text.strip())
    raise TableError(f"{place}: target {text!r} is none of {len(choices)} choices")


def _sample_id(doc: dict[str, Any], sample: dict[str, Any], split: str) -> str:
    """The identifier that a build gives: HellaSwag's split and `ind`, a dataset's own `id`, or the sample's number."""
    if "ind" in doc:
        return f"{doc.get('split') or 'item'}-{doc['ind']}"
    return str(doc["id"]) if doc.get("id") else f"{split}-{sample['doc_id']}"


def _summary(weighed: NDArray[np.float64], prediction: int) -> dict[str, float]:
    """Confidence, margin and entropy of the choices' probabilities."""
    shares = np.exp(weighed - weighed.max())
    shares /= shares.sum()
    largest = np.sort(shares)[::-1]
    positive = shares[shares > 0]
    return {
        "confidence": float(shares[prediction]),
        "margin": float(largest[0] - largest[1]) if len(largest) > 1 else 1.0,
        "entropy": max(0.0, float(-(positive * np.log(positive)).sum())),
    }


def match_states(models: list[str], known: pl.DataFrame, where: str) -> dict[str, tuple[str, str]]:
    """Family and state of each model.

    Args:
        models: Names of the logs' folders.
        known: Columns `family`, `state` and, where there is one, `source` (Hub id).
        where: What to call the table in messages.

    Returns:
        For each model the family and the state whose name or source is the model's, or its name after the last `/`.

    Raises:
        InputError: A model is no state, or several.
    """
    found = {}
    sources = known["source"] if "source" in known.columns else pl.Series([None] * len(known), dtype=pl.String)
    for model in models:
        short = model.split(SEPARATOR)[-1]
        matches = [
            (family, state)
            for family, state, source in zip(known["family"], known["state"], sources, strict=True)
            if state in (model, short) or (source or "").partition("@")[0].replace("/", SEPARATOR) == model
        ]
        if len(matches) != 1:
            hint = "no state" if not matches else f"{len(matches)} states"
            raise InputError(
                f"{model}: {hint} of {where} has this name or source; there are {', '.join(known['state'].head(20))}"
            )
        found[model] = matches[0]
    return found
