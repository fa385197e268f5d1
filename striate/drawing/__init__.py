"""Pictures of a step: the window on its map, the products, their sum, and the gradient on its way back."""

from striate.drawing.strip import draw

__all__ = ["draw"]
