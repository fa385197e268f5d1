"""Images of many bands: what is read of a pixel, the map that is given, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import striate as st
from striate.augmentation.squares import Squares
from tests import cubes

NET = "classes = 3\ninput 1x4x5x5 -> conv 8@3x3x3 -> relu -> fc classes"
HOW: dict[str, Any] = {"task": "cube", "engine": "torch", "quiet": True, "threads": 1, "epochs": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    root = tmp_path_factory.mktemp("cube")
    cubes.arrays(root / "data")
    return st.train(NET, root / "data", out=root / "run", **HOW | {"epochs": 20, "batch": 16, "lr": 0.01})


def test_a_map_of_every_pixel(run: st.Run, tmp_path: Path) -> None:
    values, labels = cubes.cube()
    (answer,) = run.predict(values)
    assert answer.mask.shape == labels.shape
    assert (answer.mask[labels > 0] + 1 == labels[labels > 0]).mean() > 0.8
    ((end, content),) = answer.files.items()
    (tmp_path / f"a{end}").write_bytes(content)
    np.testing.assert_array_equal(np.load(tmp_path / f"a{end}"), answer.mask + 1)
    assert answer.pictures["-map"].startswith(b"\x89PNG")


def test_an_image_to_predict_needs_no_classes_that_fit(run: st.Run, tmp_path: Path) -> None:
    values, labels = cubes.cube()
    (wanted,) = run.predict(values)
    np.save(tmp_path / "scene.npy", values.transpose(2, 0, 1))
    np.save(tmp_path / "gt.npy", np.minimum(labels, 1))
    (tmp_path / "classes.txt").write_bytes(bytes(range(256)) * 20)
    np.testing.assert_array_equal(run.predict(tmp_path)[0].mask, wanted.mask)
    np.save(tmp_path / "scene.npy", values)
    np.save(tmp_path / "gt.npy", labels[:-1])
    np.testing.assert_array_equal(run.predict(tmp_path)[0].mask, wanted.mask)


def test_arrays_are_told_apart_by_their_numbers(run: st.Run) -> None:
    values, _ = cubes.cube()
    assert [answer.path for answer in run.predict([values, values], values)] == ["array 1", "array 2", "array 3"]


def test_the_contract_of_test(run: st.Run) -> None:
    told = run.test()
    assert told.to_json().keys() >= {"accuracy", "average_accuracy", "kappa", "split", "majority_share"}
    assert told.accuracy > 0.8
    assert told.split == "disjoint:0.5"
    assert run.task.mean == pytest.approx(tuple(run.task.mean))


def test_another_image_is_judged_whole(run: st.Run, tmp_path: Path) -> None:
    told = run.test(cubes.matlab(tmp_path / "m"))
    assert told.examples == int((cubes.cube()[1] > 0).sum())
    assert told.split == "all labelled pixels"


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        ("classes = 3\ninput 1x12 -> fc classes", (1, 12)),
        ("classes = 3\ninput 4x5x5 -> conv 4@3 -> relu -> fc classes", (4, 5, 5)),
        ("classes = 3\nINPUT -> FC", (1, 12, 9, 9)),
    ],
)
def test_what_is_read_of_a_pixel(net: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    run = st.train(net, cubes.arrays(tmp_path / "data"), out=tmp_path / "run", split="random:0.2", **HOW)
    assert run.task.reads_shape == shape
    assert len(run.predict(cubes.cube()[0])) == 1


def test_squares_are_turned_and_mirrored_as_a_whole() -> None:
    images = torch.arange(2 * 3 * 4 * 4.0).reshape(2, 1, 3, 4, 4)
    rows = torch.arange(2)
    for seed in range(8):
        made = Squares(True, True).drawn(2, torch.Generator().manual_seed(seed)).image(images, rows)
        for one, other in zip(made, images, strict=True):
            ways = [torch.rot90(other, k, (-2, -1)) for k in range(4)]
            assert any(torch.equal(one, way) or torch.equal(one, way.flip(-1)) for way in ways)


def test_the_rival_stands_beside_it(run: st.Run) -> None:
    source = run.config["data"]["source"]
    rival = st.baseline("raw", source, classifier="rbf", task="cube", split=run.task.split, side=run.task.side)
    assert rival.examples == run.test().examples
    assert rival.accuracy > 0.5
    assert any("pixels are so near to both" in note for note in rival.notes)
    assert not any("`beside`" in note for note in rival.notes)
    with pytest.raises(st.InputError, match="of single pixels there are spectra alone"):
        st.baseline("sobel", source, task="cube")
    with pytest.raises(st.InputError, match="out draws features of images; of single pixels there are none"):
        st.baseline("raw", source, task="cube", out=run.path)
    with pytest.raises(st.InputError, match="split is for the task cube"):
        st.baseline("raw", "digits", split="random:0.1")


def test_a_rival_alone_says_for_which_network_its_pixels_are(run: st.Run) -> None:
    source = run.config["data"]["source"]
    notes = st.baseline("raw", source, task="cube").notes
    assert "pixels: 208 to train on, 52 for validation (the data's own), 42 test" in notes
    assert any("numbers per pixel" in note for note in notes)
    assert not any("image" in note for note in notes[1:])
    said = "pixels: divided for a network that reads 9x9 of them; `beside` takes a run's own side"
    assert said in notes
    assert said not in st.baseline("raw", source, task="cube", split="random:0.2").notes


def test_what_does_not_fit_is_refused(run: st.Run, tmp_path: Path) -> None:
    data = run.config["data"]["source"]
    with pytest.raises(st.InputError, match="reads 20 components, and the image has 12 bands"):
        st.train("classes = 3\ninput 1x20x5x5 -> fc classes", data, out=tmp_path / "a", **HOW)
    with pytest.raises(st.InputError, match="is a square; it is 5x7"):
        st.train("classes = 3\ninput 1x4x5x7 -> fc classes", data, out=tmp_path / "a", **HOW)
    with pytest.raises(st.InputError, match="leaves no pixel"):
        st.train("classes = 3\ninput 1x4x23x23 -> fc classes", data, out=tmp_path / "a", **HOW)
    with pytest.raises(st.InputError, match="images of 12 bands"):
        run.predict(np.zeros((5, 5, 7)))
    with pytest.raises(st.InputError, match="'array 1' is 0x5x12"):
        run.predict(np.zeros((0, 5, 12)))
    with pytest.raises(st.InputError, match=r"array 1 holds nan at \[0, 0, 0\]"):
        run.predict(np.full((5, 5, 12), np.nan))
    with pytest.raises(st.InputError, match="array 1 holds <U1"):
        run.predict(np.full((5, 5, 12), "a"))
    np.save(tmp_path / "scene.npy", cubes.cube()[0])
    with pytest.raises(st.InputError, match="holds no classes"):
        st.train(NET, tmp_path, out=tmp_path / "a", **HOW)
