"""Sections of a card: each a small function from tables to Markdown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from ..labels.tables.agent_schemas import AGENTS
from ..labels.tables.costs import default_cost_metric
from ..labels.tables.origin import is_commit
from ..labels.tables.schemas import BOUNDS_TABLE, CLASSES, LABELS, PREDICTIONS, STATES
from ..labels.tables.types import class_label_kind
from ..labels.tables.vocabulary import NONE
from .markdown import GAP, Markup, escape, markdown_table, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandera.polars as pa

COMPARED = "compared_with_float32"
"""Key of a state's environment that tells how often its precision changed an answer."""
HUB = "https://huggingface.co"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
MOST_LISTED = 50
SMALLEST_SHOWN = 0.01
"""Costs below this lose digits that count where numbers are rounded to five decimals, as the Hub's viewer does."""
COST_UNITS = ((1e3, "TFLOPs", 1e-3), (0.1, "GFLOPs", 1.0), (1e-4, "MFLOPs", 1e3), (0.0, "kFLOPs", 1e6))
"""Largest cost of a family in GFLOPs from which a unit is taken, the unit, and how many of it are a GFLOP."""
MOST_STATES = 8
"""States that the example names."""
TABLES = {
    "labels": LABELS,
    "predictions": PREDICTIONS,
    "states": STATES,
    "bounds": BOUNDS_TABLE,
    "classes": CLASSES,
    "agents": AGENTS,
}


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


def states_table(states: pl.DataFrame, *, comparable: bool = True) -> str:
    """The states of one family: cost, accuracy, and a link to the commit of the weights.

    Args:
        states: The rows of one family in *states*.
        comparable: Whether published accuracies are of the same samples.
    """
    metric = default_cost_metric(states)
    unit, factor = _cost_unit(states) if metric == "gflops" else (metric, 1.0)
    published = "published" if comparable else "published, not comparable"
    columns = ["state", "parameters", unit, "accuracy", published, "alpha", "oracle takes"]
    rows = [
        [
            weights_link(row["state"], row["source"], row["revision"]),
            None if row["parameters"] is None else f"{row['parameters'] / 1e6:.3g} M",
            row[metric] * factor,
            percent(row["accuracy"]),
            percent(row["reference_accuracy"]),
            None if row["alpha"] is None else f"{row['alpha']:.3f}",
            percent(row["oracle_share"]),
        ]
        for row in states.iter_rows(named=True)
    ]
    known = [place for place in range(len(columns)) if any(row[place] not in (None, GAP) for row in rows)]
    return markdown_table([columns[place] for place in known], [[row[place] for place in known] for row in rows])


def weights_link(state: str, source: str | None, revision: str | None) -> Markup:
    """A state's name, linked to its weights at their commit on the Hub; or else with what is known of its origin.

    Example:
        >>> weights_link("b0", "org/b0", "a" * 40)[:48]
        '[b0](https://huggingface.co/org/b0/tree/aaaaaaaa'
        >>> weights_link("large", "provider/large", "2026-05-13")
        'large (provider/large, 2026-05-13)'
    """
    if source and HUB_ID.fullmatch(source) and revision and is_commit(revision):
        return Markup(f"[{escape(state)}]({HUB}/{source}/tree/{revision})")
    origin = ", ".join(filter(None, (source, revision)))
    return Markup(escape(state) + (f" ({escape(origin)})" if origin else ""))


def _cost_unit(states: pl.DataFrame) -> tuple[str, float]:
    """A unit in which the costs of a family are short, and how many of it are a GFLOP.

    Five decimals, as the Hub's viewer shows, would round the costs of small networks away.
    """
    largest = float(states["gflops"].to_numpy().max())
    return next((unit, factor) for least, unit, factor in COST_UNITS if largest >= least)


def confidence_table(states: pl.DataFrame) -> str:
    """How well the confidence of a family's states tells right from wrong answers; empty where no state has any."""
    known = states.filter(pl.col("aurc").is_not_null()) if "aurc" in states.columns else states.clear()
    if known.is_empty():
        return ""
    columns = ("state", "AUROC", "ECE", "AURC")
    return markdown_table(columns, known.select("state", "auroc", "ece", "aurc").iter_rows())


def bounds_table(bounds: pl.DataFrame) -> str:
    """The bounds of one family, with the intervals of their gains."""
    rows = [
        (
            row["bound"],
            row["alpha"],
            percent(row["accuracy"]),
            row["mean_cost"],
            row["gain"],
            Markup(GAP) if row["gain_low"] is None else Markup(f"{row['gain_low']:.4g}–{row['gain_high']:.4g}"),
        )
        for row in bounds.iter_rows(named=True)
    ]
    return markdown_table(("bound", "alpha", "accuracy", "mean cost", "gain", "95 % interval"), rows)


def example_row(labels: pl.DataFrame, states: Sequence[str], class_names: Sequence[str]) -> str:
    """One sample as *labels* has it, class labels by their names: one that only larger states get right, if any."""
    telling = labels.filter(pl.col("solvable") & (pl.col("oracle_state") > 0))
    row = (telling if len(telling) else labels).row(0, named=True)
    right = row["cheapest_right"]
    shown: dict[str, object] = {
        "sample_id": row["sample_id"],
        "target": None if row.get("target") is None else class_names[row["target"]],
        "pattern": row["pattern"],
        "n_correct": row["n_correct"],
        "cheapest_right": states[right] if right < len(states) else NONE,
        "oracle_cost": row["oracle_cost"],
    }
    named = [*states[:MOST_STATES], *(["…"] if len(states) > MOST_STATES else [])]
    meanings = {
        "target": "the right answer",
        "pattern": f"right (1) or wrong (0): {', '.join(named)}",
        "n_correct": "states that are right",
        "cheapest_right": "what an ideal agent runs",
        "oracle_cost": "what that costs",
    }
    rows = [(Markup(f"`{name}`"), value, meanings.get(name, "")) for name, value in shown.items() if value is not None]
    return markdown_table(("column", "value", ""), rows)


def board_table(agents: pl.DataFrame) -> str:
    """The agents on the board, best share of the oracle's saving first in each family."""
    ordered = agents.sort("family", "share_of_saving", descending=[False, True], nulls_last=True)
    rows = [
        (
            row["family"],
            Markup(f"[{escape(row['agent'])}]({row['url']})") if row["url"] else row["agent"],
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
    units = set(states["cost_unit"].drop_nulls()) if "cost_unit" in states.columns else set()
    if states["gflops"].null_count() == 0:
        unit = "Costs count floating-point operations per sample, 2 per multiply-add; columns are in GFLOPs."
    elif len(units) == 1:
        unit = f"Costs are {escape(min(units))} per sample."
    else:
        unit = "Costs are in the unit that came with the predictions."
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
