"""Frames between frames: what a network is shown, how it is judged, what a user gets of folders and of videos."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import striate as st
from striate.data.video import Frame
from striate.metrics.pictures import psnr
from striate.tasks.interpolate import Interpolate
from striate.tasks.task import Wish
from striate.training.fields import OUTPUT
from tests.clips import MEAN, clip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clips")
    for seed, place in enumerate(("train/a", "train/b", "test/c")):
        clip(root / place, 12, seed)
    return root


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("run") / "run"
    return st.train(MEAN, data, task="interpolate", epochs=1, lr=1e-9, batch=8, out=out, quiet=True, device="cpu")


def test_every_other_frame_is_judged_and_the_floor_is_the_mean_of_its_neighbours(run: Any, data: Path) -> None:
    shown = [np.asarray(Image.open(data / "test" / "c" / f"{n}.png")) / 255 for n in range(1, 13)]
    wanted = [psnr(shown[i], (shown[i - 1] + shown[i + 1]) / 2) for i in range(1, 11, 2)]
    result = run.test()
    assert [Path(one["image"]).name for one in result["each"]] == [f"{n}.png" for n in (2, 4, 6, 8, 10)]
    assert [one["psnr_baseline"] for one in result["each"]] == pytest.approx(wanted, abs=1e-3)
    assert result["psnr"] == pytest.approx(result["psnr_baseline"], abs=0.05)  # rounded to bytes
    assert {"ssim", "ssim_baseline"} <= result.keys()


def test_the_network_that_moves_frames_beats_the_mean_before_it_has_learned(data: Path, tmp_path: Path) -> None:
    net = tmp_path / "moving.net"
    net.write_text(
        "input 6x16x16\nframes: id\nmatch 2 -> avgpool 5 stride 1 pad 2 -> layerscale -200 -> softmax\n"
        "concat[ from frames | id ] -> move 2\nsum[ maps 0 1 2 | maps 3 4 5 ] -> layerscale 0.5\n"
    )
    run = st.train(net, data, task="interpolate", epochs=1, lr=1e-9, batch=8, out=tmp_path / "run", quiet=True)
    result = run.test()
    assert result["psnr"] > result["psnr_baseline"] + 3


def test_runs_of_frames_are_held_out_and_it_is_said(data: Path) -> None:
    _, opened = Interpolate.open(data / "train", Wish((6, None, None), named=True)) or pytest.fail("no clips")
    assert any("the last 6 frames of 2 clips are the test part" in line for line in opened.notes)
    parts = [opened.train, opened.validation, opened.test]
    names = [[part.name(row) for row in range(len(part))] for part in parts if part is not None]
    assert not {name for some in names[1:] for name in some} & set(names[0])


def shown(examples: Any) -> set[str]:
    """The frames of triplets, as bytes."""
    fields = examples.take(range(len(examples)))
    frames = [*(fields["image"][:, :3] / 255), *(fields["image"][:, 3:] / 255), *fields["good"]]
    return {(frame * 255).round().to(torch.uint8).numpy().tobytes() for frame in frames}


def opened(root: Path, clips: int, frames: int) -> Any:
    for number in range(clips):
        clip(root / "set" / f"{number}", frames, number)
    _, found = Interpolate.open(root / "set", Wish((6, None, None), named=True)) or pytest.fail("no clips")
    return found


@pytest.mark.parametrize(("clips", "frames"), [(1, 30), (2, 12), (3, 7), (4, 3), (12, 4)])
def test_parts_share_no_frame(tmp_path: Path, clips: int, frames: int) -> None:
    found = opened(tmp_path, clips, frames)
    training, validation = found.split(0.2, 0)
    parts = [shown(training), shown(validation), shown(found.test)]
    assert all(parts)
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    folds = [found.folded(number, 2, 0) for number in (1, 2)]
    assert not any(shown(rest) & shown(fold) for rest, fold in folds)
    assert sorted(name for _, fold in folds for name in fold.names) == sorted(found.train.names)


def test_folds_are_of_whole_clips_and_the_share_is_obeyed(tmp_path: Path) -> None:
    found = opened(tmp_path, 6, 40)
    shares = [len(found.split(share, 0)[1]) / len(found.train) for share in (0.1, 0.5)]
    assert shares == pytest.approx([0.1, 0.5], abs=0.05)
    _, fold = found.folded(1, 3, 0)
    assert len({Path(name).parent for name in fold.names}) == 2
    assert len(fold) == len(found.train) / 3


def test_a_clip_too_short_to_be_divided_is_told(tmp_path: Path) -> None:
    found = opened(tmp_path, 1, 4)
    assert found.test is None
    assert any("the one clip is too short" in line for line in found.notes)
    with pytest.raises(st.InputError, match="parts share no frame, and the clips are too few or too short"):
        found.split(0.1, 0)
    with pytest.raises(st.InputError, match="nothing is left to train on: parts share no frame"):
        found.folded(1, 2, 0)


def test_a_new_scene_is_not_faded_into(run: Any, tmp_path: Path) -> None:
    folder = clip(tmp_path / "two", 3)
    Image.new("RGB", (32, 24), "white").save(folder / "4.png")
    answers = run.predict(folder)
    assert (answers[5].pictures[""]) == answers[4].pictures[""]
    assert any("4.png begins a new scene" in line for line in run.notes)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda root: clip(root / "one", 1), "is one frame; a frame between takes two"),
        (lambda root: uneven(clip(root / "uneven", 3)), "the frames of a clip have one size"),
        (lambda root: np.zeros((4, 4, 3), np.uint8), "are made of files, folders and videos"),
    ],
)
def test_what_can_t_be_done_is_told(run: Any, tmp_path: Path, make: Callable[[Path], Any], line: str) -> None:
    with pytest.raises(st.InputError, match=line):
        run.predict(make(tmp_path))


def uneven(folder: Path) -> Path:
    """The same, and one frame is larger."""
    Image.new("RGB", (64, 48)).save(folder / "2.png")
    return folder


def test_a_clip_of_one_frame_beside_others_is_left_out(run: Any, tmp_path: Path) -> None:
    clip(tmp_path / "set" / "good", 2)
    clip(tmp_path / "set" / "one", 1)
    assert len(run.predict(tmp_path / "set")) == 3
    assert any("one' is one frame" in line for line in run.notes)


def test_factors_and_channels_that_are_not_known_are_told(run: Any, data: Path, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=r"factor is 2, 4, 8, 16, .* Received: 3"):
        run.predict(data / "test" / "c", factor=3)
    with pytest.raises(st.InputError, match="reads two in colour, one after the other: `input 6x"):
        st.train("input 3x?x? -> conv 3@3 pad 1", data, task="interpolate", out=tmp_path / "run", quiet=True)


def test_frames_of_a_long_video_have_names_of_their_own() -> None:
    long = [Frame("a.mp4", number, np.zeros((16, 16, 3), np.uint8)) for number in (100_000, 100_001)]
    task = Interpolate(channels=3)
    asked = task.asked(long, None, "skip")
    outputs = {OUTPUT: torch.zeros(1, 3, 16, 16)}
    assert [one.path for one in task.answers(outputs, asked, lambda fields: fields)] == [
        "a.mp4[100000.5]",
        "a.mp4[100001]",
    ]
