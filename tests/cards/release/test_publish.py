"""Publishing over a Hub on loopback, with the real clients; what is patched is nothing."""

from __future__ import annotations

import json
import shutil
import time

import polars as pl
import pytest
import yaml
from adaptlabels.cards.changelog import entries
from adaptlabels.cards.release.viewer import check_viewer
from adaptlabels.labels import DatasetFolder
from adaptlabels.scripts.commands.label import run

from ... import program
from ...conftest import made_once
from ...hub import Hub, Repository, online, running
from ...labels.inputs import prediction_rows, write_inputs
from .publish_under_failures import publish_under_failures

TOKEN = "hf_secretsecretsecret"
READER = "hf_readeronlyreader"
NAME = "org/labels"


def make_folder(place, rows=None, **changes):
    """A folder that may be published: predictions made elsewhere, of weights that can be looked up."""
    predictions, states = write_inputs(place, rows)
    table = pl.read_csv(states).with_columns(
        weights=pl.lit("pretrained"), source="org/" + pl.col("state"), revision=pl.lit("a" * 40)
    )
    table.with_columns(**changes).write_csv(states)
    run(
        predictions, place / "out", states, form="table", families=None, name="demo", split="test", licence="mit",
        as_json=True,
    )  # fmt: skip
    return place / "out"


@pytest.fixture(scope="session")
def publishable(tmp_path_factory):
    return made_once(tmp_path_factory, "publishable", make_folder) / "out"


@pytest.fixture
def folder(publishable, tmp_path):
    """A copy of what `make_folder` makes, as publishing changes its card."""
    return shutil.copytree(publishable, tmp_path / "out")


def adaptlabels(hub, home, *arguments, token=TOKEN):
    return program.adaptlabels(*arguments, environment=online(hub, home, token))


def python(hub, home, code, token=TOKEN):
    done = program.python(code, online(hub, home, token))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def hub():
    served = Hub()
    served.tokens = {TOKEN: True, READER: False}
    with running(served):
        yield served


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def published(hub, name=NAME):
    """What a Hub holds of a dataset: titles of its commits, its tags' contents."""
    repository = hub.repositories[name]
    titles = [commit.title for commit in repository.commits]
    return titles, {tag: repository.find(oid).files for tag, oid in repository.tags.items()}


def flipped(rows, count):
    """The same predictions, but the first samples of state `tiny` answer otherwise."""
    first = rows["sample_id"].unique(maintain_order=True).head(count)
    here = pl.col("sample_id").is_in(first.implode()) & (pl.col("state") == "tiny")
    return rows.with_columns(prediction=pl.when(here).then((pl.col("prediction") + 1) % 4).otherwise("prediction"))


def test_two_versions_are_published_and_each_loads_by_its_tag(hub, home, folder, tmp_path):
    done = adaptlabels(hub, home, "publish", folder, NAME, "--private")
    assert done.returncode == 0, done.stderr
    assert "org/labels v1.0.0 is published and verified" in done.stderr
    assert hub.repositories[NAME].private
    assert TOKEN not in done.stderr + done.stdout
    rows = prediction_rows()
    changed = make_folder(tmp_path / "two", flipped(rows, 5))
    done = adaptlabels(hub, home, "publish", changed, NAME, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["previous"], told["diff"]["level"]) == ("2.0.0", "1.0.0", "major")
    titles, tags = published(hub)
    assert titles == ["initial commit", "Version 1.0.0", "Version 2.0.0"]
    assert set(tags) == {"v1.0.0", "v2.0.0"}
    log = tags["v2.0.0"]["CHANGELOG.md"].decode()
    assert [name for name, _ in entries(log)] == ["2.0.0", "1.0.0"]
    assert "demo: label of tiny flipped on" in log
    card = tags["v2.0.0"]["README.md"].decode()
    assert '"org/labels", "demo", split="test", revision="v2.0.0"' in card
    assert "- **1.0.0**: first version" in card
    for version, own in (("v1.0.0", folder), ("v2.0.0", changed)):
        code = "from datasets import load_dataset\n" + "\n".join(
            f'print(load_dataset("{NAME}", "demo", split="test", revision="{version}"{more})'
            for more in (")['correct'][:]", ", streaming=True).take(1).__iter__().__next__()['sample_id']")
        )
        expected = DatasetFolder(own).labels("demo")["correct"].to_list()
        assert python(hub, home, code) == f"{expected}\n{DatasetFolder(own).labels('demo')['sample_id'][0]}"
        for command in ("bounds", "validate"):
            assert adaptlabels(hub, home, command, f"hub:{NAME}@{version}").returncode == 0
    assert 'revision="v2.0.0"' in (changed / "README.md").read_text()
    told = adaptlabels(hub, home, "diff", f"hub:{NAME}@v1.0.0", f"hub:{NAME}@v2.0.0").stdout
    assert "requires a major version" in told


def test_publishing_again_changes_nothing_and_says_so(hub, home, folder, tmp_path):
    assert adaptlabels(hub, home, "publish", folder, NAME).returncode == 0
    before = published(hub)
    for version in ("auto", "1.0.0"):
        done = adaptlabels(hub, home, "publish", folder, NAME, "--version", version)
        assert done.returncode == 0, done.stderr
        assert "has v1.0.0 with this content already; nothing to do" in done.stderr
    assert published(hub) == before
    done = adaptlabels(hub, home, "publish", folder, NAME, "--version", "1.0.1")
    assert done.returncode == 2
    assert "nothing changed since v1.0.0" in done.stderr


def test_a_version_that_is_too_small_or_taken_is_refused_with_the_reason(hub, home, folder, tmp_path):
    assert adaptlabels(hub, home, "publish", folder, NAME, "--version", "1.2.0").returncode == 0
    before = published(hub)
    changed = make_folder(tmp_path / "b", flipped(prediction_rows(), 20))
    for version, words in (
        ("1.3.0", "too small a step after 1.2.0, as demo: label of tiny flipped on"),
        ("1.2.0", "has v1.2.0 already, with other content"),
        ("1.1.0", "has v1.2.0 already; a version after it is needed"),
        ("two", "expected auto or three numbers"),
    ):
        done = adaptlabels(hub, home, "publish", changed, NAME, "--version", version)
        assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert published(hub) == before
    assert adaptlabels(hub, home, "publish", changed, NAME, "--version", "2.0.0").returncode == 0


def test_a_dry_run_tells_the_plan_and_touches_nothing(hub, home, folder, tmp_path):
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    done = adaptlabels(hub, home, "publish", folder, NAME, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "org/labels v1.0.0" in done.stdout
    assert "the dataset would be made" in done.stdout
    assert "data/demo/test-00000-of-00001.parquet" in done.stdout
    assert hub.repositories == {}
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_a_dry_run_without_the_hub_checks_the_folder_and_says_so(hub, home, folder, tmp_path):
    gone = Hub()
    gone.endpoint = "http://127.0.0.1:9"
    for served, token, words in ((gone, TOKEN, "check the network"), (hub, None, "run `hf auth login`")):
        done = adaptlabels(served, home, "publish", folder, NAME, "--dry-run", token=token)
        assert done.returncode == 0, done.stderr
        assert "the Hub was not asked, so that version and changes may differ" in done.stdout
        assert words in " ".join(done.stdout.split())
        assert "the dataset would be made" not in done.stdout
        assert "data/demo/test-00000-of-00001.parquet" in done.stdout
    (folder / "bounds" / "test.parquet").unlink()
    done = adaptlabels(gone, home, "publish", folder, NAME, "--dry-run")
    assert (done.returncode, "bounds/test.parquet: no such file" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": pl.lit("random")}, "its weights were initialised at random"),
        ({"weights": pl.lit("trained-here")}, "its weights were trained on the spot"),
        ({"revision": pl.lit(None, dtype=pl.String)}, "its weights have no Hub id and commit"),
    ],
)
def test_what_is_false_or_unknown_is_refused(hub, home, tmp_path, changes, words):
    done = adaptlabels(hub, home, "publish", make_folder(tmp_path, **changes), NAME)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
    assert hub.repositories == {}


def test_damaged_unlicensed_and_miniature_folders_are_refused(hub, home, folder, labelled, demo):
    (folder / "bounds" / "test.parquet").unlink()
    done = adaptlabels(hub, home, "publish", folder, NAME)
    assert (done.returncode, "bounds/test.parquet: no such file" in done.stderr) == (2, True), done.stderr
    done = adaptlabels(hub, home, "publish", demo / "digits", NAME)
    assert (done.returncode, "trained on the spot" in done.stderr) == (2, True), done.stderr
    done = adaptlabels(hub, home, "publish", labelled / "out", NAME)
    assert (done.returncode, "its weights are not known" in done.stderr) == (2, True), done.stderr
    assert "the labels have no licence; `adaptlabels label --licence ID` names" in done.stderr
    assert hub.repositories == {}


def test_access_that_is_lacking_is_one_line(hub, home, folder, tmp_path):
    hub.add("org/theirs", tmp_path / "nothing-there")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cat.png").write_bytes(b"x")
    hub.add("org/pictures", tmp_path / "pictures")
    hub.gated.add("org/gated")
    hub.add("org/gated", tmp_path / "pictures")
    for name, token, words in (
        (NAME, None, "run `hf auth login`"),
        (NAME, "hf_wrongwrongwrong", "run `hf auth login`"),
        (NAME, READER, "not allowed to do this with org/labels"),
        ("org/theirs", READER, "not allowed to do this with org/theirs"),
        ("org/pictures", TOKEN, "holds something else (cat.png)"),
        ("org/gated", TOKEN, "is gated"),
        ("labels", TOKEN, "is not a Hub repository name"),
    ):
        done = adaptlabels(hub, home, "publish", folder, name, token=token)
        assert (done.returncode, words in done.stderr) == (2, True), (name, token, done.stderr)
        assert len(done.stderr.strip().splitlines()) <= 3
        assert "hf_" not in done.stderr
    assert NAME not in hub.repositories
    gone = Hub()
    gone.endpoint = "http://127.0.0.1:9"
    done = adaptlabels(gone, home, "publish", folder, NAME)
    assert (done.returncode, "check the network" in done.stderr) == (1, True), done.stderr


def test_commits_of_others_are_not_overwritten(hub, home, folder, tmp_path):
    assert adaptlabels(hub, home, "publish", folder, NAME).returncode == 0
    repository = hub.repositories[NAME]
    hub.write(repository, {**repository.commits[-1].files, "README.md": b"mine"}, "Update README.md", "else")
    changed = make_folder(tmp_path / "b", flipped(prediction_rows(), 3))
    done = adaptlabels(hub, home, "publish", changed, NAME)
    assert done.returncode == 2
    assert "main has a commit that is not a version" in done.stderr
    assert "'Update README.md' by else" in done.stderr
    assert published(hub)[0][-1] == "Update README.md"


def test_a_card_that_was_edited_by_hand_is_not_thrown_away(hub, home, folder, tmp_path):
    assert adaptlabels(hub, home, "publish", folder, NAME).returncode == 0
    with (folder / "README.md").open("a") as card:
        card.write("\n## Contact\n\nme\n")
    done = adaptlabels(hub, home, "publish", folder, NAME)
    assert (done.returncode, "changes by hand would be lost" in done.stderr) == (2, True), done.stderr
    assert set(published(hub)[1]) == {"v1.0.0"}
    assert (folder / "README.md").read_text().endswith("me\n")


def test_an_unfinished_version_does_not_stand_in_the_way_of_a_corrected_folder(hub, home, folder, tmp_path):
    assert adaptlabels(hub, home, "publish", folder, NAME).returncode == 0
    repository = hub.repositories[NAME]
    # A commit of ours whose tag was never made, and a file of the owner's.
    files = {**repository.commits[-1].files, "LICENSE": b"mit", "data/old/test-00000-of-00001.parquet": b"x"}
    hub.write(repository, files, "Version 1.1.0", "me")
    changed = make_folder(tmp_path / "b", flipped(prediction_rows(), 20))
    done = adaptlabels(hub, home, "publish", changed, NAME)
    assert done.returncode == 0, done.stderr
    titles, tags = published(hub)
    assert titles == ["initial commit", "Version 1.0.0", "Version 1.1.0", "Version 2.0.0"]
    assert tags["v2.0.0"]["LICENSE"] == b"mit"
    assert "data/old/test-00000-of-00001.parquet" not in tags["v2.0.0"]


def test_of_two_publishers_at_once_one_wins_and_the_other_is_told(hub, home, folder, tmp_path):
    folders = [make_folder(tmp_path / str(n), flipped(prediction_rows(), n)) for n in (1, 2)]
    assert adaptlabels(hub, home, "publish", folder, NAME).returncode == 0
    other = []

    def meanwhile(number, method, path):
        """Just before the first commit arrives, somebody else publishes."""
        if method == "POST" and "/commit/" in path and not other:
            other.append(None)
            hub.lock.acquire()
            hub.lock.release()
            other[0] = adaptlabels(hub, tmp_path / "their-home", "publish", folders[1], NAME)
        return

    hub.fail = meanwhile
    done = adaptlabels(hub, home, "publish", folders[0], NAME)
    assert other[0].returncode == 0, other[0].stderr
    assert done.returncode == 2
    assert "somebody else committed to main meanwhile" in done.stderr
    titles, tags = published(hub)
    assert titles == ["initial commit", "Version 1.0.0", "Version 2.0.0"]
    labels = pl.read_parquet(tags["v2.0.0"]["data/demo/test-00000-of-00001.parquet"])
    assert labels["correct"].to_list() == DatasetFolder(folders[1]).labels("demo")["correct"].to_list()


def test_whatever_request_fails_a_rerun_ends_as_an_undisturbed_publish(home, folder, tmp_path):
    """Every request of a publish is made to fail once."""
    report = publish_under_failures(folder, tmp_path / "home", "turns")
    assert report["tried"] > 20
    assert report["wrong"] == []
    assert report["failed_first"] > 0


def test_a_large_folder_publishes_quickly_and_uploads_nothing_twice(hub, home, tmp_path):
    rows = prediction_rows()
    samples, states = 10_042, [f"s{n:02d}" for n in range(11)]
    import numpy as np

    rng = np.random.default_rng(0)
    target = rng.integers(0, 4, samples)
    frames = [
        pl.DataFrame(
            {
                "sample_id": [f"val-{n}" for n in range(samples)], "state": state, "target": target,
                "prediction": np.where(rng.random(samples) < 0.3 + 0.05 * place, target, (target + 1) % 4),
                "confidence": rng.random(samples),
            }
        )
        for place, state in enumerate(states)
    ]  # fmt: skip
    rows = pl.concat(frames)
    costs = pl.DataFrame({"state": states, "cost": [float(2**n) for n in range(11)]})
    (tmp_path / "x").mkdir()
    rows.write_csv(tmp_path / "x" / "demo.csv")
    costs.with_columns(
        weights=pl.lit("pretrained"), source="org/" + pl.col("state"), revision=pl.lit("a" * 40)
    ).write_csv(tmp_path / "x" / "states.csv")
    run(
        tmp_path / "x" / "demo.csv", tmp_path / "out", tmp_path / "x" / "states.csv", form="table", families=None,
        name="demo", split="test", licence="mit", as_json=True,
    )  # fmt: skip
    assert check_viewer(DatasetFolder(tmp_path / "out")) == []
    started = time.monotonic()
    done = adaptlabels(hub, home, "publish", tmp_path / "out", NAME)
    assert done.returncode == 0, done.stderr
    print(f"published in {time.monotonic() - started:.1f} s")
    assert len(hub.uploads) == len(set(hub.uploads)) > 0
    assert adaptlabels(hub, home, "publish", tmp_path / "out", NAME).returncode == 0
    assert len(hub.uploads) == len(set(hub.uploads))


def test_a_space_shows_the_explorer_of_the_version_and_the_card_links_to_it(hub, home, folder, tmp_path):
    publish = ("publish", folder, NAME, "--space", "org/explorer")
    done = adaptlabels(hub, home, *publish, "--dry-run")
    assert "the Space org/explorer would show its explorer" in done.stdout, done.stderr
    assert hub.repositories == {}
    done = adaptlabels(hub, home, *publish, "--private", "--json")
    assert (done.returncode, json.loads(done.stdout)["space"]) == (0, "org/explorer"), done.stderr
    space = hub.repositories["org/explorer"]
    assert (space.kind, space.private) == ("space", True)
    assert [commit.title for commit in space.commits] == ["initial commit", "Explorer of org/labels v1.0.0"]
    files = space.commits[-1].files
    assert sorted(files) == [".gitattributes", "README.md", "index.html"]
    front = yaml.safe_load(files["README.md"].decode().split("---")[1])
    assert (front["sdk"], front["datasets"], front["title"]) == ("static", ["org/labels"], "Explorer of demo")
    assert b"datasets/org/labels/tree/v1.0.0" in files["README.md"]
    assert b"org/labels v1.0.0" in files["index.html"]
    card = published(hub)[1]["v1.0.0"]["README.md"].decode()
    assert "[Explorer](https://huggingface.co/spaces/org/explorer)" in card
    assert "https://huggingface.co/datasets/org/labels/viewer/demo/test?sql_console=true" in card
    done = adaptlabels(hub, home, *publish)
    assert "shows org/labels v1.0.0 already" in done.stderr
    assert len(space.commits) == 2


def test_a_space_that_holds_something_else_is_left_alone(hub, home, folder, tmp_path):
    space = hub.repositories["org/explorer"] = Repository("space")
    for title in ("initial commit", "my own app"):
        hub.write(space, {"app.py": title.encode()}, title, "somebody")
    done = adaptlabels(hub, home, "publish", folder, NAME, "--space", "org/explorer")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the Space org/explorer holds something else" in done.stderr
    assert "'my own app'" in done.stderr
    assert (len(space.commits), NAME in hub.repositories) == (2, False)
    done = adaptlabels(hub, home, "publish", tmp_path / "out", NAME, "--space", "explorer")
    assert (done.returncode, "expected org/name" in done.stderr) == (2, True)


def test_a_lost_answer_of_the_space_is_found_again(hub, home, folder, tmp_path):
    def lose(number, method, path):
        return "lost" if path.startswith("/api/spaces/org/explorer/commit/") else None

    hub.fail = lose
    done = adaptlabels(hub, home, "publish", folder, NAME, "--space", "org/explorer")
    assert done.returncode == 0, done.stderr
    assert hub.repositories["org/explorer"].commits[-1].title == "Explorer of org/labels v1.0.0"
