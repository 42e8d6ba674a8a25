"""How data lies inside the page: JSON that cannot become markup, and arrays compressed in base64.

The page reads a block with the browser's `DecompressionStream`, when it first needs it.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 6
"""zlib's own choice: its best takes six times as long and saves one part in a hundred."""
_ESCAPES = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""`<` could end the element that holds the JSON; the others are line ends to some readers."""


def safe_json(content: Any) -> str:  # noqa: ANN401 - any JSON document
    r"""JSON that may stand inside a `<script>` element.

    Raises:
        ValueError: A number is infinite or not a number, which JSON cannot express.

    Example:
        >>> safe_json({"name": "</script>"})
        '{"name":"\\u003c/script>"}'
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return text


def pack_json(content: Any) -> str:  # noqa: ANN401 - any JSON document
    """A JSON document, compressed (zlib) in base64."""
    return _pack(json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())


def pack_array(values: NDArray[Any]) -> str:
    """An array of whole numbers, compressed (zlib) in base64.

    All lowest bytes come first, then all second bytes, and so on: bytes of the same place resemble each other and
    compress well.

    Args:
        values: Numbers of 1, 2 or 4 bytes; the page must know their kind and the array's shape.
    """
    flat = np.ascontiguousarray(values).reshape(-1)
    if sys.byteorder == "big":
        flat = flat.byteswap()
    return _pack(flat.view(np.uint8).reshape(len(flat), flat.itemsize).T.tobytes())


def _pack(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, LEVEL)).decode()
