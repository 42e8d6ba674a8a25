"""What `build`, `label` and `demo` print at the end: what a dataset folder holds, and how to load it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...labels.tables.folder import DatasetFolder


def print_folder(folder: DatasetFolder, *, as_json: bool) -> None:
    """Print the families of a folder, and how to load it."""
    if as_json:
        console.print_json(summary(folder))
        return
    print_summaries([folder])
    console.out.print(f"\n{folder.path}\n", markup=False)
    console.out.print(load_lines(folder), markup=False)


def summary(folder: DatasetFolder) -> dict[str, Any]:
    """What a folder holds, as plain data."""
    return {
        "folder": str(folder.path),
        "dataset": folder.info.name,
        "split": folder.split,
        "families": [_family(folder, family) for family in folder.families],
    }


def print_summaries(folders: Sequence[DatasetFolder]) -> None:
    """One table over the families of several folders."""
    rows = [
        (
            row["dataset"],
            row["family"],
            row["states"],
            row["samples"],
            f"{100 * row['lowest_accuracy']:.1f}–{100 * row['highest_accuracy']:.1f}",
            f"{100 * row['oracle_accuracy']:.1f}",
            row["gain"],
            row["iso_accuracy_gain"],
        )
        for folder in folders
        for row in summary(folder)["families"]
    ]
    columns = ("dataset", "family", "states", "samples", "accuracy %", "oracle %", "gain", "iso gain")
    console.print_table("", columns, rows)
    console.out.print(
        "\ngain: cost of always running the largest state over the oracle's mean cost;"
        " iso gain: the same at the largest state's accuracy."
    )


def load_lines(folder: DatasetFolder) -> str:
    """The Python that loads a folder's first family."""
    return (
        "from datasets import load_dataset\n"
        f'labels = load_dataset("{folder.path}", "{folder.families[0]}", split="{folder.split}")\n'
        "print(labels[0])"
    )


def _family(folder: DatasetFolder, family: str) -> dict[str, Any]:
    import polars as pl

    accuracies = folder.family_states(family)["accuracy"]
    bounds = folder.bounds.filter(pl.col("family") == family).rows_by_key("bound", named=True, unique=True)
    return {
        "dataset": folder.info.name,
        "family": family,
        "states": len(accuracies),
        "samples": folder.tables[family].rows,
        "lowest_accuracy": accuracies.min(),
        "highest_accuracy": accuracies.max(),
        "oracle_accuracy": bounds["exact"]["accuracy"],
        "gain": bounds["exact"]["gain"],
        "iso_accuracy_gain": bounds["iso-accuracy"]["gain"],
    }
