"""A small dataset folder made from a table of predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

STATES = ("tiny", "base", "huge")
ACCURACIES = (0.5, 0.7, 0.9)


def prediction_rows(n_samples: int = 60, seed: int = 0) -> pl.DataFrame:
    """Long table of `sample_id,state,target,prediction,confidence,category`."""
    rng = np.random.default_rng(seed)
    rows = []
    for x in range(n_samples):
        target = x % 4
        for state, accuracy in zip(STATES, ACCURACIES, strict=True):
            answer = target if rng.random() < accuracy else (target + 1) % 4
            rows.append((f"s{x:03d}", state, target, answer, float(rng.random()), f"g{x % 3}"))
    columns = ["sample_id", "state", "target", "prediction", "confidence", "category"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def state_rows() -> pl.DataFrame:
    """Table of `state,cost`."""
    return pl.DataFrame({"state": STATES, "cost": [1.0, 3.0, 10.0]})


def write_inputs(folder: Path, predictions: pl.DataFrame | None = None, states: pl.DataFrame | None = None):
    """CSV files of predictions and states."""
    folder.mkdir(parents=True, exist_ok=True)
    (prediction_rows() if predictions is None else predictions).write_csv(folder / "demo.csv")
    (state_rows() if states is None else states).write_csv(folder / "states.csv")
    return folder / "demo.csv", folder / "states.csv"


def agents_folder(root: Path, n_samples: int = 600):
    """A dataset folder of one family, `demo`, with enough samples for agents to learn from."""
    from adaptlabels.labels import label_predictions, write_dataset

    made = label_predictions(*write_inputs(root, prediction_rows(n_samples)))
    return write_dataset(root / "out", made.info, made.families)


def two_families(root: Path, n_samples: int = 80):
    """A dataset folder of the families `small` and `large`, whose dearest state is not the most accurate."""
    from adaptlabels.labels import label_predictions, write_dataset

    accuracies = {"tiny": 0.5, "base": 0.9, "middle": 0.7, "giant": 0.8}
    states = pl.DataFrame(
        {
            "family": ["small", "small", "large", "large"],
            "state": list(accuracies),
            "cost": [1.0, 5.0, 3.0, 20.0],
        }
    )
    rng = np.random.default_rng(0)
    rows = [
        (f"s{x:03d}", state, x % 4, x % 4 if rng.random() < accuracy - 0.1 * (x % 4) / 4 else (x + 1) % 4)
        for x in range(n_samples)
        for state, accuracy in accuracies.items()
    ]
    table = pl.DataFrame(rows, schema=["sample_id", "state", "target", "prediction"], orient="row")
    made = label_predictions(*write_inputs(root, table, states))
    return write_dataset(root / "out", made.info, made.families)


def resealed(folder):
    """A folder whose files were changed, opened with a list of checksums that fits them."""
    from adaptlabels.labels import DatasetFolder
    from adaptlabels.labels.tables.checksums import write_checksums

    write_checksums(folder.path)
    return DatasetFolder(folder.path)
