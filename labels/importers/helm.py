"""Run folders of HELM: `per_instance_stats.json`, and who ran from `run_spec.json` or `scenario_state.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError, TableError
from .answers import as_correct
from .files import some
from .import_options import ImportOptions
from .json_files import read_json
from .results import of_task, results_of_tasks

if TYPE_CHECKING:
    from pathlib import Path

    from .results import Results

SOURCE = "HELM"
STATS = "per_instance_stats.json"
ABOUT = ("run_spec.json", "scenario_state.json")
"""Files that name the model; the first is the smaller one."""
MODEL_ARGUMENTS = ("model=", "model_deployment=")
"""Parts of a run's name that are not of its task."""
METRICS = (
    "exact_match", "quasi_exact_match", "quasi_prefix_exact_match", "final_number_exact_match",
    "math_equiv_chain_of_thought", "math_equiv", "chain_of_thought_correctness", "ifeval_strict_accuracy", "accuracy",
)  # fmt: skip
"""Scores that say who is right: the main metrics of HELM's schemas that are 0 or 1, the commonest first."""
COSTS = {"tokens": ("num_prompt_tokens", "num_output_tokens"), "seconds": ("inference_runtime",)}
"""Statistics that make up the costs of each unit."""


def is_helm(where: Path) -> bool:
    """Whether a path is a run folder, or has some below it."""
    return where.is_dir() and next(where.rglob(STATS), None) is not None


def read_helm(where: Path, options: ImportOptions | None = None) -> Results:
    """Read a run folder, or all below a folder.

    Args:
        where: The folder.
        options: `metric` names the statistic that says who is right (by default the first of `METRICS` that is there);
            `threshold` for scores; `cost_unit` `tokens` (the default) or `seconds`; `task`.

    Returns:
        The results; states are the models, and a task is a run's name without its model. With several tasks, the task
        is the category. Perturbed instances are left out; of several splits the test split counts, and of several
        training trials the first.

    Raises:
        InputError: There are no such folders, a file cannot be read, or the metric or unit is not there.
        TableError: A file is not as HELM writes it, a model ran a task twice, or a score is neither right nor wrong.
    """
    options = options or ImportOptions()
    unit = options.cost_unit or "tokens"
    if unit not in COSTS:
        raise InputError(f"`cost_unit` {unit!r}: the format has {', '.join(COSTS)}")
    files = sorted(where.rglob(STATS))
    if not files:
        raise InputError(f"{where}: no run folder of HELM (with {STATS}) there")
    ran: dict[tuple[str, str], Path] = {}
    frames, notes = [], []
    for file in files:
        run = (_model(file.parent), _task(file.parent.name))
        if run in ran:
            raise TableError(f"{run[0]} ran {run[1]!r} twice, {ran[run]} and {file.parent}; label one of them alone")
        ran[run] = file.parent
    for run, folder in of_task(ran, options.task).items():
        frame, more = _read(folder / STATS, unit, options)
        frames.append(frame.with_columns(state=pl.lit(run[0]), category=pl.lit(run[1])))
        notes += more
    return results_of_tasks(pl.concat(frames), SOURCE, where, task=options.task, cost_unit=unit, notes=notes)


def _model(run: Path) -> str:
    """The model that ran, from the small file if it is there."""
    for name in ABOUT:
        if (run / name).is_file():
            found = read_json(run / name)
            adapter = found.get("adapter_spec") if isinstance(found, dict) else None
            model = adapter.get("model") or adapter.get("model_deployment") if isinstance(adapter, dict) else None
            if model:
                return str(model)
    raise TableError(f"{run}: neither {' nor '.join(ABOUT)} there names the model in adapter_spec")


def _task(name: str) -> str:
    """A run's name without its model.

    Example:
        >>> _task("mmlu:subject=anatomy,model=openai_gpt2")
        'mmlu:subject=anatomy'
    """
    scenario, _, arguments = name.partition(":")
    kept = [part for part in arguments.split(",") if part and not part.startswith(MODEL_ARGUMENTS)]
    return f"{scenario}:{','.join(kept)}" if kept else scenario


def _read(file: Path, unit: str, options: ImportOptions) -> tuple[pl.DataFrame, list[str]]:
    """Instance, right or wrong and cost of one run."""
    rows: list[dict[str, Any]] = []
    try:
        for each in read_json(file):
            stats = {stat["name"]["name"]: stat for stat in each["stats"]}
            split = next((stat["name"].get("split") for stat in stats.values()), None)
            about = {"trial": each["train_trial_index"], "perturbed": "perturbation" in each, "split": split}
            rows.append({"sample_id": str(each["instance_id"]), **about, "stats": stats})
    except (KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{file}: not as HELM writes it ({type(error).__name__}: {error})") from error
    splits = {row["split"] for row in rows}
    split = "test" if "test" in splits else next(iter(splits), None)
    kept = [row for row in rows if not row["perturbed"] and row["trial"] == 0 and row["split"] == split]
    if not kept:
        raise TableError(f"{file}: no instance of a first trial without perturbation")
    left = len(rows) - len(kept)
    told = [f"{file.parent.name}: left out {left} of {len(rows)} rows, of perturbations, other splits or trials."]
    kept_stats = [row["stats"] for row in kept]
    metric = _metric(kept_stats, options, file)
    scores = pl.Series(metric, [_mean(each.get(metric)) for each in kept_stats], dtype=pl.Float64)
    right = as_correct(
        scores, options.threshold, lambda row: f"{file}, instance {kept[row]['sample_id']!r}", f"statistic {metric!r}"
    )
    costs = [_cost(each, unit) for each in kept_stats]
    columns = {"sample_id": [row["sample_id"] for row in kept], "correct": right}
    frame = pl.DataFrame({**columns, "cost": pl.Series(costs, dtype=pl.Float64)})
    return frame, told if left else []


def _metric(stats: list[dict[str, Any]], options: ImportOptions, file: Path) -> str:
    there = list(dict.fromkeys(name for each in stats for name in each))
    if options.metric is not None:
        if options.metric not in there:
            raise InputError(f"{file}: no statistic {options.metric!r} (`metric`); there are {some(there, 40)}")
        return options.metric
    known = next((name for name in METRICS if name in there), None)
    if known is None:
        raise InputError(f"{file}: say with `metric` which statistic says who is right; there are {some(there, 40)}")
    return known


def _mean(stat: dict[str, Any] | None) -> float | None:
    """The mean of a statistic; None where nothing was counted."""
    return float(stat["sum"]) / stat["count"] if stat and stat.get("count") else None


def _cost(stats: dict[str, Any], unit: str) -> float | None:
    found = [mean for name in COSTS[unit] if (mean := _mean(stats.get(name))) is not None]
    return sum(found) if found else None
