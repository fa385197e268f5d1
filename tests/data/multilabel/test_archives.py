"""Archives whose labels are rows of 0 and 1."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.data.multilabel import load
from striate.errors import InputError

CHANCE = np.random.default_rng(0)
IMAGES = CHANCE.integers(0, 256, (6, 8, 8), np.uint8)
LABELS = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]])


def saved(root: Path, **arrays: Any) -> Path:
    np.savez(root / "some.npz", **arrays)
    return root / "some.npz"


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.bool_, np.float32])
def test_rows_of_labels(tmp_path: Path, kind: Any) -> None:
    found = load(saved(tmp_path, x_train=IMAGES, y_train=LABELS.astype(kind), x_test=IMAGES[:2], y_test=LABELS[:2]))
    assert found is not None
    assert found.labels == ("0", "1", "2")
    assert found.parts["train"].labels.tolist() == LABELS.tolist()
    assert found.parts["test"].labels.tolist() == LABELS[:2].tolist()
    assert found.parts["train"].images[:, 0].numpy().tolist() == IMAGES.tolist()  # type: ignore[call-overload]
    assert any("2 images without any" in note for note in found.notes), "one of each part"


@pytest.mark.parametrize("labels", [LABELS[:, 0], LABELS[:, :1], 2 * LABELS, LABELS / 3, np.eye(6)])
def test_other_labels_are_left_to_other_tasks(tmp_path: Path, labels: Any) -> None:
    assert load(saved(tmp_path, x=IMAGES, y=labels)) is None


def test_one_label_each_is_several_where_the_task_is_named(tmp_path: Path) -> None:
    found = load(saved(tmp_path, x=IMAGES, y=np.eye(6)), named=True)
    assert found is not None
    assert found.one_each


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"y": 2 * LABELS},
            r"y holds int64 of the shape \(6, 3\); labels are \(N, K\), 1 where one is there and 0 where",
        ),
        ({"y": LABELS[:, 0]}, r"of the shape \(6,\)"),
        ({"y": np.array(3)}, "x has 6 rows and y 0"),
        ({"y": LABELS[:4]}, "x has 6 rows and y 4"),
        (
            {"y": LABELS, "x_test": IMAGES, "y_test": LABELS[:, :2]},
            "y_test has 2 labels an image, and the training images 3",
        ),
    ],
)
def test_what_is_wrong_is_said_where_the_task_is_named(tmp_path: Path, arrays: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(saved(tmp_path, x=IMAGES, **arrays), named=True)


def test_a_damaged_archive(tmp_path: Path) -> None:
    (tmp_path / "some.npz").write_bytes(b"none")
    assert load(tmp_path / "some.npz") is None
    with pytest.raises(InputError, match="is no archive of plain arrays"):
        load(tmp_path / "some.npz", named=True)
