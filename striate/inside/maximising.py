"""Activation maximisation: an input made to excite a class or a unit (Erhan et al. 2009; Yosinski et al. 2015).

>>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
>>> _ = nn.init.ones_(model[1].weight)
>>> dream = maximise(model, (1, 4, 4), 1, steps=20)
>>> dream.history[-1] > dream.history[0]
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from striate.errors import InputError
from striate.inside import gradients
from striate.inside.aims import Aim, settled
from striate.inside.drawn import Drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

START = 0.1  # standard deviation of the noise that it begins with


@dataclass(frozen=True)
class Regularisers:
    """What keeps the input from becoming noise; 0 leaves one out.

    Attributes:
        decay: Share of the input that is lost in each step (L2 decay).
        variation: Weight of the mean absolute difference between neighbours (total variation).
        blur: Standard deviation, in entries, of a Gaussian blur after every `blur_every` steps.
        blur_every: Steps.
        jitter: Most entries by which the input is rolled along each axis in a step.
    """

    decay: float = 0.01
    variation: float = 0.1
    blur: float = 0.5
    blur_every: int = 8
    jitter: int = 1


@dataclass(frozen=True, eq=False)
class Dream(Drawn):
    """An input that excites what was asked for.

    Attributes:
        input: (C, *spatial).
        history: The score at each step, before it, and at the end: `steps` + 1 numbers.
        explained: What was made large, in words.
    """

    input: Tensor
    history: tuple[float, ...]
    explained: str

    def facts(self) -> dict[str, Any]:
        """It for programs."""
        return {
            "explained": self.explained,
            "shape": list(self.input.shape),
            "score_before": self.history[0],
            "score": self.history[-1],
            "steps": len(self.history) - 1,
        }

    def picture(self) -> Figure:
        """The input, in colour or on a scale with its legend."""
        from striate.inside.drawing import Panel, Scale, grid, image, plane, signed

        title = f"{self.explained}: {self.history[0]:.3g} to {self.history[-1]:.3g}"
        if self.input.dim() == 3 and len(self.input) == 3:
            low, high = float(self.input.min()), float(self.input.max())
            scale = Scale(low, high, "gray", "input, in each of red, green and blue")
            return grid([[Panel(image(self.input), title, scale)]])
        shown = self.input.mean(0) if self.input.dim() > 2 else self.input
        return grid([[Panel(plane(shown), title, signed(shown, "input"))]])


def maximise(
    model: nn.Module,
    shape: Sequence[int],
    aim: Aim,
    *,
    steps: int = 256,
    rate: float = 0.05,
    keep: Regularisers = Regularisers(),
    seed: int = 0,
) -> Dream:
    """Gradient ascent by Adam on an input that begins as noise.

    Args:
        model: Any module of one input.
        shape: (C, *spatial) of the input.
        aim: A class, or a `Unit`: with a position, or `"all"` for the whole channel.
        steps: How many.
        rate: Adam's learning rate, in units of the input.
        keep: The regularisers.
        seed: Of the noise and the jitter; PyTorch's own random state is left unchanged.

    Raises:
        InputError: There is no such class or unit, or no steps.
    """
    if steps < 1:
        raise InputError(f"there is at least 1 step. Received: {steps}")
    generator = torch.Generator().manual_seed(seed)
    device = next((one.device for one in model.parameters()), torch.device("cpu"))
    with torch.inference_mode(False):
        x = (START * torch.randn(1, *shape, generator=generator)).to(device)
    sight = settled(model, x, aim)
    optimizer = torch.optim.Adam([x], lr=rate)
    axes, history = tuple(range(2, x.dim())), []
    for step in range(steps):
        with gradients.recording():
            leaf = x.detach().clone().requires_grad_()
            score = sight.scores(_rolled(leaf, axes, keep.jitter, generator)).sum()
            aimed = score - keep.variation * total_variation(leaf)
        history.append(float(score.detach()))
        x.grad = -gradients.of(aimed, leaf)
        optimizer.step()
        x.mul_(1 - keep.decay)
        if keep.blur and step % keep.blur_every == keep.blur_every - 1 and step < steps - keep.blur_every:
            x.copy_(blurred(x, keep.blur))
    with torch.no_grad():
        history.append(float(sight.scores(x)))
    return Dream(x[0].detach(), tuple(history), sight.said(0))


def total_variation(x: Tensor) -> Tensor:
    """The mean absolute difference between neighbours along each spatial axis, summed over the axes.

    >>> total_variation(torch.tensor([[[0.0, 1.0, 3.0]]])).item()
    1.5
    """
    differences = [x.diff(dim=axis).abs().mean() for axis in range(2, x.dim()) if x.shape[axis] > 1]
    return torch.stack(differences).sum() if differences else x.new_zeros(())


def blurred(x: Tensor, sigma: float) -> Tensor:
    """(N, C, *spatial) under a Gaussian of this standard deviation, along each axis in turn; edges are repeated."""
    reach = max(1, round(3 * sigma))
    weights = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * sigma**2)).to(x)
    weights = (weights / weights.sum()).view(1, 1, -1)
    for axis in range(2, x.dim()):
        rows = x.movedim(axis, -1)
        flat = F.pad(rows.reshape(-1, 1, rows.shape[-1]), (reach, reach), mode="replicate")
        x = F.conv1d(flat, weights).view(rows.shape).movedim(-1, axis)
    return x


def _rolled(x: Tensor, axes: tuple[int, ...], most: int, generator: torch.Generator) -> Tensor:
    moves = torch.randint(-most, most + 1, (len(axes),), generator=generator).tolist()
    return x.roll(moves, axes) if most and axes else x
