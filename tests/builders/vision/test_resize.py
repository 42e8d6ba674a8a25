from __future__ import annotations

import numpy as np
import pytest
from adaptlabels.builders.vision.resize import SUPPORT, Planes, Window, resize
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def by_pillow(image, window, interpolation):
    whole = Image.fromarray(image).resize((window.width, window.height), FILTERS[interpolation])
    part = np.asarray(whole)[window.top : window.top + window.rows, window.left : window.left + window.columns]
    return part.transpose(2, 0, 1)


def by_kernel(image, window, interpolation, planes=None):
    planes = planes or Planes()
    planes.load(image)
    out = np.empty((3, window.rows, window.columns), dtype=np.uint8)
    resize(planes, window, interpolation, out)
    return out


@st.composite
def cases(draw):
    height, width = draw(st.integers(1, 200)), draw(st.integers(1, 200))
    image = np.random.default_rng(draw(st.integers(0, 2**32))).integers(0, 256, (height, width, 3), dtype=np.uint8)
    if draw(st.booleans()):  # hard edges: overshoot is clipped at both ends
        image = np.where(image > 127, 255, 0).astype(np.uint8)
    rows, columns = draw(st.integers(1, 150)), draw(st.integers(1, 150))
    top, left = draw(st.integers(0, 40)), draw(st.integers(0, 40))
    below, right = draw(st.integers(0, 40)), draw(st.integers(0, 40))
    return image, Window(top + rows + below, left + columns + right, top, left, rows, columns)


@given(cases(), st.sampled_from(sorted(SUPPORT)))
def test_every_window_of_every_resize_is_pillows(case, interpolation):
    image, window = case
    assert np.array_equal(by_kernel(image, window, interpolation), by_pillow(image, window, interpolation))


@pytest.mark.parametrize(
    ("size", "target"),
    [
        ((500, 375), (843, 632)),  # wide and enlarged, as for EfficientNet-B7
        ((375, 500), (256, 341)),
        ((200, 3000), (256, 3840)),
        ((320, 3000), (256, 300)),  # shrinks in height alone: Pillow 13 runs the vertical pass first
        ((3000, 200), (300, 150)),
        ((1, 1), (7, 9)),
        ((64, 64), (64, 64)),
    ],
)
@pytest.mark.parametrize("interpolation", sorted(SUPPORT))
def test_shapes_of_real_images(size, target, interpolation):
    image = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    window = Window(target[1], target[0], 0, 0, target[1], target[0])
    assert np.array_equal(by_kernel(image, window, interpolation), by_pillow(image, window, interpolation))


@given(arrays(np.uint8, (17, 23, 3)), arrays(np.uint8, (40, 9, 3)))
def test_memory_that_served_another_image_leaves_no_trace(one, two):
    planes = Planes()
    window = Window(20, 20, 3, 2, 11, 13)
    by_kernel(one, window, "bicubic", planes)
    assert np.array_equal(by_kernel(two, window, "bicubic", planes), by_pillow(two, window, "bicubic"))
