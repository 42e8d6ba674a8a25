"""Encoded images to RGB pixels, exactly as timm's dataset gets them from Pillow, and faster where that is possible.

JPEGs of three components go straight to libjpeg-turbo (simplejpeg: accurate DCT, smooth chroma), which is what Pillow
decodes them with too. Everything else, and whatever simplejpeg finds fault with, is Pillow's to decide.
"""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, cast

import numpy as np
import simplejpeg
from PIL import Image

from ...labels.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..sources.items import ImageItem

LONGEST_REASON = 100
"""Characters that a message quotes of a decoder's."""
JPEG_MAGIC = b"\xff\xd8\xff"
COLOUR_JPEG = "YCbCr"
"""What simplejpeg calls the JPEGs that are decoded here."""


class UnreadableImageError(InputError):
    """An image that cannot be decoded."""

    def __init__(self, where: str, reason: str) -> None:
        """Say where and why.

        Args:
            where: File or row of the image.
            reason: What is wrong with it, without any path.
        """
        super().__init__(f"{where}: {reason}; fix it, or leave such images out with `skip_unreadable`")
        self.reason = reason


def decode(item: ImageItem) -> NDArray[np.uint8]:
    """Pixels of an image in RGB (height, width, 3).

    Raises:
        UnreadableImageError: The file could not be read, is not an image, is truncated, or has more pixels than
            Pillow's limit (`Image.MAX_IMAGE_PIXELS`); names it.
    """
    if item.problem is not None:
        raise UnreadableImageError(item.where, item.problem)
    found = _decode_jpeg(item.content) if item.content.startswith(JPEG_MAGIC) and jpegs_are_exact() else None
    return _decode_any(item) if found is None else found


def _decode_jpeg(content: bytes) -> NDArray[np.uint8] | None:
    """Pixels of a sound three-component JPEG; None for anything else."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
        if colours != COLOUR_JPEG or height * width > (Image.MAX_IMAGE_PIXELS or height * width):
            return None
        return cast("NDArray[np.uint8]", simplejpeg.decode_jpeg(content, "RGB"))
    except ValueError:
        return None


def _decode_any(item: ImageItem) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(item.content)) as image:
            if image.width * image.height > (Image.MAX_IMAGE_PIXELS or image.width * image.height):
                raise UnreadableImageError(
                    item.where,
                    f"{image.width} x {image.height} pixels, more than the {Image.MAX_IMAGE_PIXELS} that an image may"
                    " have (decompression bomb)",
                )
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        reason = str(error).replace(f"{io.BytesIO()!r}", "").split(" <_io.BytesIO")[0]
        raise UnreadableImageError(
            item.where, f"cannot be decoded as an image ({type(error).__name__}: {reason[:LONGEST_REASON]})"
        ) from error


@cache
def jpegs_are_exact() -> bool:
    """Whether simplejpeg decodes as the installed Pillow does, tried on small images of every chroma layout."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((45, 37), Image.Resampling.BICUBIC)
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        for progressive in (False, True):
            content = io.BytesIO()
            image.save(content, "JPEG", quality=80, subsampling=subsampling, progressive=progressive)
            with Image.open(content) as expected:
                if not np.array_equal(np.asarray(expected), simplejpeg.decode_jpeg(content.getvalue(), "RGB")):
                    return False
    return True
