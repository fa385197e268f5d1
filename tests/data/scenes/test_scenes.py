"""Clips are found in the folders of their classes and read evenly; moving digits tell nothing in one frame."""

from pathlib import Path

import numpy as np
import pytest

from striate.data.making import make
from striate.data.scenes import making
from striate.data.scenes.finding import Scene, as_read, chosen_of, find, read_scene, scenes_at
from striate.data.scenes.motions import FRAMES, MOTIONS, SIDE, STEP, clips_of, moving
from striate.errors import InputError
from tests import scenes


def test_arrays_and_folders_of_frames_are_the_same(tmp_path: Path) -> None:
    scenes.arrays(tmp_path / "a", 4, 2)
    scenes.folders(tmp_path / "f", 4)
    one, other = find(tmp_path / "a", "refuse"), find(tmp_path / "f", "refuse")
    assert one is not None
    assert other is not None
    assert one.classes == other.classes == ("right", "up")
    assert [scene.part for scene in one.scenes] == ["train"] * 4 + ["test"] * 2
    shape = (1, 4, 12, 12)
    clip = next(scene for scene in other.scenes if scene.path.name == "0")
    np.testing.assert_array_equal(read_scene(clip, shape)[0], scenes.clip(0, "up"))
    np.testing.assert_array_equal(read_scene(one.scenes[2], shape)[0].shape, (4, 12, 12))


def test_an_array_of_many_clips_is_many(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    for move in scenes.MOVES:
        np.savez(tmp_path / "train" / f"{move}.npz", x=np.stack([scenes.clip(n, move) for n in range(3)]))
    found = find(tmp_path, "refuse")
    assert found is not None
    assert len(found.scenes) == 6
    assert found.scenes[1].name.endswith("right.npz[1]")
    np.testing.assert_array_equal(read_scene(found.scenes[1], (1, 4, 12, 12))[0], scenes.clip(1, "right"))


def test_frames_are_chosen_evenly_and_one_is_the_middle() -> None:
    assert chosen_of(8, (1, 8, 4, 4)) == list(range(8))
    assert chosen_of(2, (1, 4, 4, 4)) == [0, 0, 1, 1]
    assert chosen_of(8, (3, 4, 4)) == [4]
    clip = np.arange(8, dtype=np.uint8)[:, None, None] * np.ones((8, 4, 4), np.uint8)
    assert as_read(clip, (3, 4, 4))[:, 0, 0].tolist() == [4, 4, 4]


def test_one_frame_is_no_clip(tmp_path: Path) -> None:
    scenes.arrays(tmp_path, 4, 0)
    np.save(tmp_path / "train" / "up" / "0.npy", scenes.clip(0, "up")[:1])
    found = find(tmp_path, "skip")
    assert found is not None
    assert len(found.scenes) == 3
    assert "it is one frame" in found.left_out[0].reason
    with pytest.raises(InputError, match="it is one frame"):
        find(tmp_path, "refuse")


def test_a_broken_video_is_named(tmp_path: Path) -> None:
    path = tmp_path / "up" / "a.mp4"
    path.parent.mkdir()
    path.write_bytes(b"no video" * 20)
    with pytest.raises(InputError, match=r"a\.mp4"):
        read_scene(Scene(path), (1, 4, 12, 12))
    with pytest.raises(InputError, match="no file or folder"):
        scenes_at(tmp_path / "nowhere.mp4")
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(InputError, match="is no clip"):
        scenes_at(tmp_path / "a.txt")


def test_no_frame_tells_the_motion() -> None:
    """Each place of the field is as likely in every frame, whatever the motion."""
    digit = np.full((8, 8), 255, np.uint8)
    for motion, (down, right) in MOTIONS.items():
        clip = moving(digit, motion, np.random.default_rng(0))
        assert clip.shape == (FRAMES, SIDE, SIDE)
        np.testing.assert_array_equal(clip[3], np.roll(clip[2], (STEP * down, STEP * right), (0, 1)))
    clips = clips_of(digit[None], 300, np.random.default_rng(0))
    means = np.stack([some[:, FRAMES // 2].mean(0) for some in clips.values()])
    assert np.ptp(means.mean((1, 2))) < 1
    assert np.abs(means - means.mean()).max() < 45  # of 255: as much as chance moves a mean of 300


def test_digits_are_made_to_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "COUNTS", {"train": 3, "validation": 1, "test": 2})
    (said,) = make("motions", "digits", tmp_path / "made")
    assert "of each 3 in train/, 1 in val/, 2 in test/" in said
    found = find(tmp_path / "made", "refuse")
    assert found is not None
    assert len(found.scenes) == 8 * 6
    assert set(found.classes) == set(MOTIONS)
    make("motions", "digits", tmp_path / "again")
    for path in (tmp_path / "made").rglob("*.npz"):
        other = tmp_path / "again" / path.relative_to(tmp_path / "made")
        np.testing.assert_array_equal(np.load(path)["x"], np.load(other)["x"])
    with pytest.raises(InputError, match="there already"):
        make("motions", "digits", tmp_path / "made")
