"""Losses by name: of one class an example, which take outputs (N, K) and labels (N,), and those of other tasks."""

from striate.losses.classification import ALSO, LOSSES, Loss, cross_entropy, hinge, loss_named, map_criterion, mse

NAMES = (*LOSSES, "dice", "cross-entropy+dice", "binary-cross-entropy")  # of all tasks; each refuses what it lacks

__all__ = ["ALSO", "LOSSES", "NAMES", "Loss", "cross_entropy", "hinge", "loss_named", "map_criterion", "mse"]
