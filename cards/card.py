"""The card of a dataset folder: `README.md` with the YAML that `load_dataset` and the Hub read, and the plots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..labels.report.leakage import fitted_to_the_judged
from ..labels.report.report import report_folder
from ..labels.tables.parquet import atomic_file
from ..labels.tables.replacing import WORK, update_folder
from ..labels.tables.types import class_label_names, features
from . import plots, sections
from .changelog import history
from .explorer import PAGE, write_explorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from huggingface_hub import DatasetCardData

    from ..labels.report.family_report import FamilyReport
    from ..labels.tables.folder import DatasetFolder
    from ..labels.tables.stored import StoredTable

TEMPLATE = Path(__file__).parent / "templates" / "card.md"
SIZE_CATEGORIES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST_CATEGORY = "1M<n<10M"


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
    changelog: str | None = None,
) -> str:
    """The card as text.

    Args:
        folder: The dataset folder, with all of its tables.
        reports: The bounds of each family, for their warnings.
        place: Hub id that the dataset has or will have; None where it is a folder.
        revision: Tag of the version there.
        changelog: Text of CHANGELOG.md; None for the folder's own, where it has one.

    Raises:
        TableError: A table is missing or breaks its schema.
    """
    from huggingface_hub import DatasetCard

    info, states, first = folder.info, folder.states, folder.families[0]
    card = DatasetCard.from_template(
        card_data(folder),
        template_path=str(TEMPLATE),
        title=f"[{sections.escape(info.title)}]({info.homepage})" if info.homepage else sections.escape(info.title),
        n_samples=f"{folder.tables[first].footer.rows:,}",
        split=info.split,
        source=sections.escape(info.source),
        warning=_warning(folder),
        plots="\n\n".join(
            f"![{sections.escape(plot.alt)}]({plot.beside(Path('assets', f'{report.space.family}.png')).as_posix()})"
            for report in reports
            for plot in plots.plots_of(report)
        ),
        where=place or _place(folder.path),
        joined_where=f"hub:{place}@{revision}" if place else _place(folder.path),
        revision=revision,
        history=history(_changelog(folder) if changelog is None else changelog),
        regenerate=sections.regenerate(info, folder.families),
        accuracy_note=sections.escape(info.accuracy_note or ""),
        from_source=info.task != "other" and not info.source.startswith("predictions:"),
        first_family=first,
        configs="\n".join(f"| `{name}` | {table.footer.rows:,} |" for name, table in folder.tables.items()),
        files={name: table.path.relative_to(folder.path).as_posix() for name, table in folder.tables.items()},
        has_confidence="confidence" in folder.tables[f"{first}-predictions"].footer.columns,
        states=sections.states_table(states),
        confidence=sections.confidence_table(states),
        bounds=sections.bounds_table(folder.bounds),
        label_columns=sections.column_table("labels", folder.tables[first].footer.columns),
        prediction_columns=sections.column_table("predictions", folder.tables[f"{first}-predictions"].footer.columns),
        device_costs=sections.device_table(states),
        skipped=sections.skipped_list(info.skipped),
        precision=sections.precision_notes(states),
        state_columns=sections.column_table("states", folder.tables["states"].footer.columns),
        bound_columns=sections.column_table("bounds", folder.tables["bounds"].footer.columns),
        class_columns=sections.column_table("classes", folder.tables["classes"].footer.columns)
        if info.has_classes
        else "",
        cost_unit=sections.cost_unit(states),
        board=sections.board_table(folder.tables["agents"].frame()) if "agents" in folder.tables else "",
        leaked=[sections.escape(said) for family in folder.families for said in fitted_to_the_judged(folder, family)],
        agent_columns=sections.column_table("agents", folder.tables["agents"].footer.columns)
        if "agents" in folder.tables
        else "",
        warnings=[sections.escape(f"{r.space.family}: {warning}") for r in reports for warning in r.warnings],
        made_with=sections.made_with(states),
        citation=info.citation or "",
    )
    return f"{str(card.content).rstrip()}\n"


def card_data(folder: DatasetFolder) -> DatasetCardData:
    """The card's YAML: what the dataset is, its configs with their files, and their features."""
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCardData

    info = folder.info
    data = DatasetCardData(
        pretty_name=f"Adaptive inference labels: {info.title}",
        license=info.licence,
        language=[info.language] if info.language else None,
        task_categories=None if info.task == "other" else [info.task],
        size_categories=[_size_category(sum(table.footer.rows for table in folder.tables.values()))],
        source_datasets=[info.source.removeprefix("hub:")] if info.source.startswith("hub:") else None,
        tags=["adaptive-inference", "dynamic-networks", "oracle", "arxiv:2402.04359"],
    )
    DatasetInfosDict(
        {name: _dataset_info(folder, name, table) for name, table in folder.tables.items()}
    ).to_dataset_card_data(data)
    MetadataConfigs(
        {
            name: {
                "data_files": [{"split": folder.split, "path": table.path.relative_to(folder.path).as_posix()}],
                **({"default": True} if name == folder.families[0] else {}),
            }
            for name, table in folder.tables.items()
        }
    ).to_dataset_card_data(data)
    return data


def _dataset_info(folder: DatasetFolder, name: str, table: StoredTable) -> Any:  # noqa: ANN401 - datasets is not typed
    from datasets import DatasetInfo, Features
    from datasets.splits import SplitDict, SplitInfo

    family = name.removesuffix("-predictions")
    names = {}
    if family in folder.families:
        names = class_label_names(folder.family_states(family)["state"].to_list(), folder.info.class_names)
    footer = table.footer
    splits = SplitDict()
    splits.add(SplitInfo(folder.split, num_bytes=footer.uncompressed_bytes, num_examples=footer.rows))
    return DatasetInfo(
        config_name=name,
        features=Features.from_dict(features(table.schema, footer.columns, names)),
        splits=splits,
        download_size=table.path.stat().st_size,
        dataset_size=footer.uncompressed_bytes,
    )


def _changelog(folder: DatasetFolder) -> str:
    path = folder.path / "CHANGELOG.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _place(path: Path) -> str:
    """Name of the dataset folder, also while it is still in its staging folder."""
    whole = path.resolve()
    return whole.parents[1].name if whole.parent.name == WORK else whole.name


def _warning(folder: DatasetFolder) -> str | None:
    kinds = set(folder.states["weights"].drop_nulls())
    if "random" in kinds:
        return "Some weights were initialised at random: these labels measure nothing and are for dry runs only."
    if "trained-here" in kinds:
        return "Some backbones are miniatures that were trained on the spot: a working example, not a benchmark."
    return None


def _size_category(rows: int) -> str:
    return next((name for limit, name in SIZE_CATEGORIES if rows < limit), LARGEST_CATEGORY)
