"""The board of a dataset folder: agents that were judged on it, each row computed from choices that lie beside it.

`choices/<family>/<agent>.parquet` holds what an agent chose, and table *agents* what follows from it. Nothing else is
kept, so whoever doubts a row computes it again.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..agents.choices import Choices, check_complete
from ..agents.matching import match_choices
from ..errors import InputError, TableError
from ..folds import JUDGED_FOLDS
from ..tables.agent_schemas import AGENTS, CHOICES, WEB_ADDRESS
from ..tables.checking import check_table
from ..tables.layout import agents_path, check_path_name, choices_path
from ..tables.parquet import write_table
from ..tables.replacing import update_folder
from ..tables.stored import StoredTable
from ..tables.types import polars_schema
from .evaluation import evaluate
from .judging import FamilyLabels, family_of, open_choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..agents.choices import Samples
    from ..tables.folder import DatasetFolder
    from ..tables.info import DatasetInfo

FIGURES = ("accuracy", "mean_cost", "gain", "accuracy_difference", "share_of_saving", "agreement", "answers_lost",
           "cost_wasted")  # fmt: skip
"""Figures of an evaluation that the board shows."""


def add_agent(
    folder: DatasetFolder,
    choices: Path | str | pl.DataFrame,
    *,
    name: str | None = None,
    url: str | None = None,
    family: str | None = None,
    cost: str | None = None,
    utilities: bool = False,
    prices: Sequence[float] = (),
) -> list[str]:
    """Put an agent on the board: its choices into `choices/`, its figures into table *agents*.

    An agent of the same name is replaced. The card shows the new row when it is written again.

    Args:
        folder: The dataset folder.
        choices: As of `evaluate`; every sample of folds 5-9 needs a choice, and others may have one.
        name: Name of the agent; by default the table's own, or the file's name.
        url: Where the agent is described.
        family: As of `evaluate`.
        cost: As of `evaluate`.
        utilities: As of `evaluate`.
        prices: As of `evaluate`.

    Returns:
        Names of the agents that were added.

    Raises:
        InputError: The choices, a name, family or metric cannot be used, or another run is writing the folder.
        TableError: The choices or a table of the folder break their rules.
    """
    frame, where, default = open_choices(choices)
    family = family or family_of([frame], folder, utilities=utilities)
    labels = FamilyLabels.read(folder, family, cost)
    samples = labels.samples(np.arange(len(labels.table)), tuple(folder.info.class_names))
    entries = match_choices(frame, samples, where=where, agent=name or default, utilities=utilities, prices=prices)
    names = list(dict.fromkeys(entry.agent for entry in entries))
    if name is not None and names != [name]:
        raise InputError(
            f"`name` is {name!r}, but {where} holds the agents {', '.join(map(repr, names))}; leave it out"
        )
    for agent in names:
        check_path_name(agent, "agent")
    if url is not None and not re.fullmatch(WEB_ADDRESS, url):
        raise InputError(f"`url` {url!r}: expected an address that begins with https:// or http://")
    _check_judged(entries, labels, where)
    metric = labels.space.cost_metric
    with update_folder(folder.path) as staging:
        for agent in names:
            own = [entry for entry in entries if entry.agent == agent]
            table = _choices_table(own, samples, url, metric)
            write_table(choices_path(staging, family, agent), table, CHOICES, {}, folder.info)
        write_board(staging, make_board(folder, added=staging), folder.info)
    return names


def make_board(folder: DatasetFolder, *, added: Path | None = None) -> pl.DataFrame:
    """Table *agents*, computed from all stored choices.

    Args:
        folder: The dataset folder.
        added: A folder with further choices, which replace those of the same agents.

    Raises:
        TableError: Choices break their rules, or name a sample or state that the labels do not have.
    """
    rows = [row for family in folder.families for file in stored_choices(folder, family, added)
            for row in _rows(folder, family, file)]  # fmt: skip
    table = pl.DataFrame(rows, schema=polars_schema(AGENTS)).fill_nan(None)
    return table.sort("family", "agent", "setting", nulls_last=False)


def write_board(path: Path, board: pl.DataFrame, info: DatasetInfo) -> None:
    """Write table *agents*.

    Raises:
        TableError: The table breaks its schema.
    """
    file = agents_path(path, info.split)
    write_table(file, check_table(board, AGENTS, str(file)), AGENTS, {}, info)


def stored_choices(folder: DatasetFolder, family: str, added: Path | None = None) -> list[Path]:
    """Files with the choices of a family's agents, by the agents' names."""
    found: dict[str, Path] = {}
    for root in (folder.path, added):
        if root is not None:
            found |= {file.stem: file for file in (root / "choices" / family).glob("*.parquet")}
    return [found[name] for name in sorted(found)]


def _check_judged(entries: Sequence[Choices], labels: FamilyLabels, where: str) -> None:
    """Every sample of the judged folds has a choice at every setting."""
    place = np.flatnonzero(np.isin(labels.fold, JUDGED_FOLDS))
    samples = labels.samples(place, ())
    new = np.full(len(labels.table), -1)
    new[place] = np.arange(len(place))
    inside = []
    for entry in entries:
        rows = new[entry.rows]
        inside.append(Choices(entry.agent, entry.setting, rows[rows >= 0], None, None, None))
    check_complete(inside, samples, where)


def _choices_table(entries: Sequence[Choices], samples: Samples, url: str | None, metric: str) -> pl.DataFrame:
    """One agent's choices as they are stored."""
    parts = []
    for entry in entries:
        columns = {
            "agent": pl.repeat(entry.agent, len(entry.rows), eager=True),
            "url": pl.repeat(url, len(entry.rows), dtype=pl.String, eager=True),
            "cost_metric": pl.repeat(metric, len(entry.rows), eager=True),
            "setting": pl.repeat(entry.setting, len(entry.rows), dtype=pl.Float64, eager=True),
            "sample_id": samples.ids.gather(entry.rows),
        }
        if entry.states is not None:
            columns["state"] = pl.Series(entry.states).replace_strict(
                range(len(samples.names)), samples.names, return_dtype=pl.String
            )
        if entry.right is not None:
            columns["correct"] = pl.Series(entry.right)
        if entry.cost is not None:
            columns["cost"] = pl.Series(entry.cost)
        parts.append(pl.DataFrame(columns))
    return pl.concat(parts)


def _rows(folder: DatasetFolder, family: str, file: Path) -> list[dict[str, object]]:
    table = StoredTable([file], CHOICES).frame()
    metric = str(table["cost_metric"][0])
    url = table["url"][0]
    try:
        found = evaluate(
            folder, table.drop("url", "cost_metric", strict=False), family=family, cost=metric, built_in=False,
            replicates=None,
        )  # fmt: skip
    except InputError as error:
        raise TableError(f"{file}: {error}; remove the file, or add the agent again") from error
    return [
        {
            "family": family, "agent": agent.agent, "setting": agent.setting, "url": url, "cost_metric": metric,
            "samples": found.samples, **{name: getattr(agent, name) for name in FIGURES},
        }
        for agent in found.of_kind("given")
    ]  # fmt: skip
