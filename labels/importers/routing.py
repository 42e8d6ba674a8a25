"""Tables of routing benchmarks: RouterBench, RouteLLM and LLMRouterBench."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError, TableError
from .answers import as_correct
from .files import GLIMPSE, Table, TablePieces, is_table, open_table, some
from .import_options import ImportOptions
from .json_files import read_json
from .results import Results, results_of_tasks
from .wide import find_states, read_wide_pieces

if TYPE_CHECKING:
    from pathlib import Path

TOTAL_COST = "|total_cost"
"""What follows a model's name in RouterBench's columns of costs, in USD."""
ROUTERBENCH_TASK = "eval_name"
"""RouterBench's column of the set that a prompt comes from."""
RECORD_KEYS = {"index", "score", "cost"}
"""Keys of LLMRouterBench's records that are read."""


def is_routerbench(where: Path) -> bool:
    """Whether a file is a RouterBench table: `sample_id`, models, and `MODEL|total_cost`."""
    if not is_table(where):
        return False
    columns = open_table(where, most=GLIMPSE).frame.columns
    return ROUTERBENCH_TASK in columns and any(column.endswith(TOTAL_COST) for column in columns)


def read_routerbench(where: Path, options: ImportOptions | None = None) -> Results:
    """Read a RouterBench table (arXiv 2403.12031), as CSV or parquet; its published pickles are never loaded.

    Models are states, `eval_name` is the category, costs are USD of each call. Scores of some sets lie between 0 and 1:
    these need `threshold`.

    Raises:
        InputError: The file cannot be read.
        TableError: A score is neither 0 nor 1 and there is no threshold.
    """
    options = options or ImportOptions()
    table = open_table(where, {**options.columns, ROUTERBENCH_TASK: "category"})
    results = read_wide_pieces(TablePieces(where, table), replace(options, cost_unit=options.cost_unit or "usd"))
    return replace(results, source="RouterBench")


def is_routellm(where: Path) -> bool:
    """Whether a path is a table of RouteLLM's evaluations (`prompt` and models), or a folder with some."""
    files = [where] if where.is_file() else sorted(where.glob("*.csv"))
    return bool(files) and _is_routellm_table(files[0])


def _is_routellm_table(file: Path) -> bool:
    if not is_table(file):
        return False
    frame = open_table(file, most=GLIMPSE).frame
    return frame.columns[:1] == ["prompt"] and len(_models(Table(file, frame))) > 1


def _models(table: Table) -> list[str]:
    try:
        return find_states(table.path, table.frame.lazy(), table.frame.columns)
    except TableError:
        return []


def read_routellm(where: Path, options: ImportOptions | None = None) -> Results:
    """Read RouteLLM's responses (arXiv 2406.18665): `prompt`, and one column of true and false per model.

    Samples are numbered by their row. In a folder each file is a category (`mmlu_anatomy.csv`: `mmlu_anatomy`).

    Raises:
        InputError: A file cannot be read.
        TableError: A cell is neither true nor false.
    """
    options = options or ImportOptions()
    files = [where] if where.is_file() else sorted(where.glob("*.csv"))
    tables = [open_table(file, options.columns) for file in files]
    number = pl.int_range(pl.len()).cast(pl.String).alias("sample_id")
    parts = [
        read_wide_pieces(TablePieces(table.path, table.with_frame(numbered)), options)
        for table, numbered in ((table, table.frame.drop("prompt").with_columns(number)) for table in tables)
    ]
    if len(parts) == 1:
        return replace(parts[0], source="RouteLLM")
    rows = pl.concat(part.rows.with_columns(category=pl.lit(part.name)) for part in parts)
    notes = [note for part in parts for note in part.notes]
    results = Results.create(where.resolve().name, rows, "RouteLLM", where=str(where), notes=notes)
    return results if options.task is None else results.only(options.task, str(where))


def is_llm_router_bench(where: Path) -> bool:
    """Whether a folder holds LLMRouterBench's `<dataset>/<split>/<model>/<time>.json`."""
    file = next(iter(sorted(where.rglob("*.json"))), None) if where.is_dir() else None
    return file is not None and _records(file) is not None


def read_llm_router_bench(where: Path, options: ImportOptions | None = None) -> Results:
    """Read LLMRouterBench's results, `<dataset>/<split>/<model>/<time>.json`.

    Datasets are categories, models are states, costs are USD of each call (tokens with `cost_unit` `tokens`). Of
    several runs of a model on a dataset the newest counts.

    Raises:
        InputError: There are no such files, or one cannot be read.
        TableError: A score is neither 0 nor 1 and there is no threshold.
    """
    options = options or ImportOptions()
    newest: dict[tuple[str, str], tuple[Path, list[dict[str, Any]]]] = {}
    for file in sorted(where.rglob("*.json"), key=lambda file: file.name):
        records = _records(file)
        if records is not None:
            newest[file.parents[2].name, file.parents[0].name] = (file, records)
    if not newest:
        raise InputError(f"{where}: no <dataset>/<split>/<model>/<time>.json of LLMRouterBench there")
    tokens = options.cost_unit == "tokens"
    frames = []
    for (dataset, model), (file, records) in newest.items():
        scores = as_correct(
            pl.Series("score", [record["score"] for record in records]),
            options.threshold,
            lambda row, file=file: f"{file} record {row}",  # type: ignore[misc]
        )
        costs = [
            (record.get("prompt_tokens") or 0) + (record.get("completion_tokens") or 0) if tokens else record["cost"]
            for record in records
        ]
        frames.append(
            pl.DataFrame(
                {
                    "sample_id": [str(record["index"]) for record in records],
                    "correct": scores,
                    "cost": pl.Series(costs, dtype=pl.Float64, strict=False),
                }
            ).with_columns(state=pl.lit(model), category=pl.lit(dataset))
        )
    unit = "tokens" if tokens else options.cost_unit or "usd"
    return results_of_tasks(pl.concat(frames), "LLMRouterBench", where, task=options.task, cost_unit=unit)


def _records(file: Path) -> list[dict[str, Any]] | None:
    """The records of a file of LLMRouterBench; None where it is another file."""
    found = read_json(file)
    records = found.get("records") if isinstance(found, dict) else None
    if not isinstance(records, list) or not records:
        return None
    lacking = [r for r in records if not isinstance(r, dict) or not r.keys() >= RECORD_KEYS]
    if lacking:
        raise TableError(f"{file}: {len(lacking)} records lack one of {some(sorted(RECORD_KEYS))}")
    return records
