"""timm models by name: made, loaded, saved, and asked for their preprocessing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import timm
from timm.data import resolve_data_config

from ...labels.errors import InputError, first_line
from .checkpoints import in_order, misfits, read_tensors, safetensors_file
from .exits import Trunk, no_exits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

    from .families import Backbone

OVERLAY = "pretrained_cfg_overlay"
"""Argument of timm's `create_model` that changes what it knows of a model, such as its input size."""


def create_model(backbone: Backbone, folder: Path | None) -> torch.nn.Module:
    """A timm model up to the state's exit, its weights as initialised.

    Args:
        backbone: The state.
        folder: Folder whose `config.json` says what the model is; without it the family's table does.

    Raises:
        InputError: timm does not know the architecture, or it has no such exit.
    """
    return _cut(_create_whole(backbone, folder), backbone)


def trunk_of(model: torch.nn.Module, backbone: Backbone) -> Trunk:
    """The blocks of a model that may end after any of them.

    Raises:
        InputError: It is not a row of blocks of one shape, with a norm and a head.
    """
    blocks, norm = getattr(model, "blocks", ()), getattr(model, "norm", None)
    features = getattr(model, "feature_info", ())
    # timm tells the shape after each block; where blocks are stages, no two are of one shape.
    shapes = {(info["num_chs"], info["reduction"]) for info in features}
    if norm is None or len(shapes) != 1 or len(blocks) > len(features):
        raise no_exits(backbone, "it is not a row of blocks of one shape, as a ViT is")
    return Trunk(model, "blocks", norm)


def _cut(model: torch.nn.Module, backbone: Backbone) -> torch.nn.Module:
    if backbone.exit is not None:
        trunk_of(model, backbone).cut(backbone)
    return model


def _create_whole(backbone: Backbone, folder: Path | None) -> torch.nn.Module:
    if ":" in backbone.architecture:
        raise InputError(f"state {backbone.name!r}: architecture {backbone.architecture!r} is not a timm model name")
    name, arguments = _described(backbone, folder)
    try:
        return cast("torch.nn.Module", timm.create_model(name, pretrained=False, **arguments))
    except (AssertionError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"state {backbone.name!r}: timm cannot make {name!r} ({first_line(error)})") from error


def load_model(backbone: Backbone, folder: Path | None) -> torch.nn.Module:
    """A timm model up to the state's exit with the weights of a folder, or as initialised where there is none.

    Args:
        backbone: The state.
        folder: Folder with `config.json` and safetensors, as timm writes it and the Hub has it.

    Raises:
        InputError: The weights are not those of the model.
    """
    if folder is None:
        return create_model(backbone, None)
    # Read by us: left to itself, timm may take a pickle that lies beside the safetensors.
    file = safetensors_file(folder)
    return _cut(load_tensors(backbone, read_tensors(file), str(file), folder), backbone)


def load_tensors(
    backbone: Backbone, tensors: Mapping[str, torch.Tensor], where: str, folder: Path | None = None
) -> torch.nn.Module:
    """A whole timm model with all of some tensors.

    Names and shapes of older versions and of the authors' own releases are converted as timm does it.

    Args:
        backbone: The state.
        tensors: The tensors by name.
        where: Where they are from, for messages.
        folder: As in `create_model`.

    Raises:
        InputError: The tensors are not those of the model; names the first that do not fit.
    """
    model = _create_whole(backbone, folder)
    expected = model.state_dict()
    ordered = folder is None and backbone.tensors == "in-order"
    given = in_order(tensors, expected) if ordered else dict(tensors)
    wrong = misfits(given, expected)
    if not wrong:
        model.load_state_dict(given)
        return model
    converted = None if ordered else _converted(backbone, given, folder, int(cast("Any", model).num_classes))
    if converted is None:
        raise InputError(f"state {backbone.name!r}: {where} does not fit {backbone.architecture!r}: {wrong}")
    return converted


def save_model(model: torch.nn.Module, backbone: Backbone, folder: Path) -> None:
    """Write a model as the folder that a Hub repository would be.

    Args:
        model: The model.
        backbone: The table's line that it was made from.
        folder: Takes `config.json` and `model.safetensors`.
    """
    arguments = {name: value for name, value in backbone.config.items() if name != OVERLAY}
    timm.models.save_for_hf(model, str(folder), model_args=arguments, safe_serialization=True)
    # timm notes the overlay among the model's arguments, then takes it twice when it loads; it is merged already.
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["model_args"].pop(OVERLAY, None)
    path.write_text(json.dumps(config, indent=2), encoding="utf-8")


def data_config(model: torch.nn.Module) -> dict[str, Any]:
    """Preprocessing that the model's own configuration asks for, as timm's `validate.py` resolves it."""
    return cast("dict[str, Any]", resolve_data_config({}, model=model))


def input_size(model: torch.nn.Module) -> tuple[int, int, int]:
    """Channels, height and width of the model's input."""
    return cast("tuple[int, int, int]", tuple(data_config(model)["input_size"]))


def _described(backbone: Backbone, folder: Path | None) -> tuple[str, dict[str, Any]]:
    """Name and arguments for timm: those of a folder, else those of the family's table."""
    return (backbone.architecture, dict(backbone.config)) if folder is None else (f"local-dir:{folder}", {})


def _converted(
    backbone: Backbone, tensors: dict[str, torch.Tensor], folder: Path | None, n_classes: int
) -> torch.nn.Module | None:
    """The model with tensors that timm has to convert first; None where they are not the model's.

    timm's converters are known to its builders alone. The number of classes is given so that all tensors must fit: timm
    leaves the head as initialised where it believes the weights to have another number.
    """
    name, arguments = _described(backbone, folder)
    source = {"state_dict": tensors, "source": "", "custom_load": False, "num_classes": n_classes}
    arguments[OVERLAY] = {**arguments.get(OVERLAY, {}), **source}
    try:
        model = cast("torch.nn.Module", timm.create_model(name, pretrained=True, **arguments))
    except (AssertionError, AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
        return None
    cast("Any", model).pretrained_cfg.pop("state_dict", None)
    return model
