"""Models of images by name, whichever library makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import image_text_models, timm_models

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from .families import Backbone


def create_model(backbone: Backbone, folder: Path | None) -> torch.nn.Module:
    """A classifier of timm, or the image side of an image-text model, its weights as initialised.

    Args:
        backbone: The state.
        folder: Folder whose `config.json` says what the model is; without it the family's table does.

    Raises:
        InputError: No library can make the model.
    """
    if image_text_models.is_image_text(backbone):
        return image_text_models.create_model(backbone, folder)
    return timm_models.create_model(backbone, folder)
