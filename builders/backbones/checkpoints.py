"""Tensors from files of weights, and what of them does not fit a model.

What `torch.save` wrote is read by torch's restricted reader alone, which makes tensors and containers and runs nothing.
"""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError

from ...labels.errors import InputError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

LISTED = 3
"""Tensors that a message names of each kind."""
_REFUSED = re.compile(r"GLOBAL (\S+)")
"""How torch names what its restricted reader does not make."""


def safetensors_file(folder: Path) -> Path:
    """The one weight file of an image model.

    Raises:
        InputError: There is none, or several.
    """
    files = sorted(folder.glob("*.safetensors"))
    preferred = folder / "model.safetensors"
    if preferred in files:
        return preferred
    if len(files) != 1:
        raise InputError(f"{folder}: expected model.safetensors, found {len(files)} safetensors files of other names")
    return files[0]


def read_tensors(file: Path) -> dict[str, torch.Tensor]:
    """Tensors of a checkpoint by name, cleaned as timm does it.

    Of a training checkpoint these are the averaged weights (`state_dict_ema`, `model_ema`) or else the model's
    (`state_dict`, `model`); prefixes of wrappers (`module.`, `_orig_mod.`) go.

    Args:
        file: A safetensors file or what `torch.save` wrote.

    Raises:
        InputError: The file cannot be read, or holds more than tensors.
    """
    from timm.models import load_state_dict

    try:
        found: dict[str, torch.Tensor] = load_state_dict(str(file), weights_only=True)
    except (
        AttributeError,
        EOFError,
        KeyError,
        OSError,
        RuntimeError,
        SafetensorError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        raise InputError(f"{file}: {_why(error)}") from error
    strange = [name for name, value in found.items() if not isinstance(value, torch.Tensor)]
    if strange or not found:
        held = f"{strange[0]!r} is none" if strange else "there are none"
        raise InputError(f"{file}: expected tensors by name, {held}; save the model's `state_dict` alone")
    return found


def in_order(found: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors under the names that a model has for them, for files of another library with tensors in its order.

    Nothing is renamed where the numbers or shapes differ; `misfits` then tells.

    Example:
        >>> weight, bias = torch.ones(2, 3), torch.ones(2)
        >>> list(in_order({"_fc.w": weight, "_fc.b": bias}, {"fc.weight": weight, "fc.bias": bias}))
        ['fc.weight', 'fc.bias']
    """
    shapes = [[tensor.shape for tensor in tensors.values()] for tensors in (found, expected)]
    return dict(zip(expected, found.values(), strict=True)) if shapes[0] == shapes[1] else dict(found)


def misfits(found: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]) -> str:
    """What of a file's tensors does not fit a model; empty where all fit.

    Example:
        >>> misfits({"a": torch.ones(2), "c": torch.ones(1)}, {"a": torch.ones(3), "b": torch.ones(1)})
        'missing: b; unexpected: c; misshapen: a (2 instead of 3)'
    """
    return describe_misfits(
        [name for name in expected if name not in found],
        [name for name in found if name not in expected],
        [
            (name, found[name].shape, tensor.shape)
            for name, tensor in expected.items()
            if name in found and found[name].shape != tensor.shape
        ],
    )


def describe_misfits(
    missing: Iterable[str], unexpected: Iterable[str], misshapen: Iterable[tuple[str, torch.Size, torch.Size]]
) -> str:
    """The first tensors of each kind, for a message.

    Args:
        missing: Names that the model has and the file lacks.
        unexpected: Names that the file has and the model lacks.
        misshapen: Names with the file's and the model's shapes.
    """
    shapes = [f"{name} ({_shape(given)} instead of {_shape(wanted)})" for name, given, wanted in misshapen]
    kinds = {"missing": list(missing), "unexpected": list(unexpected), "misshapen": shapes}
    return "; ".join(f"{kind}: {_some(names)}" for kind, names in kinds.items() if names)


def _some(names: list[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _shape(shape: torch.Size) -> str:
    return "x".join(map(str, shape)) or "a number"


def _why(error: Exception) -> str:
    """Why a checkpoint is not read; timm wraps torch's refusal of an object."""
    reason = next((one for one in (error, error.__cause__) if isinstance(one, pickle.UnpicklingError)), None)
    objects = _REFUSED.findall(str(reason))
    if objects:
        return (
            f"holds {objects[0]} beside tensors, a Python object that could run any code when it is loaded; save the"
            " model's `state_dict` alone, best as safetensors"
        )
    return f"cannot be read as a checkpoint ({first_line(reason or error)})"
