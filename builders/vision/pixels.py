"""Pixel settings: what an image becomes before a model sees it, made once for all states that share it.

A setting is the part of a model's data configuration that pixels depend on. The pixels are those of timm's evaluation
transform, or of transformers' image processor on Pillow, bit for bit, as 8-bit tensors; each state normalises them on
its device. Settings that only resize and crop the centre are made by `resize`, or by Pillow where the installed one
turns out to round differently; others by timm's transform itself.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PIL import Image
from timm.data import create_transform

from ...labels.errors import InputError
from ..backbones.image_text_models import CROP_MODE
from .resize import SUPPORT, Planes, Window, resize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

TESTED_SIZES = ((61, 43), (29, 90), (24, 301), (301, 24), (40, 40))
"""Widths and heights on which `resize` is compared with Pillow: wide, tall, very tall, very wide, square."""
TESTED_TARGETS = (32, 24, 96)
"""Shorter sides that they are resized to: some smaller, some larger."""


@dataclass(frozen=True)
class PixelSetting:
    """How an image becomes a model's input, but for its normalisation."""

    height: int
    """Height of the input."""
    width: int
    """Width of the input."""
    interpolation: str
    """`bicubic`, `bilinear`, …"""
    crop_pct: float
    """Share of the resized image's side that the crop keeps."""
    crop_mode: str
    """timm's `center`, `squash` or `border`, or transformers' `center-down`."""
    border: tuple[float, ...] | None = None
    """Colour of added borders, shares of 1; None but for `border`."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> PixelSetting:
        """The setting of a data configuration, as timm's `resolve_data_config` gives it.

        Raises:
            InputError: The model does not take three colours.
        """
        channels, height, width = config["input_size"]
        if channels != 3:
            raise InputError(f"its input has {channels} channels; only models of RGB images can be run")
        mode = str(config.get("crop_mode") or "center")
        border = tuple(config["mean"]) if mode == "border" else None
        return cls(height, width, str(config["interpolation"]), float(config["crop_pct"]), mode, border)

    def __str__(self) -> str:
        return f"{self.height}x{self.width} {self.interpolation}, crop {self.crop_pct:g} {self.crop_mode}"

    def window(self, height: int, width: int) -> Window | None:
        """Where the input lies in the resized image; None where timm does more than resize and crop.

        Args:
            height: Height of the original image.
            width: Width of the original image.
        """
        scaled = math.floor(self.height / self.crop_pct), math.floor(self.width / self.crop_pct)
        if self.crop_mode in ("center", CROP_MODE) and scaled[0] == scaled[1]:
            # torchvision's Resize of the shorter side
            short, long = min(height, width), max(height, width)
            longer = int(scaled[0] * long / short)
            scaled = (scaled[0], longer) if height <= width else (longer, scaled[0])
        elif self.crop_mode != "squash":
            return None
        if self.interpolation not in SUPPORT or scaled[0] < self.height or scaled[1] < self.width:
            return None
        rest = scaled[0] - self.height, scaled[1] - self.width
        # torchvision's CenterCrop, or that of transformers
        top, left = (side // 2 if self.crop_mode == CROP_MODE else round(side / 2.0) for side in rest)
        return Window(*scaled, top, left, self.height, self.width)


class PixelMaker:
    """Makes the pixels of one image after the other; one for each thread."""

    def __init__(self) -> None:
        self._planes = Planes()

    def make(self, image: NDArray[np.uint8], targets: Mapping[PixelSetting, NDArray[np.uint8]]) -> None:
        """Make an image's pixels in several settings.

        Args:
            image: Pixels (height, width, 3).
            targets: For each setting, what takes its pixels (3, height, width).
        """
        height, width, _ = image.shape
        loaded = False
        whole: Image.Image | None = None
        for setting, out in targets.items():
            window = setting.window(height, width)
            if window is None or not exact_resize():
                whole = whole or Image.fromarray(image)
                out[:] = _timm_transform(setting)(whole) if window is None else _by_pillow(whole, window, setting)
                continue
            if not loaded:
                self._planes.load(image)
                loaded = True
            resize(self._planes, window, setting.interpolation, out)


def _by_pillow(image: Image.Image, window: Window, setting: PixelSetting) -> NDArray[np.uint8]:
    """A window of the resized image (3, rows, columns), as `resize` makes it."""
    resized = image.resize((window.width, window.height), Image.Resampling[setting.interpolation.upper()])
    box = (window.left, window.top, window.left + window.columns, window.top + window.rows)
    return np.asarray(resized.crop(box)).transpose(2, 0, 1)


@cache
def _timm_transform(setting: PixelSetting) -> Callable[[Image.Image], NDArray[np.uint8]]:
    """Timm's evaluation transform up to 8-bit pixels (3, height, width)."""
    transform = create_transform(
        (3, setting.height, setting.width),
        is_training=False,
        interpolation=setting.interpolation,
        crop_pct=setting.crop_pct,
        crop_mode=setting.crop_mode,
        use_prefetcher=True,
        **({} if setting.border is None else {"mean": setting.border}),
    )
    return lambda image: np.asarray(cast("Any", transform(image)))


@cache
def exact_resize() -> bool:
    """Whether `resize` gives the installed Pillow's pixels, tried once on a few shapes; warns where it does not."""
    rng = np.random.default_rng(0)
    planes = Planes()
    for width, height in TESTED_SIZES:
        image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        planes.load(image)
        for target in TESTED_TARGETS:
            for interpolation in SUPPORT:
                setting = PixelSetting(target, target, interpolation, 0.9, "center")
                window = setting.window(height, width)
                out = np.empty((3, target, target), dtype=np.uint8)
                if window is not None:
                    resize(planes, window, interpolation, out)
                if not np.array_equal(out, _timm_transform(setting)(Image.fromarray(image))):
                    warnings.warn(
                        "the fast resize differs from the installed Pillow's; images are resized by Pillow, which is"
                        " slower and gives the right pixels",
                        RuntimeWarning,
                        stacklevel=2,
                    )
                    return False
    return True
