"""timm models by name: made, loaded from safetensors, and asked for their preprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import timm
from timm.data import resolve_data_config

from ...labels.errors import InputError, first_line
from .weights import safetensors_file

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from .families import Backbone


def create_model(backbone: Backbone, folder: Path | None, *, load: bool) -> torch.nn.Module:
    """A timm model, from its weights folder where there is one, else from the family's table.

    Args:
        backbone: The state.
        folder: Folder with `config.json` and safetensors, as timm writes it and the Hub has it.
        load: Whether to load the weights; without it they are as initialised.

    Raises:
        InputError: timm does not know the architecture.
    """
    if ":" in backbone.architecture:
        raise InputError(f"state {backbone.name!r}: architecture {backbone.architecture!r} is not a timm model name")
    name = backbone.architecture if folder is None else f"local-dir:{folder}"
    arguments = backbone.config if folder is None else {}
    try:
        model = cast("torch.nn.Module", timm.create_model(name, pretrained=False, **arguments))
        if load and folder is not None:
            # Named by us: left to itself, timm may take a pickle that lies beside the safetensors.
            timm.models.load_checkpoint(model, str(safetensors_file(folder)), strict=True, weights_only=True)
    except (AssertionError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"state {backbone.name!r}: timm cannot make {name!r} ({first_line(error)})") from error
    return model


def data_config(model: torch.nn.Module) -> dict[str, Any]:
    """Preprocessing that the model's own configuration asks for, as timm's `validate.py` resolves it."""
    return cast("dict[str, Any]", resolve_data_config({}, model=model))


def input_size(model: torch.nn.Module) -> tuple[int, int, int]:
    """Channels, height and width of the model's input."""
    return cast("tuple[int, int, int]", tuple(data_config(model)["input_size"]))
