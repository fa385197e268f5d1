"""Star-shaped polygons against brute force: rays, depths, and objects that are drawn again from them."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate.losses.stars import MIDDLE, Stars, depth
from striate.metrics.instances import matches

SIZE = (40, 48)


def blobs(seed: int, most: int = 6) -> NDArray[np.int32]:
    """Ellipses, some of which touch or are cut by the edge."""
    chance, made = np.random.default_rng(seed), np.zeros(SIZE, np.int32)
    down, right = np.mgrid[: SIZE[0], : SIZE[1]]
    for number in range(1, int(chance.integers(2, most + 1)) + 1):
        y, x, a, b = *chance.uniform(0, SIZE), *chance.uniform(4, 8, 2)
        made[(((down - y) / a) ** 2 + ((right - x) / b) ** 2 <= 1) & (made == 0)] = number
    return made


@pytest.mark.parametrize("seed", range(4))
def test_lengths_are_walked_pixel_by_pixel(seed: int) -> None:
    objects, stars = blobs(seed), Stars(16, 1, 6.0)
    rows, columns = np.nonzero(objects)
    at = torch.tensor(np.stack([np.zeros(len(rows), int), rows, columns], 1)[::7])
    found = stars.lengths(torch.from_numpy(objects)[None], at)
    for (_, row, column), lengths in zip(at.tolist(), found.tolist(), strict=True):
        for ray, length in enumerate(lengths):
            angle, step = 2 * math.pi * ray / 16, 0
            while True:
                step += 1
                y, x = (round(row + step * math.sin(angle)), round(column + step * math.cos(angle)))
                if not (0 <= y < SIZE[0] and 0 <= x < SIZE[1]):
                    assert math.isnan(length)
                    break
                if objects[y, x] != objects[row, column]:
                    assert length == step - 0.5
                    break


@pytest.mark.parametrize("seed", range(4))
def test_depth_is_the_distance_to_the_nearest_pixel_that_is_no_inside(seed: int) -> None:
    objects = blobs(seed)
    near = np.pad(objects, 1)
    inside = objects > 0
    for part in (near[:-2, 1:-1], near[2:, 1:-1], near[1:-1, :-2], near[1:-1, 2:]):
        inside &= (part == objects) | (part == 0)
    out = np.argwhere(~inside)
    apart = np.array([[np.sqrt(((out - (y, x)) ** 2).sum(1)).min() for x in range(SIZE[1])] for y in range(SIZE[0])])
    for number in np.unique(objects[objects > 0]):
        mine = apart[objects == number]
        np.testing.assert_allclose(depth(objects)[objects == number], mine / max(mine.max(), 1e-9), atol=1e-6)
    assert not depth(objects)[objects == 0].any()


def perfect(objects: NDArray[np.int32], stars: Stars, kinds: list[int]) -> torch.Tensor:
    """What a network would give that knows everything, without rays over the image's edge."""
    maps = torch.full((1, 1 + stars.rays + (stars.classes if stars.classes > 1 else 0), *SIZE), -20.0)
    maps[0, 0] = torch.from_numpy(depth(objects)).logit(1e-6)
    rows, columns = np.nonzero(objects)
    at = torch.tensor(np.stack([np.zeros(len(rows), int), rows, columns], 1))
    lengths = stars.lengths(torch.from_numpy(objects)[None], at).nan_to_num(stars.radius)
    maps[0, 1 : 1 + stars.rays, rows, columns] = (torch.expm1(lengths / stars.radius).log() - MIDDLE).T
    for row, column in zip(rows, columns, strict=True):
        if stars.classes > 1:
            maps[0, 1 + stars.rays + kinds[objects[row, column] - 1], row, column] = 20.0
    return maps


@pytest.mark.parametrize("seed", range(6))
def test_objects_are_found_again_in_what_a_network_that_knows_them_gives(seed: int) -> None:
    down, right = np.mgrid[: SIZE[0], : SIZE[1]]
    chance, objects, number = np.random.default_rng(seed), np.zeros(SIZE, np.int32), 0
    for y in (10, 28):
        for x in (8, 22, 38):
            a, b = chance.uniform(5, 8, 2)
            number += 1
            objects[(((down - y) / a) ** 2 + ((right - x) / b) ** 2 <= 1) & (objects == 0)] = number
    kinds = chance.integers(0, 3, number).tolist()
    coded = np.where(objects > 0, 1 + (objects - 1) * 3 + np.array([0, *kinds])[objects], 0).astype(np.int32)
    stars = Stars(32, 3, 6.0)
    ((made, told),) = stars.found({"output": perfect(objects, stars, kinds)})
    assert matches(made, coded).at(0.7) == (number, 0, 0)
    for place, star in enumerate(told):
        inside = (made - 1) // 3 == place
        assert star.kind == kinds[np.bincount(objects[inside & (made > 0)]).argmax() - 1]
        assert ((made[inside & (made > 0)] - 1) % 3 == star.kind).all()


def test_the_loss_is_least_for_a_network_that_knows() -> None:
    objects, stars = blobs(3), Stars(16, 1, 6.0)
    right = perfect(objects, stars, [])
    given = torch.from_numpy(objects)[None]
    parts = stars.loss({"output": right}, given)
    assert float(parts["rays"]) < 1e-4
    worse = stars.loss({"output": right + torch.randn(right.shape, generator=torch.Generator().manual_seed(0))}, given)
    assert all(float(worse[name]) > float(parts[name]) for name in parts)


def test_nothing_and_the_unknown_teach_nothing_of_rays() -> None:
    stars, maps = Stars(8, 2, 5.0), torch.randn(2, 11, *SIZE, requires_grad=True)
    objects = torch.zeros(2, *SIZE, dtype=torch.int32)
    objects[1] = -1
    sum(stars.loss({"output": maps}, objects).values()).backward()
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()
    assert not maps.grad[:, 1:].any()
    assert not maps.grad[1].any()
    assert maps.grad[0, 0].all()


def test_numbers_beyond_all_measure_find_something_or_nothing() -> None:
    maps = torch.full((1, 9, *SIZE), float("nan"))
    maps[0, :, 10, 10] = float("inf")
    ((made, told),) = Stars(8, 1, 5.0).found({"output": maps})
    assert len(told) == made.max()
