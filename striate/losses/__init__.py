"""Losses by name. Each takes the network's outputs (N, K) and the labels (N,) and gives a mean over the batch.

Those for a class per pixel (`striate.losses.pixels`) take outputs (N, K, H, W) and masks (N, H, W).
"""

from striate.losses.classification import ALSO, LOSSES, cross_entropy, hinge, loss_named, map_criterion, mse
from striate.losses.pixels import dice_loss, median_frequency, pixel_cross_entropy, pixel_losses

__all__ = [
    "ALSO",
    "LOSSES",
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
