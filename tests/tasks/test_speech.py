"""The task speech: sounds of any kind, what is said of odd ones, and words that are changed while training."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.errors import InputError
from striate.runs.looking import with_look
from striate.runs.run import Run
from striate.tasks.speech import Speech
from striate.tasks.task import Wish
from tests.sounding import tone, words, write

NET = "bands = 40\nframes = 40\ninput 3x(bands)x(frames)\nconv 4@5 stride 2 -> relu -> conv 4@3 -> relu -> gap -> fc 2"
HOW = {"task": "speech", "epochs": 2, "batch": 8, "quiet": True, "engine": "torch"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return words(tmp_path_factory.mktemp("tones"), 20, 8)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return st.train(NET, data, out=tmp_path_factory.mktemp("run") / "run", **HOW)


def test_sounds_are_found_out(data: Path) -> None:
    found = Speech.open(str(data), Wish())
    assert found
    task, opened = found
    assert (task.rate, task.bands, task.frames % 8) == (8000, 40, 0)
    assert opened.train.take([0])["image"].shape == (1, 3, 40, task.frames)
    assert Speech.open(str(data / "nothing"), Wish()) is None


def test_odd_sounds_are_read_and_told(data: Path, tmp_path: Path) -> None:
    words(tmp_path, 12, 4)
    root = tmp_path / "train" / "low"
    write(root / "stereo.wav", np.stack([np.rint(9000 * tone("low", 5))] * 2, 1).astype(np.int16))
    write(root / "bytes.wav", np.rint(128 + 90 * tone("low", 6)).astype(np.uint8))
    write(root / "floats.wav", tone("low", 7).astype(np.float64))
    write(root / "fast.wav", tone("low", 8, rate=16000), 16000)
    write(root / "silent.wav", np.zeros(3000, np.int16))
    (root / "empty.wav").write_bytes(b"")
    (root / "broken.wav").write_bytes(b"RIFF....WAVE")
    found = Speech.open(str(tmp_path), Wish())
    assert found
    said = "\n".join(found[1].notes)
    for words_said in (
        "1 of stereo, made one channel",
        "1 of 8 bits",
        "1 of floats",
        "1 of 16,000 Hz brought to 8,000 Hz",
        "1 sound is silence",
        "left out: 2 unreadable .wav",
        "empty.wav (the file is empty)",
    ):
        assert words_said in said
    assert len(found[1].train) == 17
    with pytest.raises(InputError, match=r"(broken|empty)\.wav"):
        Speech.open(str(tmp_path), Wish(bad="refuse"))


def test_it_is_tested_and_asked(run: Run, data: Path, tmp_path: Path) -> None:
    assert run.test().examples == 8
    write(tmp_path / "slow.wav", tone("high", 3, rate=4000), 4000)
    write(tmp_path / "silent.wav", np.zeros(3000, np.int16))
    answers = run.predict(tmp_path, tone("low", 3))
    assert [Path(one.path).name for one in answers] == ["silent.wav", "slow.wav", "array 1"] or len(answers) == 3
    notes = "\n".join(run.notes)
    assert "4,000 Hz brought to 8,000" in notes
    assert "it is silence, in which there is no word" in notes
    with Image.open(io.BytesIO(answers[0].pictures[""])) as picture:
        assert picture.height == 240


def test_what_can_t_be_asked_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"cannot read '.*bad\.wav' \(no wave file"):
        run.predict(tmp_path / "bad.wav")
    with pytest.raises(InputError, match="no file or folder"):
        run.predict(tmp_path / "none.wav")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match="no sound in"):
        run.predict(tmp_path / "nothing")


def test_words_are_changed_as_the_option_says(data: Path, tmp_path: Path) -> None:
    run = st.train(NET, data, out=tmp_path / "run", **HOW)
    assert run.config["options"]["augment"] == "shift:6,cutout:6,stretch:0.15,bands:2,noise:0.3"
    run = st.train(NET, data, out=tmp_path / "some", augment="bands:1,noise:0.1", **HOW)
    assert run.config["options"]["augment"] == "bands:1,noise:0.1"
    with pytest.raises(InputError, match="augment 'mirror' is for images; for sounds there are"):
        st.train(NET, data, out=tmp_path / "no", augment="mirror", **HOW)
    with pytest.raises(InputError, match="leave `size` out"):
        st.train(NET, data, out=tmp_path / "no", size=30, **HOW)


def test_where_it_looked_is_drawn_over_the_bands(run: Run) -> None:
    _, opened, _ = run.judged_on(None, "skip")
    judged = with_look(run.judged(), run, opened.schema)
    sights = judged.look([0], [1])
    assert sights is not None
    assert sights.pictures[0].shape == (240, 6 * run.task.frames, 3)


def test_images_are_not_changed_as_sounds_are() -> None:
    with pytest.raises(InputError, match="augment 'bands' is for sounds"):
        st.train("input 1x8x8 -> conv 2@3 -> fc 10", "digits", augment="bands:2", epochs=1, quiet=True)
