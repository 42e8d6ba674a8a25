"""Every Eval Ever's instance-level JSON lines (schema 0.2), in and out.

Schema: `instance_level_eval.schema.json` of evaleval/every_eval_ever. What is written here has no prompts:
`input.raw` is the sample's identifier.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError, TableError
from .files import LINES
from .import_options import ImportOptions
from .json_files import json_lines
from .results import results_of_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .results import Results

SCHEMA_VERSION = "0.2.1"
"""Version of the schema that is written."""
KEYS = {"evaluation_id", "model_id", "sample_id", "evaluation"}
"""Keys that tell the format."""
COSTS = {
    "tokens": ("token_usage", "total_tokens", 1.0),
    "seconds": ("performance", "latency_ms", 1e-3),
}
"""Where costs of each unit stand, and their factor."""


def is_every_eval_ever(where: Path) -> bool:
    """Whether a path is such a file, or a folder with some."""
    files = _files(where)
    return bool(files) and next((row.keys() >= KEYS for _, row in json_lines(files[0])), False)


def _files(where: Path) -> list[Path]:
    files = [where] if where.is_file() else sorted(where.rglob("*.jsonl"))
    return [file for file in files if file.suffix in LINES]


def read_every_eval_ever(where: Path, options: ImportOptions | None = None) -> Results:
    """Read instance-level results, one file or all below a folder.

    Args:
        where: The file or folder.
        options: `cost_unit` `tokens` (the default) or `seconds`; `threshold` takes `score` in place of `is_correct`;
            `task`.

    Raises:
        InputError: There are no such files, or one cannot be read.
        TableError: A line lacks what the schema requires; names the line.
    """
    options = options or ImportOptions()
    unit = options.cost_unit or "tokens"
    if unit not in COSTS:
        raise InputError(f"`cost_unit` {unit!r}: the format has {', '.join(COSTS)}")
    rows = [
        _row(line, f"{file} line {number}", unit, options)
        for file in _files(where)
        for number, line in json_lines(file)
    ]
    if not rows:
        raise InputError(f"{where}: no instance-level JSON lines there")
    frame = pl.DataFrame(rows, schema_overrides={"cost": pl.Float64}, infer_schema_length=None)
    return results_of_tasks(frame, "every-eval-ever", where, task=options.task, cost_unit=unit)


def _row(line: dict[str, Any], place: str, unit: str, options: ImportOptions) -> dict[str, Any]:
    try:
        right = line["evaluation"]["is_correct"]
        if options.threshold is not None:
            right = float(line["evaluation"]["score"]) >= options.threshold
        about, key, factor = COSTS[unit]
        cost = (line.get(about) or {}).get(key)
        return {
            "sample_id": str(line["sample_id"]),
            "state": str(line["model_id"]),
            "category": str(line["evaluation_name"]),
            "correct": bool(right),
            "cost": None if cost is None else float(cost) * factor,
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TableError(f"{place}: not an instance-level result ({type(error).__name__}: {error})") from error


def instance_lines(results: Results) -> Iterator[str]:
    """Results as JSON lines of the schema, one for each answer."""
    names = results.class_names
    for row in results.rows.iter_rows(named=True):
        target, prediction = row.get("target"), row.get("prediction")
        answer = "" if prediction is None else names[prediction]
        line: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": f"{results.name}/{row['state']}",
            "model_id": row["state"],
            "evaluation_name": row.get("category") or results.name,
            "sample_id": row["sample_id"],
            "interaction_type": "single_turn",
            "input": {"raw": row["sample_id"], "reference": [] if target is None else [names[target]]},
            "output": {"raw": [answer]},
            "answer_attribution": [],
            "evaluation": {"score": float(row["correct"]), "is_correct": row["correct"]},
        }
        if results.cost_unit == "seconds" and row.get("cost") is not None:
            line["performance"] = {"latency_ms": 1000 * row["cost"]}
        if results.cost_unit == "tokens" and row.get("cost") is not None:
            tokens = round(row["cost"])
            line["token_usage"] = {"input_tokens": 0, "output_tokens": tokens, "total_tokens": tokens}
        yield json.dumps(line, ensure_ascii=False)
