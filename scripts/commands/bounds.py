"""`adaptlabels bounds`: what adaptation can save, from labels or from published numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import console
from ..options import FamiliesOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.bounds.interval import Interval
    from ...labels.bounds.states import StateSpace
    from ...labels.report.results import FamilyReport, SelectionResult

PLOT_KINDS = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class BoundsOptions:
    """What the user asked for."""

    where: str
    """A dataset folder, `hub:org/name[@version]`, or a CSV of published numbers."""
    families: tuple[str, ...] = ()
    """Names of families; empty for all."""
    cost: str | None = None
    """Cost metric; None for the folder's own."""
    alphas: tuple[float, ...] = ()
    """Error correlations for further constant-alpha bounds."""
    overhead: tuple[float, float] | None = None
    """`b0` and `b1` of a decision's cost."""
    select: int | None = None
    """Only the best selection of this size."""
    pareto: bool = False
    """Leave dominated states out."""
    replicates: int | None = 1000
    """Bootstrap replicates; None for no intervals."""
    agents: bool = True
    """Fit real agents."""
    sample_costs: bool = False
    """Take each sample's own costs."""
    plot: Path | None = None
    """Plot to write."""


def command(
    where: Annotated[
        str,
        typer.Argument(
            metavar="WHERE",
            help="A dataset folder, hub:org/name[@version], or a CSV of state,cost,accuracy.",
            show_default=False,
        ),
    ],
    families: FamiliesOption = None,
    cost: Annotated[
        str | None, typer.Option(metavar="METRIC", help="Cost column of states; gflops by default.")
    ] = None,
    alphas: Annotated[
        list[float] | None,
        typer.Option(
            "--alpha", metavar="X", help="Add a constant-alpha bound with this error correlation; repeatable."
        ),
    ] = None,
    overhead: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="B0 B1",
            help="A decision costs b0 + b1 R, b0 in the unit of the costs: adds the gains after it and the break-even.",
        ),
    ] = None,
    select: Annotated[
        int | None, typer.Option(metavar="K", help="Show the best K states only, not those of every size.")
    ] = None,
    pareto: Annotated[bool, typer.Option("--pareto", help="Leave out dominated states.")] = False,
    replicates: Annotated[
        int, typer.Option("--bootstrap", metavar="B", min=0, help="Bootstrap replicates for the intervals; 0 for none.")
    ] = 1000,
    agents: Annotated[bool, typer.Option(help="Also fit real agents to the labels.")] = True,
    sample_costs: Annotated[
        bool,
        typer.Option("--sample-costs", help="Exact and iso-accuracy bounds by each sample's own GFLOPs (language)."),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a plot (png, svg or pdf); several families: one file each."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compute what adaptation can save.

    From labels: exact, with intervals. From published numbers: the paper's closed forms.
    """
    run(
        BoundsOptions(
            where=where,
            families=tuple(families or ()),
            cost=cost,
            alphas=tuple(alphas or ()),
            overhead=overhead,
            select=select,
            pareto=pareto,
            replicates=replicates or None,
            agents=agents,
            sample_costs=sample_costs,
            plot=plot,
        ),
        as_json=json,
    )


def run(options: BoundsOptions, *, as_json: bool) -> None:
    """Print the bounds of every family that was asked for, and plot them.

    Raises:
        InputError: The folder, file, family, metric or another option cannot be used.
    """
    from ...labels import InputError, to_json

    if options.plot is not None and options.plot.suffix not in PLOT_KINDS:
        raise InputError(f"`plot` is {options.plot}: expected a name that ends in {', '.join(PLOT_KINDS)}")
    reports = make_reports(options)
    if options.plot is not None:
        _plot(reports, options.plot)
    if as_json:
        console.print_json({"families": [to_json(report) for report in reports]})
        return
    for report in reports:
        _print(report)


def make_reports(options: BoundsOptions) -> list[FamilyReport]:
    """One report for each family, with what the user asked for.

    Raises:
        InputError: The folder, file, family or metric does not exist or cannot be used.
    """
    reports = _published_reports(options) if Path(options.where).is_file() else _folder_reports(options)
    if options.overhead is not None:
        b0, b1 = options.overhead
        reports = [report.with_overhead(b0, b1) for report in reports]
    if options.select is not None:
        reports = [report.with_selection_of(options.select) for report in reports]
    return reports


def _published_reports(options: BoundsOptions) -> list[FamilyReport]:
    from ...labels import InputError, read_published, report_family

    if options.cost is not None:
        raise InputError(f"`cost` is {options.cost!r}: a table of published numbers has one cost; leave it out")
    if options.sample_costs:
        raise InputError("`sample_costs`: a table of published numbers has no samples")
    spaces = read_published(Path(options.where))
    chosen = _chosen(options, list(spaces))
    return [report_family(_kept(spaces[name], pareto=options.pareto), alphas=options.alphas) for name in chosen]


def _folder_reports(options: BoundsOptions) -> list[FamilyReport]:
    from ...labels import open_folder, report_folder

    folder = open_folder(options.where)
    return [
        report_folder(
            folder,
            name,
            cost=options.cost,
            pareto=options.pareto,
            alphas=options.alphas,
            replicates=options.replicates,
            agents=options.agents,
            sample_costs=options.sample_costs,
        )
        for name in _chosen(options, folder.families)
    ]


def _kept(space: StateSpace, *, pareto: bool) -> StateSpace:
    return space.without_dominated() if pareto else space


def _chosen(options: BoundsOptions, known: list[str]) -> Sequence[str]:
    from ...labels.errors import InputError

    for name in options.families:
        if name not in known:
            raise InputError(f"`families`: {name!r} is unknown; {options.where} has {', '.join(known)}")
    return options.families or known


def _plot(reports: Sequence[FamilyReport], path: Path) -> None:
    from ...cards import plot_family
    from ...labels import InputError

    for report in reports:
        name = report.space.family.replace("/", "_")
        target = path if len(reports) == 1 else path.with_name(f"{path.stem}-{name}{path.suffix}")
        try:
            plot_family(report, target)
        except OSError as error:
            raise InputError(f"`plot`: {target} cannot be written ({error.strerror})") from error
        console.err.print(f"plot: {target}", markup=False)


def _print(report: FamilyReport) -> None:
    samples = ", published numbers" if report.samples is None else f", {report.samples:,} samples"
    states = [
        (
            state.state,
            state.cost,
            console.percent(state.accuracy),
            _with_interval(state.alpha, state.alpha_interval),
            console.percent(state.oracle_share),
        )
        for state in report.states
    ]
    title = f"\n{report.space.family}{samples}"
    console.print_table(title, ("state", report.space.cost_metric, "accuracy", "alpha", "oracle takes"), states)
    _print_bounds(report)
    _print_selection(report, report.selection)
    _print_selection(report, report.selection_iso_accuracy)
    _print_agents(report)
    for warning in report.warnings:
        console.out.print(f"warning: {warning}", markup=False)


def _print_bounds(report: FamilyReport) -> None:
    columns = ["bound", "alpha", "accuracy", "mean cost", "gain (95 %)"]
    rows: list[list[object]] = [
        [
            entry.bound.bound,
            entry.bound.alpha,
            console.percent(entry.bound.accuracy),
            entry.bound.mean_cost,
            _with_interval(entry.bound.gain, entry.gain_interval),
        ]
        for entry in report.bounds
    ]
    if report.decision_cost is not None:
        columns += ["with overhead", "break-even b0"]
        for row, entry in zip(rows, report.bounds, strict=True):
            row.extend([None] * 2 if entry.overhead is None else [entry.overhead.gain, entry.overhead.break_even])
    console.print_table("", columns, rows)
    if report.sample_costs:
        console.out.print("exact and iso-accuracy by each sample's own GFLOPs, the rest by the states' means")


def _print_selection(report: FamilyReport, found: Sequence[SelectionResult]) -> None:
    """The best states of every size, and the fewest that keep most of the gain."""
    from ...labels.bounds.growing import KEPT_SHARE

    if not found:
        return
    chosen = [entry.selection for entry in found]
    rows = [
        (
            entry.selection.k,
            _with_interval(entry.selection.gain, entry.gain_interval),
            console.percent(entry.selection.share_of_full_gain),
            ", ".join(report.space.names[i] for i in entry.selection.indices),
        )
        for entry in found
    ]
    console.print_table(
        f"\nbest states by {chosen[0].bound} gain", ("k", "gain (95 %)", "of full gain", "states"), rows
    )
    enough = next((selection for selection in chosen if selection.share_of_full_gain >= KEPT_SHARE), None)
    if enough is not None:
        console.out.print(f"{enough.k} states keep {KEPT_SHARE:.0%} of the gain")
    greedy = [selection.k for selection in chosen if selection.method == "greedy"]
    if greedy:
        console.out.print(f"k = {greedy[0]} to {greedy[-1]} were searched greedily: there may be better ones")


def _print_agents(report: FamilyReport) -> None:
    if not report.agents:
        return
    rows = [
        (
            agent.agent,
            f"{100 * agent.allowed_loss:.1f}",
            f"{100 * agent.loss:.1f}",
            console.percent(agent.accuracy),
            agent.mean_cost,
            report.baseline.cost / agent.mean_cost,
            _share_with_interval(agent.share_of_saving, agent.share_interval),
        )
        for agent in report.agents
    ]
    columns = ("agent", "points to lose", "points lost", "accuracy", "mean cost", "gain", "of the oracle's saving")
    first = report.agents[0]
    title = f"\nreal agents, learned from {first.learned_from:,} samples, judged on {first.judged_on:,} others"
    console.print_table(title, columns, rows)


def _share_with_interval(share: float, found: Interval | None) -> str:
    text = console.percent(None if math.isnan(share) else share)
    return text if found is None else f"{text} ({100 * found.low:.0f} – {100 * found.high:.0f})"


def _with_interval(value: float | None, found: Interval | None) -> str:
    if value is None or math.isnan(value):
        return "–"
    return f"{value:.4g}" if found is None else f"{value:.4g} ({found.low:.3g} – {found.high:.3g})"
