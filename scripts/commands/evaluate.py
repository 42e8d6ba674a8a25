"""`adaptlabels evaluate`: judge adaptive agents by the labels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import console
from ..options import JsonOption, WhereArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.agents.figures import AgentFigures
    from ...labels.agents.results import Evaluation
    from ...labels.bounds.interval import Interval

PLOT_KINDS = (".png", ".svg", ".pdf")
ALL = "all"
"""Word for every fold."""


@dataclass(frozen=True)
class EvaluateOptions:
    """What the user asked for."""

    where: str
    """A dataset folder, or `hub:org/name[@version]`."""
    choices: Path
    """Table of choices."""
    family: str | None = None
    """State space; None for the one that has the states."""
    cost: str | None = None
    """Cost metric; None for the folder's own."""
    folds: str = "5-9"
    """Folds to judge on, as `parse_folds` reads them."""
    against: Path | None = None
    """Another table of choices to compare with in pairs."""
    by: str | None = None
    """Column of labels to group by."""
    subset: bool = False
    """Judge on the samples that every agent chose for."""
    utilities: bool = False
    """The tables have one column of scores for each state."""
    prices: tuple[float, ...] = ()
    """Prices of cost in scores."""
    sample_costs: bool = False
    """Take each sample's own costs."""
    built_in: bool = True
    """Put the built-in agents beside the given ones."""
    replicates: int | None = 1000
    """Bootstrap replicates; None for no intervals."""
    plot: Path | None = None
    """Plot to write."""


def command(
    where: WhereArgument,
    choices: Annotated[
        Path,
        typer.Argument(
            metavar="CHOICES",
            help="CSV, parquet or JSON lines: sample_id,state[,agent,setting,states_run|cost,overhead,correct].",
            show_default=False,
        ),
    ],
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="State space; by default the one that has the states.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Cost column of states; gflops by default.")
    ] = None,
    folds: Annotated[str, typer.Option(metavar="LIST", help="Folds to judge on: 5-9, 5,7 or all.")] = "5-9",
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with the choices of another file, in pairs.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Also judge by a column of labels, such as category.")
    ] = None,
    subset: Annotated[bool, typer.Option("--subset", help="Judge on the samples that every agent chose for.")] = False,
    utilities: Annotated[
        bool, typer.Option("--utilities", help="The file has one column of scores per state; the highest is taken.")
    ] = False,
    prices: Annotated[
        list[float] | None,
        typer.Option("--price", metavar="P", help="With --utilities: price of a unit of cost in scores; repeatable."),
    ] = None,
    sample_costs: Annotated[
        bool, typer.Option("--sample-costs", help="Take each sample's own GFLOPs (language).")
    ] = False,
    built_in: Annotated[
        bool, typer.Option("--agents/--no-agents", help="Put the built-in cascade, router and mixing beside.")
    ] = True,
    replicates: Annotated[
        int, typer.Option("--bootstrap", metavar="B", min=0, help="Bootstrap replicates for the intervals; 0 for none.")
    ] = 1000,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a plot (png, svg or pdf).")] = None,
    json: JsonOption = False,
) -> None:
    """Judge adaptive agents by the labels.

    Agents learn from folds 0-4 and are judged on folds 5-9, beside single states, oracle and frontier.
    """
    run(
        EvaluateOptions(
            where=where,
            choices=choices,
            family=family,
            cost=cost,
            folds=folds,
            against=against,
            by=by,
            subset=subset,
            utilities=utilities,
            prices=tuple(prices or ()),
            sample_costs=sample_costs,
            built_in=built_in,
            replicates=replicates or None,
            plot=plot,
        ),
        as_json=json,
    )


def run(options: EvaluateOptions, *, as_json: bool) -> None:
    """Print what the agents reach, and plot it.

    Raises:
        InputError: The folder, a table of choices, or another option cannot be used.
    """
    from ...labels.errors import InputError
    from ...labels.report.evaluation import evaluate
    from ...labels.tables.remote import open_folder

    if options.plot is not None and options.plot.suffix not in PLOT_KINDS:
        raise InputError(f"`plot` is {options.plot}: expected a name that ends in {', '.join(PLOT_KINDS)}")
    found = evaluate(
        open_folder(options.where),
        options.choices,
        family=options.family,
        cost=options.cost,
        folds=parse_folds(options.folds),
        against=options.against,
        by=options.by,
        subset=options.subset,
        utilities=options.utilities,
        prices=options.prices,
        sample_costs=options.sample_costs,
        built_in=options.built_in,
        replicates=options.replicates,
    )
    if options.plot is not None:
        _plot(found, options.plot)
    if as_json:
        console.print_json(found.to_json())
    else:
        _print(found)


def parse_folds(text: str) -> tuple[int, ...] | None:
    """Folds from what a person types; None for all.

    Raises:
        InputError: It is not a list of folds.

    Example:
        >>> parse_folds("5-7,9"), parse_folds("all")
        ((5, 6, 7, 9), None)
    """
    from ...labels.errors import InputError

    if text.strip() == ALL:
        return None
    folds: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if ends is None:
            raise InputError(f"`folds` is {text!r}: expected folds such as 5-9 or 5,7, or {ALL}")
        folds += range(int(ends[1]), int(ends[2] or ends[1]) + 1)
    return tuple(folds)


def _plot(found: Evaluation, path: Path) -> None:
    from ...cards.agent_plots import plot_agents
    from ...labels.errors import InputError

    try:
        plot_agents(found, path)
    except OSError as error:
        raise InputError(f"`plot`: {path} cannot be written ({error.strerror})") from error
    console.err.print(f"plot: {path}", markup=False)


def _print(found: Evaluation) -> None:
    folds = f"fold {found.folds[0]}" if len(found.folds) == 1 else f"folds {', '.join(map(str, found.folds))}"
    subset = f" (a subset: {found.samples_left_out:,} are left out)" if found.samples_left_out else ""
    title = f"\n{found.space.family}: judged on {found.samples:,} samples of {folds}{subset}"
    _print_agents(title, found.agents, found.space.cost_metric)
    _print_curves(found)
    _print_beside(found)
    _print_spending(found)
    _print_comparisons(found)
    for group in found.groups:
        name = "no value" if group.group is None else group.group
        _print_agents(f"\n{name}: {group.samples:,} samples", group.agents, found.space.cost_metric)
    _print_confidence(found)
    for warning in found.warnings:
        console.out.print(f"warning: {warning}", markup=False)


def _print_agents(title: str, agents: Sequence[AgentFigures], metric: str) -> None:
    columns = (
        "agent", "setting", "kind", "accuracy (95 %)", metric, "gain (95 %)", "to largest", "p",
        "of the oracle's saving", "agrees", "lost", "wasted",
    )  # fmt: skip
    rows = [
        (
            agent.agent,
            agent.setting,
            agent.kind,
            _share(agent.accuracy, agent.intervals.get("accuracy")),
            agent.mean_cost,
            _number(agent.gain, agent.intervals.get("gain")),
            f"{100 * agent.accuracy_difference:+.1f}",
            _p_value(agent.p_value),
            _share(agent.share_of_saving, agent.intervals.get("share_of_saving")),
            _share(agent.agreement),
            _share(agent.answers_lost),
            agent.cost_wasted,
        )
        for agent in agents
    ]
    console.print_table(title, columns, rows)


def _print_curves(found: Evaluation) -> None:
    if not found.curves:
        return
    rows = [
        (
            curve.agent,
            curve.settings,
            _number(curve.area, curve.area_interval),
            _number(curve.aiq),
            _number(curve.qnc),
            _number(curve.apgr),
            _share(curve.cpt_50),
            _share(curve.cpt_80),
        )
        for curve in found.curves
    ]
    columns = ("curve", "settings", "area (95 %)", "AIQ", "QNC", "APGR", "CPT(50%)", "CPT(80%)")
    console.print_table("\nover all settings", columns, rows)


def _print_beside(found: Evaluation) -> None:
    rows = [
        (
            agent.agent,
            agent.setting,
            "–" if agent.best_single is None else f"{agent.best_single} {_share(agent.best_single_accuracy)}",
            _share(agent.mixture_accuracy),
            _share(agent.accuracy),
            _share(agent.frontier_accuracy),
            agent.mean_cost,
            agent.frontier_cost,
        )
        for agent in found.of_kind("given")
    ]
    columns = (
        "agent", "setting", "best state", "mixture", "agent", "frontier", "its cost", "least cost",
    )  # fmt: skip
    console.print_table("\naccuracy at equal cost; cost at equal accuracy", columns, rows)


def _print_spending(found: Evaluation) -> None:
    given = [agent for agent in found.of_kind("given") if agent.spending]
    if len(given) != 1:  # a table for each of many settings would be no help; the JSON has them
        return
    rows = [
        (
            entry.state,
            _share(entry.share),
            _share(entry.exact),
            _share(entry.overspent),
            _share(entry.underspent),
            _share(entry.unsolvable),
            entry.cost_wasted,
        )
        for entry in given[0].spending
    ]
    columns = ("state", "answers", "exact", "overspent", "underspent", "no state is right", "wasted")
    console.print_table(f"\nwhere {given[0].agent} over- and underspends (% of all samples)", columns, rows)


def _print_comparisons(found: Evaluation) -> None:
    if not found.comparisons:
        return
    rows = [
        (
            pair.agent,
            pair.setting,
            pair.against,
            pair.against_setting,
            _points(pair.accuracy_difference, pair.accuracy_interval),
            _p_value(pair.p_value),
            _number(pair.cost_difference, pair.cost_interval),
        )
        for pair in found.comparisons
    ]
    columns = ("agent", "setting", "against", "setting", "points of accuracy (95 %)", "p", "cost (95 %)")
    console.print_table("\npaired differences", columns, rows)


def _print_confidence(found: Evaluation) -> None:
    if found.confidence:
        rows = [(q.state, _number(q.auroc), _number(q.ece), _number(q.aurc)) for q in found.confidence]
        console.print_table("\nquality of confidence", ("state", "AUROC", "ECE", "AURC"), rows)


def _share(value: float, found: Interval | None = None) -> str:
    text = console.percent(None if math.isnan(value) else value)
    return text if found is None else f"{text} ({100 * found.low:.1f} – {100 * found.high:.1f})"


def _points(value: float, found: Interval | None) -> str:
    text = f"{100 * value:+.1f}"
    return text if found is None else f"{text} ({100 * found.low:+.1f} – {100 * found.high:+.1f})"


def _number(value: float, found: Interval | None = None) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.4g}" if found is None else f"{value:.4g} ({found.low:.3g} – {found.high:.3g})"


def _p_value(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 1e-3 else f"{value:.3f}"
