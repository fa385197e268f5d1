"""Clips: frames evenly spread, one frame, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import striate as st
from striate.tasks import known
from striate.tasks.task import Wish
from tests import scenes

NET = "input 1x4x12x12 -> conv 8@3x3x3 pad same -> relu -> gap -> fc 2"
HOW: dict[str, Any] = {"task": "clip", "engine": "torch", "quiet": True, "threads": 1, "epochs": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    root = tmp_path_factory.mktemp("clip")
    scenes.arrays(root / "data", 12, 4)
    return st.train(NET, root / "data", out=root / "run", **HOW)


def test_whatever_holds_the_frames_the_answer_is_the_same(run: st.Run, tmp_path: Path) -> None:
    clip = scenes.clip(40, "up")
    scenes.folders(tmp_path / "f", 2)
    np.save(tmp_path / "a.npy", clip)
    one, other = run.predict(clip), run.predict(tmp_path / "a.npy")
    assert one[0].top == other[0].top
    assert len(run.predict(tmp_path / "f")) == 2
    np.savez(tmp_path / "many.npz", x=np.stack([clip, clip, clip]))
    many = run.predict(tmp_path / "many.npz")
    assert [answer.path for answer in many] == [f"{tmp_path / 'many.npz'}[{row}]" for row in range(3)]
    assert many[2].probability == pytest.approx(one[0].probability, abs=1e-6)


def test_one_frame_is_the_one_in_the_middle(tmp_path: Path) -> None:
    scenes.arrays(tmp_path / "data", 8, 4)
    run = st.train("input 1x12x12 -> conv 4@3 -> relu -> gap -> fc 2", tmp_path / "data", out=tmp_path / "run", **HOW)
    clip = scenes.clip(3, "up")
    still = np.repeat(clip[2:3], 4, 0)
    assert run.predict(clip)[0].top == run.predict(still)[0].top


def test_some_of_each_class_are_held_out_as_test(tmp_path: Path) -> None:
    for number in range(12):
        folder = tmp_path / ("up" if number < 9 else "right")
        folder.mkdir(exist_ok=True)
        np.save(folder / f"{number}.npy", scenes.clip(number, folder.name))
    task, data = known.opened(str(tmp_path), Wish(named=True), "clip")
    assert sorted(data.test.columns["label"].tolist()) == [0, 1]
    assert task.classes == ("right", "up")
    assert any("held out 2 clips as test, about 15% of each class, by file name" in note for note in data.notes)


def test_classes_without_clips_are_called_that(tmp_path: Path) -> None:
    for part, moves in (("train", ("up", "right", "up", "right", "up")), ("test", ("up",))):
        for number, move in enumerate(moves):
            folder = tmp_path / part / move
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / f"{number}.npy", scenes.clip(number, move))
    task, data = known.opened(str(tmp_path), Wish(named=True), "clip")
    assert data.test is not None
    assert task.doubts({"test": data.test}, "") == [
        "classes of a single clip: up",
        "classes without a clip in the test set: right",
    ]


def test_larger_frames_are_scaled_and_colours_made_grey(run: st.Run) -> None:
    clip = scenes.clip(40, "up").repeat(3, 1).repeat(3, 2)[..., None].repeat(3, 3)
    assert run.predict(clip)[0].probability == pytest.approx(
        run.predict(scenes.clip(40, "up"))[0].probability, abs=0.05
    )


def test_what_does_not_fit_is_refused(run: st.Run, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match="a clip is"):
        run.predict(np.zeros((1, 12, 12)))
    (tmp_path / "a.mp4").write_bytes(b"no video" * 10)
    with pytest.raises(st.InputError, match=r"a\.mp4"):
        run.predict(tmp_path / "a.mp4")
    scenes.folders(tmp_path / "one", 1)
    with pytest.raises(st.InputError, match="clips of one class, 'up'"):
        st.train(NET, tmp_path / "one", out=tmp_path / "run", **HOW)
    with pytest.raises(st.InputError, match="a network for clips reads"):
        st.train("input 2x4x12x12 -> gap -> fc 2", run.config["data"]["source"], out=tmp_path / "run", **HOW)
    with pytest.raises(st.InputError, match=r"no file or folder '.*none'; the task clip reads a folder with one"):
        st.train(NET, tmp_path / "none", out=tmp_path / "run", **HOW)
    (tmp_path / "none").mkdir()
    with pytest.raises(st.InputError, match="holds nothing for the task clip"):
        st.train(NET, tmp_path / "none", out=tmp_path / "run", **HOW)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((4, 12, 12), np.nan), r"holds nan at \[0, 0, 0\]"),
        (np.full((4, 12, 12), "a"), "array 1 holds <U1"),
        (np.zeros((4, 12, 12, 2)), "it is 4x12x12x2; a clip is"),
        (np.zeros((4, 0, 12)), "it is 4x0x12; a clip is"),
        (np.zeros((2, 4, 12, 12, 3)), "it is 2x4x12x12x3; a clip is"),
    ],
)
def test_arrays_that_are_no_clip_are_refused(run: st.Run, array: NDArray[Any], message: str) -> None:
    with pytest.raises(st.InputError, match=message):
        run.predict(array)
    assert [answer.path for answer in run.predict(scenes.clip(3, "up"), array)] == ["array 1"]


def test_a_video_that_is_broken_is_told_or_refused(tmp_path: Path) -> None:
    scenes.arrays(tmp_path / "data", 8, 4)
    (tmp_path / "data" / "train" / "up" / "bad.mp4").write_bytes(b"no video" * 10)
    run = st.train(NET, tmp_path / "data", out=tmp_path / "run", **HOW)
    assert any(
        "bad.mp4" in one.path for one in known.opened(str(tmp_path / "data"), Wish(named=True), "clip")[1].left_out
    )
    assert run.test().examples == 4
    with pytest.raises(st.InputError, match=r"bad\.mp4"):
        st.train(NET, tmp_path / "data", out=tmp_path / "other", bad="refuse", **HOW)
