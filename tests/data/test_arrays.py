from pathlib import Path

import numpy as np
import pytest
import torch

from striate.data import load
from striate.data.arrays import channels_first
from striate.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (20, 6, 8), np.uint8)
Y = np.arange(20) % 4


def archive(folder: Path, **arrays: object) -> Path:
    np.savez(folder / "my.npz", **arrays)
    return folder / "my.npz"


def refused(path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert "my.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_training_and_test_arrays(tmp_path: Path) -> None:
    found = load(archive(tmp_path, x_train=X, y_train=Y, x_test=X[:5], y_test=Y[:5]))
    assert found.test is not None
    assert found.name == "my"
    assert found.classes == ("0", "1", "2", "3")
    assert torch.equal(found.train.images, torch.from_numpy(X)[:, None])
    assert torch.equal(found.test.labels, torch.from_numpy(Y[:5]))
    assert found.train.paths == ()
    assert found.train.labels.dtype == torch.int64


@pytest.mark.parametrize("keys", [("images", "labels"), ("x", "y"), ("x_train", "y_train")])
def test_without_test_arrays_some_are_held_out(tmp_path: Path, keys: tuple[str, str]) -> None:
    path = archive(tmp_path, **dict(zip(keys, (X, Y), strict=True)))
    found = load(path)
    assert found.test is not None
    assert found.test.labels.bincount().tolist() == [1, 1, 1, 1]
    assert any("held out 4" in note for note in found.notes)
    again = load(path).test
    assert again is not None
    assert torch.equal(found.test.images, again.images)
    every = load(path, hold_out=False)
    assert every.test is not None
    assert len(every.train) == len(every.test) == 20


@pytest.mark.parametrize(
    ("keys", "unused"),
    [
        ("x_train y_train x_val y_val x_test y_test", ""),
        ("X_train Y_train X_valid Y_valid X_test Y_test", ""),
        ("train_images train_labels val_images val_labels test_images test_labels", ""),  # MedMNIST
        ("training_images training_labels validation_images validation_labels test_images test_labels", ""),
        ("train_set_x train_set_y valid_set_x valid_set_y test_set_x test_set_y", ""),
        ("trainX trainY valX valY testX testY", ""),
        ("Xtrain ytrain Xval yval Xtest ytest", ""),
        ("x y x_dev y_dev x_test y_test", ""),
        ("train_data train_target val_data val_target test_data test_target", "names"),
        ("x_train y_train x_val y_val x_test y_test", "x y images"),
    ],
)
def test_the_spellings_of_keys(tmp_path: Path, keys: str, unused: str) -> None:
    names = keys.split()
    counts = dict(zip(names, (20, 20, 6, 6, 5, 5), strict=True))
    arrays = {name: (X if i % 2 == 0 else Y)[: counts[name]] for i, name in enumerate(names)}
    found = load(archive(tmp_path, **arrays, **dict.fromkeys(unused.split(), np.zeros(3))))
    assert found.validation is not None
    assert found.test is not None
    assert [len(part) for part in (found.train, found.validation, found.test)] == [20, 6, 5]
    assert torch.equal(found.validation.labels, torch.from_numpy(Y[:6]))
    assert any(f"the validation set is {names[2]} and {names[3]}" in note for note in found.notes)
    assert any("not used" in note for note in found.notes) == bool(unused)
    assert not unused or f"my: not used: {', '.join(unused.split())}" in found.notes


def test_validation_without_test(tmp_path: Path) -> None:
    path = archive(tmp_path, x_train=X, y_train=Y, x_val=X[:5], y_val=Y[:5])
    found = load(path)
    assert [len(part or ()) for part in (found.train, found.validation, found.test)] == [16, 5, 4]
    whole = load(path, hold_out=False)
    assert [len(part or ()) for part in (whole.train, whole.validation, whole.test)] == [20, 5, 5]


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        (X, X[:5] / 255, "bring both to one scale"),
        (X / 255, X[:5], "bring both to one scale"),
        (X, X[:5] > 100, None),  # True is white
        (X > 100, X[:5] / 255, "bring both to one scale"),
        (X / 255, X[:5] / 250, None),
        (X, np.zeros_like(X[:5]), None),
        (X - 128.0, (X[:5] - 128.0) * 100, "another scale"),
        (X - 128.0, (X[:5] - 128.0) / 100, "another scale"),
        (X - 128.0, (X[:5] - 128.0) / 5, None),
    ],
)
@pytest.mark.parametrize("part", ["val", "test"])
def test_parts_on_different_scales(
    tmp_path: Path, train: np.ndarray, test: np.ndarray, said: str | None, part: str
) -> None:
    path = archive(tmp_path, **{"x_train": train, "y_train": Y, f"x_{part}": test, f"y_{part}": Y[:5]})
    if said and "bring" in said:
        refused(path, rf"x_{part} holds 0 to .* and .*x_train 0 to .*; {said}")
        return
    assert any("another scale" in note for note in load(path).notes) == bool(said)


@pytest.mark.parametrize(
    ("shape", "network", "expected"),
    [
        ((5, 28, 28), None, (1, 28, 28)),
        ((5, 32, 30, 3), None, (3, 32, 30)),
        ((5, 32, 30, 1), None, (1, 32, 30)),
        ((5, 32, 30, 4), None, (4, 32, 30)),
        ((5, 3, 32, 30), None, (3, 32, 30)),
        ((5, 1, 4, 4), None, (1, 4, 4)),
        ((5, 3, 20, 3), None, (3, 20, 3)),
        ((5, 7, 32, 30), None, (7, 32, 30)),
        ((5, 1, 100), None, (1, 100)),
        ((5, 12, 100), None, (1, 12, 100)),
        ((5, 12, 100), (12, 100), (12, 100)),
        ((5, 12, 100), (1, 12, 100), (1, 12, 100)),
        ((5, 3, 100), (1, 3, 100), (1, 3, 100)),
        ((5, 100), (1, 100), (1, 100)),
        ((5, 2, 8, 9, 7), None, (2, 8, 9, 7)),
        ((5, 8, 9, 7), (1, 8, 9, 7), (1, 8, 9, 7)),
        ((5, 8, 9, 7), (1, None, None, None), (1, 8, 9, 7)),
        ((5, 28, 28), (1, None, None), (1, 28, 28)),
        ((5, 16, 8, 4), (16, 8, 4), (16, 8, 4)),  # what fits as it is stays
        ((5, 16, 8, 4), (4, 16, 8), (4, 16, 8)),
        ((5, 16, 8, 4), None, (4, 16, 8)),
        ((5, 16, 8, 4), (16, None, None), (16, 8, 4)),
        ((5, 4, 28, 3), (3, 4, 28), (3, 4, 28)),
        ((5, 4, 28, 3), (3, 32, 32), (3, 4, 28)),  # fits but for its size, which is resized
        ((5, 3, 28, 3), (3, 32, 32), (3, 28, 3)),
        ((5, 32, 30, 3), (1, 28, 28), (3, 32, 30)),
        ((5, 32, 30, 3), (None, None, None), (3, 32, 30)),
        ((5, 100, 12), (12, 100), (12, 100)),  # signals and volumes too
        ((5, 8, 9, 7, 2), (2, 8, 9, 7), (2, 8, 9, 7)),
        ((5, 8, 9, 7, 1), (1, 8, None, 7), (1, 8, 9, 7)),
    ],
)
def test_axes(shape: tuple[int, ...], network: tuple[int | None, ...] | None, expected: tuple[int, ...]) -> None:
    assert channels_first(np.zeros(shape), network).shape[1:] == expected


def test_channels_last_moves_the_values(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (4, 6, 8, 3), np.uint8)
    found = load(archive(tmp_path, x=x, y=[0, 1, 0, 1]), hold_out=False)
    assert np.array_equal(found.train.images.numpy(), x.transpose(0, 3, 1, 2))
    assert "my: the last axis is channels: it is moved to the front" in found.notes


def test_all_parts_are_turned_as_the_training_arrays_are(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (4, 16, 8, 4), np.uint8)
    arrays = {
        f"{name}_{part}": x if name == "x" else [0, 1, 0, 1] for part in ("train", "val", "test") for name in "xy"
    }
    for shape, expected in (((16, 8, 4), x), ((4, 16, 8), x.transpose(0, 3, 1, 2))):
        found = load(archive(tmp_path, **arrays), shape=shape)
        for split in (found.train, found.validation, found.test):
            assert split is not None
            assert np.array_equal(split.images.numpy(), expected)


def test_classes_are_counted(tmp_path: Path) -> None:
    assert "my: classes: 0 5, 1 5, 2 5, 3 5" in load(archive(tmp_path, x=X, y=Y)).notes


@pytest.mark.parametrize(
    ("x", "kind"),
    [
        (X, torch.uint8),
        (X.astype(np.int64), torch.uint8),
        (X.astype(np.float64), torch.uint8),
        (X > 100, torch.uint8),
        (X / 255, torch.float32),
        (X - 100.0, torch.float32),
        (X.astype(np.int16) - 100, torch.float32),
        (X.astype(np.uint16) * 257, torch.float32),
        ((X > 100).astype(np.float32), torch.float32),
        (X.astype(np.float16) / 16, torch.float32),
    ],
)
def test_pixels_stay_bytes_and_numbers_become_floats(tmp_path: Path, x: np.ndarray, kind: torch.dtype) -> None:
    images = load(archive(tmp_path, x=x, y=Y), hold_out=False).train.images
    assert images.dtype == kind
    scale = 255 if x.dtype == bool else 1
    assert torch.allclose(images[:, 0].double(), torch.from_numpy(x * scale).double(), atol=1e-4)


def test_training_and_test_are_of_one_kind(tmp_path: Path) -> None:
    found = load(archive(tmp_path, x_train=X.astype(float), y_train=Y, x_test=X + 0.5, y_test=Y))
    assert found.test is not None
    assert found.train.images.dtype == found.test.images.dtype == torch.float32


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([3, 7, -1], ("-1", "3", "7")),
        (["b", "a", "c"], ("a", "b", "c")),
        ([b"b", "ä".encode(), b"c"], ("b", "c", "ä")),
        ([1.0, 2.0, 0.0], ("0", "1", "2")),
        ([[5], [6], [5]], ("5", "6")),
        ([True, False, True], ("False", "True")),
    ],
)
def test_labels_become_positions_among_sorted_classes(tmp_path: Path, labels: list[object], names: tuple[str]) -> None:
    found = load(archive(tmp_path, x=X[:3], y=np.array(labels)), hold_out=False)
    assert found.classes == names
    flat = [item[0] if isinstance(item, list) else item for item in labels]
    said = [item.decode() if isinstance(item, bytes) else item for item in flat]
    assert [names[i] for i in found.train.labels] == [str(int(s) if isinstance(s, float) else s) for s in said]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X, "b": Y}, "must hold x_train and y_train or images and labels or x and y; it holds a, b"),
        ({}, "it holds nothing"),
        ({"x": X, "labels": Y}, "it holds x, labels"),
        ({"x": X, "y": Y, "x_test": X}, "x_test alone; a test set is images and labels: x_test and y_test"),
        ({"x": X, "y": Y, "val_labels": Y}, "val_labels alone"),
        ({"x": X, "y": Y[:-1]}, "x has 20 rows and y 19"),
        ({"x": X, "y": Y * 0}, "only one class, '0'"),
        ({"x": X, "y": Y + 0.5}, "labels are whole numbers or strings"),
        ({"x": X, "y": np.eye(4)[Y]}, r"shape \(20, 4\); labels are \(N,\)"),
        ({"x": X.astype(str), "y": Y}, "x holds <U"),
        ({"x": X * 1j, "y": Y}, "x holds complex"),
        ({"x": X[:, 0, 0], "y": Y}, "has 1 axes"),
        ({"x": X[:0], "y": Y[:0]}, "x is empty"),
        ({"x": X[:, :0], "y": Y}, "x is empty"),
        ({"x": X.reshape(20, 1, 1, 1, 6, 8), "y": Y}, "has 6 axes"),
        ({"x": X, "y": Y, "x_test": X[:, :5], "y_test": Y}, r"x_test is \(1, 5, 8\)"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y + 1}, "y_test has the label '4', which .*y lacks"),
        ({"x": X, "y": np.array([None] * 20)}, "no archive of plain arrays"),
        ({"x": np.array([X, None], dtype=object), "y": Y}, "no archive of plain arrays"),
    ],
)
def test_what_is_refused(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    refused(archive(tmp_path, **arrays), message)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_no_numbers_are_named(tmp_path: Path, value: float) -> None:
    x = X.astype(np.float64)
    x[3, 2, 5] = x[7, 0, 0] = value
    refused(archive(tmp_path, x=x, y=Y), r"my\.npz: x holds .*(nan|inf) at \[3, 0, 2, 5\]")


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "flipped", "npy"])
def test_a_damaged_archive(tmp_path: Path, damage: str) -> None:
    path = archive(tmp_path, x=X, y=Y)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[500] ^= 255
    elif damage in ("text", "empty"):
        data = bytearray(b"words" if damage == "text" else b"")
    path.write_bytes(data)
    if damage == "npy":
        with path.open("wb") as file:
            np.save(file, X)
    refused(path, "no archive of plain arrays")
