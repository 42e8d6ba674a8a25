"""Publish with the n-th request failing, for every n, in a process whose Hub's clients meet this Hub alone."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
from pathlib import Path

from adaptlabels.labels.tables.checksums import write_checksums

from ... import program
from ...hub import Hub, running

TOKEN, NAME = "hf_secretsecretsecret", "org/labels"
ANSWERS = ("500", "503", "reset", "lost")


def publish_under_failures(folder: Path, home: Path, mood: str, step: int = 1) -> dict:
    """How many requests were made to fail, how often the first try failed, and what came out wrong.

    Args:
        folder: A dataset folder of the test's own, which loses all plots but one.
        home: Where the Hub's clients keep what they fetch.
        mood: What happens to a request: `500`, `503`, `reset`, or `lost`, which does what was asked and drops the answer;
            `turns` takes these four in turns, another one for each request; `kill` kills the publishing process.
        step: Every how many requests one fails, 1 for all of them.
    """
    for plot in (folder / "assets").glob("*-*.png"):  # one stays: the requests for another are of the same kinds
        plot.unlink()
    write_checksums(folder)
    done = program.in_fork(fail_each, (folder, home, mood, step))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def attempt(folder: str) -> bool:
    """One try in this process; whether it ended well."""
    import datasets
    import huggingface_hub.utils._http as transport
    from adaptlabels.cards.release.upload import publish
    from adaptlabels.labels import AdaptLabelsError, DatasetFolder

    datasets.disable_progress_bars()
    # The clients wait up to 8 seconds between their own tries; here they need not.
    transport.time.sleep = lambda seconds: None
    try:
        publish(DatasetFolder(folder), NAME)
    except AdaptLabelsError as error:
        sys.stderr.write(f"{error}\n")
        return False
    return True


def attempt_until_killed(hub: Hub, folder: str, place: int) -> bool:
    """One try in a process of its own, which dies at a request; whether it ended well."""
    process = multiprocessing.get_context("forkserver").Process(target=attempt, args=(folder,))

    def kill(number: int, method: str, path: str) -> None:
        if number == place:
            process.kill()

    hub.fail = kill
    process.start()
    process.join()
    return process.exitcode == 0


def fail_each(folder: Path, home: Path, mood: str, step: int) -> None:
    """Prints what `publish_under_failures` returns."""
    hub = Hub()
    hub.tokens = {TOKEN: True}
    with running(hub):
        os.environ |= {
            "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }  # fmt: skip
        # A server of this process: its forks have loaded the Hub's clients too, with this environment.
        loaded = [
            "adaptlabels.cards.card",
            "adaptlabels.cards.release.upload",
            "datasets",
            "jinja2",
            "pandera.backends.polars.container",
        ]
        multiprocessing.get_context("forkserver").set_forkserver_preload(loaded)
        original = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}

        def fresh() -> None:
            hub.repositories.clear()
            hub.large.clear()
            hub.uploads.clear()
            hub.requests.clear()
            shutil.rmtree(home / "hub", ignore_errors=True)
            shutil.rmtree(home / "datasets", ignore_errors=True)
            for file in {file for file in folder.rglob("*") if file.is_file()} - original.keys():
                file.unlink()
            for file, content in original.items():
                file.write_bytes(content)

        def state() -> object:
            repository = hub.repositories[NAME]
            tags = {tag: repository.find(oid).files for tag, oid in repository.tags.items()}
            return [commit.title for commit in repository.commits], tags

        for _ in range(2):  # the first try of a process asks for more than the next ones
            fresh()
            attempt(str(folder))
        expected = state()
        files = set(expected[1]["v1.0.0"])
        wrong, tried, failed_first, place = [], 0, 0, 0
        while True:
            place += step
            fresh()
            if mood == "kill":
                ended_well = attempt_until_killed(hub, str(folder), place)
            else:
                own = ANSWERS[place % len(ANSWERS)] if mood == "turns" else mood
                hub.fail = lambda number, method, path, place=place, own=own: own if number == place else None
                ended_well = attempt(str(folder))
            if len(hub.requests) < place:
                break  # there are no more requests to fail
            tried += 1
            failed_first += not ended_well
            request = hub.requests[place - 1]
            hub.fail = lambda number, method, path: None
            tags = hub.repositories[NAME].tags if NAME in hub.repositories else {}
            if any(set(hub.repositories[NAME].find(oid).files) != files for oid in tags.values()):
                wrong.append(f"{place} {request}: a version was visible in part")
            if ended_well and state() == expected:
                continue  # the clients tried again by themselves
            if not attempt(str(folder)):
                wrong.append(f"{place} {request}: the rerun failed")
            elif state() != expected:
                wrong.append(f"{place} {request}: {state()[0]}")
        print(json.dumps({"tried": tried, "failed_first": failed_first, "wrong": wrong}))
