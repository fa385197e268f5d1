"""Volumes and their labels are found by the names of files and folders, and what can't be used is said."""

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from striate.data.opening import ImageError
from striate.data.volumes.finding import find
from striate.data.volumes.fitting import labels_spaced, spaced, spacing_of
from striate.data.volumes.reading import read_volume, written
from striate.errors import InputError
from tests import scans


def test_arrays_beside_each_other_with_a_table_of_parts(tmp_path: Path) -> None:
    scans.arrays(tmp_path, 5, 2)
    found = find(tmp_path, "refuse", False)
    assert found is not None
    assert [pair.part for pair in found.pairs] == ["train"] * 5 + ["test"] * 2
    assert found.classes == ("background", "1", "2")
    assert found.voxel == ()
    assert all(pair.image.name.replace("image", "label") == pair.labels.name for pair in found.pairs)


def test_folders_of_the_decathlon_and_its_names(tmp_path: Path) -> None:
    scans.decathlon(tmp_path, 3, 2)
    found = find(tmp_path, "refuse", False)
    assert found is not None
    assert [pair.part for pair in found.pairs] == ["train"] * 3 + ["test"] * 2
    assert found.classes == ("background", "head", "body")
    assert found.voxel == scans.SPACING


def test_folders_of_parts_with_images_and_labels(tmp_path: Path) -> None:
    for number, part in enumerate(("train", "val", "test")):
        values, labels = scans.scan(number)
        scans.nifti(tmp_path / part / "images" / f"{number}_0000.nii.gz", values)
        scans.nifti(tmp_path / part / "labels" / f"{number}.nii.gz", labels)
    found = find(tmp_path, "refuse", False)
    assert found is not None
    assert [pair.part for pair in found.pairs] == ["train", "validation", "test"]


def test_no_labels_no_set(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", scans.scan(0)[0])
    assert find(tmp_path, "skip", False) is None


def one_slice(root: Path) -> None:
    np.save(root / "volumes" / "s00_image.npy", np.zeros((1, 12, 10), np.uint8))


def not_a_number(root: Path) -> None:
    values = scans.scan(0)[0].astype(np.float32)
    values[2, 3, 4] = np.nan
    np.save(root / "volumes" / "s00_image.npy", values)


def of_another_shape(root: Path) -> None:
    np.save(root / "volumes" / "s00_label.npy", np.zeros((9, 12, 11), np.uint8))


def fractions(root: Path) -> None:
    np.save(root / "volumes" / "s00_label.npy", np.full((9, 12, 10), 0.5))


def words(root: Path) -> None:
    np.save(root / "volumes" / "s00_image.npy", np.full((9, 12, 10), "a"))


def cut_short(root: Path) -> None:
    path = root / "volumes" / "s00_image.npy"
    path.write_bytes(path.read_bytes()[:200])


def test_a_damaged_header_is_said(tmp_path: Path) -> None:
    scans.nifti(tmp_path / "a.nii", scans.scan(0)[0])
    whole = (tmp_path / "a.nii").read_bytes()
    for place, value in ((70, b"\x00\x05"), (108, b"\x00\x00\x80\x7f"), (40, b"\xff\xff")):
        harmed = whole[:place] + value + whole[place + len(value) :]
        (tmp_path / "a.nii").write_bytes(harmed)
        with pytest.raises(ImageError, match=r"a\.nii"):
            read_volume(tmp_path / "a.nii")
    (tmp_path / "a.nii").write_bytes(whole[:200])
    with pytest.raises(ImageError, match="no NIfTI"):
        read_volume(tmp_path / "a.nii")


def alone(root: Path) -> None:
    (root / "volumes" / "s00_label.npy").unlink()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (one_slice, "1x12x10, a single slice"),
        (not_a_number, r"nan at \[2, 3, 4\]"),
        (of_another_shape, "9x12x11, and the volume is 9x12x10"),
        (fractions, "fractions, and a label is a whole number"),
        (words, "voxels are numbers"),
        (cut_short, "no plain array"),
    ],
)
def test_what_is_damaged_is_left_out_or_refused(harm: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    scans.arrays(tmp_path, 3, 1)
    harm(tmp_path)
    found = find(tmp_path, "skip", False)
    assert found is not None
    assert len(found.pairs) == 3
    with pytest.raises(InputError, match=said):
        find(tmp_path, "refuse", False)


def test_a_volume_without_labels_is_told(tmp_path: Path) -> None:
    scans.arrays(tmp_path, 3, 1)
    alone(tmp_path)
    found = find(tmp_path, "refuse", False)
    assert found is not None
    assert [one.path for one in found.left_out] == ["volumes/s00_image.npy"]
    assert "1 volume without labels" in found.notes[-1]


def test_equal_names_in_other_folders_are_other_volumes(tmp_path: Path) -> None:
    for number, folder in enumerate(("p1", "p2", "p3")):
        values, labels = scans.scan(number)
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "ct_image.npy", values)
        if number:
            np.save(tmp_path / folder / "ct_label.npy", labels)
    found = find(tmp_path, "refuse", False)
    assert found is not None
    assert [(pair.image.parent.name, pair.labels.parent.name) for pair in found.pairs] == [("p2", "p2"), ("p3", "p3")]
    assert [one.path for one in found.left_out] == ["p1/ct_image.npy"]


def test_one_name_twice_is_told(tmp_path: Path) -> None:
    scans.arrays(tmp_path, 3, 1)
    np.save(tmp_path / "volumes" / "s00.npy", scans.scan(9)[0])
    found = find(tmp_path, "refuse", False)
    assert found is not None
    assert len(found.pairs) == 4
    assert [(one.path, one.reason) for one in found.left_out] == [
        ("volumes/s00_image.npy", "s00.npy has its name, too")
    ]


def test_labels_of_one_value_are_refused(tmp_path: Path) -> None:
    scans.arrays(tmp_path, 2, 0)
    for path in tmp_path.rglob("*_label.npy"):
        np.save(path, np.zeros_like(np.load(path)))
    with pytest.raises(InputError, match="only the value 0"):
        find(tmp_path, "skip", False)


@pytest.mark.parametrize("text", ["name,part\na,train", "", "name,split\ns00,some"])
def test_a_table_of_parts_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    scans.arrays(tmp_path, 2, 1)
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(InputError, match=r"split\.csv"):
        find(tmp_path, "skip", False)


def test_a_table_of_parts_may_name_files(tmp_path: Path) -> None:
    scans.arrays(tmp_path, 2, 1)
    (tmp_path / "split.csv").write_text("name,split\ns00_image.npy,train\nvolumes/s01,val\ns02.nii.gz,test\n")
    found = find(tmp_path, "skip", False)
    assert found is not None
    assert [(pair.image.name[:3], pair.part) for pair in found.pairs] == [
        ("s00", "train"),
        ("s01", "validation"),
        ("s02", "test"),
    ]
    (tmp_path / "split.csv").write_text("name,split\ns00,train\nscan7,test\n")
    with pytest.raises(InputError, match=r"split\.csv' names 'scan7', and no volume"):
        find(tmp_path, "skip", False)


def test_byte_order_and_scaling_of_nifti_are_undone(tmp_path: Path) -> None:
    values = np.arange(60, dtype=">i2").reshape(3, 4, 5)
    image = nibabel.Nifti1Image(values, np.diag([1, 2, 3, 1.0]), nibabel.Nifti1Header(endianness=">"))
    image.header.set_slope_inter(0.5, 10)
    image.to_filename(tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert volume.spacing == (1, 2, 3)
    np.testing.assert_allclose(volume.values[0], nibabel.load(tmp_path / "a.nii").get_fdata())
    np.save(tmp_path / "a.npy", values)
    np.testing.assert_array_equal(read_volume(tmp_path / "a.npy").values[0], values)


def test_labels_are_written_where_the_scan_is(tmp_path: Path) -> None:
    values, labels = scans.scan(0)
    scans.nifti(tmp_path / "a.nii.gz", values)
    end, content = written(labels, read_volume(tmp_path / "a.nii.gz"))
    (tmp_path / f"b{end}").write_bytes(content)
    one, other = (nibabel.load(tmp_path / name) for name in ("a.nii.gz", "b.nii.gz"))
    np.testing.assert_array_equal(one.affine, other.affine)
    np.testing.assert_array_equal(np.asarray(other.dataobj), labels)


def test_resampling_keeps_the_extent_and_the_labels(tmp_path: Path) -> None:
    values, labels = scans.scan(0, (8, 12, 10))
    scans.nifti(tmp_path / "a.nii.gz", values)
    scans.nifti(tmp_path / "b.nii.gz", labels)
    image = spaced(read_volume(tmp_path / "a.nii.gz"), (1.0, 1.0, 1.0))
    mask = labels_spaced(read_volume(tmp_path / "b.nii.gz", labels=True), (1.0, 1.0, 1.0))
    assert image.shape[1:] == mask.shape == (8, 18, 20)
    assert set(np.unique(mask)) == {0, 1, 2}
    assert abs((mask == 1).mean() - (labels == 1).mean()) < 0.02


@pytest.mark.parametrize("words", ["1x2", "a", "0", "-1x1x1", "1x1x1x1", "nan"])
def test_spacing_is_millimetres(words: str) -> None:
    assert spacing_of("2") == (2.0, 2.0, 2.0)
    assert spacing_of("1x1x2.5") == (1.0, 1.0, 2.5)
    with pytest.raises(InputError, match="spacing is millimetres"):
        spacing_of(words)
