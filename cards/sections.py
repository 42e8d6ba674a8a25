"""Sections of a card: each a small function from tables to Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from ..labels.tables.agent_schemas import AGENTS
from ..labels.tables.folder import default_cost_metric
from ..labels.tables.schemas import BOUNDS_TABLE, CLASSES, LABELS, PREDICTIONS, STATES
from ..labels.tables.types import class_label_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandera.polars as pa

    from ..labels.tables.info import DatasetInfo

COMPARED = "compared_with_float32"
"""Key of a state's environment that tells how often its precision changed an answer."""
MOST_LISTED = 50
SMALLEST_SHOWN = 0.01
"""Costs below this lose digits that count where numbers are rounded to five decimals, as the Hub's viewer does."""
TABLES = {
    "labels": LABELS,
    "predictions": PREDICTIONS,
    "states": STATES,
    "bounds": BOUNDS_TABLE,
    "classes": CLASSES,
    "agents": AGENTS,
}


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; whatever comes from data is escaped.

    Example:
        >>> print(markdown_table(["state", "GFLOPs"], [["a|b", 1.23456]]))
        | state | GFLOPs |
        | --- | --- |
        | a&#124;b | 1.235 |
    """
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def escape(text: str) -> str:
    r"""Text from data, so that it stays text: no markup, no HTML, one line.

    Example:
        >>> escape("<b>`x`|y\nz")
        '&lt;b&gt;&#96;x&#96;&#124;y z'
    """
    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "*": "&#42;", "[": "&#91;"}
    return " ".join("".join(entities.get(letter, letter) for letter in text).split())


def percent(share: float | None) -> str:
    """A share as it is read.

    Example:
        >>> percent(0.8137), percent(None)
        ('81.4 %', '–')
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def column_table(name: str, columns: Sequence[str]) -> str:
    """Columns of one of the tables, with type and meaning, as the schema has them."""
    schema: pa.DataFrameSchema = TABLES[name]
    lines = ["| column | type | meaning |", "| --- | --- | --- |"]
    for column in columns:
        kind = str(schema.columns[column].dtype.type).lower()
        if class_label_kind(schema, column):
            kind = "class label"
        lines.append(f"| `{column}` | {kind} | {schema.columns[column].description} |")
    return "\n".join(lines)


def states_table(states: pl.DataFrame) -> str:
    """The states of all families: cost, accuracy, and where the weights come from."""
    rows = []
    for row in states.iter_rows(named=True):
        cost = row["gflops"] if row["gflops"] is not None else row.get("cost")
        source = row["source"] or row["weights"] or "–"
        if row["source"] and row["revision"]:
            source = f"{row['source']}@{row['revision'][:8]}"
        rows.append(
            (
                row["family"],
                row["state"],
                row["parameters"],
                cost,
                percent(row["accuracy"]),
                percent(row["reference_accuracy"]),
                row["alpha"],
                percent(row["oracle_share"]),
                row.get("utility"),
                source,
            )
        )
    cost_title = "cost" if states["gflops"].is_null().any() else "cost (GFLOPs)"
    columns = (
        "family", "state", "parameters", cost_title, "accuracy", "published", "alpha", "oracle takes", "utility",
        "weights",
    )  # fmt: skip
    return markdown_table(columns, rows)


def confidence_table(states: pl.DataFrame) -> str:
    """How well each state's confidence tells its right answers from its wrong ones; empty where no state has any."""
    known = states.filter(pl.col("aurc").is_not_null()) if "aurc" in states.columns else states.clear()
    if known.is_empty():
        return ""
    columns = ("family", "state", "AUROC", "ECE", "AURC")
    return markdown_table(columns, known.select("family", "state", "auroc", "ece", "aurc").iter_rows())


def bounds_table(bounds: pl.DataFrame) -> str:
    """The bounds of all families, with the intervals of their gains."""
    rows = []
    for row in bounds.iter_rows(named=True):
        interval = "–" if row["gain_low"] is None else f"{row['gain_low']:.4g} – {row['gain_high']:.4g}"
        rows.append(
            (
                row["family"],
                row["bound"],
                row["alpha"],
                percent(row["accuracy"]),
                row["mean_cost"],
                row["gain"],
                interval,
            )
        )
    columns = ("family", "bound", "alpha", "accuracy", "mean cost", "gain", "95 % interval")
    return markdown_table(columns, rows)


def board_table(agents: pl.DataFrame) -> str:
    """The agents on the board, best share of the oracle's saving first in each family."""
    ordered = agents.sort("family", "share_of_saving", descending=[False, True], nulls_last=True)
    rows = [
        (
            row["family"],
            f"[{escape(row['agent'])}]({row['url']})" if row["url"] else escape(row["agent"]),
            row["setting"],
            percent(row["accuracy"]),
            row["mean_cost"],
            row["gain"],
            percent(row["share_of_saving"]),
            percent(row["agreement"]),
        )
        for row in ordered.iter_rows(named=True)
    ]
    columns = ("family", "agent", "setting", "accuracy", "mean cost", "gain", "of the oracle's saving", "agrees")
    return markdown_table(columns, rows)


def cost_unit(states: pl.DataFrame) -> str:
    """What the costs of the states count."""
    known = states["gflops"].null_count() == 0
    unit = (
        "Costs are 10^9 floating-point operations per sample, 2 per multiply-add."
        if known
        else "Costs are in the unit that came with the predictions."
    )
    if states[default_cost_metric(states)].to_numpy().min() >= SMALLEST_SHOWN:
        return unit
    return f"{unit} The Hub's viewer rounds them to five decimals; the files do not, and neither does its SQL console."


def made_with(states: pl.DataFrame) -> str:
    """Precision, device and library versions behind the labels, one line for each combination."""
    lines = []
    for dtype, device, environment in (
        states.select("dtype", "device", "environment").unique(maintain_order=True).rows()
    ):
        if dtype is None and device is None and environment is None:
            lines.append("- predictions made elsewhere")
            continue
        listed = _versions(environment)
        lines.append(
            f"- {escape(dtype or 'precision unknown')} on {escape(device or 'unknown device')}: {escape(listed)}"
        )
    return "\n".join(lines)


def _versions(environment: str | None) -> str:
    """Library versions as a line; whatever a user's table says instead of JSON is shown as it is."""
    try:
        found: Any = json.loads(environment or "{}")
    except json.JSONDecodeError:
        found = environment
    if not isinstance(found, dict):
        return str(found)
    fast = f"; fast modes: {', '.join(found['fast_modes'])}" if found.get("fast_modes") else ""
    listed = ", ".join(f"{name} {value}" for name, value in found.items() if isinstance(value, str))
    return (listed or "versions unknown") + fast


def precision_notes(states: pl.DataFrame) -> str:
    """How often precision or fast modes changed an answer of the float32 reference; empty where it was not tried."""
    lines = []
    for row in states.select("family", "state", "environment").iter_rows(named=True):
        try:
            counts = json.loads(row["environment"] or "{}").get(COMPARED)
        except (json.JSONDecodeError, AttributeError):
            continue
        if counts:
            lines.append(
                f"  - {escape(row['family'])}, {escape(row['state'])}: {counts['answers_changed']} answers and"
                f" {counts['labels_changed']} labels of {counts['samples']}"
            )
    if not lines:
        return ""
    return "\n".join(["- Compared with float32 on some of the samples, this precision changed", *lines])


def regenerate(info: DatasetInfo, families: Sequence[str]) -> str:
    """The command that makes these labels again; empty where predictions were made elsewhere."""
    if info.source.startswith("predictions:") or info.task == "other" or info.source == "lm-evaluation-harness":
        return ""
    source = f" --source {info.source}@{info.source_revision}" if info.source_revision else ""
    chosen = "".join(f" --family {family}" for family in families)
    return f"adaptlabels build {info.name} labels{source} --split {info.split}{chosen}"


def skipped_list(skipped: Sequence[tuple[str, str]]) -> str:
    """Samples that were left out, with the reason; the first ones where there are many."""
    lines = [f"- {escape(sample)}: {escape(reason)}" for sample, reason in skipped[:MOST_LISTED]]
    if len(skipped) > MOST_LISTED:
        lines.append(f"- … ({len(skipped):,} in all)")
    return "\n".join(lines)


def device_table(states: pl.DataFrame) -> str:
    """Time, memory and energy of the states on their device; empty where they were not measured."""
    measured = states.filter(states["throughput"].is_not_null())
    if measured.is_empty():
        return ""
    columns = ("family", "state", "latency p50, ms", "p95, ms", "samples/s", "peak memory, MB", "energy, J")
    rows = [
        (
            row["family"],
            row["state"],
            row["latency_ms_p50"],
            row["latency_ms_p95"],
            row["throughput"],
            None if row["peak_memory_bytes"] is None else row["peak_memory_bytes"] / 1e6,
            row["energy_j"],
        )
        for row in measured.iter_rows(named=True)
    ]
    return markdown_table(columns, rows)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
