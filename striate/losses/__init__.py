"""Losses by name: of one class an example, which take outputs (N, K) and labels (N,), and those of other tasks.

Those for a class per pixel (`striate.losses.pixels`) take outputs (N, K, H, W) and masks (N, H, W).
"""

from striate.losses.classification import ALSO, LOSSES, Loss, cross_entropy, hinge, loss_named, map_criterion, mse
from striate.losses.multilabel import NAME as BINARY
from striate.losses.multilabel import binary_cross_entropy
from striate.losses.pictures import LOSSES as OF_PICTURES
from striate.losses.pixels import LOSSES as OF_PIXELS
from striate.losses.pixels import dice_loss, median_frequency, pixel_cross_entropy, pixel_losses

NAMES = tuple(dict.fromkeys((*LOSSES, *OF_PIXELS, BINARY, *OF_PICTURES)))  # of all tasks; each refuses what it lacks

__all__ = [
    "ALSO",
    "BINARY",
    "LOSSES",
    "NAMES",
    "Loss",
    "binary_cross_entropy",
    "cross_entropy",
    "dice_loss",
    "hinge",
    "loss_named",
    "map_criterion",
    "median_frequency",
    "mse",
    "pixel_cross_entropy",
    "pixel_losses",
]
