"""Batches of pixels, decoded and resized by threads that keep a bounded number of batches ahead of the device."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import local
from typing import TYPE_CHECKING, Self

import torch

from ..running.batching import consecutive
from .decoding import UnreadableImageError, decode
from .pixels import PixelMaker, PixelSetting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from ..sources.items import ImageItem

BATCHES_AHEAD = 2
"""Batches that are made while the device works on one; what is in memory at once is one more."""


@dataclass
class Batch:
    """Consecutive images in every pixel setting that was asked for."""

    indices: list[int]
    """Indices of the images among the items; those with a problem are left out."""
    pixels: dict[PixelSetting, torch.Tensor]
    """8-bit pixels (n_images, 3, height, width)."""
    problems: dict[int, str] = field(default_factory=dict)
    """Why an image could not be decoded, by its index among the items."""
    decode_seconds: float = 0.0
    """Time that decoding took, summed over threads."""
    resize_seconds: float = 0.0
    """Time that resizing took, summed over threads."""


class PixelLoader:
    """Makes batches of pixels in threads; use it in a `with` statement."""

    def __init__(self, batch_size: int, threads: int, *, pin_memory: bool, skip_unreadable: bool) -> None:
        """Start the threads.

        Args:
            batch_size: Images per batch.
            threads: Threads that decode and resize.
            pin_memory: Whether batches lie in memory that a GPU copies from directly.
            skip_unreadable: Whether an image that cannot be decoded becomes a problem of its batch, not an error.
        """
        self._batch_size, self._pin, self._skip = batch_size, pin_memory, skip_unreadable
        self._pool = ThreadPoolExecutor(threads)
        self._makers = local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def batches(self, items: Sequence[ImageItem], settings: Sequence[PixelSetting]) -> Iterator[Batch]:
        """All images in order.

        Args:
            items: The images, encoded.
            settings: Pixel settings to make.

        Raises:
            UnreadableImageError: An image cannot be decoded, and unreadable ones are not skipped; names it.
        """
        waiting: deque[tuple[Batch, list[Future[tuple[float, float]]]]] = deque()
        try:
            for indices in consecutive(len(items), self._batch_size):
                waiting.append(self._start(items, indices, settings))
                if len(waiting) > BATCHES_AHEAD:
                    yield self._finish(*waiting.popleft())
            while waiting:
                yield self._finish(*waiting.popleft())
        finally:
            for _, futures in waiting:
                for future in futures:
                    future.cancel()

    def _start(
        self, items: Sequence[ImageItem], indices: list[int], settings: Sequence[PixelSetting]
    ) -> tuple[Batch, list[Future[tuple[float, float]]]]:
        pixels = {
            setting: torch.empty(
                len(indices), 3, setting.height, setting.width, dtype=torch.uint8, pin_memory=self._pin
            )
            for setting in settings
        }
        arrays = {setting: tensor.numpy() for setting, tensor in pixels.items()}
        futures = [
            self._pool.submit(self._make, items[index], {setting: array[row] for setting, array in arrays.items()})
            for row, index in enumerate(indices)
        ]
        return Batch(indices, pixels), futures

    def _make(self, item: ImageItem, targets: Mapping[PixelSetting, NDArray[np.uint8]]) -> tuple[float, float]:
        if not hasattr(self._makers, "maker"):
            self._makers.maker = PixelMaker()
        started = time.perf_counter()
        image = decode(item)
        decoded = time.perf_counter()
        try:
            self._makers.maker.make(image, targets)
        except ValueError as error:  # Pillow's, where a side of a very long image would shrink to nothing
            height, width, _ = image.shape
            raise UnreadableImageError(item.where, f"{width} x {height} pixels cannot be resized ({error})") from error
        return decoded - started, time.perf_counter() - decoded

    def _finish(self, batch: Batch, futures: Sequence[Future[tuple[float, float]]]) -> Batch:
        kept = []
        for row, future in enumerate(futures):
            try:
                decode_seconds, resize_seconds = future.result()
            except UnreadableImageError as error:
                if not self._skip:
                    raise
                batch.problems[batch.indices[row]] = error.reason
                continue
            kept.append(row)
            batch.decode_seconds += decode_seconds
            batch.resize_seconds += resize_seconds
        if batch.problems:
            batch.indices = [batch.indices[row] for row in kept]
            batch.pixels = {setting: pixels[kept] for setting, pixels in batch.pixels.items()}
        return batch
