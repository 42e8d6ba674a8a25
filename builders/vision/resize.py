"""Pillow's resize, bit for bit, fused with the crop that follows it, for planes of 8-bit pixels.

Pillow resizes in two passes of fixed-point sums: 22-bit weights, rounded to 8 bits after each pass (`Resample.c`). Each
output pixel depends on its own row and column only, so a crop of the output needs only part of the work. Both passes
here run along the outer of two axes, over contiguous inner rows, which compilers vectorise; between them the planes are
transposed in blocks of 8 x 8 bytes. The functions hold no lock of Python's while they run.

What equals Pillow depends on Pillow's version: `pixels.exact_resize` compares the two before this module is used.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

import numba
import numpy as np
import PIL

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SUPPORT = {"bilinear": 1.0, "bicubic": 2.0}
"""Interpolations that are made here, with their filter's half-width in pixels (`Resample.c`)."""
WEIGHT_BITS = 32 - 8 - 2
"""Fraction bits of a weight: 8 for the pixel, 2 for overshoot (`PRECISION_BITS` in `Resample.c`)."""
BLOCK = 8
"""Side of a transposed block: as many bytes as a 64-bit word holds."""
CHOOSES_ORDER = int(PIL.__version__.split(".")[0]) >= 13
"""Whether Pillow runs the vertical pass first for images that shrink mostly in height; before 13 it never did."""
MOST_TAPS_KEPT = 1024
"""Sets of weights that are kept: images of one size share theirs."""


class Taps(NamedTuple):
    """Weights of the input pixels for consecutive output pixels along one axis."""

    first: NDArray[np.int32]
    """First input pixel of each output pixel (n_out,)."""
    counts: NDArray[np.int32]
    """Number of its input pixels (n_out,)."""
    weights: NDArray[np.int32]
    """Their weights (n_out, n_taps), times 2^`WEIGHT_BITS`."""


class Window(NamedTuple):
    """A part of a resized image."""

    height: int
    """Height of the whole resized image."""
    width: int
    """Width of the whole resized image."""
    top: int
    """First row of the part."""
    left: int
    """First column of the part."""
    rows: int
    """Rows of the part."""
    columns: int
    """Columns of the part."""


class Planes:
    """The planes of an image in both orders of the axes; its memory serves one image after the other."""

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[np.uint8]] = {}
        self.height = self.width = 0

    def load(self, image: NDArray[np.uint8]) -> None:
        """Take the pixels of an image (height, width, 3)."""
        self.height, self.width, _ = image.shape
        self.rows = self.scratch("rows", self.height, self.width)
        self.columns = self.scratch("columns", self.width, self.height)
        _split(image, self.rows)
        _transpose(self.rows.view(np.uint64), self.columns.view(np.uint64))

    def scratch(self, name: str, rows: int, columns: int) -> NDArray[np.uint8]:
        """Memory for three planes, each side rounded up to whole blocks: (3, rows, columns) or a little more."""
        shape = (3, *(-(-side // BLOCK) * BLOCK for side in (rows, columns)))
        size = math.prod(shape)
        if name not in self._buffers or len(self._buffers[name]) < size:
            self._buffers[name] = np.empty(size, dtype=np.uint8)
        return self._buffers[name][:size].reshape(shape)


def resize(planes: Planes, window: Window, interpolation: str, out: NDArray[np.uint8]) -> None:
    """Resize an image and keep a window of the result.

    Args:
        planes: The image.
        window: Size of the whole result, and the part of it to keep.
        interpolation: A key of `SUPPORT`.
        out: Takes the pixels (3, rows, columns).
    """
    filter_width = SUPPORT[interpolation]
    cubic = interpolation == "bicubic"
    down = _taps(planes.height, window.height, window.top, window.rows, filter_width, cubic)
    across = _taps(planes.width, window.width, window.left, window.columns, filter_width, cubic)
    if not _vertical_first(planes, window):
        _two_passes(planes, planes.columns, across, down, out)
        return
    turned = np.empty((3, window.columns, window.rows), dtype=np.uint8)
    _two_passes(planes, planes.rows, down, across, turned)
    out[:] = turned.transpose(0, 2, 1)


def _vertical_first(planes: Planes, window: Window) -> bool:
    """Whether Pillow runs the vertical pass first (`ImagingResampleInner`)."""
    shrinks = planes.height - window.height
    return CHOOSES_ORDER and shrinks > 0 and shrinks > 2 * (planes.width - window.width)


def _two_passes(planes: Planes, source: NDArray[np.uint8], one: Taps, two: Taps, out: NDArray[np.uint8]) -> None:
    """Resize (3, outer, inner) along its outer axis with `one` and its inner axis with `two`, to (3, inner, outer)."""
    start = int(two.first[0])
    needed = int(two.first[-1] + two.counts[-1]) - start
    middle = planes.scratch("middle", len(one.first), needed)
    turned = planes.scratch("turned", needed, len(one.first))
    _weigh(source[:, :, start : start + needed], one, 0, middle[:, : len(one.first), :needed])
    _transpose(middle.view(np.uint64), turned.view(np.uint64))
    _weigh(turned[:, :needed, : len(one.first)], two, start, out)


def _weigh(source: NDArray[np.uint8], taps: Taps, start: int, out: NDArray[np.uint8]) -> None:
    _weigh_rows(source, taps.first, taps.counts, taps.weights, start, out)


@lru_cache(maxsize=MOST_TAPS_KEPT)
def _taps(n_in: int, n_out: int, start: int, count: int, support: float, cubic: bool) -> Taps:
    """Weights of output pixels start … start+count-1, when `n_in` pixels become `n_out`."""
    first = np.empty(count, dtype=np.int32)
    counts = np.empty(count, dtype=np.int32)
    weights = np.zeros((count, math.ceil(support * max(n_in / n_out, 1.0)) * 2 + 1), dtype=np.int32)
    _fill_taps(n_in, n_out, start, support, cubic, first, counts, weights)
    return Taps(first, counts, weights)


_compiled = cast("Callable[[Callable[..., None]], Callable[..., None]]", numba.njit(nogil=True, cache=True))
"""Compiled on first use, kept on disk; strict floating point, so that weights are those of the C compiler."""


@_compiled
def _fill_taps(n_in, n_out, start, support, cubic, first, counts, weights) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """`precompute_coeffs` and `normalize_coeffs_8bpc` of `Resample.c`, in the same order of operations."""
    scale = n_in / n_out
    stretch = max(scale, 1.0)
    reach = support * stretch
    shrink = 1.0 / stretch
    values = np.empty(weights.shape[1])
    for position in range(len(first)):
        center = (start + position + 0.5) * scale
        low = max(int(center - reach + 0.5), 0)
        n = min(int(center + reach + 0.5), n_in) - low
        total = 0.0
        for tap in range(n):
            x = abs((tap + low - center + 0.5) * shrink)
            value = 0.0
            if cubic:
                if x < 1.0:
                    value = ((-0.5 + 2.0) * x - (-0.5 + 3.0)) * x * x + 1
                elif x < 2.0:
                    value = (((x - 5) * x + 8) * x - 4) * -0.5
            elif x < 1.0:
                value = 1.0 - x
            values[tap] = value
            total += value
        for tap in range(n):
            value = values[tap] / total if total != 0.0 else values[tap]
            weights[position, tap] = int((-0.5 if value < 0 else 0.5) + value * (1 << WEIGHT_BITS))
        first[position] = low
        counts[position] = n


@_compiled
def _weigh_rows(source, first, counts, weights, start, out) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Weighted sums of rows: `source` (planes, n_in, width) to `out` (planes, n_out, width)."""
    width = out.shape[2]
    sums = np.empty(width, np.int32)
    for plane in range(out.shape[0]):
        for position in range(out.shape[1]):
            low, n = first[position] - start, counts[position]
            sums[:] = 1 << (WEIGHT_BITS - 1)
            tap = 0
            while tap + 4 <= n:  # four at a time: sums are read and written less often
                w0, w1, w2, w3 = (
                    weights[position, tap],
                    weights[position, tap + 1],
                    weights[position, tap + 2],
                    weights[position, tap + 3],
                )
                r0, r1 = source[plane, low + tap], source[plane, low + tap + 1]
                r2, r3 = source[plane, low + tap + 2], source[plane, low + tap + 3]
                for x in range(width):
                    sums[x] += r0[x] * w0 + r1[x] * w1 + r2[x] * w2 + r3[x] * w3
                tap += 4
            while tap < n:
                weight, row = weights[position, tap], source[plane, low + tap]
                for x in range(width):
                    sums[x] += row[x] * weight
                tap += 1
            target = out[plane, position]
            for x in range(width):
                target[x] = min(max(sums[x] >> WEIGHT_BITS, 0), 255)


@_compiled
def _split(image, rows) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Interleaved pixels (height, width, 3) to planes (3, height or more, width or more)."""
    for y in range(image.shape[0]):
        line = image[y]
        red, green, blue = rows[0, y], rows[1, y], rows[2, y]
        for x in range(image.shape[1]):
            red[x] = line[x, 0]
            green[x] = line[x, 1]
            blue[x] = line[x, 2]


@_compiled
def _transpose(source, out) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Swap the last two axes of planes of bytes, given as words of 8: (planes, a, b / 8) to (planes, b, a / 8).

    Each block of 8 x 8 bytes is transposed in eight registers by swapping bytes, pairs and quadruples of bytes.
    """
    for plane in range(source.shape[0]):
        for block in range(source.shape[1] // 8):
            rows, target = source[plane, 8 * block : 8 * block + 8], out[plane]
            for word in range(source.shape[2]):
                a, b, c, d = rows[0, word], rows[1, word], rows[2, word], rows[3, word]
                e, f, g, h = rows[4, word], rows[5, word], rows[6, word], rows[7, word]
                a, b = _swap(a, b, 8, 0x00FF00FF00FF00FF)
                c, d = _swap(c, d, 8, 0x00FF00FF00FF00FF)
                e, f = _swap(e, f, 8, 0x00FF00FF00FF00FF)
                g, h = _swap(g, h, 8, 0x00FF00FF00FF00FF)
                a, c = _swap(a, c, 16, 0x0000FFFF0000FFFF)
                b, d = _swap(b, d, 16, 0x0000FFFF0000FFFF)
                e, g = _swap(e, g, 16, 0x0000FFFF0000FFFF)
                f, h = _swap(f, h, 16, 0x0000FFFF0000FFFF)
                a, e = _swap(a, e, 32, 0x00000000FFFFFFFF)
                b, f = _swap(b, f, 32, 0x00000000FFFFFFFF)
                c, g = _swap(c, g, 32, 0x00000000FFFFFFFF)
                d, h = _swap(d, h, 32, 0x00000000FFFFFFFF)
                at = 8 * word
                target[at, block], target[at + 1, block], target[at + 2, block], target[at + 3, block] = a, b, c, d
                target[at + 4, block], target[at + 5, block], target[at + 6, block], target[at + 7, block] = e, f, g, h


@numba.njit(inline="always")
def _swap(low, high, bits, mask):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Exchange the upper part of `low` with the lower part of `high`, in every pair of fields of `bits` bits."""
    moved = ((low >> np.uint64(bits)) ^ high) & np.uint64(mask)
    return low ^ (moved << np.uint64(bits)), high ^ moved
