"""Volumes with a class for each voxel: what is given, on which grid, and what is refused."""

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch

import striate as st
from striate.data.volumes.fitting import standardised
from striate.tasks.classify import Classify
from striate.tasks.known import opened
from striate.tasks.task import Wish
from striate.tasks.volume import ONE_NUMBER
from striate.tasks.voxels import COUNTS, GUESSED, JudgedVoxels
from striate.tiling import tiled
from tests import scans

NET = "classes = 3\ninput 1x?x?x? -> conv 6@3x3x3 pad same -> bn -> relu -> conv classes@1x1x1"
HOW: dict[str, Any] = {"task": "volume", "engine": "torch", "quiet": True, "threads": 1, "epochs": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    root = tmp_path_factory.mktemp("volume")
    scans.decathlon(root / "data", 6, 2)
    return st.train(NET, root / "data", out=root / "run", **HOW | {"epochs": 80, "batch": 2, "lr": 0.02})


def test_the_contract_of_test(run: st.Run) -> None:
    told = run.test()
    assert told.keys() >= {"dice", "usual_dice", "voxel_accuracy", "per_class", "loss", "examples"}
    assert [one["class"] for one in told["per_class"]] == ["background", "head", "body"]
    assert told["dice"] == pytest.approx(np.mean([one["dice"] for one in told["per_class"][1:]]))
    assert told["dice"] > 0.6
    assert 0 < told["usual_dice"] < 1


def test_each_class_counts_where_none_is_the_background(tmp_path: Path) -> None:
    for number in range(4):
        values, labels = scans.scan(number)
        scans.nifti(tmp_path / "data" / "images" / f"{number}.nii", values)
        scans.nifti(tmp_path / "data" / "labels" / f"{number}.nii", labels + np.uint8(1))
    run = st.train(NET, tmp_path / "data", out=tmp_path / "run", **HOW)
    told = run.test()
    assert told["dice"] == pytest.approx(np.mean([one["dice"] for one in told["per_class"]]))


def test_labels_come_on_the_scan_s_grid(run: st.Run, tmp_path: Path) -> None:
    values, labels = scans.scan(9, (8, 14, 11))
    scans.nifti(tmp_path / "a.nii.gz", values, (1.0, 1.5, 2.0))
    (answer,) = run.predict(tmp_path / "a.nii.gz")
    assert answer.mask.shape == values.shape
    assert (answer.mask == labels).mean() > 0.8
    ((end, content),) = answer.files.items()
    assert end == ".nii.gz"
    (tmp_path / "b.nii.gz").write_bytes(content)
    one, other = (nibabel.load(tmp_path / name) for name in ("a.nii.gz", "b.nii.gz"))
    np.testing.assert_array_equal(one.affine, other.affine)
    np.testing.assert_array_equal(np.asarray(other.dataobj), answer.mask)
    assert answer.values["classes"][0]["mm3"] == pytest.approx(3 * answer.values["classes"][0]["voxels"])
    (array,) = run.predict(values)
    assert array.files.keys() == {".npy"}
    np.testing.assert_array_equal(array.mask, answer.mask)


def test_a_network_below_the_usual_class_is_no_better_than_a_guess() -> None:
    weak, strong = torch.tensor([[[50, 10], [15, 5]]]), torch.tensor([[[50, 10], [5, 15]]])
    coloured = (("background", "head"), ((0, 0, 0), (200, 0, 0)))

    def guessing(called: torch.Tensor, usual: torch.Tensor) -> str:
        return JudgedVoxels("some", None, {COUNTS: called, GUESSED: usual}, {}, "volumes", *coloured).guessing

    said = "No better than always saying the class that is usual at a place, which gets 66.67%."
    assert guessing(weak, strong) == guessing(strong, strong) == said
    assert not guessing(strong, weak)
    assert guessing(torch.tensor([[[60, 0], [20, 0]]]), weak).startswith("Every voxel is called 'background'")


def test_the_picture_s_legend_has_the_shares_of_the_whole_volume(run: st.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = list[str]()

    def kept(picture: Any, rows: Any) -> Any:
        drawn.extend(row.said() for row in rows)
        return picture

    monkeypatch.setattr("striate.report.overlay.with_legend", kept)
    (answer,) = run.predict(scans.scan(9)[0])
    assert ", ".join(drawn) == answer.said


def test_resampled_as_asked_for_and_back(tmp_path: Path) -> None:
    scans.decathlon(tmp_path / "data", 4, 2)
    run = st.train(NET, tmp_path / "data", out=tmp_path / "run", spacing="2", **HOW)
    assert run.task.spacing == (2.0, 2.0, 2.0)
    path = tmp_path / "data" / "imagesTs" / "s04.nii.gz"
    (answer,) = run.predict(path)
    assert answer.mask.shape == nibabel.load(path).shape
    scans.arrays(tmp_path / "arrays", 3, 1)
    with pytest.raises(st.InputError, match="say how large their voxels are"):
        st.train(NET, tmp_path / "arrays", out=tmp_path / "run2", spacing="2", **HOW)


def test_labels_are_resampled_as_their_volumes(tmp_path: Path) -> None:
    """Headers of labels are often wrong: the volume's counts, and it is told."""
    for number in range(2):
        values, labels = scans.scan(number)
        scans.nifti(tmp_path / "images" / f"{number}.nii", values, (1.0, 1.5, 2.0))
        scans.nifti(tmp_path / "labels" / f"{number}.nii", labels, (1.0, 1.0, 1.0))
    _, data = opened(str(tmp_path), Wish(shape=(1, None, None, None), spacing="1", named=True), "volume")
    fields = data.train.take([0])
    assert fields["image"].shape[2:] == fields["mask"].shape[1:] == (9, 18, 20)
    assert any("2 of the files of labels say that they are elsewhere" in note for note in data.notes)


def test_a_network_of_slices_has_thin_pieces(tmp_path: Path) -> None:
    """It halves rows and columns alone, so that its pieces begin at any slice."""
    scans.decathlon(tmp_path / "data", 3, 1)
    net = (
        "classes = 3\ninput 1x?x?x? -> conv 4@1x3x3 pad same -> maxpool 1x4x4 -> conv 4@1x3x3 pad same -> relu "
        "-> upsample 1x4x4 -> conv classes@1x1x1"
    )
    run = st.train(net, tmp_path / "data", out=tmp_path / "run", size=(2, 8, 8), **HOW)
    assert st.Run(run.path).task.stride == (1, 4, 4)
    values, _ = scans.scan(9)
    assert st.Run(run.path).predict(values)[0].mask.shape == values.shape


def test_one_volume_is_no_volumes(tmp_path: Path) -> None:
    scans.decathlon(tmp_path / "data", 2, 1)
    run = st.train(NET, tmp_path / "data", out=tmp_path / "run", **HOW)
    assert " on 1 volume (" in run.judged().said()


def test_volumes_are_held_out_by_that_name(tmp_path: Path) -> None:
    scans.arrays(tmp_path, 8, 0)
    _, data = opened(str(tmp_path), Wish(shape=(1, None, None, None), named=True), "volume")
    assert any("held out 1 volume as test" in note for note in data.notes), data.notes


def test_pieces_fade_into_each_other_to_the_whole() -> None:
    """A network that sees one voxel gives the same in pieces as at once; a wider one nearly, inside."""
    net = torch.nn.Conv3d(1, 2, 1)
    volume = torch.randn(1, 1, 9, 14, 11)
    with torch.no_grad():
        made = tiled(net, volume, tile=(4, 6, 8), margin=1, blend=True)
        torch.testing.assert_close(made, net(volume))
        wide = torch.nn.Conv3d(1, 2, 3, padding=1)
        exact = tiled(wide, volume, tile=(5, 6, 8), margin=1)
        torch.testing.assert_close(exact[:, :, 1:-1, 1:-1, 1:-1], wide(volume)[:, :, 1:-1, 1:-1, 1:-1])


def test_each_channel_is_scaled_and_a_flat_one_is_nothing() -> None:
    made = standardised(np.stack([np.arange(8.0).reshape(2, 2, 2), np.full((2, 2, 2), 7.0)]))
    assert made[0].mean() == pytest.approx(0, abs=1e-6)
    assert made[0].std() == pytest.approx(1)
    assert not made[1].any()


def test_one_number_a_volume_is_for_classify(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 255, (12, 4, 5, 6), np.uint8)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(12) % 2)
    task, data = opened(str(tmp_path / "a.npz"), Wish(shape=(1, 4, 5, 6)), "volume")
    assert isinstance(task, Classify)
    assert data.notes[-1] == ONE_NUMBER
    for number, values in enumerate(x):
        scans.nifti(tmp_path / "folders" / ("a", "b")[number % 2] / f"{number}.nii.gz", values)
    task, data = opened(str(tmp_path / "folders"), Wish(shape=(1, 4, 5, 6)), "volume")
    assert isinstance(task, Classify)
    assert task.classes == ("a", "b")


def test_a_damaged_volume_of_a_folder_is_left_out(run: st.Run, tmp_path: Path) -> None:
    for name in ("a", "c"):
        scans.nifti(tmp_path / f"{name}.nii.gz", scans.scan(9)[0])
    for name in ("b", "d"):
        (tmp_path / f"{name}.nii.gz").write_bytes(b"no nifti")
    asked = st.Run(run.path)
    assert [Path(answer.path).name for answer in asked.predict(tmp_path)] == ["a.nii.gz", "c.nii.gz"]
    assert [Path(one.path).name for one in asked.left_out] == ["b.nii.gz", "d.nii.gz"]
    with pytest.raises(st.InputError, match=r"cannot read the volume .*b\.nii\.gz"):
        asked.predict(tmp_path, bad="refuse")
    with pytest.raises(st.InputError, match=r"cannot read the volume .*b\.nii\.gz"):
        asked.predict(tmp_path / "b.nii.gz", tmp_path / "d.nii.gz")


def test_arrays_are_told_apart_by_their_numbers(run: st.Run) -> None:
    values, _ = scans.scan(9)
    assert [answer.path for answer in run.predict([values, values], values)] == ["array 1", "array 2", "array 3"]


def test_what_does_not_fit_is_refused(run: st.Run, tmp_path: Path) -> None:
    data = run.config["data"]["source"]
    with pytest.raises(st.InputError, match="volumes have three axes"):
        st.train("classes = 3\ninput 1x?x? -> conv classes@3 pad 1", data, out=tmp_path / "a", **HOW)
    with pytest.raises(st.InputError, match="3 classes of voxels; end the network with conv 3@1x1x1"):
        st.train("input 1x?x?x? -> conv 5@1x1x1", data, out=tmp_path / "a", **HOW)
    with pytest.raises(st.InputError, match="augment 'turn' is not for volume"):
        st.train(NET, data, out=tmp_path / "a", augment="turn", **HOW)
    with pytest.raises(st.InputError, match="spacing is for the task volume"):
        st.train("lenet5", "digits", out=tmp_path / "a", spacing="1", task="classify")
    (tmp_path / "a.nii.gz").write_bytes(b"no nifti")
    with pytest.raises(st.InputError, match=r"a\.nii\.gz.*no NIfTI"):
        run.predict(tmp_path / "a.nii.gz")
    with pytest.raises(st.InputError, match="a single slice"):
        run.predict(np.zeros((1, 8, 8)))
    (tmp_path / "none").mkdir()
    with pytest.raises(st.InputError, match="holds no volume"):
        run.predict(tmp_path / "none")
