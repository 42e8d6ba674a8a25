"""Builds on a real Ray cluster of two nodes: the local engine's tables, whatever is lost on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import psutil
import pytest
from adaptlabels.builders import BuildOptions, make_plan, open_engine
from adaptlabels.builders.build_options import command_of
from adaptlabels.builders.building.run import run_build
from adaptlabels.builders.building.store import Store
from adaptlabels.builders.progress import Silent
from adaptlabels.builders.running.devices import choose_devices
from adaptlabels.builders.sources.items import Held
from adaptlabels.labels import DatasetFolder, InputError, RunError, write_dataset
from adaptlabels.labels.tables import shards
from adaptlabels.scripts.commands.build import run

from ...program import forks
from ..builds import build, problems, tables

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.xdist_group("ray")

UNITS = 12


@pytest.fixture(scope="module", autouse=True)
def by_value():
    """Ray sends the classes of this module as they are: workers cannot import it."""
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def options(out: Path, dataset: str = "digits", family: str = "vit-mini", engine: str = "ray", **changes):
    return BuildOptions(
        **{
            "dataset": dataset, "out": out, "families": (family,), "device": "cpu", "limit": 20 * UNITS,
            "shard_size": 20, "engine": engine, **changes,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Gives the tables of the local engine by the dataset's name."""

    @cache
    def made(dataset):
        out = tmp_path_factory.mktemp("local") / dataset
        build(options(out, dataset, {"digits": "vit-mini", "stories": "neox-mini"}[dataset], engine="local"))
        return tables(out)

    return made


def parts(out: Path) -> list[Path]:
    return sorted((out / ".adaptlabels" / "parts").rglob("*.parquet"))


def busy_workers() -> list[psutil.Process]:
    """Processes of this session's cluster that score a unit."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "ray::ScoringWorker.score" in " ".join(process.cmdline()):
                found.append(process)
    return found


@contextmanager
def as_soon_as(condition, act):
    """While the block runs, wait for a condition in another thread, then act once on what it found.

    No clock is involved: the block's end ends the wait, and it is an error if the condition never held.
    """
    ended, found = threading.Event(), []

    def watch():
        while not found and not ended.wait(0.01):
            if here := condition():
                found.append(here)
                act(here)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert found


def kill_midway(target: BuildOptions) -> None:
    """Begin or continue a build in another process, and kill that when it has added some parts."""
    before = len(parts(target.out))
    process = forks().Process(target=build, args=(target,))
    process.start()
    while process.is_alive() and len(parts(target.out)) <= before + 6:
        time.sleep(0.01)
    assert process.is_alive()
    process.kill()
    process.join()
    assert not (target.out / "states").exists()


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(tmp_path, cluster, local, capsys):
    out = tmp_path / "out"
    with as_soon_as(lambda: len(parts(out)) > UNITS and busy_workers(), lambda workers: workers[0].kill()):
        build(options(out, "stories", "neox-mini"))
    said = capsys.readouterr().err
    assert f"2 worker(s) for {4 * UNITS} units on 2 machine(s)" in said
    assert "a worker was lost; Ray starts it again, and its units are tried again" in said
    assert tables(out) == local("stories")


def stamps(out: Path) -> dict[Path, int]:
    return {part: part.stat().st_mtime_ns for part in parts(out)}


def test_begun_here_continued_on_the_cluster_and_finished_here_though_killed_twice(tmp_path, cluster, local):
    out = tmp_path / "out"
    kill_midway(options(out, engine="local"))
    here = stamps(out)
    kill_midway(options(out, ray_address=cluster.address))
    while busy_workers():  # Ray ends them when it notices that their build is gone
        time.sleep(0.01)
    there = stamps(out)
    assert (
        sum(there[part] == stamp for part, stamp in here.items()) >= len(here) - 1
    )  # the last may have lacked its mark
    build(options(out, engine="local"))
    assert tables(out) == local("digits")
    # Each of two workers may have been in the middle of one.
    assert sum(part.stat().st_mtime_ns == stamp for part, stamp in there.items()) >= len(there) - 2


@dataclass(frozen=True)
class Troubled:
    """Items of which some shards cannot be read, each in its own way and a number of times."""

    source: object
    log: Path
    """Folder in which each attempt leaves a line."""
    troubles: dict[int, tuple[str, int]]
    """By the shard's first item: what happens, and how often."""
    start: int = 0
    name = "embedded"
    revision = None

    def __len__(self):
        return len(self.source)

    def slice(self, start, stop):
        return replace(self, source=self.source.slice(start, stop), start=start)

    def items(self):
        trouble, times = self.troubles.get(self.start, ("", 0))
        with (self.log / str(self.start)).open("a+") as log:
            log.write("tried\n")
            log.seek(0)
            tries = len(log.readlines())
        if tries <= times:
            if trouble == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            raise {"input": InputError, "disk": OSError}[trouble](f"item {self.start}: {trouble} trouble")
        return self.source.items()

    def tries(self, start):
        return len((self.log / str(start)).read_text().splitlines())


def troubled(out: Path, troubles) -> Troubled:
    source = make_plan(options(out, engine="local")).source
    log = out.parent / "log"
    log.mkdir()
    return Troubled(Held("embedded", None, list(source.items())), log, troubles)


def build_troubled(out: Path, source: Troubled) -> None:
    chosen = options(out)
    with open_engine(chosen) as engine:
        plan = replace(make_plan(chosen, engine), source=source)
        built = run_build(plan, out / ".adaptlabels", Silent(), engine)
    info = replace(plan.benchmark.info(plan.source), command=command_of(chosen, plan))
    write_dataset(out, info, built.families)


def test_a_node_that_goes_and_units_that_fail_at_first_leave_no_trace(tmp_path, cluster, local):
    out = tmp_path / "out"
    # Once each, as the node may take down the same unit and a third failure would stop the build.
    source = troubled(out, {60: ("dies", 1), 160: ("disk", 1)})
    node = cluster.add_node(num_cpus=1)
    with as_soon_as(lambda: len(parts(out)) > UNITS, lambda _: cluster.remove_node(node, allow_graceful=False)):
        build_troubled(out, source)
    assert source.tries(60) >= 2
    assert source.tries(160) >= 2
    assert tables(out) == local("digits")


@pytest.mark.parametrize(
    ("trouble", "error", "message", "tries"),
    [
        ("dies", RunError, "a unit lost its worker 3 times", {3}),
        # What a worker could not read ahead is an error only when it is to be scored, by that worker or by another one.
        ("input", InputError, "^item 100: input trouble$", {1, 2}),
    ],
)
def test_a_unit_that_fails_stops_the_build_and_leaves_the_rest_done(
    tmp_path, cluster, local, trouble, error, message, tries
):
    out = tmp_path / "out"
    source = troubled(out, {100: (trouble, 99)})
    with pytest.raises(error, match=message):
        build_troubled(out, source)
    assert source.tries(100) in tries
    done = stamps(out)
    shards_done = {part.stem for part in done}
    # Five units come before it. A worker that is slow to start may hold two of them: the one it scores and the next.
    assert len(shards_done) >= 3
    assert "00005" not in shards_done
    build(options(out, engine="local"))
    assert tables(out) == local("digits")
    assert all(part.stat().st_mtime_ns == stamp for part, stamp in done.items())


def test_a_build_whose_only_machine_goes_says_so_and_ends(tmp_path, cluster, local, monkeypatch, capsys):
    from adaptlabels.builders.cluster import machines, placement, scheduler

    out = tmp_path / "out"
    node = cluster.add_node(num_cpus=2)
    memory = max(machine.memory_bytes for machine in machines.list_machines().values())
    monkeypatch.setattr(placement, "PROCESS_BYTES", memory * 3 // 4)  # more than one core's share
    monkeypatch.setattr(scheduler, "CHECK_SECONDS", 2)
    with (
        as_soon_as(lambda: len(parts(out)) > 6, lambda _: cluster.remove_node(node, allow_graceful=False)),
        pytest.raises(RunError, match=r"^no machine is left for vit-mini-12x1; run the same command again"),
    ):
        build(options(out))
    said = capsys.readouterr().err
    assert f"1 worker(s) for {6 * UNITS} units on 3 machine(s)" in said
    assert "has left the cluster; other workers take over its units" in said


def test_measurements_and_comparisons_run_on_the_machines(tmp_path, cluster):
    changes = {"states": ("vit-mini-12x1", "vit-mini-16x1"), "limit": 40, "measure": True, "compare_reference": 10}
    folder = build(options(tmp_path / "out", dtype="bfloat16", **changes))
    assert folder.states["latency_ms_p50"].null_count() == 0
    assert folder.states["environment"].str.contains('"samples": 10').all()
    assert problems(folder) == []


def where(store, task):
    return task, ray.get_runtime_context().get_node_id()


def failing(store, task):
    raise OSError(f"no disk for {task}")


def test_tasks_run_on_all_machines_and_come_back_in_order(tmp_path, cluster):
    with open_engine(options(tmp_path / "out")) as engine:
        found = list(engine.each(where, None, range(8)))
        assert [task for task, _ in found] == list(range(8))
        assert len({node for _, node in found}) == 2
        with pytest.raises(RunError, match="a task failed 3 times: OSError: no disk for 0"):
            list(engine.each(failing, None, range(2)))


def test_machines_gather_the_shards_of_large_tables(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", 6 * 50)
    found = {}
    for engine in ("local", "ray"):
        build(options(tmp_path / engine, engine=engine, store=tmp_path / "parts", limit=120))
        found[engine] = tables(tmp_path / engine)
    assert sum(name.startswith("data/") for name in found["ray"]) == 3
    assert found["ray"] == found["local"]


def test_a_dry_run_shows_who_would_run_what(tmp_path, cluster, capsys):
    run(options(tmp_path / "out"), dry_run=True, as_json=False)
    assert "2 x (1 cores)" in (shown := capsys.readouterr().out)
    assert f"{UNITS} units in each pass" in shown
    assert not (tmp_path / "out").exists()


def test_a_store_that_a_machine_does_not_see_is_refused(tmp_path, cluster):
    with pytest.raises(InputError, match=r"memory://parts, which .* does not see; choose a folder that all"):
        build(options(tmp_path / "out", store="memory://parts"))


def test_weights_that_differ_between_machines_are_refused(tmp_path, cluster):
    from adaptlabels.builders.building.plan import load_states
    from adaptlabels.builders.cluster.worker import localised

    plan = make_plan(options(tmp_path / "out", engine="local"))
    state = load_states(plan, Silent())["vit-mini"][0]
    assert localised(state, plan) == state
    gone = replace(state, weights=replace(state.weights, folder=tmp_path / "elsewhere"))
    assert localised(gone, plan) == state  # found again, where this machine keeps them
    other = replace(state, weights=replace(state.weights, sha256="0" * 64))
    with pytest.raises(RunError, match=r"the weights on .* differ from those on the machine that began the build"):
        localised(other, plan)


def test_both_nodes_make_the_local_tables_through_an_s3_bucket(tmp_path, cluster, bucket, local, capsys):
    import s3fs

    url = f"{bucket}/parts"
    folder = build(options(tmp_path / "out", store=url))
    assert tables(tmp_path / "out") == local("digits")
    assert problems(folder) == []
    assert f"2 worker(s) for {UNITS} units on 2 machine(s)" in capsys.readouterr().err
    assert "ray" not in folder.states["environment"][0]
    files = s3fs.S3FileSystem().find("labels")
    assert len(files) == 2 * 6 * UNITS  # parts and their marks, and no probe
    s3fs.S3FileSystem().pipe_file(files[0], b"damaged")
    build(options(tmp_path / "again", store=url, engine="local"))
    assert tables(tmp_path / "again") == local("digits")
    assert s3fs.S3FileSystem().cat_file(files[0]) != b"damaged"
    assert not (tmp_path / "again" / ".adaptlabels" / "parts").exists()


def test_stores_that_cannot_be_used_are_named_before_the_work(tmp_path, bucket):
    for store, error, message in (
        ("s3://nobody/parts", RunError, "s3://nobody/parts.*bucket does not exist"),
        ("nowhere://parts", InputError, "nowhere://parts.*Protocol not known"),
        ("gs://parts", InputError, "gs://parts.*install gcsfs"),
    ):
        with pytest.raises(error, match=message):
            build(options(tmp_path / "out", store=store, engine="local"))
        assert not (tmp_path / "out").exists()
    with pytest.raises(InputError) as refused:
        Store("nowhere://name:password@host/parts")
    assert "password" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device": "cuda:1"}, "`device` is 'cuda:1': with Ray, expected auto, cpu or cuda"),
        ({"device": "cuda"}, "`device` is cuda, but none of the 2 machines offers a GPU"),
        (
            {"ray_address": "ray://head:10001"},
            "Ray Client is not supported; run the command on a machine of the cluster",
        ),
        ({"engine": "local", "ray_address": "auto"}, "requires `engine` ray"),
        ({"devices": "all"}, "names GPUs of this machine"),
        ({"devices": "all", "device": "auto"}, "this machine has no GPU"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, cluster, changes, message):
    with pytest.raises(InputError, match=message):
        build(options(tmp_path / "out", **changes))
    assert not (tmp_path / "out").exists()


def test_without_ray_the_way_to_get_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "adaptlabels.builders.cluster.engine", raising=False)
    with pytest.raises(InputError, match=r"pip install 'adaptlabels\[ray\]'"):
        build(options(tmp_path / "out"))


def test_a_gpu_of_unknown_size_is_not_planned_with(tmp_path, cluster):
    node = cluster.add_node(num_cpus=1, num_gpus=1)
    chosen = options(tmp_path / "out", device="auto")
    with (
        open_engine(chosen) as engine,
        pytest.raises(RunError, match=r"offers 1 GPU\(s\), but the size of their memory is unknown"),
    ):
        make_plan(chosen, engine)
    cluster.remove_node(node)


def test_devices_are_gpus_of_this_machine(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    assert choose_devices("all") == [0, 1, 2]
    assert choose_devices("cuda:2, cuda:0") == [2, 0]
    for names in ("cuda", "cuda:0,cuda:0", "cuda:3", "cpu", "cuda:0,,", ""):
        with pytest.raises(InputError, match="device"):
            choose_devices(names)


def test_workers_of_a_cluster_that_is_started_here_see_the_chosen_gpus_only():
    code = (
        "import os, ray\n"
        "from adaptlabels.builders.cluster.engine import RayEngine\n"
        "with RayEngine(gpus=[2, 1]) as engine:\n"
        "    engine._connect()\n"
        "    seen = ray.remote(num_gpus=1)(lambda: os.environ['CUDA_VISIBLE_DEVICES'] in ('6', '7'))\n"
        "    both = ray.remote(num_gpus=2)(lambda: sorted(os.environ['CUDA_VISIBLE_DEVICES'].split(',')))\n"
        "    found = ray.get([seen.remote(), both.remote()]), ray.cluster_resources()['GPU']\n"
        "print(*found, os.environ['CUDA_VISIBLE_DEVICES'])"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "5,6,7"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout == "[True, ['6', '7']] 2.0 5,6,7\n", done.stderr


def test_the_program_starts_a_cluster_of_its_own(tmp_path):
    done = subprocess.run(
        [
            Path(sys.executable).parent / "adaptlabels", "build", "digits", tmp_path / "out", "--family", "vit-mini",
            "--state", "vit-mini-12x1", "--state", "vit-mini-16x1", "--limit", "40", "--engine", "ray", "--json",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 worker(s) for 1 units on 1 machine(s)" in done.stderr
    assert "INFO" not in done.stderr
    assert json.loads(done.stdout)["families"][0]["samples"] == 40
    assert len(DatasetFolder(tmp_path / "out").labels("vit-mini")) == 40
