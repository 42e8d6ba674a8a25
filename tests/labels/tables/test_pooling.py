"""A pool written as a family of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import (
    DatasetFolder,
    FamilyTables,
    InputError,
    label_predictions,
    report_folder,
    report_pool,
    to_json,
    write_dataset,
)
from adaptlabels.labels.tables.pooling import pool_tables
from adaptlabels.labels.tables.shards import Shard
from adaptlabels.labels.tables.writing import write_labels

from ..inputs import two_families


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What `two_families` writes, once more before it is written."""
    root = tmp_path_factory.mktemp("two")
    two_families(root)
    return label_predictions(root / "demo.csv", root / "states.csv")


def test_a_stored_pool_has_the_figures_of_the_pool_of_its_families(made, tmp_path):
    folder = write_dataset(tmp_path / "out", made.info, [*made.families, pool_tables(made.families)])
    assert folder.families == ["small", "large", "small+large"]
    stored = to_json(report_folder(folder, "small+large", replicates=20, agents=False))
    assert stored == to_json(report_pool(folder, replicates=20))


def test_samples_that_a_family_lacks_are_not_in_the_pool(made, tmp_path):
    small, large = made.families
    fewer = large.labels["sample_id"][10:].implode()
    large = FamilyTables(
        large.states,
        [Shard(*(frame.filter(pl.col("sample_id").is_in(fewer)) for frame in (large.labels, large.predictions)))],
    )
    pool = pool_tables([small, large])
    assert pool.labels["sample_id"].to_list() == small.labels["sample_id"].to_list()[10:]
    write_labels(tmp_path / "out", made.info, [small, large, pool])
    folder = DatasetFolder(tmp_path / "out")
    np.testing.assert_array_equal(folder.correct("small+large")[:, [0, 2]], folder.correct("small")[10:])
    np.testing.assert_array_equal(folder.correct("small+large")[:, [1, 3]], folder.correct("large"))


def test_what_makes_no_pool_is_refused(made):
    small, large = made.families
    with pytest.raises(InputError, match="`pool`: 1 family is labelled here; a pool needs two"):
        pool_tables([small])
    renamed = Shard(large.labels.with_columns(pl.col("sample_id") + "x"), large.predictions)
    other = FamilyTables(large.states, [renamed])
    with pytest.raises(InputError, match="no sample is common"):
        pool_tables([small, other])
    units = [
        replace(tables, states=tables.states.with_columns(cost_unit=pl.lit(unit)))
        for tables, unit in ((small, "usd"), (large, "tokens"))
    ]
    with pytest.raises(InputError, match=r"costs are in several units \(usd, tokens\)"):
        pool_tables(units)
    unknown = replace(large, states=large.states.with_columns(cost=pl.lit(None, pl.Float64)))
    with pytest.raises(InputError, match="no cost metric in common"):
        pool_tables([small, unknown])
