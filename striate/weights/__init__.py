"""Weights from files: our own, and those that circulate under torchvision's or timm's names for the same networks."""

from striate.weights.loading import Loaded, load_weights

__all__ = ["Loaded", "load_weights"]
