"""Basins against brute force: depths, the watershed, and objects that are found again in perfect maps."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate.losses.basins import SURE, Basins, basins, depth
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


def slow(deep: NDArray[np.float64], inside: NDArray[np.bool_], rise: float) -> NDArray[np.int64]:
    """Pixel by pixel from the deepest one (Chazal et al. 2013, algorithm 1): each follows its deepest neighbour."""
    order = sorted(map(tuple, np.argwhere(inside).tolist()), key=lambda place: -deep[place])
    root: dict[tuple[int, ...], tuple[int, ...]] = {}

    def top(place: tuple[int, ...]) -> tuple[int, ...]:
        return place if root[place] == place else top(root[place])

    for y, x in order:
        near = [place for place in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)) if place in root]
        root[y, x] = max(near, key=lambda place: deep[place]) if near else (y, x)
        for place in near:
            low, high = sorted((top(place), top((y, x))), key=lambda one: deep[one])
            if deep[low] - deep[y, x] < rise:
                root[low] = high
    made, tops = np.zeros(deep.shape, np.int64), [top(place) for place in order]
    for place, peak in zip(order, tops, strict=True):
        made[place] = 1 + sorted(set(tops)).index(peak) if deep[peak] >= SURE else 0
    return made


@pytest.mark.parametrize("seed", range(12))
def test_basins_are_found_pixel_by_pixel(seed: int) -> None:
    chance = np.random.default_rng(seed)
    deep = chance.random((12, 15)) if seed % 2 else chance.permutation(180).reshape(12, 15) / 180
    inside, rise = chance.random(deep.shape) < 0.8, float(chance.choice([0.02, 0.1, 0.3]))
    found, wanted = basins(deep, inside, rise), slow(deep, inside, rise)
    assert (found > 0).tolist() == (wanted > 0).tolist()
    assert len({*zip(found.ravel(), wanted.ravel(), strict=True)}) == len(np.unique(wanted)) == len(np.unique(found))
    assert np.unique(found[found > 0]).tolist() == list(range(1, found.max() + 1))


def test_level_places_are_one_basin_and_two_peaks_need_a_pass_between_them() -> None:
    level = np.full((6, 7), 0.8)
    assert (basins(level, level > 0) == 1).all()
    level[:, 3] = 0.78
    assert basins(level, level > 0).max() == 1
    level[:, 3] = 0.6
    assert basins(level, level > 0)[0, [0, 6]].tolist() == [1, 2]
    assert not basins(level / 3, level > 0).any(), "no peak is deep enough"
    assert not basins(level, level > 1).any(), "nothing is inside"


def perfect(objects: NDArray[np.int32], classes: int) -> torch.Tensor:
    """What a network would give that knows everything."""
    kinds = np.where(objects > 0, (objects - 1) % classes, -1)
    shares = np.stack([depth(objects), *(kinds == kind for kind in range(classes))])
    return torch.from_numpy(shares).float().logit(1e-4)[None]


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
    ((made, told),) = Basins(3).found({"output": perfect(coded, 3)})
    assert matches(made, coded).at(0.9) == (number, 0, 0)
    for place, one in enumerate(told):
        mine = made == place + 1
        assert one.kind == kinds[np.bincount(objects[mine]).argmax() - 1]
        assert one.chance > 0.9


def test_the_loss_is_least_for_a_network_that_knows() -> None:
    objects = blobs(3)
    right, given = perfect(objects, 1), torch.from_numpy(objects)[None]
    parts = Basins(1).loss({"output": right}, given)
    noise = torch.randn(right.shape, generator=torch.Generator().manual_seed(0))
    worse = Basins(1).loss({"output": right + noise}, given)
    assert all(float(worse[name]) > float(parts[name]) for name in parts)
    shares = torch.from_numpy(depth(objects)).double().clamp(1e-4, 1 - 1e-4)
    least = torch.special.entr(torch.stack([shares, 1 - shares])).sum(0).mean()
    assert float(parts["depth"]) == pytest.approx(float(least), rel=0.02)


def test_the_unknown_teaches_nothing_and_no_object_is_learned_too() -> None:
    maps = torch.randn(2, 3, *SIZE, requires_grad=True)
    objects = torch.zeros(2, *SIZE, dtype=torch.int32)
    objects[1] = -1
    sum(Basins(2).loss({"output": maps}, objects).values()).backward()
    assert maps.grad is not None
    assert maps.grad[0].all()
    assert not maps.grad[1].any()


def test_numbers_beyond_all_measure_find_something_or_nothing() -> None:
    maps = torch.full((1, 3, *SIZE), float("nan"))
    maps[0, :, 10, 10], maps[0, :, 20, 20] = float("inf"), float("-inf")
    ((made, told),) = Basins(2).found({"output": maps})
    assert len(np.unique(made[made > 0])) == len(told)
    assert Basins(2).found({"output": torch.full((1, 3, *SIZE), -9.0)})[0][1] == []
