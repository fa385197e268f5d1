"""How two kinds of images become a network's input: photographs and centred drawings."""

from striate.data.ink import Ink
from striate.data.recipe import Recipe

COLOUR = Recipe((3, 32, 32), (3, 32, 32), "as is", (0.5,) * 3, (0.5, 0.4, 0.3), (0.25, 0.2, 0.3))
DRAWING = Recipe((1, 28, 28), (1, 28, 28), "as is", (0.0,), (0.13,), (0.31,), Ink(20, (14.0, 14.0)))
