"""What excites a channel most: the parts of inputs at which it is largest (Zeiler & Fergus 2014, figure 2).

>>> model, x = nn.Sequential(nn.Conv2d(1, 2, 3)), torch.rand(6, 1, 8, 8)
>>> found = top_patches(model, [x[:4], x[4:]], "0", 1, count=2)
>>> found.values[0] >= found.values[1], found.patches[0].shape
(True, torch.Size([1, 3, 3]))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from striate.errors import InputError
from striate.inside.aims import Unit, settled
from striate.inside.drawn import Drawn
from striate.inside.field import Box, receptive_field
from striate.inside.watching import batch_of, batches_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class TopPatches(Drawn):
    """The strongest examples of a channel, each once, strongest first.

    Attributes:
        layer: The layer's name.
        channel: From 0.
        values: The activations.
        examples: The positions of the examples in the data set, from 0.
        positions: Where on the layer's map each is strongest.
        boxes: The receptive field there: along each axis the first entry, and the one after the last.
        patches: The inputs in these boxes, (C, *box) each; smaller at edges.
        inputs: The whole inputs, (C, *spatial) each.
    """

    layer: str
    channel: int
    values: tuple[float, ...]
    examples: tuple[int, ...]
    positions: tuple[tuple[int, ...], ...]
    boxes: tuple[Box, ...]
    patches: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        found = zip(self.values, self.examples, self.positions, self.boxes, strict=True)
        names = ("activation", "example", "position", "box")
        return {
            "layer": self.layer,
            "unit": self.channel,
            "patches": [dict(zip(names, one, strict=True)) for one in found],
        }

    def picture(self) -> Figure:
        """The patches with their activations, each from its minimum to its maximum."""
        from striate.inside.drawing import Panel, Scale, image, sheet

        panels = [
            Panel(image(patch), f"{number}: {value:.3g}")
            for number, value, patch in zip(self.examples, self.values, self.patches, strict=True)
        ]
        scale = Scale(0, 1, "gray", "smallest to largest, of each")
        return sheet(panels, scale, f"{self.layer} unit {self.channel}: example and activation")


def top_patches(model: nn.Module, batches: Iterable[Any], layer: str, channel: int, *, count: int = 9) -> TopPatches:
    """The receptive fields, cut out of the inputs, where a channel is largest.

    Args:
        model: Any module of one input.
        batches: Tensors (N, C, *spatial), or pairs of which they are the first, as a DataLoader gives.
        layer: The layer's name.
        channel: From 0.
        count: How many examples.

    Raises:
        InputError: There is no such layer or channel, or there are no examples.
    """
    if count < 1:
        raise InputError(f"there is at least 1 patch. Received: {count}")
    best: list[tuple[float, int, tuple[int, ...], Tensor]] = []
    seen = 0
    for x, _ in batches_of(batches):
        x = batch_of(x)
        sight = settled(model, x, Unit(layer, channel))
        with torch.no_grad():
            scores = sight.scores(x).tolist()
        best += [(score, seen + row, sight.numbers[row][1:], x[row]) for row, score in enumerate(scores)]
        best = sorted(best, key=lambda one: (-one[0], one[1]))[:count]
        best = [(value, row, place, one.clone()) for value, row, place, one in best]  # the batch may go
        seen += len(x)
    boxes = [receptive_field(model, one.shape, Unit(layer, channel, place)).box for _, _, place, one in best]
    cut = [one[(slice(None), *(slice(*ends) for ends in box))] for (*_, one), box in zip(best, boxes, strict=True)]
    return TopPatches(
        layer,
        channel,
        values=tuple(value for value, *_ in best),
        examples=tuple(row for _, row, *_ in best),
        positions=tuple(place for _, _, place, _ in best),
        boxes=tuple(boxes),
        patches=tuple(cut),
        inputs=tuple(one for *_, one in best),
    )
