"""Where joints are: as numbers, looked at again around each joint (DeepPose), or as a map of heat for each.

DeepPose (Toshev & Szegedy 2014) gives x and y of all joints at once; each stage of its cascade is given a box around
each joint as the stage before has it, gives all joints anew in the box, and is asked for the one that the box is of.

>>> one = Stages((64, 64), 2)
>>> one.found({"output": torch.zeros(1, 4)})[0, 0].tolist()  # the middle of the image
[[31.5, 31.5, nan], [31.5, 31.5, nan]]
>>> maps = torch.full((1, 1, 4, 4), -20.0)
>>> maps[0, 0, 1, 2] = 20.0
>>> Heat((64, 64), 1).found({"output": maps}).tolist()  # the middle of the third column and the second row
[[[[39.5, 23.5, 1.0]]]]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from striate.boxes import numbered
from striate.errors import InputError
from striate.losses.proposing import Draw

OUTPUT, BOXES = "output", "boxes"
AXES = 2
WIDE = 0.5  # a box's side, as a share of the pose's larger side
LEAST = 0.2  # of the canvas's shorter side: no box is smaller
SPREAD = 0.15  # how far from a joint, as a share of its box, boxes are while training
ROUND = 0.05  # an error, as a share of the canvas or the box, from which the loss grows linearly
HEATED = 1.0  # the spread of a true map, in its entries
NEAR = 2  # entries around the hottest one that say where between entries a joint is


@dataclass(frozen=True)
class Stages:
    """Joints as numbers.

    Attributes:
        size: (height, width) of the network's input.
        joints: How many there are.
        heads: The outputs: (N, 2J), or maps (N, J, h, w), of the first stage, and (N · J, 2J) of each that looks again.
    """

    size: tuple[int, int]
    joints: int
    heads: tuple[str, ...] = (OUTPUT,)

    def propose(self, made: Mapping[str, Tensor], before: Sequence[Tensor] = (), draw: Draw | None = None) -> Tensor:
        """(N · J, 5): a box around each joint as the last stage has it, with its image's number.

        Args:
            made: What the stages before give.
            before: The boxes that they had.
            draw: Draws by how much boxes are moved while training, since a network is surer of what it learns from.

        Raises:
            InputError: No stage has been asked yet.
        """
        with torch.no_grad():
            places = self._places(made, before)
            if not places:
                raise InputError(f"the boxes are around joints, which the head {self.heads[0]} must give before")
            return self._around(places[-1].float().nan_to_num(), draw)

    def _around(self, places: Tensor, draw: Draw | None) -> Tensor:
        """(N · J, 5), for places (N, J, 2)."""
        height, width = self.size
        middle = places.clamp_min(0).minimum(places.new_tensor([width - 1, height - 1])) + 0.5
        side = WIDE * (places.amax(1) - places.amin(1)).amax(1).clamp(LEAST / WIDE * min(self.size), max(self.size))
        if draw:
            middle = middle + SPREAD * side[:, None, None] * draw(middle)
        half = side[:, None, None].expand_as(middle) / 2
        return numbered(torch.cat([middle - half, middle + half], 2))

    def _places(self, made: Mapping[str, Tensor], boxes: Sequence[Tensor]) -> list[Tensor]:
        """(N, J, 2) in pixels, after each stage that was asked."""
        found = list[Tensor]()
        for name, at in zip(self.heads, (None, *boxes), strict=False):
            if name in made:
                found.append(self._first(made[name]) if at is None else self._again(made[name], at))
        return found

    def _first(self, made: Tensor) -> Tensor:
        if self._maps(made):
            return self._heat.found({OUTPUT: made})[:, 0, :, :AXES]
        shares = made.flatten(1).float().reshape(-1, self.joints, AXES) + 0.5
        return shares * shares.new_tensor([self.size[1], self.size[0]]) - 0.5

    def _maps(self, made: Tensor) -> bool:
        return made[0].numel() != AXES * self.joints

    @property
    def _heat(self) -> Heat:
        return Heat(self.size, self.joints)

    def _own(self, made: Tensor) -> Tensor:
        """(N, J, 2): of each box the joint that it is of, from its middle, in shares of its sides."""
        rows = made.flatten(1).float().reshape(-1, self.joints, self.joints, AXES)
        return rows.diagonal(dim1=1, dim2=2).movedim(-1, 1)

    def _again(self, made: Tensor, boxes: Tensor) -> Tensor:
        middle, side = _middles(boxes, self.joints)
        return middle + self._own(made) * side

    def _boxes(self, outputs: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        return outputs[BOXES].chunk(len(self.heads) - 1, 1) if len(self.heads) > 1 else ()

    def loss(self, outputs: Mapping[str, Tensor], places: Tensor) -> dict[str, Tensor]:
        """The part of each stage: the mean smooth L1 distance of the joints that are visible; of maps as of `Heat`.

        Args:
            outputs: Of a network, with the boxes that it proposed.
            places: (N, J, 2) pixels; not numbers where a joint is not visible.
        """
        first, made = self.heads[0], outputs[self.heads[0]]
        if self._maps(made):
            parts = {first: self._heat.loss({OUTPUT: made}, places)["heat"]}
        else:
            parts = {first: _apart((self._first(made) - places) / places.new_tensor([self.size[1], self.size[0]]))}
        for name, boxes in zip(self.heads[1:], self._boxes(outputs), strict=True):
            middle, side = _middles(boxes, self.joints)
            parts[name] = _apart(self._own(outputs[name]) - (places - middle) / side)
        return parts

    def found(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """(N, stages, J, 3): x and y in pixels after each stage; nothing says how likely they are."""
        places = torch.stack(self._places(outputs, self._boxes(outputs)), 1)
        return F.pad(places, (0, 1), value=float("nan"))


@dataclass(frozen=True)
class Heat:
    """Joints as maps: a network gives (N, J, h, w), of which the softmax over all entries says where each is.

    Attributes:
        size: (height, width) of the network's input.
        joints: How many there are.
    """

    size: tuple[int, int]
    joints: int

    def loss(self, outputs: Mapping[str, Tensor], places: Tensor) -> dict[str, Tensor]:
        """The mean cross-entropy between the maps and normal distributions around the visible joints."""
        logits = outputs[OUTPUT].float()
        x, y = self._entries(places, logits)
        across, down = _bell(x, logits.shape[3]), _bell(y, logits.shape[2])
        true = (down[..., :, None] * across[..., None, :]).flatten(2)
        seen = torch.isfinite(x) & (true.sum(2) > 0)
        each = -(true.nan_to_num() * logits.flatten(2).log_softmax(2)).sum(2)
        return {"heat": (each * seen).sum() / seen.sum().clamp_min(1)}

    def found(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """(N, 1, J, 3): x and y in pixels, and the share of the heat that is there."""
        logits = outputs[OUTPUT].float().nan_to_num()
        rows, columns = logits.shape[2:]
        heat = logits.flatten(2).softmax(2)
        best = heat.argmax(2)
        down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        down, across = down.flatten().to(logits), across.flatten().to(logits)
        y, x = down[best], across[best]
        near = ((down - y[..., None]).abs() <= NEAR) & ((across - x[..., None]).abs() <= NEAR)
        heat = heat * near
        sure = heat.sum(2)
        middle = torch.stack([(heat * across).sum(2) / sure, (heat * down).sum(2) / sure], 2) + 0.5
        scale = logits.new_tensor([self.size[1] / columns, self.size[0] / rows])
        return torch.cat([middle * scale - 0.5, sure[..., None]], 2)[:, None]

    def _entries(self, places: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """Columns and rows of a map, from its first entry's middle."""
        rows, columns = like.shape[2:]
        return (places[..., 0] + 0.5) * columns / self.size[1] - 0.5, (places[..., 1] + 0.5) * rows / self.size[0] - 0.5


def _middles(boxes: Tensor, joints: int) -> tuple[Tensor, Tensor]:
    """The middles (N, J, 2) of boxes, from the first pixel's middle, and their sides."""
    edges = boxes[:, 1:].reshape(-1, joints, 4)
    return (edges[..., :2] + edges[..., 2:]) / 2 - 0.5, edges[..., 2:] - edges[..., :2]


def _apart(errors: Tensor) -> Tensor:
    """Smooth L1 of errors (N, J, 2), in units of `ROUND`, a mean over those that are numbers."""
    seen = torch.isfinite(errors)
    each = F.smooth_l1_loss(errors.where(seen, 0.0) / ROUND, torch.zeros_like(errors), reduction="none")
    return (each * seen).sum() / seen.sum().clamp_min(1)


def _bell(middle: Tensor, count: int) -> Tensor:
    """(…, count): a normal distribution over entries, whose sum is 1; 0 where the middle is far outside."""
    at = torch.arange(count, device=middle.device, dtype=middle.dtype)
    bell = torch.exp(-((at - middle[..., None]) ** 2) / (2 * HEATED**2))
    return bell / bell.sum(-1, keepdim=True).clamp_min(1e-12)
