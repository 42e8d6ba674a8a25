from __future__ import annotations

import io

import numpy as np
import pytest
from adaptlabels.builders.sources.items import ImageItem
from adaptlabels.builders.vision.decoding import UnreadableImageError, decode, jpegs_are_exact
from adaptlabels.labels import InputError
from PIL import Image


def encoded(size=(16, 16), mode="RGB", kind="JPEG", **options):
    content = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (-(-size[1] // 3), -(-size[0] // 3), 3), dtype=np.uint8)
    Image.fromarray(noise).resize(size).convert(mode).save(content, kind, **options)
    return content.getvalue()


def item(content, problem=None):
    return ImageItem("x", 0, "g", content, "some/file.JPEG", problem)


def by_pillow(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (1, 1), (200, 3), (3, 200), (333, 499)])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpegs_decode_as_pillow_decodes_them(size, subsampling, progressive):
    content = encoded(size, subsampling=subsampling, progressive=progressive, quality=85)
    assert jpegs_are_exact()
    assert np.array_equal(decode(item(content)), by_pillow(content))


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("P", "GIF"), ("L", "PNG"), ("RGB", "WEBP")]
)
def test_what_is_no_colour_jpeg_is_left_to_pillow_whatever_it_is_called(mode, kind):
    content = encoded((20, 30), mode, kind)
    found = decode(item(content))
    assert found.shape == (30, 20, 3)
    assert np.array_equal(found, by_pillow(content))


@pytest.mark.parametrize(
    "content",
    [b"", b"no image at all", encoded((64, 64))[:300], encoded()[:-200], b"\xff\xd8\xff" + b"\0" * 100],
    ids=["empty", "text", "cut", "cut-late", "only-a-start"],
)
def test_what_is_no_image_is_named(content):
    with pytest.raises(UnreadableImageError, match=r"some/file\.JPEG: cannot be decoded as an image") as caught:
        decode(item(content))
    assert "some/file" not in caught.value.reason
    assert "BytesIO" not in caught.value.reason


def test_a_damaged_jpeg_is_as_pillow_takes_it():
    content = bytearray(encoded((64, 64), quality=95))
    content[len(content) // 2 : len(content) // 2 + 40] = bytes(40)
    try:
        expected = by_pillow(bytes(content))
    except OSError:
        expected = None
    if expected is None:
        with pytest.raises(InputError):
            decode(item(bytes(content)))
    else:
        assert np.array_equal(decode(item(bytes(content))), expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch, kind):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)
    with pytest.raises(UnreadableImageError, match="ecompression"):
        decode(item(encoded((20, 20), kind=kind)))


def test_a_file_that_could_not_be_read_says_why():
    with pytest.raises(UnreadableImageError, match="cannot be read \\(Permission denied\\); fix it, or"):
        decode(item(b"", "cannot be read (Permission denied)"))
