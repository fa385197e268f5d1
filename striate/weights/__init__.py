"""Weights from files: our own, and published ones that use torchvision's or timm's names for the same networks."""

from striate.weights.formats import Table, read_tables
from striate.weights.loading import Kept, Loaded, keep_fitting, load_weights

__all__ = ["Kept", "Loaded", "Table", "keep_fitting", "load_weights", "read_tables"]
