"""Frames of more than 8 bits in folders: black and white are the run's, or the clip's, and all bits are kept."""

from pathlib import Path

import numpy as np
import png
import pytest
from numpy.typing import NDArray

import striate as st
from striate.data.clips import find, in_parts
from striate.data.clips.streaming import clips_of
from striate.data.levels import Levels
from striate.tasks.interpolate import Interpolate
from striate.tasks.restore import Restore
from tests.clips import MEAN
from tests.clips import clip as shallow

TWELVE = Levels((0.0, 4095.0), None)
MIDDLE = "input 3x16x16 -> maps 1 -> layerscale 1"  # the frame in the middle of three of one channel, as it is
SIZE = (20, 24)


def picture(number: int, colours: int = 3) -> NDArray[np.uint16]:
    """(H, W, C) of 12 bits, of which the first is dark."""
    chance = np.random.default_rng(number)
    return chance.integers(0, 4_096 if number else 200, (*SIZE, colours)).astype(np.uint16)


def write(path: Path, pixels: NDArray[np.uint16]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = pixels.shape[2]
    writer = png.Writer(SIZE[1], SIZE[0], greyscale=colours < 3, alpha=colours % 2 == 0, bitdepth=16)
    with path.open("wb") as file:
        writer.write_packed(file, [row.astype(">u2").tobytes() for row in pixels])


def clip(folder: Path, count: int = 4, colours: int = 3) -> Path:
    for number in range(count):
        write(folder / f"{number}.png", picture(number, colours))
    return folder


def read(data: bytes) -> NDArray[np.int64]:
    """(H, W, C) of a PNG file of 16 bits."""
    width, height, rows, facts = png.Reader(bytes=data).read()
    assert facts["bitdepth"] == 16
    return np.array([list(row) for row in rows]).reshape(height, width, -1)


@pytest.mark.parametrize("levels", [TWELVE, None], ids=["the run's", "the clip's"])
@pytest.mark.parametrize("colours", [1, 3])
def test_a_dark_frame_stays_dark(tmp_path: Path, levels: Levels | None, colours: int) -> None:
    (part, *_) = in_parts([clip(tmp_path / "a", colours=colours)], None, levels)
    dark = part[0]
    assert (dark.pixels.dtype, dark.top) == (np.uint16, 4095)
    shown = np.broadcast_to(picture(0, colours), dark.pixels.shape)
    assert np.abs(dark.pixels / 65_535 - shown / 4095).max() < 1e-4


def test_frames_that_the_run_s_levels_cut_and_transparent_ones(tmp_path: Path) -> None:
    write(tmp_path / "a" / "0.png", picture(1))
    clear = np.concatenate([picture(2), np.zeros((*SIZE, 1), np.uint16)], 2)
    write(tmp_path / "a" / "1.png", clear)
    write(tmp_path / "a" / "2.png", np.concatenate([clear[:, :, :3], np.full((*SIZE, 1), 65_535, np.uint16)], 2))
    ((_, frames),) = clips_of([tmp_path / "a"], None, Levels((0.0, 1023.0), None))
    bright, hidden, shown = frames
    assert np.abs(bright.pixels / 65_535 - np.minimum(picture(1) / 1023, 1)).max() < 1e-4
    assert (hidden.pixels == 255).all()
    assert np.abs(shown.pixels / 65_535 - np.minimum(picture(2) / 1023, 1)).max() < 1e-4


def test_frames_to_learn_from_have_the_levels_of_the_set(tmp_path: Path) -> None:
    clip(tmp_path / "a", 4)
    found = find(tmp_path, hold_out=False)
    assert found.levels == TWELVE
    (one,) = found.clips
    assert np.abs(one.frame(0) / 255 - picture(0).transpose(2, 0, 1) / 4095).max() <= 0.5 / 255 + 1e-9
    assert find(tmp_path, hold_out=False, levels=Levels((0.0, 65_535.0), None)).clips[0].frame(1).max() < 17


def trained(net: str, data: Path, out: Path, **how: str) -> st.Run:
    return st.train(net, data, epochs=1, lr=1e-9, batch=4, out=out, quiet=True, device="cpu", engine="torch", **how)


def test_frames_between_keep_16_bits(tmp_path: Path) -> None:
    run = trained(MEAN, clip(tmp_path / "set" / "a", 9).parent, tmp_path / "run", task="interpolate")
    assert isinstance(run.task, Interpolate)
    assert run.recipe.levels == TWELVE
    given = tmp_path / "given"
    for number in range(2):
        write(given / f"{number}.png", 100 + picture(number) // 20)
    first, between, last = (read(answer.pictures[""]) for answer in run.predict(given))
    assert (first == 100 + picture(0) // 20).all()
    assert (last == 100 + picture(1) // 20).all()
    assert np.abs(between - (first + last) / 2).max() <= 1


def test_frames_that_are_restored_keep_16_bits(tmp_path: Path) -> None:
    run = trained(MIDDLE, clip(tmp_path / "set" / "a", 9).parent, tmp_path / "run", degrade="noise:5")
    assert isinstance(run.task, Restore)
    assert (run.task.frames, run.recipe.levels) == (3, TWELVE)
    answers = run.predict(clip(tmp_path / "given", 3))
    assert [answer.picture.dtype for answer in answers] == [np.uint16] * 3
    for number, answer in enumerate(answers):
        assert np.abs(read(answer.pictures[""]) - picture(number)).max() <= 1


def test_frames_of_8_bits_are_as_before(tmp_path: Path) -> None:
    (part, *_) = in_parts([shallow(tmp_path / "a", 3)], None, TWELVE)
    assert {one.pixels.dtype for one in part} == {np.dtype(np.uint8)}
    assert part[0].pixels.shape == (24, 32, 3)
