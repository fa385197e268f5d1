"""Gram matrices, distances and total variation against NumPy, and their gradients against finite differences."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate.losses.style import apart, gram, total_variation

CHANCE = np.random.default_rng(0)


def defined(values: NDArray[np.float64], where: NDArray[np.float64]) -> NDArray[np.float64]:
    """Equation 3 of Gatys et al., term by term, as a weighted mean."""
    channels, height, width = values.shape
    made = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(channels):
            for row in range(height):
                for column in range(width):
                    made[i, j] += where[row, column] * values[i, row, column] * values[j, row, column]
    return made / where.sum()


@pytest.mark.parametrize("masked", [False, True])
def test_gram_matrices_are_means_of_products(masked: bool) -> None:
    values = CHANCE.standard_normal((2, 3, 4, 5))
    where = CHANCE.random((4, 5)) if masked else np.ones((4, 5))
    made = gram(torch.from_numpy(values), torch.from_numpy(where)[None, None] if masked else None)
    for one, wanted in zip(made.numpy(), values, strict=True):
        np.testing.assert_allclose(one, defined(wanted, where))


def test_a_mask_of_zeros_gives_zeros() -> None:
    assert gram(torch.ones(1, 2, 3, 3), torch.zeros(1, 1, 3, 3)).abs().max() == 0


def test_a_gram_matrix_does_not_know_where_things_are() -> None:
    values = torch.from_numpy(CHANCE.standard_normal((1, 3, 4, 5)))
    moved = values.flatten(2)[..., torch.randperm(20)].view(1, 3, 5, 4)
    torch.testing.assert_close(gram(values), gram(moved))


def test_total_variation() -> None:
    picture = CHANCE.random((1, 3, 6, 5))
    wanted = np.mean(np.diff(picture, axis=3) ** 2) + np.mean(np.diff(picture, axis=2) ** 2)
    assert float(total_variation(torch.from_numpy(picture))) == pytest.approx(wanted)


@pytest.mark.parametrize("masked", [False, True])
def test_gradients(masked: bool) -> None:
    values = torch.from_numpy(CHANCE.standard_normal((1, 3, 4, 4))).requires_grad_()
    wanted = gram(torch.from_numpy(CHANCE.standard_normal((1, 3, 4, 4))))
    where = torch.from_numpy(CHANCE.random((1, 1, 4, 4))) if masked else None
    assert torch.autograd.gradcheck(lambda x: apart(gram(x, where), wanted).sum() + total_variation(x), [values])
