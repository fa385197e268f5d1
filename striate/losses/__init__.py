"""Losses by name. Each takes the network's outputs (N, K) and the labels (N,) and gives a mean over the batch."""

from striate.losses.classification import ALSO, LOSSES, cross_entropy, hinge, loss_named, map_criterion, mse

__all__ = ["ALSO", "LOSSES", "cross_entropy", "hinge", "loss_named", "map_criterion", "mse"]
