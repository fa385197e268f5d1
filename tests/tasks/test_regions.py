"""Whether masks are better than those of a guess is said in words."""

import pytest
import torch

from striate.data.examples import Table
from striate.tasks.regions import JudgedRegions

COLOURS = ((0, 0, 0), (255, 0, 0), (0, 255, 0))


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([[86, 4, 0], [5, 4, 1], [0, 0, 0]], ""),  # a pixel of a class that is not there, whose IoU of 0 is left out
        ([[90, 0], [10, 0]], "Every pixel is called 'ground': the network has not learned to tell the classes."),
        ([[60, 30], [10, 0]], "No better than always saying 'ground', which gets 45.00%."),
        ([[90, 0], [0, 10]], ""),
        ([[0, 0], [0, 0]], ""),
    ],
)
def test_masks_that_are_no_better_than_a_guess(counts: list[list[int]], said: str) -> None:
    """Of 100 pixels 90 are ground, which by itself has an IoU of 0.9, and cells one of 0."""
    rows = {"counts": torch.tensor([counts])}
    names = ("ground", "cell", "hole")[: len(counts)]
    judged = JudgedRegions("a set", Table(rows), rows, {}, "images", names, COLOURS[: len(counts)])
    assert judged.guessing == said
