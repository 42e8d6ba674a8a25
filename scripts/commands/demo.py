"""`adaptlabels demo`: both embedded miniature datasets, through the very code that builds the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...builders.options import BuildOptions
from .. import console
from ..options import JsonOption
from ..printing import folders
from .build import build

DATASETS = ("digits", "stories")


def command(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the two dataset folders.")] = Path(
        "adaptlabels-demo"
    ),
    json: JsonOption = False,
) -> None:
    """Build both embedded datasets, offline."""
    run(out, as_json=json)


def run(out: Path, *, as_json: bool) -> None:
    """Build both datasets and print what came out.

    Raises:
        InputError: A folder holds something else.
    """
    made = [build(BuildOptions(dataset=name, out=out / name, device="cpu")) for name in DATASETS]
    if as_json:
        console.print_json({"datasets": [folders.summary(folder) for folder in made]})
        return
    folders.print_summaries(made)
    console.out.print(
        f"\nDataset folders: {', '.join(str(folder.path) for folder in made)}. To load one:\n", markup=False
    )
    console.out.print(folders.load_lines(made[0]), markup=False)
