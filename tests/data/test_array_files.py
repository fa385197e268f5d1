"""Folders of arrays, a file an example: classes, parts, odd files, and a network that learns from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate import data
from striate.checking.checker import check
from striate.errors import InputError
from striate.runs.training import train


def save(path: Path, values: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)


def fill(root: Path, *places: str, count: int = 6, shape: tuple[int, ...] = (9,)) -> None:
    """So many arrays in each place; the n-th of a place holds n everywhere but in its first entry."""
    for place in places:
        for number in range(count):
            values = np.full(shape, number, np.float32)
            values.flat[0] = -1.5
            save(root / place / f"{number}.npy", values)


@pytest.mark.parametrize(
    ("places", "counts"),
    [
        (("cat", "dog"), {"train": 10, "test": 2}),
        (("train/cat", "train/dog", "test/cat", "test/dog"), {"train": 12, "test": 12}),
        (("cat/train", "cat/test", "dog/train", "dog/test"), {"train": 12, "test": 12}),
        (("set/Training/cat", "set/Training/dog", "set/Val/dog"), {"train": 10, "validation": 6, "test": 2}),
        (("all/cat", "all/dog/deeper"), {"train": 10, "test": 2}),
        (("train/cat", "train/dog"), {"train": 10, "test": 2}),
    ],
)
def test_classes_and_parts_are_found_by_the_names_of_folders(
    places: tuple[str, ...], counts: dict[str, int], tmp_path: Path
) -> None:
    fill(tmp_path, *places)
    found = data.load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert {name: len(part) for name, part in found.parts.items()} == counts
    for part in found.parts.values():
        for image, path, label in zip(part.images, part.paths, part.labels.tolist(), strict=True):  # type: ignore[arg-type]
            assert image[..., 1:].unique().tolist() == [float(Path(path).stem)]
            assert found.classes[label] in Path(path).parts


@pytest.mark.parametrize(
    ("shape", "wanted", "form"),
    [
        ((9,), None, (1, 9)),
        ((2, 9), (2, 9), (2, 9)),
        ((9, 2), (2, None), (2, 9)),
        ((4, 5, 6), (1, None, None, None), (1, 4, 5, 6)),
        ((8, 5, 3), None, (3, 8, 5)),
    ],
)
def test_axes_are_those_that_the_network_reads(
    shape: tuple[int, ...], wanted: Any, form: tuple[int, ...], tmp_path: Path
) -> None:
    fill(tmp_path, "a", "b", shape=shape)
    assert data.load(tmp_path, shape=wanted).train.form == form


def test_files_that_are_no_arrays_of_that_shape_are_left_out_by_name(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    save(tmp_path / "a" / "other.npy", np.zeros(7))
    save(tmp_path / "a" / "nan.npy", np.full(9, np.nan))
    save(tmp_path / "a" / "words.npy", np.array(["x"] * 9))
    save(tmp_path / "b" / "empty.npy", np.zeros((0,)))
    save(tmp_path / "loose.npy", np.zeros(9))
    (tmp_path / "b" / "text.npy").write_text("no array")
    (tmp_path / "b" / "nothing.npy").write_bytes(b"")
    (tmp_path / ".hidden").mkdir()
    save(tmp_path / ".hidden" / "one.npy", np.zeros(9))
    np.save(tmp_path / "b" / "pickled.npy", np.array([{}], object), allow_pickle=True)
    found = data.load(tmp_path)
    left = {one.path: one.reason for one in found.left_out}
    expected = {"a/other.npy", "a/nan.npy", "a/words.npy", "b/empty.npy", "loose.npy"}
    assert set(left) == expected | {"b/text.npy", "b/nothing.npy", "b/pickled.npy"}
    assert left["a/other.npy"] == "it is 7, most are 9"
    with pytest.raises(InputError, match=r"other\.npy|nan\.npy|words\.npy"):
        data.load(tmp_path, bad="refuse")


@pytest.mark.parametrize(
    ("places", "message"), [(("a",), "6 arrays of one class, 'a'"), (("",), "6 arrays in no class's folder")]
)
def test_less_than_two_classes(places: tuple[str, ...], message: str, tmp_path: Path) -> None:
    fill(tmp_path, *places)
    with pytest.raises(InputError, match=message):
        data.load(tmp_path)


def test_a_network_learns_from_them_and_is_asked_about_them(tmp_path: Path) -> None:
    drawing = np.random.default_rng(0)
    for number in range(40):
        for name, pitch in (("low", 1), ("high", 4)):
            wave = np.sin(np.linspace(0, 2 * np.pi, 32) * pitch + drawing.random()) + drawing.normal(0, 0.1, 32)
            save(tmp_path / "waves" / name / f"{number}.npy", wave)
    how: dict[str, Any] = {"epochs": 80, "quiet": True, "out": tmp_path / "run"}
    run = train("input 1x32 -> conv 8@5 -> relu -> gmp -> fc 2", tmp_path / "waves", **how)
    assert run.test().accuracy == 1
    assert run.test(tmp_path / "waves").accuracy > 0.95
    answers = run.predict(tmp_path / "waves" / "high" / "3.npy")
    assert [one.label for one in answers] == ["high"]
    answers = run.predict(tmp_path / "waves")
    assert [one.label for one in answers] == ["high"] * 40 + ["low"] * 40
    assert answers[2].path.endswith("high/2[0]")
    assert torch.isfinite(run.outputs(torch.zeros(1, 1, 32))).all()


def test_a_check_names_what_is_wrong_with_them(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    assert {one.kind for one in check(tmp_path).findings} == {"copies with other labels"}
    save(tmp_path / "a" / "nan.npy", np.full(9, np.nan))
    save(tmp_path / "b" / "other.npy", np.zeros(7))
    named = {one.path for one in check(tmp_path).findings}
    assert {"a/nan.npy", "b/other.npy"} <= named


def test_an_archive_that_is_called_npy_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    np.savez(tmp_path / "a" / "archive.npz", x=np.zeros(9))
    (tmp_path / "a" / "archive.npz").rename(tmp_path / "a" / "archive.npy")
    assert [one.path for one in data.load(tmp_path).left_out] == ["a/archive.npy"]
