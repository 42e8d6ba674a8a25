"""What a user may ask of a build, checked and turned into a plan."""

from __future__ import annotations

import shlex
from dataclasses import KW_ONLY, dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..labels.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .backbones.families import Family
    from .building.engine import Engine
    from .building.plan import BuildPlan
    from .sources.benchmarks import Benchmark

AUTO = "auto"
"""Leaves a choice to the builder."""
MOST_DIGITS = 9
"""Digits of a batch size."""


@dataclass(frozen=True)
class BuildOptions:
    """What the user asks for."""

    dataset: str
    """Name of the benchmark."""
    out: Path
    """The dataset folder."""
    _: KW_ONLY
    source: str | None = None
    """Where the items come from, as `open_source` takes it; None for the benchmark's own source."""
    split: str | None = None
    """Split of the source; None for the benchmark's own."""
    limit: int | None = None
    """Most samples, from the first; None for all."""
    families: Sequence[str] = ()
    """Names of families; empty for the benchmark's own."""
    states: Sequence[str] = ()
    """Names of states; empty for all states of the families."""
    families_file: Path | None = None
    """TOML or YAML file with state spaces of the user's own."""
    random: bool = False
    """Whether weights are initialised at random instead of loaded, for dry runs."""
    device: str = AUTO
    """`cpu`, `cuda`, `cuda:N`, or `auto`: the first GPU where there is one."""
    devices: str | None = None
    """Several GPUs of this machine, as `cuda:0,cuda:1`, or `all`; requires Ray."""
    engine: str = "local"
    """`local` for this process, or `ray` for a cluster."""
    ray_address: str | None = None
    """Address of the Ray cluster; None starts one on this machine."""
    dtype: str = AUTO
    """`float32`, `bfloat16`, `float16`, or `auto`: float32, and bfloat16 for language models on a GPU."""
    batch_size: int | str = AUTO
    """Samples per batch, or `auto`; labels do not depend on it."""
    shard_size: int = 1024
    """Samples that are stored as one part; a build that was killed repeats at most that many for each state."""
    compiled: bool = False
    """Whether models are compiled: faster after a slow start, and recorded in *states*."""
    channels_last: bool = False
    """Whether images lie in memory with their channels last; recorded in *states*."""
    skip_unreadable: bool = False
    """Whether images that cannot be decoded are left out of all states; otherwise they stop the build."""
    compare_reference: int = 0
    """Samples that are also answered in float32, to count how often the answer differs."""
    measure: bool | None = None
    """Whether latency, throughput, memory and energy are measured; None for on a GPU only."""
    store: str | None = None
    """Folder or URL of stored parts; None keeps them inside the dataset folder."""
    accuracy_note: str | None = None
    """Why accuracies differ from the published ones, which then are not compared."""


def make_plan(options: BuildOptions, engine: Engine | None = None) -> BuildPlan:
    """Check every option and open the source.

    Args:
        options: What the user asks for.
        engine: What will carry the build out; None for this process.

    Raises:
        InputError: An option or the source cannot be used.
        RunError: The engine's cluster cannot be reached.
    """
    from .building.engine import LocalEngine
    from .building.plan import RUNNERS, BuildPlan
    from .running.contract import RunSettings
    from .sources.benchmarks import find_benchmark
    from .sources.opening import open_source

    benchmark = find_benchmark(options.dataset).at_split(options.split)
    families = choose_families(options, benchmark)
    batch_size = read_batch_size(options.batch_size)
    source = open_source(benchmark, options.source, options.limit)
    device = (engine or LocalEngine()).choose_device("cuda" if options.devices else options.device)
    runner = RUNNERS[benchmark.runner]()
    settings = RunSettings(
        device,
        runner.default_dtype(device) if options.dtype == AUTO else options.dtype,
        batch_size,
        compiled=options.compiled,
        channels_last=options.channels_last,
        skip_unreadable=options.skip_unreadable,
    )
    runner.check_settings(settings)
    return BuildPlan(
        benchmark,
        source,
        families,
        settings,
        random=options.random,
        shard_size=options.shard_size,
        store=options.store,
        measure=settings.device.type == "cuda" if options.measure is None else options.measure,
        compare_reference=options.compare_reference,
    )


def choose_families(options: BuildOptions, benchmark: Benchmark) -> tuple[Family, ...]:
    """The families and states that the user named, or the benchmark's own.

    Raises:
        InputError: A family or state does not exist, or a family keeps fewer than two states.
    """
    from .backbones.families import find_families

    found = find_families(options.families or benchmark.families, options.families_file)
    if not options.states:
        return found
    existing = {state.name for family in found for state in family.states}
    for name in options.states:
        if name not in existing:
            raise InputError(
                f"`states` {name!r}: no such state in {', '.join(family.name for family in found)}; there are"
                f" {', '.join(sorted(existing))}"
            )
    return tuple(
        family.narrowed(options.states)
        for family in found
        if options.families or any(state.name in options.states for state in family.states)
    )


def read_batch_size(value: int | str) -> int | None:
    """A batch size, or None for `auto`.

    Raises:
        InputError: Neither `auto` nor a whole number above 0.

    Example:
        >>> read_batch_size("32"), read_batch_size(8), read_batch_size("auto")
        (32, 8, None)
    """
    text = str(value)
    if text == AUTO:
        return None
    if not text.isdecimal() or len(text) > MOST_DIGITS or int(text) < 1:
        raise InputError(f"`batch_size` {text!r}: expected auto or a whole number above 0")
    return int(text)


def command_of(options: BuildOptions, plan: BuildPlan) -> str | None:
    """The command line that makes the same labels, for the card: what decides on an answer, not how fast it comes.

    Args:
        options: What the user asked for.
        plan: What that means.

    Returns:
        The command, with the source at its commit; None where an option names an absolute path, which is nobody else's
        and says more than it should.
    """
    pinned = plan.source.revision is not None
    source = f"{plan.source.name}@{plan.source.revision}" if pinned else options.source
    file = None if options.families_file is None else str(options.families_file)
    paths = [text for text in (file, source and source.partition(":")[2]) if text]
    if any(PurePath(path).is_absolute() or path.startswith("~") for path in paths):
        return None
    given: list[tuple[str, object]] = [
        ("--source", source),
        ("--split", options.split),
        ("--families", file),
        *(("--family", family.name) for family in plan.families),
        *(("--state", state) for state in options.states),
        ("--limit", options.limit),
        ("--dtype", None if options.dtype == AUTO else options.dtype),
        ("--weights", "random" if options.random else None),
        ("--on-error", "skip" if options.skip_unreadable else None),
        ("--accuracy-note", options.accuracy_note),
    ]
    words = ["adaptlabels", "build", options.dataset, "labels"]
    words += [word for option, value in given if value is not None for word in (option, str(value))]
    flags = (("--compile", options.compiled), ("--channels-last", options.channels_last))
    return shlex.join([*words, *(flag for flag, chosen in flags if chosen)])
