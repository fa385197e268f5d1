"""Arrays that a network is asked about: one example or many, in memory, in an archive, in a file of one array."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.data.recipe import Recipe
from striate.data.rows import examples_of, pictures_in, rows_of, stored
from striate.errors import InputError

SIGNAL = np.arange(12, dtype=np.float32)


@pytest.mark.parametrize(
    ("shape", "source", "count"),
    [
        ((12,), (1, 12), 1),
        ((1, 12), (1, 12), 1),
        ((5, 12), (1, 12), 5),
        ((5, 1, 12), (1, 12), 5),
        ((12, 2), (2, 12), 1),
        ((5, 12, 2), (2, 12), 5),
        ((5, 2, 12), (2, 12), 5),
        ((4, 5, 6), (1, 4, 5, 6), 1),
        ((7, 4, 5, 6), (1, 4, 5, 6), 7),
        ((4, 8, 8), (4, 8, 8), 1),
    ],
)
def test_an_array_is_one_example_or_many(shape: tuple[int, ...], source: tuple[int, ...], count: int) -> None:
    assert rows_of(np.zeros(shape), source, "x").shape == (count, *source)


def test_values_stay_in_their_place() -> None:
    turned = rows_of(SIGNAL.reshape(6, 2), (2, 6), "x")
    assert turned.tolist() == [[SIGNAL[0::2].tolist(), SIGNAL[1::2].tolist()]]


@pytest.mark.parametrize("shape", [(), (11,), (5, 11), (2, 3, 12), (0, 12)])
def test_another_shape_is_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"learned from arrays 1x12, one or N of them; x is (\d|a single)"):
        rows_of(np.zeros(shape), (1, 12), "x")


@pytest.mark.parametrize(
    ("pixels", "given", "wanted"),
    [
        (True, np.array([[0.0, 200.0]]), np.uint8),  # as an archive to train on would be read
        (True, np.array([[0.0, 1.0]]), np.float32),
        (False, np.array([[0, 200]]), np.float32),
    ],
)
def test_values_are_of_the_scale_that_was_learned_from(pixels: bool, given: Any, wanted: type) -> None:
    recipe = Recipe((1, 2), (1, 2), "as is", (0.0,), (0.0,), (1.0,), pixels=pixels)
    made = examples_of(given, recipe, "x").numpy()
    assert made.dtype == wanted
    assert made.tolist() == [given.tolist()]


@pytest.mark.parametrize(
    ("shape", "in_rows", "shapes"),
    [
        ((6, 8), False, [(6, 8)]),
        ((3, 6, 8), False, [(3, 6, 8)]),
        ((6, 8, 3), False, [(6, 8, 3)]),
        ((2, 6, 8), False, [(6, 8)] * 2),
        ((3, 6, 8), True, [(6, 8)] * 3),
        ((2, 3, 6, 8), False, [(3, 6, 8)] * 2),
        ((2, 6, 8, 3), True, [(6, 8, 3)] * 2),
    ],
)
def test_a_picture_or_a_stack_of_them(shape: tuple[int, ...], in_rows: bool, shapes: list[tuple[int, ...]]) -> None:
    assert [one.shape for one in pictures_in(np.zeros(shape), in_rows)] == shapes


@pytest.mark.parametrize(
    "keys", [("x",), ("x", "y"), ("labels", "images"), ("signals",), ("x_train", "x", "x_test"), ("x_test", "x_train")]
)
def test_what_is_asked_in_an_archive(keys: tuple[str, ...], tmp_path: Path) -> None:
    asked = next(key for key in ("x", "images", "x_test", "signals") if key in keys)
    np.savez(tmp_path / "a.npz", **{key: SIGNAL * (key == asked) for key in keys})
    assert stored(tmp_path / "a.npz").tolist() == SIGNAL.tolist()


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"first": SIGNAL, "second": SIGNAL}, r"must hold x or images .*; it holds first, second$"),
        ({}, "it holds nothing"),
        ({"x": np.array(["a"])}, "a.npz: x holds <U1"),
        ({"x": np.array([1.0, np.nan])}, r"a.npz: x holds nan at \[1\]"),
        ({"x": np.zeros((0, 12))}, "a.npz: x is empty: 0x12"),
        ({"x": np.array([None])}, "no plain arrays"),
    ],
)
def test_an_archive_that_can_not_be_asked_about(held: dict[str, Any], said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **held)
    with pytest.raises(InputError, match=said):
        stored(tmp_path / "a.npz")


def test_a_file_that_is_no_array(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_text("no array")
    with pytest.raises(InputError, match=r"a\.npy holds no plain arrays"):
        stored(tmp_path / "a.npy")
