"""How often a training goes over its images when nobody says."""

import pytest

from striate.training.passes import EPOCHS, MOST, STEPS, usual_epochs


def test_large_sets_get_ten_passes() -> None:
    assert usual_epochs(54_000, 64, 400_000) == EPOCHS == 10
    assert usual_epochs(STEPS * 64 // 10, 64, 400_000) == 10


def test_small_sets_get_as_many_steps_within_a_bound() -> None:
    assert usual_epochs(STEPS * 64 // 50, 64, 400_000) == 50
    assert usual_epochs(20, 64, 400_000) == MOST
    assert usual_epochs(765, 0, 400_000) == MOST  # the whole set as one batch: a step a pass


@pytest.mark.parametrize(("macs", "epochs"), [(10**8, 100), (6 * 10**8, 16), (1_800_000_000, 10), (0, 100)])
def test_large_networks_get_fewer(macs: int, epochs: int) -> None:
    assert usual_epochs(1000, 64, macs) == epochs
