"""The answers of nine torchvision models on ImageNet's validation images, which ship with the package.

Real top-1 answers of five ResNets and four DenseNets (weights of 2018) on all 50,000 images, with the probability that
each gave its answer, from the arrays of cgnorthcutt/benchmarking-keras-pytorch at 74df938 (MIT, see
`data/imagenet_tv/LICENSE`). The ResNets' accuracies lie 1 to 1.5 points below the published
ones, the DenseNets' up to 0.5, as images were prepared otherwise.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import polars as pl

from ..errors import InputError
from .real_targets import with_real_targets
from .results import Results

if TYPE_CHECKING:
    from pathlib import Path

    from .import_options import ImportOptions

NAME = "imagenet-tv"
"""Name of the benchmark."""
DATA = resources.files(__package__) / "data" / "imagenet_tv"
"""What ships with the package."""
PROBABILITY = "|probability"
"""What follows a model's name in the column of its probabilities (four decimals, float16 at the source)."""
NOTES = (
    "Answers of torchvision's weights of 2018, published by cgnorthcutt/benchmarking-keras-pytorch (MIT).",
    "ResNets' accuracies lie 1 to 1.5 points below the published ones, as images were prepared otherwise.",
    "Costs are those of timm's architectures of the same names at 224 x 224, two operations per multiply-add.",
)


def is_imagenet_tv(where: Path) -> bool:
    """Whether a path is the name of the packaged answers, and not a file or folder of that name."""
    return str(where) == NAME and not where.exists()


def read_imagenet_tv(where: Path, options: ImportOptions | None = None) -> Results:
    """The packaged answers as a format: `adaptlabels label imagenet-tv OUT`.

    Args:
        where: The name.
        options: `targets`, the ReaL labels, in place of ImageNet's own.

    Raises:
        InputError: It is another name, or the targets cannot be read.
        TableError: As of `imagenet_tv`.
    """
    if not is_imagenet_tv(where):
        raise InputError(f"{where}: the packaged answers are called {NAME!r}; give this name in place of a file")
    return imagenet_tv(None if options is None else options.targets)


def imagenet_tv(targets: Path | None = None) -> Results:
    """The packaged answers, as families `resnet` and `densenet`.

    Args:
        targets: The ReaL labels (see `real_targets`), several right classes for each image; by default ImageNet's own.

    Returns:
        50,000 samples x 9 states with targets, predictions and confidences; the class is the category. `states` has
        source, parameters, gflops (counted once on the meta device) and the published accuracies.

    Raises:
        InputError: The targets cannot be read.
        TableError: They are not as they should be, or lack an image.

    Example:
        >>> imagenet_tv().rows["family"].unique().sort().to_list()
        ['densenet', 'resnet']
    """
    with resources.as_file(DATA) as found:
        wide = pl.read_parquet(found / "predictions.parquet")
        states = pl.read_csv(found / "states.csv")
    classes = imagenet_classes()
    target = wide["target"].cast(pl.Int64)
    about = wide.select("sample_id", target=target, category=classes["name"].gather(target))
    families = dict(zip(states["state"], states["family"], strict=True))
    rows = pl.concat(
        about.with_columns(
            state=pl.lit(state),
            family=pl.lit(family),
            prediction=wide[state].cast(pl.Int64),
            confidence=wide[f"{state}{PROBABILITY}"],
        )
        for state, family in families.items()
    ).with_columns(correct=pl.col("prediction") == pl.col("target"))
    notes: tuple[str, ...] = NOTES
    if targets is not None:
        rows, left_out = with_real_targets(rows, targets)
        rows = rows.with_columns(category=classes["name"].gather(rows["target"]))
        notes = (*NOTES, *left_out)
        states = states.drop("reference_accuracy")  # published for ImageNet's own targets
    return Results.create(
        NAME,
        rows,
        "torchvision's models, by cgnorthcutt/benchmarking-keras-pytorch",
        where=NAME,
        task="image-classification",
        class_names=classes["name"].to_list(),
        class_ids=classes["id"].to_list(),
        states=states,
        licence="mit",
        notes=notes,
    )


def imagenet_classes() -> pl.DataFrame:
    """The classes of ImageNet-1k in order: `id`, the synset, and `name`, what people call it.

    Example:
        >>> imagenet_classes().row(0)
        ('n01440764', 'tench')
    """
    return pl.read_csv((DATA / "classes.csv").read_bytes())
