"""What a dataset folder must have before it may be published; each refusal says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...labels.report.validation import validate_folder
from ...labels.tables.origin import origin_fault
from ...labels.tables.vocabulary import API, PRETRAINED, RANDOM, TRAINED_HERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from ...labels.tables.folder import DatasetFolder

MOST_SHOWN = 3
_LACKING = {
    PRETRAINED: "its weights have no Hub id and commit; take them from the Hub, so that others can too",
    API: "it is a closed model without source and revision; give provider/model, and the version or date",
}
"""What to do about a state whose origin is not complete, by the kind of its weights."""


def refusals(folder: DatasetFolder) -> list[str]:
    """Why a folder may not be published, one line each; empty where it may.

    Refused are failed checks (also an accuracy that differs from the published one without a reason), weights that were
    trained on the spot or initialised at random, and labels whose weights, source or licence nobody can look up. Closed
    models are named by provider, model and version.
    """
    problems = validate_folder(folder)
    found = [str(problem) for problem in problems[:MOST_SHOWN]]
    if len(problems) > MOST_SHOWN:
        found.append(f"… ({len(problems)} failed checks in all; see `adaptlabels validate {folder.path}`)")
    return found or [*_refused_weights(folder.states), *_refused_source(folder)]


def _refused_weights(states: pl.DataFrame) -> Iterator[str]:
    for row in states.iter_rows(named=True):
        name = f"state {row['state']!r} of {row['family']!r}"
        if row["weights"] in (RANDOM, TRAINED_HERE):
            kind = "initialised at random" if row["weights"] == RANDOM else "trained on the spot"
            yield f"{name}: its weights were {kind}; build with published weights (a Hub id as 'source')"
        elif row["weights"] not in (PRETRAINED, API):
            yield f"{name}: its weights are not known; add the columns weights, source and revision to the states table"
        elif not row["source"] or not row["revision"]:
            yield f"{name}: {_LACKING[row['weights']]}"
        elif fault := origin_fault(row):
            yield f"{name}: {fault}"


def _refused_source(folder: DatasetFolder) -> Iterator[str]:
    info = folder.info
    if info.source.startswith("hub:") and not info.source_revision:
        yield f"the commit of the source {info.source} is not known; build the folder again"
    if not info.licence:
        yield "the labels have no licence; `adaptlabels label --licence ID` names that of the source dataset"
