"""The devices of this machine, by the names that a user gives them."""

from __future__ import annotations

import torch

from ...labels.errors import InputError


def device_name(device: torch.device) -> str:
    """Name of the hardware, as `NVIDIA H200`, or `cpu`."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def choose_devices(names: str) -> list[int]:
    """Numbers of several GPUs of this machine, as `cuda:0,cuda:1` or `all`.

    Raises:
        InputError: There are no such GPUs, or one is named twice.
    """
    count = torch.cuda.device_count()
    if count == 0:
        raise InputError(f"`devices` {names!r}: this machine has no GPU")
    if names == "all":
        return list(range(count))
    found = [choose_device(name.strip()) for name in names.split(",")]
    if any(device.index is None for device in found) or len(set(found)) < len(found):
        raise InputError(f"`devices` {names!r}: expected all, or different GPUs as cuda:0,cuda:1")
    return [device.index for device in found]


def choose_device(name: str) -> torch.device:
    """The device of a name; `auto` takes the first GPU where there is one.

    Raises:
        InputError: There is no such device.
    """
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"`device` {name!r}: expected auto, cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"`device` {name!r}: expected auto, cpu, cuda or cuda:N")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"`device` {name!r}: this machine has {torch.cuda.device_count()} GPU(s)")
    return device
