"""Volumes, images of many bands and clips are checked: what is damaged, alone, or there twice."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from striate.checking import check
from striate.errors import InputError
from tests import cubes, scans, scenes


def kinds(root: Path, task: str) -> dict[str, str]:
    return {finding.kind: finding.path for finding in check(root, task=task).findings}


def test_whole_data_have_no_fault(tmp_path: Path) -> None:
    scans.arrays(tmp_path / "v", 4, 2)
    cubes.arrays(tmp_path / "c")
    scenes.arrays(tmp_path / "s", 8, 4)
    for task, place in (("volume", "v"), ("cube", "c"), ("clip", "s")):
        assert not check(tmp_path / place, task=task).faults


def test_volumes_that_are_damaged_alone_or_in_two_parts(tmp_path: Path) -> None:
    scans.arrays(tmp_path, 4, 2)
    place = tmp_path / "volumes"
    (place / "s00_image.npy").write_bytes(b"no array")
    (place / "s01_label.npy").unlink()
    for end in ("image", "label"):
        shutil.copy(place / f"s02_{end}.npy", place / f"s04_{end}.npy")
    found = kinds(tmp_path, "volume")
    assert found["damaged"] == "volumes/s00_image.npy"
    assert found["no mask"] == "volumes/s01_image.npy"
    assert "copies across parts" in found


def test_an_image_whose_classes_have_another_size_is_unusable(tmp_path: Path) -> None:
    cubes.arrays(tmp_path)
    np.save(tmp_path / "scene_gt.npy", np.ones((5, 5), np.uint8))
    (finding,) = check(tmp_path, task="cube").findings
    assert finding.kind == "unusable"
    assert "one array of its size" in finding.said


def test_clips_that_are_damaged_or_a_single_frame(tmp_path: Path) -> None:
    scenes.arrays(tmp_path, 6, 2)
    (tmp_path / "train" / "up" / "0.npy").write_bytes(b"no array")
    assert kinds(tmp_path, "clip")["damaged"] == "train/up/0.npy"


def test_nothing_there_is_said(tmp_path: Path) -> None:
    for task in ("volume", "clip"):
        with pytest.raises(InputError, match=f"holds nothing for the task {task}"):
            check(tmp_path, task=task)
    with pytest.raises(InputError, match="no file or folder"):
        check(tmp_path / "nowhere", task="cube")
