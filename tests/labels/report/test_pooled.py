"""Reports on pools, parts and clusters of a folder's samples."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from adaptlabels.labels import (
    DatasetFolder,
    InputError,
    bounds_by_part,
    label_predictions,
    report_family,
    report_folder,
    report_pool,
    to_json,
)
from adaptlabels.labels.tables.writing import write_labels

from ..inputs import two_families


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return two_families(tmp_path_factory.mktemp("two"))


def correct(folder, family, states):
    """Right and wrong of some states, by the table *predictions*."""
    names = folder.family_states(family)["state"].to_list()
    rows = folder.predictions(family, ["sample_id", "state", "correct"])
    wide = rows.pivot("state", index="sample_id", values="correct", maintain_order=True)
    return wide.select(str(names.index(state)) for state in states).to_numpy()


def test_a_pool_is_one_family_of_all_states(folder):
    found = report_pool(folder, replicates=50)
    assert found.space.family == "small+large"
    assert found.space.names == ("small:tiny", "large:middle", "small:base", "large:giant")
    columns = [correct(folder, *name.split(":")[:1], [name.split(":")[1]]) for name in found.space.names]
    expected = report_family(found.space, np.concatenate(columns, axis=1), replicates=50)
    assert to_json(found) == to_json(expected)


def test_a_pool_of_one_family_is_that_family(folder):
    alone = to_json(report_folder(folder, "small", replicates=20, agents=False))
    pooled = to_json(report_pool(folder, ["small"], replicates=20))
    for state in pooled["states"]:
        state["state"] = state["state"].removeprefix("small:")
    assert pooled["states"] == alone["states"]
    assert pooled["bounds"] == alone["bounds"]


def test_a_pool_says_which_samples_only_some_families_have(tmp_path):
    families = []
    for family, last in (("small", 20), ("large", 24)):
        rows = [(f"s{x}", f"{family}{i}", x % (i + 2) > 0) for x in range(last) for i in (0, 1)]
        table = pl.DataFrame(rows, schema=["sample_id", "state", "correct"], orient="row")
        table.write_csv(tmp_path / f"{family}.csv")
        states = pl.DataFrame({"state": [f"{family}0", f"{family}1"], "cost": [1.0, 3.0]})
        info, made = label_predictions(tmp_path / f"{family}.csv", states)
        families += made
    write_labels(tmp_path / "out", info, families)
    found = report_pool(DatasetFolder(tmp_path / "out"), replicates=None)
    assert (found.samples, found.left_out) == (20, {"large": ("s20", "s21", "s22", "s23")})
    assert found.warnings[0] == ("the pool leaves out 4 sample(s) of large that other families lack: s20, s21, s22, …")
    assert to_json(found)["left_out"] == {"large": ["s20", "s21", "s22", "s23"]}


def test_a_pool_whose_largest_state_is_not_the_best_says_so(folder):
    found = report_pool(folder, replicates=None)
    assert "large:giant, is less accurate than small:base, so that gains over it flatter" in found.warnings[0]
    kept = report_pool(folder, replicates=None, pareto=True)
    assert kept.space.names == ("small:tiny", "large:middle", "small:base")
    assert not any("flatter" in warning for warning in kept.warnings)


def test_parts_are_those_of_the_column_with_classes_by_name(folder):
    found = report_folder(folder, "small", by="target", replicates=30, agents=False)
    values = [folder.info.class_names[target] for target in folder.labels("small", ["target"])["target"]]
    expected = bounds_by_part(
        folder.correct("small"), found.space.costs, values, replicates=30, rng=np.random.default_rng(1)
    )
    parts = to_json(found)["parts"]
    assert [part["value"] for part in parts] == [part.value for part in expected.parts]
    assert [part["exact_gain"] for part in parts] == [part.exact.gain for part in expected.parts]
    assert [part["state"] for part in parts] == [found.space.names[part.state] for part in expected.parts]
    assert all(part["exact_gain_low"] <= part["exact_gain"] <= part["exact_gain_high"] for part in parts)
    assert to_json(found)["part_router"]["mean_cost"] == expected.router.mean_cost
    pooled = report_pool(folder, by="target", replicates=None)
    assert {part.value for part in pooled.parts.parts} == {part.value for part in expected.parts}
    assert sum(part.samples for part in pooled.parts.parts) == pooled.samples


def test_clusters_of_one_give_the_intervals_of_samples(folder):
    def width(cluster):
        report = report_folder(folder, "small", cluster=cluster, agents=False, replicates=2000)
        interval = report.find("exact").gain_interval
        return interval.high - interval.low

    assert width("sample_id") == pytest.approx(width(None), rel=0.15)
    assert width("target") != pytest.approx(width(None), rel=0.15)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "colour"}, "`by`: the labels of family 'small' have no column 'colour', only sample_id, target"),
        ({"cluster": "colour"}, "`cluster`: the labels of family 'small' have no column 'colour'"),
        ({"by": "correct"}, "`by`: column 'correct' holds lists"),
        ({"by": "sample_id"}, "column 'sample_id' of family 'small' has another value in every row"),
    ],
)
def test_columns_that_part_nothing_are_refused(folder, options, message):
    with pytest.raises(InputError, match=message):
        report_folder(folder, "small", agents=False, replicates=None, **options)
