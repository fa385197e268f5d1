"""The mean Dice of volumes: of which classes, and that it is what the classes give one by one."""

import numpy as np
import pytest

from striate.metrics.volumes import dice_of_classes, mean_dice

COUNTS = np.array([[[90, 0, 2], [5, 5, 0], [3, 0, 7]], [[80, 10, 0], [0, 10, 0], [1, 1, 8]]])


@pytest.mark.parametrize(("background", "counted"), [(0, [1, 2]), (2, [0, 1]), (None, [0, 1, 2])])
def test_no_class_is_dropped_but_the_background(background: int | None, counted: list[int]) -> None:
    assert mean_dice(COUNTS, background) == pytest.approx(dice_of_classes(COUNTS)[counted].mean())
