"""A dataset folder, read: each column of each table once, when it is needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..bounds.states import StateSpace
from ..errors import InputError, TableError
from .checksums import CHECKSUMS, read_checksums
from .costs import cost_metric, default_cost_metric
from .layout import agents_path, find_shards, find_states, labels_place, predictions_place
from .lists import matrix
from .replacing import finish_replacement
from .shards import StoredShards
from .stored import StoredTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandera.polars as pa
    from numpy.typing import NDArray

    from .info import DatasetInfo
    from .shards import Shards
    from .stored_file import StoredFile


class DatasetFolder:
    """The tables of one benchmark split on disk.

    Example:
        >>> DatasetFolder("nowhere")
        Traceback (most recent call last):
        adaptlabels.labels.errors.InputError: nowhere: no such dataset folder
    """

    def __init__(self, path: Path | str) -> None:
        """Open a folder.

        Args:
            path: The folder.

        Raises:
            InputError: The folder does not exist, holds no table *states*, or is being replaced by another run.
        """
        from pathlib import Path

        self.path = Path(path)
        finish_replacement(self.path)
        states = find_states(self.path)
        # Only now, as pandera is slow to load: a missing folder is told at once.
        from .schemas import STATES

        self.split = states.stem
        listed = read_checksums(self.path) if (self.path / CHECKSUMS).is_file() else {}
        self._listed = {self.path / name: digest for name, digest in listed.items()}
        self._states = self._table([self.states_path], STATES, whole=True)

    @cached_property
    def info(self) -> DatasetInfo:
        """The benchmark."""
        return self._states.info

    @property
    def states_path(self) -> Path:
        """File of table *states*."""
        return self.path / "states" / f"{self.split}.parquet"

    @property
    def bounds_path(self) -> Path:
        """File of table *bounds*."""
        return self.path / "bounds" / f"{self.split}.parquet"

    @property
    def classes_path(self) -> Path:
        """File of table *classes*, which image datasets have."""
        return self.path / "classes" / f"{self.split}.parquet"

    def labels_path(self, family: str) -> Path:
        """First file of a family's table *labels*, by which messages name the table."""
        return find_shards(labels_place(self.path, family), self.split)[0]

    def predictions_path(self, family: str) -> Path:
        """First file of a family's table *predictions*, by which messages name the table."""
        return find_shards(predictions_place(self.path, family), self.split)[0]

    @property
    def tables(self) -> dict[str, StoredTable]:
        """All tables by the names of their configs: `<family>`, `<family>-predictions`, `states` and so on."""
        path = agents_path(self.path, self.split)
        if "agents" not in self._tables and path.is_file():  # it may be written after the others were read
            from .agent_schemas import AGENTS

            self._tables["agents"] = self._table([path], AGENTS, whole=True)
        return self._tables

    @cached_property
    def _tables(self) -> dict[str, StoredTable]:
        from .schemas import BOUNDS_TABLE, CLASSES, LABELS, PREDICTIONS

        tables: dict[str, StoredTable] = {}
        for family in self.families:
            shards = find_shards(labels_place(self.path, family), self.split)
            tables[family] = self._table(shards, LABELS)
            # By far the largest table: read again rather than held.
            shards = find_shards(predictions_place(self.path, family), self.split)
            tables[f"{family}-predictions"] = self._table(shards, PREDICTIONS, keep=False)
        tables |= {"states": self._states, "bounds": self._table([self.bounds_path], BOUNDS_TABLE, whole=True)}
        if self.info.has_classes:
            tables["classes"] = self._table([self.classes_path], CLASSES, whole=True)
        return tables

    @property
    def files(self) -> list[StoredFile]:
        """The files of all tables."""
        return [file for table in self.tables.values() for file in table.files]

    def _table(
        self, paths: Sequence[Path], schema: pa.DataFrameSchema, *, keep: bool = True, whole: bool = False
    ) -> StoredTable:
        return StoredTable(paths, schema, keep=keep, whole=whole, listed=self._listed)

    @cached_property
    def states(self) -> pl.DataFrame:
        """Table *states*, in order of family and index.

        Raises:
            TableError: The table breaks its schema.
        """
        return self._states.frame()

    @cached_property
    def bounds(self) -> pl.DataFrame:
        """Table *bounds*.

        Raises:
            TableError: The table is missing or breaks its schema.
        """
        return self.tables["bounds"].frame()

    @cached_property
    def families(self) -> list[str]:
        """Names of the families, as table *states* has them."""
        return self.states["family"].unique(maintain_order=True).to_list()

    def labels(self, family: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """A family's table *labels*.

        Args:
            family: Name of the family.
            columns: The columns that are needed; None for all.

        Raises:
            InputError: There is no such family.
            TableError: The table is missing or breaks its schema.
        """
        return self.tables[self.known(family)].frame(columns)

    def predictions(self, family: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """A family's table *predictions*, read from the file at every call.

        Args:
            family: Name of the family.
            columns: The columns that are needed; None for all.

        Raises:
            InputError: There is no such family.
            TableError: The table is missing or breaks its schema.
        """
        return self.tables[f"{self.known(family)}-predictions"].frame(columns)

    def shards(self, family: str) -> Shards:
        """A family's tables *labels* and *predictions*, shard by shard.

        Raises:
            InputError: There is no such family.
            TableError: A table is missing or breaks its schema, or the two have not the same number of files.
        """
        labels, predictions = self.tables[self.known(family)], self.tables[f"{family}-predictions"]
        if len(labels.files) != len(predictions.files):
            count = f"comes in {len(predictions.files)} files, the labels in {len(labels.files)}"
            raise TableError(f"{predictions.path}: {count}")
        return StoredShards(labels, predictions)

    def family_states(self, family: str) -> pl.DataFrame:
        """A family's rows of table *states*, in order of index.

        Raises:
            InputError: There is no such family.
        """
        return self.states.filter(pl.col("family") == self.known(family)).sort("index")

    def state_space(self, family: str, cost: str | None = None) -> StateSpace:
        """A family's states with their costs and accuracies.

        Args:
            family: Name of the family.
            cost: Column of *states* to take as cost; by default `gflops`, or `cost` where there are none.

        Raises:
            InputError: There is no such family, or the metric is not known for all of its states.
        """
        states = self.family_states(family)
        metric = cost_metric(states, cost, self.states_path)
        return StateSpace.create(
            states["state"].to_list(),
            states[metric].cast(pl.Float64).to_numpy(),
            states["accuracy"].to_numpy(),
            family=family,
            cost_metric=metric,
        )

    def correct(self, family: str) -> NDArray[np.bool_]:
        """Which states are right (n_samples, n_states), states in order of index.

        Raises:
            InputError: There is no such family.
            TableError: The table is missing or breaks its schema, or its lists differ in length.
        """
        table = self.tables[self.known(family)]
        return np.concatenate([matrix(shard, "correct", str(table.path)) for shard in table.shards(["correct"])])

    def confidence(self, family: str, every: int = 1) -> NDArray[np.float64]:
        """Probability that each state gives its answer (n_samples, n_states); not a number where unknown.

        Args:
            family: Name of the family.
            every: Take every n-th sample, from the first on.

        Raises:
            InputError: There is no such family.
            TableError: The table is missing or breaks its schema, or its lists differ in length.
        """
        table, found, first = self.tables[self.known(family)], [], 0
        for shard in table.shards(["confidence"]):
            if shard["confidence"].null_count():
                return np.full((-(-table.rows // every), len(self.family_states(family))), np.nan)
            taken = shard.gather_every(every, -first % every)
            found.append(matrix(taken, "confidence", str(table.path)).astype(np.float64, copy=False))
            first += len(shard)
        return np.concatenate(found)

    def sample_costs(self, family: str) -> NDArray[np.float64]:
        """Cost of each sample under each state (n_samples, n_states), in the order of the labels.

        Raises:
            InputError: There is no such family, or its samples have no costs of their own.
            TableError: A table is missing or breaks its schema.
        """
        table = self.tables[f"{self.known(family)}-predictions"]
        metric = default_cost_metric(self.family_states(family))
        if metric not in table.columns:
            raise InputError(f"{table.path}: samples have no {metric!r} of their own, only states have")
        rows = table.frame(["sample_id", "state", metric])
        wide = rows.pivot("state", index="sample_id", values=metric, maintain_order=True)
        ordered = self.labels(family, ["sample_id"]).join(wide, on="sample_id", how="left", maintain_order="left")
        return ordered.select(map(str, range(len(self.family_states(family))))).to_numpy()

    def outputs(self, family: str, index: int, every: int = 1) -> NDArray[np.float64]:
        """What one state outputs, as far as it is known: confidence, margin, entropy, scores from the highest down.

        Args:
            family: Name of the family.
            index: Place of the state in order of cost.
            every: As of `confidence`.

        Returns:
            (n_samples, n_features); zeros where nothing is known.

        Raises:
            InputError: There is no such family.
            TableError: A table is missing or breaks its schema.
        """
        summary = ("confidence", "margin", "entropy")
        table = self.tables[f"{self.known(family)}-predictions"]
        samples = self.labels(family, ["sample_id"]).gather_every(every)
        columns = ("sample_id", "state", *summary, "scores")
        rows = table.rows_where(pl.col("state") == index, columns, samples if every > 1 else None)
        rows = samples.join(rows, on="sample_id", how="left", maintain_order="left")
        found = [rows[column].to_numpy().astype(np.float64) for column in summary if rows[column].null_count() == 0]
        if rows["scores"].null_count() == 0 and rows["scores"].list.len().n_unique() == 1:
            scores = np.array(rows["scores"].to_list(), dtype=np.float64)
            found += list(np.sort(scores, axis=1)[:, ::-1].T)
        return np.stack(found, axis=1) if found else np.zeros((len(rows), 1))

    def known(self, family: str) -> str:
        """The name, if the folder has such a family.

        Raises:
            InputError: It has not.
        """
        if family not in self.families:
            raise InputError(f"{self.path}: no family {family!r}; there are {', '.join(self.families)}")
        return family
