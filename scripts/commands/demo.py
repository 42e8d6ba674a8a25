"""`adaptlabels demo`: real answers on ImageNet, then two small datasets through the code that builds the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...builders.build_options import BuildOptions
from .. import console
from ..options import JsonOption
from ..printing import folders
from .build import build

if TYPE_CHECKING:
    from ...labels.tables.folder import DatasetFolder

IMAGENET = "imagenet-tv"
MINIATURES = ("digits", "stories")
THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9)
"""Settings of the cascades on ImageNet's board."""


def command(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the dataset folders.")] = Path(
        "adaptlabels-demo"
    ),
    json: JsonOption = False,
) -> None:
    """Label real answers on ImageNet and build both embedded datasets, offline."""
    run(out, as_json=json)


def run(out: Path, *, as_json: bool) -> None:
    """Make the three datasets and print what came out.

    Raises:
        InputError: A folder holds something else.
    """
    made = [label_imagenet(out / IMAGENET), *build_miniatures(out)]
    if as_json:
        console.print_json({"datasets": [folders.summary(folder) for folder in made]})
        return
    folders.print_summaries(made)
    console.out.print(
        f"\nDataset folders: {', '.join(str(folder.path) for folder in made)}. To load one:\n", markup=False
    )
    console.out.print(folders.load_lines(made[0]), markup=False)


def label_imagenet(out: Path) -> DatasetFolder:
    """Label the packaged answers of nine torchvision models, with a cascade of each family on the board.

    Raises:
        InputError: The folder holds something else.
    """
    from ...cards import write_card
    from ...labels import DatasetFolder, add_agent, confidence_cascade, label_results, write_dataset
    from ...labels.importers.imagenet_tv import NOTES, imagenet_tv

    console.err.print("ImageNet: 9 torchvision models on 50,000 images, from answers that ship with the package")
    for note in NOTES:
        console.err.print(note, style="dim", markup=False)
    made = label_results(imagenet_tv(), split="validation")
    folder = write_dataset(out, made.info, made.families)
    for family in folder.families:
        ids = folder.labels(family, ["sample_id"])["sample_id"]
        states = folder.family_states(family)["state"].to_list()
        choices = confidence_cascade(ids.to_list(), states, folder.confidence(family), THRESHOLDS)
        add_agent(folder, choices, name="cascade", family=family)
    folder = DatasetFolder(out)
    write_card(folder)
    return folder


def build_miniatures(out: Path) -> list[DatasetFolder]:
    """Build both embedded datasets.

    Raises:
        InputError: A folder holds something else.
    """
    return [build(BuildOptions(dataset=name, out=out / name, device="cpu")) for name in MINIATURES]
