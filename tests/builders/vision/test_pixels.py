from __future__ import annotations

import warnings

import adaptlabels.builders.vision.pixels as pixels
import numpy as np
import pytest
import timm
import torch
from adaptlabels.builders.backbones.families import shipped_families
from adaptlabels.builders.backbones.timm_models import create_model, data_config
from adaptlabels.builders.vision.pixels import PixelMaker, PixelSetting, exact_resize
from adaptlabels.labels import InputError
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

STATES = [state for name in ("efficientnet", "vit") for state in shipped_families()[name].states]


def config_of(state):
    with torch.device("meta"):
        return data_config(create_model(state, None))


def by_timm(image, config):
    transform = timm.data.create_transform(**config, is_training=False, use_prefetcher=True)
    return np.asarray(transform(Image.fromarray(image)))


def by_maker(image, *wanted):
    targets = {setting: np.empty((3, setting.height, setting.width), dtype=np.uint8) for setting in wanted}
    PixelMaker().make(image, targets)
    return targets


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
@pytest.mark.parametrize("size", [(333, 500), (500, 333), (90, 120), (1300, 260)])
def test_pixels_of_every_timm_state_are_timms_own(state, size):
    config = config_of(state)
    image = np.random.default_rng(2).integers(0, 256, (*size, 3), dtype=np.uint8)
    setting = PixelSetting.of(config)
    assert setting.window(*size) is not None  # the fast path takes them all
    assert np.array_equal(by_maker(image, setting)[setting], by_timm(image, config))


def test_the_two_families_have_ten_distinct_settings():
    assert len({PixelSetting.of(config_of(state)) for state in STATES}) == 10


@given(
    st.tuples(st.integers(8, 300), st.integers(8, 300)),
    st.tuples(st.integers(8, 96), st.integers(8, 96)),
    st.sampled_from(["bicubic", "bilinear", "lanczos", "nearest"]),
    st.sampled_from([0.5, 0.875, 0.95, 1.0, 1.1]),
    st.sampled_from(["center", "squash", "border"]),
)
@settings(max_examples=150)
def test_every_setting_gives_timms_pixels_by_whichever_path(size, target, interpolation, crop_pct, crop_mode):
    config = {
        "input_size": (3, *target), "interpolation": interpolation, "crop_pct": crop_pct, "crop_mode": crop_mode,
        "mean": (0.4, 0.5, 0.6), "std": (0.2, 0.2, 0.2),
    }  # fmt: skip
    image = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    setting = PixelSetting.of(config)
    try:
        expected = by_timm(image, config)
    except ValueError:  # a side of a very long image would shrink to nothing
        with pytest.raises(ValueError, match="must be > 0"):
            by_maker(image, setting)
    else:
        assert np.array_equal(by_maker(image, setting)[setting], expected)


def test_settings_are_equal_where_pixels_are():
    config = {"input_size": (3, 8, 8), "interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center"}
    one = PixelSetting.of({**config, "mean": (0.5,) * 3, "std": (0.5,) * 3})
    assert one == PixelSetting.of({**config, "mean": (0.4,) * 3, "std": (0.2,) * 3})
    assert str(one) == "8x8 bicubic, crop 0.9 center"
    with pytest.raises(InputError, match="1 channels"):
        PixelSetting.of({**config, "input_size": (1, 8, 8)})


def test_where_pillow_rounds_otherwise_it_resizes_itself(monkeypatch):
    def other(planes, window, interpolation, out):
        out[:] = 7

    monkeypatch.setattr(pixels, "resize", other)
    exact_resize.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="resized by Pillow"):
            assert not exact_resize()
        config = config_of(STATES[0])
        image = np.random.default_rng(4).integers(0, 256, (50, 60, 3), dtype=np.uint8)
        setting = PixelSetting.of(config)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.array_equal(by_maker(image, setting)[setting], by_timm(image, config))
    finally:
        exact_resize.cache_clear()


def test_the_installed_pillow_is_matched():
    exact_resize.cache_clear()
    assert exact_resize()
