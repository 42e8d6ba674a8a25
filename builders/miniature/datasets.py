"""The two embedded datasets, as files in the cache that the ordinary sources read.

`digits` are the handwritten digits that ship with scikit-learn: one half trains the miniatures, the other is
written as PNG files in ImageNet's folder layout. `stories` are items of `grammar` in HellaSwag's format.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ...labels.tables.parquet import atomic_file
from ..cache import cache_folder, key_of, made_once
from . import grammar

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLIT_SEED = 0
STORIES_SEED = 1_000_003
"""Seed of the items; training text has other seeds."""
N_STORIES = 1000
GREY_LEVELS = 16
"""Most that a pixel of scikit-learn's digits has."""


def load_digits() -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The digits and their split.

    Returns:
        Images (1797, 8, 8) of 0 to 255, classes (1797,), and the indices of the train and of the test half.
    """
    from sklearn import datasets

    images, classes = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(classes))
    half = len(classes) // 2
    grey = np.round(images.reshape(-1, 8, 8) * (255 / GREY_LEVELS)).astype(np.uint8)
    return grey, classes.astype(np.int64), np.sort(order[:half]), np.sort(order[half:])


def digits_folder() -> Path:
    """Folder `<class>/<index>.png` of the test half; made once."""
    content = {"digits": SPLIT_SEED, "sklearn": version("scikit-learn"), "pillow": version("pillow")}
    target = cache_folder("digits") / key_of(content)[:16]
    with made_once(target) as folder:
        if folder is not None:
            images, classes, _, test = load_digits()
            for index in test:
                file = folder / str(classes[index]) / f"digit-{index:04d}.png"
                file.parent.mkdir(exist_ok=True)
                Image.fromarray(images[index]).save(file)
    return target


def stories_file() -> Path:
    """JSON lines of the items; made once."""
    rng = Random(STORIES_SEED)
    lines = [json.dumps(grammar.make_item(rng, index)) for index in range(N_STORIES)]
    content = "\n".join(lines) + "\n"
    path = cache_folder("stories") / f"{key_of({'items': content})[:16]}.jsonl"
    if not path.exists():
        with atomic_file(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return path
