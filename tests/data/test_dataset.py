import subprocess
import sys

import pytest
import torch

from striate.data import Dataset, Split, carve
from striate.data.dataset import held_out
from striate.errors import InputError


def split_of(*counts: int) -> Split:
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    images = torch.arange(len(labels)).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)
    return Split(images, labels, tuple(f"{i}.png" for i in range(len(labels))))


def test_carve_takes_the_same_share_of_each_class() -> None:
    rest, part = carve(split_of(100, 50, 10), 0.2, seed=3)
    assert part.labels.bincount().tolist() == [20, 10, 2]
    assert rest.labels.bincount().tolist() == [80, 40, 8]


def test_carve_parts_are_disjoint_complete_and_keep_order_and_paths() -> None:
    whole = split_of(30, 30)
    rest, part = carve(whole, 0.3, seed=0)
    rows = [split.images[:, 0, 0, 0].tolist() for split in (rest, part)]
    assert sorted(rows[0] + rows[1]) == list(range(60))
    for split, row in zip((rest, part), rows, strict=True):
        assert row == sorted(row)
        assert split.paths == tuple(f"{i}.png" for i in row)
        assert split.labels.tolist() == whole.labels[row].tolist()


def test_carve_depends_on_the_seed_alone() -> None:
    first, again, other = (carve(split_of(50, 50), 0.2, seed)[1].images[:, 0, 0, 0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_choice_never_changes() -> None:
    """A saved run names only the seed: another choice would let it learn from its own test images."""
    assert held_out([0] * 10, [f"0 {i}" for i in range(10)], 0.3) == [2, 4, 6]


def test_every_class_of_two_is_on_both_sides() -> None:
    rest, part = carve(split_of(2, 1, 3), 0.01, seed=0)
    assert part.labels.tolist() == [0, 2]
    assert rest.labels.tolist() == [0, 1, 2, 2]
    assert carve(split_of(2, 1, 3), 0.99, seed=0)[0].labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_carve_refuses_a_share_that_is_none(fraction: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        carve(split_of(5, 5), fraction, seed=0)


def test_carve_refuses_single_images() -> None:
    with pytest.raises(InputError, match="no class has two"):
        carve(split_of(1, 1), 0.5, seed=0)


def test_adding_images_moves_few_others() -> None:
    before = set(held_out([0] * 100, [f"{i}.png" for i in range(100)], 0.15))
    after = set(held_out([0] * 110, [f"{i}.png" for i in range(110)], 0.15))
    assert len(before - after) <= 3


def test_the_package_is_cheap_to_import() -> None:
    code = "import sys, striate.data; print([m for m in ('torch', 'PIL', 'sklearn', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['torch']")  # torch may come with striate itself


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    import striate.data

    with pytest.raises(AttributeError, match="lod"):
        _ = striate.data.lod
    assert all(hasattr(striate.data, name) for name in striate.data.__all__)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("what", ["training", "test"])
def test_an_image_that_is_not_finite_is_refused_by_its_number(value: float, what: str) -> None:
    good = Split(torch.rand(5, 1, 3, 3), torch.tensor([0, 1, 0, 1, 0]))
    images = torch.rand(5, 1, 3, 3)
    images[3, 0, 2, 1] = value
    splits = {"training": good, "test": good, what: Split(images, good.labels)}
    with pytest.raises(InputError, match=f"^{what} image 3 of mine holds a value that is not finite; leave it out$"):
        Dataset("mine", "", splits["training"], splits["test"], ("a", "b"))
