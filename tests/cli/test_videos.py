"""`striate predict` on videos: an answer for each frame, and what there is to see of them as a video."""

import resource
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.cli.pictures import Pictures
from striate.data.filming import Writer
from striate.data.video import frames, rate_of
from striate.runs.run import Run
from striate.tasks.task import Answer
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


def test_what_is_read_is_not_written_over(cli: Cli, run: Path, clip: Path, tmp_path: Path) -> None:
    still = tmp_path / "seen" / "still.png"
    still.parent.mkdir()
    Image.fromarray(posed.drawn(1)[0][0]).save(still)
    before = still.read_bytes(), clip.read_bytes()
    for given, out in ((clip, tmp_path), (still, still.parent), (tmp_path, still.parent)):
        ended = cli("predict", run, given, "--out", out)
        assert ended.status == 2
        assert "is read and could be written over" in ended.error
    assert (still.read_bytes(), clip.read_bytes()) == before
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["seen", "still.png", "walk.mp4"]


def test_a_video_that_is_not_finished_has_no_file(cli: Cli, run: Path, clip: Path, tmp_path: Path) -> None:
    add = Writer.add

    def stopped(writer: Writer, *given: Any) -> None:
        add(writer, *given)
        if given[1] > 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writer, "add", stopped)
        assert cli("predict", run, clip, "--out", tmp_path / "seen").status != 0
    assert list((tmp_path / "seen").iterdir()) == []


def test_a_full_disk_is_told_and_leaves_no_video(clip: Path, tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    png = (tmp_path / "noise.png").read_bytes()
    answers = [Answer(f"{clip}[{number}]", "", {}, {"": png}) for number in range(100)]
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        with pytest.raises(st.WorkError, match="can't write to"):
            list(Pictures(tmp_path / "seen").written(answers))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "seen").iterdir()) == []


def test_sources_in_turns_have_files_of_their_own(cli: Cli, run: Path, clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "run.mp4"
    with Writer(other) as writer:
        for pixels, _ in posed.drawn(3):
            writer.add(pixels)
    ended = cli("predict", run, other, clip, other, other, "--out", tmp_path / "seen")
    assert "4 videos" in ended.out
    counts = {path.name: len(list(frames(path))) for path in (tmp_path / "seen").glob("*.mp4")}
    assert counts == {"run.mp4": 3, "walk.mp4": COUNT, "run-2.mp4": 3, "run-3.mp4": 3}


def test_a_name_with_a_number_is_not_given_twice(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    answers = [Answer(name, "", {}, {"": b"png"}) for name in ("x/a.png", "x/a-2.png", "y/a.png")]
    list(pictures.written(answers))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-2.png", "a-3.png", "a.png"]


def test_several_runs_say_when_a_frame_is_shown(run: Path, tmp_path: Path) -> None:
    path, shown = tmp_path / "uneven.mp4", [Fraction(0), Fraction(1, 10), Fraction(1, 2)]
    with Writer(path, Fraction(10)) as writer:
        for (pixels, _), seconds in zip(posed.drawn(3), shown, strict=True):
            writer.add(pixels, seconds)
    assert [answer.seconds for answer in st.Ensemble([run, run]).predict(path)] == shown


def test_a_video_that_is_none_is_told_and_nothing_is_written_over(cli: Cli, run: Path, tmp_path: Path) -> None:
    (tmp_path / "walk.mp4").write_bytes(b"no video")
    ended = cli("predict", run, tmp_path / "walk.mp4")
    assert ended.status == 2
    assert "walk.mp4" in ended.error
    assert "Traceback" not in ended.error
