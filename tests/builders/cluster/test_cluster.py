"""Builds on a real Ray cluster of two nodes: the local engine's tables, whatever is lost on the way."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from adaptlabels.builders import BuildOptions, make_plan, open_engine
from adaptlabels.builders.building.run import run_build
from adaptlabels.builders.building.store import Store
from adaptlabels.builders.progress import Silent
from adaptlabels.builders.running.devices import choose_devices
from adaptlabels.builders.sources.items import Held
from adaptlabels.labels import DatasetFolder, InputError, RunError, validate_folder
from adaptlabels.scripts.commands.build import build, run
from adaptlabels.scripts.commands.finish import finish_folder

from ..building.test_engine import tables

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.xdist_group("ray")

UNITS = 12


@pytest.fixture(scope="module")
def bucket():
    """A bucket behind the S3 protocol on loopback, known to this process and those that it starts."""
    import s3fs

    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():  # fmt: skip
            environment.setenv(name, value)
        s3fs.S3FileSystem().mkdir("labels")
        yield "s3://labels"
    server.stop()


@pytest.fixture(scope="module")
def cluster(bucket):
    """A cluster of two nodes with one core each, to which this process is connected."""
    from adaptlabels.builders.cluster.engine import DEFAULTS
    from ray.cluster_utils import Cluster

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    own = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    own.add_node(num_cpus=1)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in DEFAULTS.items():
            environment.setenv(name, value)
        ray.init(address=own.address, namespace="adaptlabels", log_to_driver=False)
    yield own
    ray.shutdown()
    own.shutdown()


def options(out: Path, dataset: str = "digits", family: str = "vit-mini", engine: str = "ray", **changes):
    return BuildOptions(
        **{
            "dataset": dataset, "out": out, "families": (family,), "device": "cpu", "limit": 20 * UNITS,
            "shard_size": 20, "engine": engine, **changes,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def local(tmp_path_factory, demo):
    """Tables of the local engine."""
    assert demo.is_dir()  # the weights are trained by now
    found = {}
    for dataset, family in (("digits", "vit-mini"), ("stories", "neox-mini")):
        out = tmp_path_factory.mktemp("local") / dataset
        build(options(out, dataset, family, engine="local"))
        found[dataset] = tables(out)
    return found


def parts(out: Path) -> list[Path]:
    return sorted((out / ".adaptlabels" / "parts").rglob("*.parquet"))


def hands() -> list[psutil.Process]:
    """Processes of workers that have a unit."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "ray::Hand.run" in (process.info["cmdline"] or [""])[0]
    ]


def kill_a_worker():
    hands()[0].kill()


def once(condition, act) -> threading.Thread:
    """Do something as soon as a condition holds."""

    def watch():
        until = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_both_nodes_make_the_local_tables(tmp_path, cluster, local, capsys):
    folder = build(options(tmp_path / "out"))
    assert tables(tmp_path / "out") == local["digits"]
    assert validate_folder(folder) == []
    assert f"2 worker(s) for {UNITS} units on 2 machine(s)" in capsys.readouterr().err
    assert "ray" not in folder.states["environment"][0]


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(tmp_path, cluster, local, capsys):
    out = tmp_path / "out"
    killer = once(lambda: len(parts(out)) > UNITS and hands(), kill_a_worker)
    build(options(out, "stories", "neox-mini"))
    killer.join()
    said = capsys.readouterr().err
    assert f"2 worker(s) for {4 * UNITS} units on 2 machine(s)" in said
    assert "a worker was lost; its unit is run again" in said
    assert tables(out) == local["stories"]


def test_begun_here_killed_and_finished_on_the_cluster(tmp_path, cluster, local):
    out = tmp_path / "out"
    worker = multiprocessing.get_context("spawn").Process(target=build, args=(options(out, engine="local"),))
    worker.start()
    once(lambda: len(parts(out)) > 6, worker.kill).join()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    begun = {part: part.stat().st_mtime_ns for part in parts(out)}
    assert not (out / "states").exists()
    build(options(out))
    assert tables(out) == local["digits"]
    same = [part for part, stamp in begun.items() if part.stat().st_mtime_ns == stamp]
    assert len(same) >= len(begun) - 1  # the last may have lacked its mark


def test_begun_on_the_cluster_killed_and_finished_here(tmp_path, cluster, local):
    out = tmp_path / "out"
    begin = options(out, ray_address=cluster.address)
    worker = multiprocessing.get_context("spawn").Process(target=build, args=(begin,))
    worker.start()
    once(lambda: len(parts(out)) > 6, worker.kill).join()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    assert not (out / "states").exists()
    once(lambda: not hands(), lambda: None).join()  # the driver's workers go with it
    begun = {part: part.stat().st_mtime_ns for part in parts(out)}
    build(options(out, engine="local"))
    assert tables(out) == local["digits"]
    same = [part for part, stamp in begun.items() if part.stat().st_mtime_ns == stamp]
    assert len(same) >= len(begun) - 2  # each of two workers may have been in the middle of one


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
    finish_folder(out, plan.benchmark.info(plan.source), built.families)


def test_a_node_that_goes_and_units_that_fail_at_first_leave_no_trace(tmp_path, cluster, local):
    out = tmp_path / "out"
    source = troubled(out, {60: ("dies", 2), 160: ("disk", 2)})
    node = cluster.add_node(num_cpus=1)
    remover = once(lambda: len(parts(out)) > UNITS, lambda: cluster.remove_node(node, allow_graceful=False))
    build_troubled(out, source)
    remover.join()
    assert source.tries(60) >= 3
    assert source.tries(160) >= 3
    assert tables(out) == local["digits"]


@pytest.mark.parametrize(
    ("trouble", "error", "message", "tries"),
    [
        ("dies", RunError, "a unit lost its worker 3 times", (3, 4)),  # once while it was only read ahead
        ("input", InputError, "^item 100: input trouble$", (1,)),
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
    done = {part: part.stat().st_mtime_ns for part in parts(out)}
    assert {"00000", "00001"} <= {part.stem for part in done}
    assert "00005" not in {part.stem for part in done}
    build(options(out, engine="local"))
    assert tables(out) == local["digits"]
    assert all(part.stat().st_mtime_ns == stamp for part, stamp in done.items())


def test_a_build_whose_only_machine_goes_says_so_and_ends(tmp_path, cluster, local, monkeypatch, capsys):
    from adaptlabels.builders.cluster import machines, placement
    from adaptlabels.builders.cluster import pool as crew

    out = tmp_path / "out"
    node = cluster.add_node(num_cpus=2)
    memory = max(machine.memory_bytes for machine in machines.alive().values())
    monkeypatch.setattr(placement, "PROCESS_BYTES", memory * 3 // 4)  # more than one core's share
    monkeypatch.setattr(crew, "LOOK_SECONDS", 2)
    remover = once(lambda: len(parts(out)) > 6, lambda: cluster.remove_node(node, allow_graceful=False))
    with pytest.raises(RunError, match=r"^no machine is left for vit-mini-12x1; run the same command again"):
        build(options(out))
    remover.join()
    said = capsys.readouterr().err
    assert f"1 worker(s) for {6 * UNITS} units on 3 machine(s)" in said
    assert "is gone; others take its units when they are free" in said


def test_measurements_and_comparisons_run_on_the_machines(tmp_path, cluster, demo):
    assert demo.is_dir()
    changes = {"states": ("vit-mini-12x1", "vit-mini-16x1"), "limit": 40, "measure": True, "compare_reference": 10}
    folder = build(options(tmp_path / "out", dtype="bfloat16", **changes))
    assert folder.states["latency_ms_p50"].null_count() == 0
    assert folder.states["environment"].str.contains('"samples": 10').all()
    assert validate_folder(folder) == []


def test_a_dry_run_shows_who_would_run_what(tmp_path, cluster, demo, capsys):
    assert demo.is_dir()
    run(options(tmp_path / "out"), dry_run=True, as_json=False)
    assert "2 x (1 cores)" in (shown := capsys.readouterr().out)
    assert f"{UNITS} units in each pass" in shown
    assert not (tmp_path / "out").exists()


def test_a_store_that_a_machine_does_not_see_is_refused(tmp_path, cluster, demo):
    assert demo.is_dir()
    with pytest.raises(InputError, match=r"--store memory://parts: .* does not see it; name a folder that all"):
        build(options(tmp_path / "out", store="memory://parts"))


def test_weights_that_differ_between_machines_are_refused(tmp_path, cluster, demo):
    from adaptlabels.builders.building.plan import load_states
    from adaptlabels.builders.cluster.worker import localised

    assert demo.is_dir()
    plan = make_plan(options(tmp_path / "out", engine="local"))
    state = load_states(plan, Silent())["vit-mini"][0]
    assert localised(state, plan) == state
    gone = replace(state, weights=replace(state.weights, folder=tmp_path / "elsewhere"))
    assert localised(gone, plan) == state  # found again, where this machine keeps them
    other = replace(state, weights=replace(state.weights, sha256="0" * 64))
    with pytest.raises(RunError, match=r"its weights on .* are not those of the machine that began the build"):
        localised(other, plan)


def test_machines_share_an_s3_bucket(tmp_path, cluster, bucket, local):
    import s3fs

    url = f"{bucket}/parts"
    build(options(tmp_path / "out", store=url))
    assert tables(tmp_path / "out") == local["digits"]
    files = s3fs.S3FileSystem().find("labels")
    assert len(files) == 2 * 6 * UNITS  # parts and their marks, and no probe
    s3fs.S3FileSystem().pipe_file(files[0], b"damaged")
    build(options(tmp_path / "again", store=url, engine="local"))
    assert tables(tmp_path / "again") == local["digits"]
    assert s3fs.S3FileSystem().cat_file(files[0]) != b"damaged"
    assert not (tmp_path / "again" / ".adaptlabels" / "parts").exists()


def test_stores_that_cannot_be_used_are_named_before_the_work(tmp_path, bucket, demo):
    assert demo.is_dir()
    for store, error, message in (
        ("s3://nobody/parts", RunError, "--store s3://nobody/parts: .*bucket does not exist"),
        ("nowhere://parts", InputError, "--store nowhere://parts: cannot be used .*Protocol not known"),
        ("gs://parts", InputError, "--store gs://parts: cannot be used .*install gcsfs"),
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
        ({"device": "cuda:1"}, "--device 'cuda:1': on Ray expected auto, cpu or cuda"),
        ({"device": "cuda"}, "--device cuda: none of the 2 machines lends a GPU"),
        ({"ray_address": "ray://head:10001"}, "run the command on a machine of the cluster"),
        ({"engine": "local", "ray_address": "auto"}, "--ray-address: only with --engine ray"),
        ({"devices": "all"}, "--devices: names GPUs of this machine; leave --device"),
        ({"devices": "all", "device": "auto"}, "--devices 'all': this machine has no GPU"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, cluster, changes, message):
    with pytest.raises(InputError, match=message):
        build(options(tmp_path / "out", **changes))
    assert not (tmp_path / "out").exists()


def test_without_ray_the_way_to_get_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("cluster", "crew"):
        monkeypatch.delitem(sys.modules, f"adaptlabels.builders.{name}", raising=False)
    with pytest.raises(InputError, match=r"pip install 'adaptlabels\[ray\]'"):
        build(options(tmp_path / "out"))


def test_a_gpu_of_unknown_size_is_not_planned_with(tmp_path, cluster):
    node = cluster.add_node(num_cpus=1, num_gpus=1)
    chosen = options(tmp_path / "out", device="auto")
    with open_engine(chosen) as engine, pytest.raises(RunError, match=r"lends 1 GPU\(s\), but does not say"):
        make_plan(chosen, engine)
    cluster.remove_node(node)


def test_devices_are_gpus_of_this_machine(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    assert choose_devices("all") == [0, 1, 2]
    assert choose_devices("cuda:2, cuda:0") == [2, 0]
    for names in ("cuda", "cuda:0,cuda:0", "cuda:3", "cpu", "cuda:0,,", ""):
        with pytest.raises(InputError, match="--device"):
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


def test_the_program_starts_a_cluster_of_its_own(tmp_path, demo):
    assert demo.is_dir()
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
