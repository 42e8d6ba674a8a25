"""What a card says in words: what was found, what it may not be taken for, and where the samples came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..labels.bounds.forms import FORMS
from ..labels.report.leakage import fitted_to_the_judged
from ..labels.report.validation import not_comparable
from ..labels.report.warnings import LOSS_TOLERANCE
from ..labels.tables.vocabulary import API, RANDOM, TRAINED_HERE
from .markdown import escape, percent
from .sections import HUB, MOST_LISTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..labels.report.family_report import FamilyReport
    from ..labels.tables.folder import DatasetFolder
    from ..labels.tables.info import DatasetInfo

SOURCES = {
    "embedded": "samples that ship with adaptlabels",
    "imagefolder": "a local folder of images",
    "webdataset": "local tar files of images",
    "parquet": "local parquet files",
    "jsonl": "a local file of rows",
    "predictions": "answers that were made elsewhere",
    "lm-evaluation-harness": "logs of lm-evaluation-harness",
}
"""Kinds of source, in words."""


def finding(report: FamilyReport) -> str:
    """What an ideal agent would save, as one sentence."""
    exact, equal, largest = report.find("exact"), report.find("iso-accuracy"), report.baseline
    ends = exact.gain_interval
    sure = "" if ends is None else f" (95 %: {ends.low:.3g}–{ends.high:.3g})"
    return (
        f"**{escape(report.space.family)}**: an ideal agent needs {exact.bound.gain:.3g}x less compute than"
        f" {escape(largest.state)}{sure} and is right on {percent(exact.bound.accuracy)} instead of"
        f" {percent(largest.accuracy)}; at equal accuracy it needs {equal.bound.gain:.3g}x less."
    )


def caveats(folder: DatasetFolder, reports: Sequence[FamilyReport]) -> list[str]:
    """What a reader must know before using the numbers, one line each, what matters most first."""
    info, kinds = folder.info, set(folder.states["weights"].drop_nulls())
    found = []
    if RANDOM in kinds:
        found.append("Some weights were initialised at random: these labels measure nothing and are for dry runs only.")
    if TRAINED_HERE in kinds:
        found.append("Some networks are miniatures that were trained on the spot: an example, not a benchmark.")
    if (part := not_comparable(folder)) is not None:
        found.append(f"{part}.")
    if info.accuracy_note:
        found.append(f"Accuracies differ from the published ones: {escape(info.accuracy_note)}")
    found += _closed_models(folder)
    found += [line for report in reports for line in _of_family(report)]
    found += [f"{escape(said)}." for family in folder.families for said in fitted_to_the_judged(folder, family)]
    found += [escape(note) for note in info.notes]
    return [
        *found,
        "A label says what *these* weights answered in *this* precision on *this* hardware. Another precision or device"
        " can change answers that are close to a tie.",
        "The ideal agent knows the right answer; no real one does. Its gain is a limit, not a promise.",
        "Where no state is right, the ideal agent takes the smallest state (Eq. 4 of the paper).",
    ]


def _closed_models(folder: DatasetFolder) -> Iterator[str]:
    names = folder.states.filter(folder.states["weights"] == API)["state"].to_list()
    if names:
        more = f" … ({len(names):,} in all)" if len(names) > MOST_LISTED else ""
        listed = ", ".join(escape(name) for name in names[:MOST_LISTED])
        yield f"Closed models, whose answers a provider may change or withdraw: {listed}{more}."


def _of_family(report: FamilyReport) -> Iterator[str]:
    """What is peculiar to one family."""
    space, name = report.space, escape(report.space.family)
    assert space.accuracies is not None, "a report has accuracies"
    best, exact = int(np.argmax(space.accuracies)), report.find("exact").bound
    if space.accuracies[best] > space.accuracies[-1]:
        yield (
            f"{name}: {escape(space.names[-1])} costs most, but {escape(space.names[best])} is right more often, so"
            " that gains over the former flatter."
        )
    optimistic = [
        entry.bound.bound
        for entry in report.bounds
        if not FORMS[entry.bound.bound].needs_labels
        and (not np.isfinite(entry.bound.gain) or entry.bound.mean_cost < exact.mean_cost)
    ]
    if optimistic:
        yield (
            f"{name}: {', '.join(dict.fromkeys(optimistic))} assume a correlation of errors that these labels do not"
            " have, and promise more than the ideal agent reaches. Use *exact* and *iso-accuracy*."
        )
    over = [agent for agent in report.agents if agent.loss > agent.allowed_loss + LOSS_TOLERANCE]
    if over:
        worst = max(over, key=lambda agent: agent.loss - agent.allowed_loss)
        yield (
            f"{name}: on new samples, real agents can lose more accuracy than they were fitted to lose:"
            f" {100 * worst.loss:.1f} points instead of {100 * worst.allowed_loss:.1f} ({worst.agent})."
        )


def source_in_words(info: DatasetInfo) -> str:
    """Where the samples came from.

    Example:
        >>> from adaptlabels.labels.tables.info import DatasetInfo
        >>> source_in_words(DatasetInfo("d", "D", "test", "other", ("a", "b"), "embedded"))
        'samples that ship with adaptlabels'
    """
    kind, _, name = info.source.partition(":")
    if kind == "hub":
        commit = f" at commit {info.source_revision[:8]}" if info.source_revision else ""
        return f"[{escape(name)}]({HUB}/datasets/{escape(name)}) on the Hub{commit}"
    return SOURCES.get(kind, f"answers that were made elsewhere ({escape(info.source)})")
