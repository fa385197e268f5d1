"""What tasks share whose networks make pictures: losses, figures beside a baseline's, what is kept to draw."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from striate.data.examples import Opened
from striate.data.recipe import Recipe
from striate.data.restoring.form import bordered
from striate.data.restoring.luminance import as_bytes
from striate.errors import InputError, nearest
from striate.losses import ALSO
from striate.losses.pictures import LOSSES
from striate.metrics.metric import Metric
from striate.metrics.pictures import psnr, ssim
from striate.native.losses import GIVEN
from striate.native.losses import Loss as NativeLoss
from striate.notation import Network
from striate.notation.tree import Shape
from striate.tasks.in_pieces import InPieces
from striate.tasks.restored import BEFORE, MADE, JudgedPictures
from striate.tasks.task import Bound, LossName
from striate.tiling import at
from striate.training.fields import OUTPUT, Fields
from striate.training.objective import Net, Objective

if TYPE_CHECKING:
    from striate.tasks.task import Judged

GOOD, MSE = "good", "mse"
NATIVE = {MSE: "squared-error"}  # what the native engine calls those that it has
SEEN = 192  # rows and columns of what is made of an image that are kept to draw it


@dataclass(frozen=True, kw_only=True)
class MakesPictures(InPieces):
    """A task whose network gives a picture that is compared with a good one.

    Of several answers, of networks or of views, the mean is given (the self-ensemble of Lim et al. 2017).
    """

    metrics: ClassVar[tuple[Metric, ...]] = (Metric("psnr", share=False, unit="dB"), Metric("ssim", share=False))
    places: ClassVar[bool] = True
    of_views: ClassVar[bool] = True
    changes: ClassVar[tuple[str, ...]] = ("mirror", "turn", "crop")
    may_lose: ClassVar[bool] = False

    @property
    @abstractmethod
    def baseline(self) -> str:
        """What a network has to beat."""

    @property
    @abstractmethod
    def convention(self) -> str:
        """On what the figures are measured."""

    @abstractmethod
    def before(self, inputs: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W): what the baseline makes of inputs."""

    def given(self, inputs: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W): what is drawn beside what the network makes; by default what the baseline does."""
        return self.before(inputs)

    @property
    def border(self) -> int:
        """Pixels at each edge that do not count in the figures."""
        return 0

    def fits(self, output: Shape, name: str) -> str:
        """A map for each colour."""
        if len(output) == 3 and output[0] == self.channels:
            return ""
        shape = "x".join("?" if side is None else str(side) for side in output)
        many = f"{self.channels} map{'s' if self.channels > 1 else ''}"
        return f"gives {shape}, and a picture as it reads them has {many}; end the network with {many}"

    def recipe(self, network: Network, opened: Opened) -> Recipe:
        """Values are from 0 to 1, as those that are asked for."""
        piece = tuple(int(side or 0) for side in network.input)
        zeros, ones = (0.0,) * piece[0], (1.0,) * piece[0]
        return Recipe(piece, piece, "any size", background=zeros, mean=zeros, std=ones, levels=opened.levels)

    def objective(self, loss: LossName) -> Objective:
        """With a loss of this name, or the mean square."""
        name = loss or MSE
        if callable(name) or name not in LOSSES:
            hint = "" if callable(name) else nearest(name, LOSSES, ALSO)
            raise InputError(f"{self.word} has no loss '{name}'{hint}; there are {', '.join(LOSSES)}")
        return Bound(self, partial(self.loss_of, name))

    def loss_name(self, loss: LossName) -> str:
        """The name of that loss, as a run keeps it."""
        return str(loss or MSE)

    def loss(self, outputs: Fields, targets: Fields) -> Fields:
        """The mean square."""
        return self.loss_of(MSE, outputs, targets)

    def loss_of(self, name: str, outputs: Fields, targets: Fields) -> Fields:
        """The parts of the loss of this name."""
        return {NATIVE.get(name, name): LOSSES[name](outputs[OUTPUT], targets[GOOD])}

    def native(self, loss: LossName) -> NativeLoss:
        """The engine has the mean square; PyTorch the others."""
        return NATIVE.get(self.loss_name(loss), GIVEN)

    def through(self, net: Net, inputs: Fields) -> Fields:
        """What the network makes, and what the baseline does."""
        ((_, images),) = inputs.items()
        return {**super().through(net, inputs), BEFORE: self.before(images)}

    def rows(self, outputs: Fields, targets: Fields) -> Fields:
        """PSNR and SSIM (N,) of each picture and of the baseline's, and the middle of it (N, C, 192, 192).

        What the network makes is rounded to 256 levels, as in a file.
        """
        kept: dict[str, list[Any]] = {name: [] for name in ("psnr", "ssim", "psnr_before", "ssim_before", MADE)}
        every = (values.cpu() for values in (targets[GOOD], outputs[OUTPUT], outputs[BEFORE]))
        for good, made, before in zip(*every, strict=True):
            rounded = as_bytes(made.numpy())
            true = bordered(good.numpy(), self.border)
            for name, values in {"": rounded.astype(np.float32) / 255, "_before": before.clamp(0, 1).numpy()}.items():
                kept[f"psnr{name}"].append(psnr(true, bordered(values, self.border)))
                kept[f"ssim{name}"].append(ssim(true, bordered(values, self.border)))
            kept[MADE].append(seen(torch.from_numpy(rounded)))
        figures = {name: torch.tensor(values, dtype=torch.float64) for name, values in kept.items() if name != MADE}
        return {**figures, MADE: torch.stack(kept[MADE])}

    def figures(self, rows: Fields) -> Mapping[str, float]:
        """Means over the pictures."""
        return {name: float(rows[name].mean()) for name in ("psnr", "ssim")}

    def judged(self, name: str, examples: Any, rows: Fields, figures: Mapping[str, float]) -> Judged:
        """How near pictures are to good ones."""
        how = (self.unit, self.baseline, self.convention, self.middles)
        return JudgedPictures(name, examples, rows, figures, *how)

    def middles(self, fields: Mapping[str, torch.Tensor]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Middles (C, 192, 192) of what was `given` and of what is asked for, of the fields of one example."""
        inputs = next(values for name, values in fields.items() if name != GOOD)
        inputs = inputs.float() / 255 if inputs.dtype == torch.uint8 else inputs
        return as_bytes(seen(self.given(inputs)[0]).numpy()), as_bytes(seen(fields[GOOD][0]).numpy())


def seen(picture: torch.Tensor) -> torch.Tensor:
    """(C, 192, 192): the middle of (C, H, W); a smaller one is reflected beyond its edges."""
    corner = [(side - SEEN) // 2 for side in picture.shape[1:]]
    return at(picture, (corner[0], corner[1]), (SEEN, SEEN))
