"""Work folders of OpenCompass: `results/<model>/<dataset>.json` with details, and `predictions/` beside it.

Forms: `OpenICLEvalTask.format_details` and the output handlers of `icl_base_inferencer` of OpenCompass 0.5.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from ..errors import InputError, TableError
from .answers import as_correct
from .files import some
from .import_options import ImportOptions
from .json_files import read_json
from .results import of_task, results_of_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .results import Results

SOURCE = "OpenCompass"
PREDICTIONS, RESULTS = "predictions", "results"
RIGHT = ("correct", "is_correct")
"""Keys of a sample's details that say whether it is right."""
LABEL = "label: "
"""How the keys of a multiple-choice sample's labels begin."""


def is_opencompass(where: Path) -> bool:
    """Whether a path is a work folder, or has some of them, by date, below it."""
    return next(_runs(where), None) is not None


def _runs(where: Path) -> Iterator[Path]:
    """Work folders, oldest first."""
    for folder in (where, *sorted(where.glob("*/"))) if where.is_dir() else ():
        if next(folder.glob(f"{PREDICTIONS}/*/*.json"), None) is not None:
            yield folder


def read_opencompass(where: Path, options: ImportOptions | None = None) -> Results:
    """Read a work folder, or the newest run of each model and dataset below a folder.

    Args:
        where: The folder.
        options: `metric` names the key of a sample's details that says who is right (`correct` by default);
            `threshold` for scores; `task`.

    Returns:
        The results; states are the models, samples are numbered. With several datasets, the dataset is the category.
        Costs are tokens, where predictions have their lengths (`dump_res_length`).

    Raises:
        InputError: There are no such files, one cannot be read, or the metric is not there.
        TableError: A file is not as OpenCompass writes it, or does not say who is right.
    """
    options = options or ImportOptions()
    newest, notes = _newest(where)
    if not newest:
        raise InputError(f"{where}: no predictions/<model>/<dataset>.json of OpenCompass there")
    frames = []
    for (model, dataset), run in of_task(newest, options.task).items():
        frame = _read(run, f"{model}/{dataset}.json", options)
        frames.append(frame.with_columns(state=pl.lit(model), category=pl.lit(dataset)))
    return results_of_tasks(pl.concat(frames), SOURCE, where, task=options.task, cost_unit="tokens", notes=notes)


def _newest(where: Path) -> tuple[dict[tuple[str, str], Path], list[str]]:
    """The newest work folder that has each model and dataset."""
    found: dict[tuple[str, str], Path] = {}
    again = []
    for run in _runs(where):
        for folder in (PREDICTIONS, RESULTS):
            for file in sorted(run.glob(f"{folder}/*/*.json")):
                key = (file.parent.name, file.stem)
                if not _is_piece(file):
                    again += [key[0]] if found.get(key, run) != run else []
                    found[key] = run
    return found, [f"Of several runs of {some(sorted(set(again)))} the newest was taken."] if again else []


def _is_piece(file: Path) -> bool:
    """Whether a file is a piece `<dataset>_<n>.json` of predictions whose results are in one file."""
    name, _, number = file.stem.rpartition("_")
    whole = file.parents[2] / RESULTS / file.parent.name / f"{name}.json"
    return file.parents[1].name == PREDICTIONS and number.isdigit() and whole.is_file()


def _read(run: Path, name: str, options: ImportOptions) -> pl.DataFrame:
    """Sample, right or wrong and tokens of one model on one dataset."""
    said = _details(run / RESULTS / name)
    logged = _predictions(run / PREDICTIONS / name)
    if said:
        file = run / RESULTS / name
        key = options.metric or next((key for key in RIGHT if key in said["0"]), RIGHT[0])
        if any(key not in each for each in said.values()):
            raise InputError(f"{file}: details without {key!r}; name the key with `metric`: {some(list(said['0']))}")
        values = [each[key] for each in said.values()]
    else:
        file = run / PREDICTIONS / name
        values = [_chosen(each, f"{file}, sample {number}") for number, each in logged.items()]
    names = list(said or logged)
    try:
        scores = pl.Series(options.metric or RIGHT[0], values)
    except TypeError as error:
        raise TableError(f"{file}: {options.metric or RIGHT[0]} is neither right nor wrong ({error})") from error
    right = as_correct(scores, options.threshold, lambda row: f"{file}, sample {names[row]}")
    costs = pl.Series([_tokens(logged.get(number, {})) for number in names], dtype=pl.Float64)
    return pl.DataFrame({"sample_id": names, "correct": right, "cost": costs})


def _details(file: Path) -> dict[str, dict[str, Any]]:
    """Details of each sample, by number; empty where the results have none."""
    found = read_json(file) if file.is_file() else {}
    details = found.get("details") if isinstance(found, dict) else None
    if isinstance(details, list):
        details = {str(number): each for number, each in enumerate(details)}
    return _samples(details or {}, file)


def _predictions(file: Path) -> dict[str, dict[str, Any]]:
    """What was logged of each sample, by number, from one file or from its pieces."""
    if file.is_file():
        return _samples(read_json(file), file)
    found: list[dict[str, Any]] = []
    number = 0
    while (piece := file.with_name(f"{file.stem}_{number}.json")).is_file():
        found += _samples(read_json(piece), piece).values()
        number += 1
    return {str(place): each for place, each in enumerate(found)}


def _samples(found: Any, file: Path) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - whatever the file holds
    """The entries that are numbered from 0; `type` and others beside them are not samples."""
    numbered = {key: each for key, each in found.items() if key.isdigit()} if isinstance(found, dict) else None
    if numbered is None or not all(isinstance(each, dict) for each in numbered.values()):
        raise TableError(f"{file}: expected samples numbered from 0, as OpenCompass writes them")
    samples = dict(sorted(numbered.items(), key=lambda item: int(item[0])))
    if list(samples) != [str(number) for number in range(len(samples))]:
        raise TableError(f"{file}: samples are not numbered from 0 without a gap")
    return samples


def _chosen(sample: dict[str, Any], place: str) -> bool:
    """Whether the most likely label is the right one; generated answers need the evaluator's word."""
    if not any(key.startswith(LABEL) for key in sample) or sample.get("gold") is None:
        raise TableError(
            f"{place}: a generated answer alone, and who is right is not said; run the evaluation with"
            " --dump-eval-details, which writes it to results/"
        )
    return str(sample.get("prediction")) == str(sample["gold"])


def _tokens(sample: dict[str, Any]) -> float | None:
    """Tokens of the prompt and of the answer; None where their lengths were not logged."""
    found = 0.0
    for key in ("all_input_length", "res_length"):
        value = sample.get(key)
        found += sum(value) if isinstance(value, list) else value or 0
    return found or None
