"""`striate predict` on clips: folders of frames become longer sequences, videos videos of a higher rate."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.data.filming import Writer
from striate.data.video import frames, rate_of
from tests.clips import MEAN, clip, pictures

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clips")
    for seed, place in enumerate(("train/a", "test/c")):
        clip(root / place, 12, seed)
    return root


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("run") / "run"
    return st.train(MEAN, data, task="interpolate", epochs=1, lr=1e-9, batch=8, out=out, quiet=True, device="cpu")


def test_a_folder_becomes_a_sequence_that_other_programs_read(cli: Cli, run: Any, data: Path, tmp_path: Path) -> None:
    ended = cli("predict", run.path, data / "test" / "c", "--factor", 4, "--out", tmp_path / "out")
    assert ended.status == 0
    names = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert names == [f"c-{n:06}.png" for n in range(45)]
    first, between = (np.asarray(Image.open(tmp_path / "out" / f"c-00000{n}.png"), int) for n in (0, 2))
    own = [np.asarray(Image.open(data / "test" / "c" / f"{n}.png"), int) for n in (1, 2)]
    assert (first == own[0]).all()
    assert np.abs(between - (own[0] + own[1]) / 2).max() <= 1


def test_a_video_becomes_a_video_of_twice_the_rate(cli: Cli, run: Any, tmp_path: Path) -> None:
    with Writer(tmp_path / "walk.mp4", Fraction(12)) as writer:
        for pixels in pictures(40):
            writer.add(pixels)
    ended = cli("predict", run.path, tmp_path / "walk.mp4", "--out", tmp_path / "out")
    assert "1 video" in ended.out
    made = list(frames(tmp_path / "out" / "walk.mp4"))
    assert (len(made), rate_of(tmp_path / "out" / "walk.mp4")) == (79, 24)
    answers = run.predict(tmp_path / "walk.mp4")
    assert [answer.path for answer in answers[:3]] == [f"{tmp_path}/walk.mp4[{n}]" for n in ("0", "0.5", "1")]
    assert [answer.seconds for answer in answers[-2:]] == [Fraction(77, 24), Fraction(78, 24)]


def test_a_variable_rate_keeps_its_times_and_is_told(cli: Cli, run: Any, tmp_path: Path) -> None:
    with Writer(tmp_path / "uneven.mp4", Fraction(10)) as writer:
        for pixels, tenths in zip(pictures(4), (0, 1, 5, 6), strict=True):
            writer.add(pixels, Fraction(tenths, 10))
    ended = cli("predict", run.path, tmp_path / "uneven.mp4", "--out", tmp_path / "out")
    assert "variable frame rate (0.1 to 0.4 s a frame)" in ended.err
    shown = [one.seconds for one in frames(tmp_path / "out" / "uneven.mp4")]
    assert shown == [Fraction(n, 20) for n in (0, 1, 2, 6, 10, 11, 12)]
