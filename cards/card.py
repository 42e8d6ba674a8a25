"""The card of a dataset folder: `README.md` with the YAML that `load_dataset` and the Hub read, and the plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ..labels.report.report import report_folder
from ..labels.report.validation import not_comparable
from ..labels.tables.parquet import atomic_file
from ..labels.tables.replacing import WORK, update_folder
from . import plots, sections
from .changelog import history
from .explorer import PAGE, write_explorer
from .finding import caveats, finding, source_in_words
from .header import card_data
from .markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..labels.report.family_report import FamilyReport
    from ..labels.tables.folder import DatasetFolder

TEMPLATE = Path(__file__).parent / "templates" / "card.md"
IDEAS_OF_STATES = ("shares", "alpha", "overlap")
"""Plots that stand beside the states; the others stand beside the bounds."""


def write_card(
    folder: DatasetFolder, reports: Sequence[FamilyReport] | None = None, to: Path | None = None
) -> list[Path]:
    """Write a folder's card, plots and explorer page.

    Args:
        folder: The dataset folder, with all of its tables.
        reports: The report of each family, as `report_folder` makes it; None to make them here.
        to: Where to write; by default into the folder itself, all files or none.

    Returns:
        The files that were written.

    Raises:
        InputError: Another run is writing the folder, or it may not be written.
        TableError: A table is missing or breaks its schema.
    """
    if to is None:
        with update_folder(folder.path) as staging:
            written = write_card(folder, reports, staging)
        return [folder.path / file.relative_to(staging) for file in written]
    if reports is None:
        reports = [report_folder(folder, family) for family in folder.families]
    written = []
    for report in reports:
        written += plots.plot_family(report, to / "assets" / f"{report.space.family}.png")
    written.append(write_explorer(folder, to / PAGE))
    with atomic_file(to / "README.md") as temporary:
        temporary.write_text(render_card(folder, reports), encoding="utf-8")
    return [*written, to / "README.md"]


def render_card(
    folder: DatasetFolder,
    reports: Sequence[FamilyReport],
    *,
    place: str | None = None,
    revision: str | None = None,
    space: str | None = None,
    changelog: str | None = None,
) -> str:
    """The card as text.

    Args:
        folder: The dataset folder, with all of its tables.
        reports: The bounds of each family.
        place: Hub id that the dataset has or will have; None where it is a folder.
        revision: Tag of the version there.
        space: Hub id of the Space that shows the explorer; None where there is none.
        changelog: Text of CHANGELOG.md; None for the folder's own, where it has one.

    Raises:
        TableError: A table is missing or breaks its schema.
    """
    from huggingface_hub import DatasetCard

    info, states, first = folder.info, folder.states, folder.families[0]
    card = DatasetCard.from_template(
        card_data(folder),
        template_path=str(TEMPLATE),
        title=f"[{escape(info.title)}]({info.homepage})" if info.homepage else escape(info.title),
        findings=[finding(report) for report in reports],
        caveats=caveats(folder, reports),
        n_samples=f"{folder.tables[first].rows:,}",
        split=info.split,
        source=source_in_words(info),
        hub=f"{sections.HUB}/datasets/{place}" if place else None,
        space=f"{sections.HUB}/spaces/{space}" if space else None,
        where=place or _place(folder.path),
        joined_where=f"hub:{place}@{revision}" if place else _place(folder.path),
        revision=revision,
        history=history(_changelog(folder) if changelog is None else changelog),
        command=info.command,
        from_source=info.source == "embedded" or info.source.startswith("hub:"),
        first_family=first,
        example=_example(folder, first),
        configs="\n".join(f"| `{name}` | {table.rows:,} |" for name, table in folder.tables.items()),
        files={name: table.path.relative_to(folder.path).as_posix() for name, table in folder.tables.items()},
        has_confidence="confidence" in folder.tables[f"{first}-predictions"].columns,
        families=[_family(folder, report) for report in reports],
        device_costs=sections.device_table(states),
        skipped=sections.skipped_list(info.skipped),
        precision=sections.precision_notes(states),
        columns=[(name, about, _columns(folder, name, config)) for name, about, config in _described(folder)],
        cost_unit=sections.cost_unit(states),
        board=sections.board_table(folder.tables["agents"].frame()) if "agents" in folder.tables else "",
        made_with=sections.made_with(states),
        citation=info.citation or "",
    )
    return f"{str(card.content).rstrip()}\n"


def _family(folder: DatasetFolder, report: FamilyReport) -> dict[str, str]:
    """What the card shows of one family: its tables, and its plots by their idea."""
    name = report.space.family
    images = {
        plot.idea: f"![{escape(plot.alt)}]({plot.beside(Path('assets', f'{name}.png')).as_posix()})"
        for plot in plots.plots_of(report)
    }
    return {
        "name": escape(name),
        "states": sections.states_table(folder.family_states(name), comparable=not_comparable(folder) is None),
        "confidence": sections.confidence_table(folder.family_states(name)),
        "bounds": sections.bounds_table(folder.bounds.filter(pl.col("family") == name)),
        "first_image": images.pop(""),
        "images_of_states": "\n\n".join(images[idea] for idea in IDEAS_OF_STATES if idea in images),
        "images_of_bounds": "\n\n".join(image for idea, image in images.items() if idea not in IDEAS_OF_STATES),
    }


def _example(folder: DatasetFolder, family: str) -> str:
    names = folder.family_states(family)["state"].to_list()
    return sections.example_row(folder.tables[family].shard(0), names, folder.info.class_names)


def _described(folder: DatasetFolder) -> Iterator[tuple[str, str, str]]:
    """Tables whose columns the card explains: name, what it is, and a config that has it."""
    first = folder.families[0]
    yield "labels", " (one config per family)", first
    yield "predictions", " (`<family>-predictions`)", f"{first}-predictions"
    for name in ("states", "bounds", "agents", "classes"):
        if name in folder.tables:
            yield name, "", name


def _columns(folder: DatasetFolder, name: str, config: str) -> str:
    return sections.column_table(name, folder.tables[config].columns)


def _changelog(folder: DatasetFolder) -> str:
    path = folder.path / "CHANGELOG.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _place(path: Path) -> str:
    """Name of the dataset folder, also while it is still in its staging folder."""
    whole = path.resolve()
    return whole.parents[1].name if whole.parent.name == WORK else whole.name
