"""`striate predict` on videos: an answer for each frame, and what there is to see of them as a video."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.data.video import Writer, frames, rate_of
from striate.runs.run import Run
from tests import posed

Cli = Callable[..., Any]
POSER = "joints = 3\ninput 3x40x48 -> conv 12@3 pad 1 -> relu -> maxpool 2 -> conv joints@1"
COUNT = 40  # frames, more than are asked about at once


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("videos")
    root = posed.table(place / "data", {"train": 8, "test": 4})
    trained: Run = st.train(POSER, root, epochs=1, batch=4, out=place / "run", quiet=True)
    return trained.path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "walk.mp4"
    with Writer(path, Fraction(12)) as writer:
        for pixels, _ in posed.drawn(COUNT):
            writer.add(pixels)
    return path


def test_each_frame_has_an_answer(cli: Cli, run: Path, clip: Path) -> None:
    answers = cli("predict", run, clip, "--json").json
    assert [one["path"] for one in answers] == [f"{clip}[{number}]" for number in range(COUNT)]
    pixels = next(frames(clip)).pixels
    (alone,) = st.Run(run).predict(Image.fromarray(pixels))
    assert [one["x"] for one in answers[0]["joints"]] == [one["x"] for one in alone.values["joints"]]


def test_what_there_is_to_see_is_a_video_of_the_same_rate(cli: Cli, run: Path, clip: Path, tmp_path: Path) -> None:
    Image.fromarray(posed.drawn(1)[0][0]).save(tmp_path / "still.png")
    ended = cli("predict", run, clip, tmp_path / "still.png", "--out", tmp_path / "seen")
    assert "1 pictures and 1 video" in ended.out
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["answers.csv", "still.png", "walk.mp4"]
    made = list(frames(tmp_path / "seen" / "walk.mp4"))
    assert len(made) == COUNT
    assert rate_of(tmp_path / "seen" / "walk.mp4") == 12
    assert np.asarray(made[0].pixels).shape[0] >= 400  # enlarged, so that joints can be seen
    assert len((tmp_path / "seen" / "answers.csv").read_text().splitlines()) == COUNT + 2


def test_a_video_that_is_none_is_told_and_nothing_is_written_over(cli: Cli, run: Path, tmp_path: Path) -> None:
    (tmp_path / "walk.mp4").write_bytes(b"no video")
    ended = cli("predict", run, tmp_path / "walk.mp4")
    assert ended.status == 2
    assert "walk.mp4" in ended.error
    assert "Traceback" not in ended.error
