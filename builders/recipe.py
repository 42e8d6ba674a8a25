"""The whole of a build: from what the user asks for to the dataset folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..labels.errors import InputError
from .build_options import BuildOptions, command_of, make_plan
from .progress import Silent

if TYPE_CHECKING:
    from ..labels.report.whole_folder import CardWriter
    from ..labels.tables.folder import DatasetFolder
    from .building.engine import Engine
    from .building.plan import BuildPlan
    from .progress import Progress


def build(
    dataset: str,
    out: Path | str,
    *,
    progress: Progress | None = None,
    card: CardWriter | None = None,
    **options: Any,  # noqa: ANN401 - the fields of BuildOptions, which checks their names
) -> DatasetFolder:
    """Run backbones over a dataset and write a dataset folder; what an earlier build left there is used again.

    Args:
        dataset: Name of the benchmark, such as `imagenet`, `hellaswag` or `digits`.
        out: The dataset folder.
        progress: Told what happens; None for nobody.
        card: Writes the folder's card, as `adaptlabels.cards.write_card` does; None writes the tables alone.
        options: Any of the other fields of `BuildOptions`, such as `families`, `limit` or `device`.

    Returns:
        The folder, with tables *labels*, *predictions*, *states* and *bounds*.

    Raises:
        InputError: An option, the source or the folder cannot be used, or another run is writing it; nothing has been
            written then.
        RunError: A state cannot be run; what was finished is kept.
        ChecksError: The tables do not agree with each other; the folder is as it was.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> two = ["vit-mini-12x1", "vit-mini-16x1"]
        >>> with TemporaryDirectory() as out:
        ...     folder = build("digits", out, families=["vit-mini"], states=two, limit=20, device="cpu")
        ...     len(folder.labels("vit-mini")), folder.states["state"].to_list()
        (20, ['vit-mini-12x1', 'vit-mini-16x1'])
    """
    from ..labels.report.whole_folder import write_dataset
    from ..labels.tables.replacing import WORK, sole_writer
    from ..labels.tables.staging import claim_folder
    from .building.plan import check_fit
    from .building.run import run_build

    asked, progress = BuildOptions(dataset, Path(out), **options), progress or Silent()
    with open_engine(asked) as engine:
        plan = make_plan(asked, engine)
        check_fit(plan)
        info = replace(plan.benchmark.info(plan.source), command=command_of(asked, plan))
        claim_folder(asked.out, info)
        with sole_writer(asked.out):
            progress.say(_title(plan))
            built = run_build(plan, asked.out / WORK, progress, engine)
            if built.skipped:
                first = next(iter(built.skipped))
                progress.say(f"left out {len(built.skipped)} sample(s), the first {first}: {built.skipped[first]}")
            progress.say("labels, bounds with intervals, checks")
            info = replace(info, skipped=tuple(built.skipped.items()), accuracy_note=asked.accuracy_note)
            return write_dataset(asked.out, info, built.families, card=card)


def _title(plan: BuildPlan) -> str:
    n_states = sum(len(family.states) for family in plan.families)
    return (
        f"{plan.benchmark.title}: {n_states} states of {', '.join(family.name for family in plan.families)} on"
        f" {len(plan.source)} samples ({plan.source.name}), {plan.settings.dtype} on {plan.settings.device}"
    )


def open_engine(options: BuildOptions) -> Engine:
    """What carries the build out; a cluster is not started before it is needed.

    Raises:
        InputError: Ray is not installed, or options contradict each other.
    """
    from .building.engine import LocalEngine
    from .running.devices import choose_devices

    if options.ray_address is not None and options.engine != "ray":
        raise InputError("`ray_address`: requires `engine` ray")
    if options.devices is not None and (options.ray_address is not None or options.device != "auto"):
        raise InputError("`devices`: names GPUs of this machine; leave out `device` and `ray_address`")
    gpus = None if options.devices is None else choose_devices(options.devices)
    if options.engine == "local" and gpus is None:
        return LocalEngine()
    try:
        from .cluster.engine import RayEngine
    except ModuleNotFoundError as error:
        if error.name not in ("ray", "pynvml"):
            raise
        raise InputError("several machines or GPUs require Ray: pip install 'adaptlabels[ray]'") from error
    return RayEngine(options.ray_address, gpus=gpus)
