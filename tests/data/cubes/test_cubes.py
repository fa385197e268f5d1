"""Images of many bands are found and divided; what does not belong together is refused."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.ndimage import maximum_filter

from striate.data.cubes import matlab
from striate.data.cubes.dataset import spectra
from striate.data.cubes.reading import read
from striate.data.cubes.spectra import around, bordered, components_of, reduced
from striate.data.cubes.splitting import TEST, TRAIN, VALIDATION, parted
from striate.errors import InputError
from tests import cubes


def test_arrays_and_matlab_s_files_are_the_same(tmp_path: Path) -> None:
    one, other = read(cubes.arrays(tmp_path / "a")), read(cubes.matlab(tmp_path / "m"))
    np.testing.assert_array_equal(one.values, other.values)
    assert one.labels is not None
    assert other.labels is not None
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.names == ("1", "2", "3")


def test_bands_in_front_are_moved_and_classes_named(tmp_path: Path) -> None:
    values, labels = cubes.cube()
    np.savez(tmp_path / "a.npz", x=values.transpose(2, 0, 1), y=labels)
    (tmp_path / "classes.txt").write_text("corn\nwoods\ngrass\n")
    found = read(tmp_path / "a.npz")
    np.testing.assert_array_equal(found.values, values)
    assert found.names == ("corn", "woods", "grass")


def test_a_random_split_has_a_share_of_each_class() -> None:
    labels = cubes.cube()[1].astype(np.int64)
    parts = parted(labels, "random:0.1", 4)
    for number in (1, 2, 3):
        own = labels == number
        assert (parts[own] == TRAIN).sum() == max(2, round(0.1 * own.sum()))
    assert set(np.unique(parts[labels > 0])) == {TRAIN, TEST}


@pytest.mark.parametrize("reach", [0, 1, 3])
def test_a_disjoint_split_keeps_what_is_learned_from_out_of_reach(reach: int) -> None:
    labels = cubes.cube()[1].astype(np.int64)
    parts = parted(labels, "disjoint:0.5", reach)
    near = maximum_filter((parts == TRAIN) | (parts == VALIDATION), size=2 * reach + 1)
    assert not (near & (parts == TEST)).any()
    assert set(np.unique(labels[parts == TEST]).tolist()) == {1, 2, 3}
    assert not parts[labels == 0].any()


def test_a_patch_has_its_pixel_in_the_middle() -> None:
    values = cubes.cube()[0].astype(np.float32)
    image = reduced(values, components_of(values.reshape(-1, cubes.BANDS), 3))
    padded = bordered(image, 5)
    for place in ((0, 0), (10, 7), (23, 29)):
        np.testing.assert_array_equal(around(padded, place, 5)[:, 2, 2], image[place])


def test_the_rival_has_the_same_pixels(tmp_path: Path) -> None:
    root = cubes.arrays(tmp_path)
    data = spectra(root, "random:0.1")
    labels = cubes.cube()[1].astype(np.int64)
    assert len(data.train) == (parted(labels, "random:0.1", 0) == TRAIN).sum()
    assert data.train.form == (cubes.BANDS, 1, 1)


@pytest.mark.parametrize("kept", [60, 136, 150, 190])
def test_a_file_of_matlab_s_that_is_cut_short_is_refused(kept: int, tmp_path: Path) -> None:
    path = cubes.matlab(tmp_path) / "scene_gt.mat"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"scene_gt\.mat"):
        read(tmp_path)


def test_a_file_that_ends_the_reader_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = cubes.matlab(tmp_path)
    monkeypatch.setattr(matlab, "START", "import os; os.abort()  # {path}")
    with pytest.raises(InputError, match=r"\.mat' can't be read \(SciPy's reader breaks down over it\)"):
        read(root)


def test_any_name_of_matlab_s_is_read(tmp_path: Path) -> None:
    one = np.arange(6.0).reshape(2, 3)
    others = {"words": "hello", "cells": np.array([one, "b"], object)}
    savemat(tmp_path / "a.mat", {"file": one, "allow_pickle": one, **others})
    found = matlab.arrays_of(tmp_path / "a.mat")
    assert sorted(found) == ["allow_pickle", "file"]
    np.testing.assert_array_equal(found["file"], one)


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    values, labels = cubes.cube()
    np.save(tmp_path / "scene.npy", values)
    np.save(tmp_path / "gt.npy", labels[:-1])
    with pytest.raises(InputError, match=r"one array of its size; the image is 24x30x12, and gt\.npy 23x30"):
        read(tmp_path)
    np.save(tmp_path / "gt.npy", labels + 0.5)
    with pytest.raises(InputError, match="fractions"):
        read(tmp_path)
    np.save(tmp_path / "gt.npy", np.ones_like(labels))
    with pytest.raises(InputError, match="two at least"):
        read(tmp_path)
    np.save(tmp_path / "other.npy", values)
    with pytest.raises(InputError, match="one array of three axes"):
        read(tmp_path)


def test_numbers_that_are_none_and_broken_files_are_refused(tmp_path: Path) -> None:
    values = cubes.cube()[0].astype(np.float32)
    values[3, 4, 5] = np.inf
    np.save(tmp_path / "scene.npy", values)
    with pytest.raises(InputError, match=r"inf at \[3, 4, 5\]"):
        read(tmp_path)
    (tmp_path / "scene.npy").unlink()
    (tmp_path / "scene.mat").write_bytes(b"MATLAB 7.3 MAT-file" + bytes(200))
    with pytest.raises(InputError, match="can't be read"):
        read(tmp_path)


def test_names_of_classes_in_other_encodings(tmp_path: Path) -> None:
    root = cubes.arrays(tmp_path)
    names = root / "classes.txt"
    names.write_bytes("Mais\nWälder\nGras\n".encode("cp1252"))
    assert read(root).names == ("Mais", "Wälder", "Gras")
    names.write_bytes("Mais\nWälder\nGras\n".encode("utf-16"))
    assert read(root).names == ("Mais", "Wälder", "Gras")
    names.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(InputError, match=r"classes\.txt': it is binary"):
        read(root)
    names.write_text("corn\nwoods\ncorn\n")
    with pytest.raises(InputError, match="names 'corn' twice"):
        read(root)


@pytest.mark.parametrize("words", ["half", "random:2", "disjoint:x", "0.5"])
def test_a_split_is_a_way_and_a_share(words: str) -> None:
    with pytest.raises(InputError, match="split is random or disjoint"):
        parted(np.ones((4, 4), np.int64), words, 1)
