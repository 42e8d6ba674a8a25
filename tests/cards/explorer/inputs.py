"""Dataset folders for the explorer's tests, labelled from tables of random predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from adaptlabels.labels import label_predictions, write_dataset

HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "quotes \" ' ` {{style}} &amp; \\",
    "<!-- <script>",
    "\u202eעברית \u202eRTL",
    "line\u2028separator",
)
"""Names that would do harm wherever they became markup."""


def write_predictions(
    folder: Path,
    families: dict[str, list[str]],
    *,
    n_samples: int = 180,
    categories: tuple[str, ...] = ("cats", "dogs", "it's"),
    classes: tuple[str, ...] = ("tabby", "beagle", "owl", "newt"),
    samples: tuple[str, ...] = (),
    seed: int = 0,
) -> tuple[Path, Path]:
    """Tables of predictions and states: each family's states of rising cost and accuracy, with confidences."""
    rng = np.random.default_rng(seed)
    names = [*samples, *(f"s{x:04d}" for x in range(n_samples - len(samples)))]
    target = rng.integers(0, len(classes), n_samples)
    hard = rng.random(n_samples)
    rows, states = [], []
    for number, (family, members) in enumerate(families.items()):
        for place, state in enumerate(members):
            strength = 0.45 + 0.45 * (place + 1) / len(members)
            right = 0.6 * hard + 0.4 * rng.random(n_samples) < strength
            answer = np.where(right, target, (target + 1 + rng.integers(0, len(classes) - 1, n_samples)) % len(classes))
            rows.append(
                pl.DataFrame(
                    {
                        "sample_id": names,
                        "family": [family] * n_samples,
                        "state": [state] * n_samples,
                        "target": [classes[c] for c in target],
                        "prediction": [classes[c] for c in answer],
                        "confidence": np.round(np.clip(1.1 - hard + 0.2 * rng.normal(size=n_samples), 0, 1), 5),
                        "category": [categories[x % len(categories)] for x in range(n_samples)],
                    }
                )
            )
            cost = (0.7 + 0.3 * number) * 50 ** (place / len(members))
            states.append((family, state, cost, 1000 * len(members) - 7 * place + number))
    folder.mkdir(parents=True, exist_ok=True)
    pl.concat(rows).write_parquet(folder / "demo.parquet")
    pl.DataFrame(states, schema=["family", "state", "gflops", "parameters"], orient="row").write_csv(
        folder / "states.csv"
    )
    return folder / "demo.parquet", folder / "states.csv"


def label(predictions: Path, states: Path, out: Path, name: str = "Demo") -> Path:
    """What `adaptlabels label` makes of the tables, without a card."""
    found = label_predictions(predictions, states, name=name)
    return write_dataset(out, found.info, found.families).path
