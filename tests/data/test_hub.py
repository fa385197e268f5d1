"""Data sets of the package `datasets`, saved in a folder: images and sentences."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import striate as st
from striate.data import load
from striate.data.lazy import Lazy
from striate.errors import InputError

datasets = pytest.importorskip("datasets", reason="the extra hub is not installed")
Draw = Callable[..., Path]


def test_images_with_their_classes_and_parts(tmp_path: Path, draw: Draw) -> None:
    paths = [draw(tmp_path / f"files/{'ab'[n % 2]}/{n:02}.png", n) for n in range(16)]
    kinds = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["ant", "bee"])})

    def made(rows: range) -> object:
        columns = {"image": [str(paths[n]) for n in rows], "label": [n % 2 for n in rows]}
        return datasets.Dataset.from_dict(columns, features=kinds)

    datasets.DatasetDict({"train": made(range(12)), "validation": made(range(12, 16))}).save_to_disk(tmp_path / "set")
    found = load(tmp_path / "set")
    assert found.classes == ("ant", "bee")
    assert {part: len(split) for part, split in found.parts.items()} == {"train": 10, "validation": 4, "test": 2}
    files = load(tmp_path / "files", hold_out=False).train
    assert isinstance(files.images, torch.Tensor)
    known = {image.numpy().tobytes(): int(label) for image, label in zip(files.images, files.labels, strict=True)}
    for part in found.parts.values():
        assert isinstance(part.images, Lazy)
        assert all(known[part.images.one(row).tobytes()] == part.labels[row] for row in range(len(part)))
    net = "input 3x10x12 -> gap -> fc 2"
    one, other = (
        st.train(net, tmp_path / "set", epochs=1, workers=count, out=tmp_path / f"{count}", quiet=True).model()
        for count in (0, 2)
    )
    assert all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def test_sentences_and_what_is_wrong(tmp_path: Path) -> None:
    columns = {
        "text": [f"film {n} is {'fine' if n % 2 else 'dull'}" for n in range(20)],
        "label": [n % 2 for n in range(20)],
    }
    datasets.Dataset.from_dict(columns).save_to_disk(tmp_path / "films")
    run = st.train("kim-cnn", tmp_path / "films", epochs=1, out=tmp_path / "run", quiet=True)
    assert run.task.word == "text"
    datasets.Dataset.from_dict({"text": ["a"], "mood": [1]}).save_to_disk(tmp_path / "bare")
    with pytest.raises(InputError, match=r"no column of classes; name it label\. It has text, mood"):
        st.train("kim-cnn", tmp_path / "bare", epochs=1, out=tmp_path / "no", quiet=True)
    (tmp_path / "films/state.json").write_text("{")
    with pytest.raises(InputError, match=r"cannot read '.*films' \("):
        st.train("kim-cnn", tmp_path / "films", epochs=1, out=tmp_path / "no", quiet=True)


def test_rows_without_a_class_are_no_examples(tmp_path: Path, draw: Draw) -> None:
    """Test parts on the hub have -1 where the classes are kept secret."""
    paths = [draw(tmp_path / f"files/{n:02}.png", n) for n in range(16)]
    kinds = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["ant", "bee"])})

    def made(rows: range, label: Callable[[int], int | None]) -> object:
        columns = {"image": [str(paths[n]) for n in rows], "label": [label(n) for n in rows]}
        return datasets.Dataset.from_dict(columns, features=kinds)

    parts = {"train": made(range(12), lambda n: None if n == 3 else n % 2), "test": made(range(12, 16), lambda n: -1)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "set")
    found = load(tmp_path / "set")
    assert {part: len(split) for part, split in found.parts.items()} == {"train": 9, "test": 2}
    assert "its test part has no classes and is not used" in " ".join(found.notes)
    assert "left out: 5 images without a class" in " ".join(found.notes)
