"""Early exits: a network that ends after some of its blocks, with its own norm and head.

A network that is a row of equal blocks, then a norm, then a head, has a shorter network behind each block. Those of one
network begin alike, so that a single run of the deepest passes through what all of them need.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...labels.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import torch

    from .families import Backbone


@dataclass(frozen=True, eq=False)
class Trunk:
    """The row of blocks of a network."""

    owner: Any
    """The module that holds the blocks."""
    name: str
    """The owner's name for them."""
    norm: torch.nn.Module
    """What the last block's states go through before the head."""

    @property
    def blocks(self) -> Any:  # noqa: ANN401 - a ModuleList or a Sequential
        """The blocks that run, in order."""
        return getattr(self.owner, self.name)

    def cut(self, backbone: Backbone) -> None:
        """Leave the blocks after a state's exit away.

        Raises:
            InputError: There are fewer blocks.
        """
        depth = len(self.blocks)
        if backbone.exit is None:
            return
        if backbone.exit > depth:
            raise InputError(f"state {backbone.name!r}: `exit` is {backbone.exit}, but its network has {depth} blocks")
        setattr(self.owner, self.name, self.blocks[: backbone.exit])

    @contextmanager
    def shortened(self, depth: int) -> Iterator[None]:
        """Only the first blocks run."""
        whole = self.blocks
        setattr(self.owner, self.name, whole[:depth])
        try:
            yield
        finally:
            setattr(self.owner, self.name, whole)

    def states_after(
        self,
        depths: Sequence[int],
        forward: Callable[[], object],
        pick: Callable[[torch.Tensor], torch.Tensor] = lambda states: states,
    ) -> list[torch.Tensor]:
        """What the head would be given if the network ended after each of some blocks, all from one run.

        Args:
            depths: Numbers of blocks.
            forward: Runs the network.
            pick: Takes what is needed of the states after a block.
        """
        found: dict[int, torch.Tensor] = {}

        def keep(depth: int) -> Callable[..., None]:
            def hook(block: torch.nn.Module, inputs: object, output: Any) -> None:  # noqa: ANN401 - states, or a tuple
                found[depth] = pick(output[0] if isinstance(output, tuple) else output)

            return hook

        hooks = [self.blocks[depth - 1].register_forward_hook(keep(depth)) for depth in set(depths)]
        try:
            forward()
        finally:
            for hook in hooks:
                hook.remove()
        return [self.norm(found[depth]) for depth in depths]


def no_exits(backbone: Backbone, why: str) -> InputError:
    """The error of a state whose network has no exits.

    Args:
        backbone: The state.
        why: What is not as exits need it.
    """
    return InputError(
        f"state {backbone.name!r}: {backbone.architecture!r} has no early exits ({why}); leave out `exit`"
    )
