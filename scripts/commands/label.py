"""`adaptlabels label`: predictions made elsewhere → a dataset folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import finish

if TYPE_CHECKING:
    from pathlib import Path


def run(predictions: Path, out: Path, states: Path, *, name: str | None, split: str, as_json: bool) -> None:
    """Label, check, and write the folder.

    Raises:
        InputError: A table cannot be used, or the folder holds something else.
    """
    from ...labels.importers import label_predictions
    from ...labels.staging import claim_folder

    info, tables = label_predictions(predictions, states, name=name, split=split)
    claim_folder(out, info)
    folder = finish.finish_folder(out, info, tables)
    finish.report(folder, as_json=as_json)
