"""The live page of networks that hear: a wave file is sent, and what was heard of it comes back as a picture."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.errors import InputError
from striate.page.application import sound_of
from striate.page.seeing import of_run
from tests.sounding import tone, words, write

NET = "bands = 40\nframes = 40\ninput 3x(bands)x(frames)\nconv 4@5 stride 2 -> relu -> conv 4@3 -> relu -> gap -> fc 2"


def test_what_is_heard_is_answered(tmp_path: Path) -> None:
    data = words(tmp_path / "data", 12, 4)
    run = st.train(NET, data, task="speech", epochs=2, batch=8, quiet=True, engine="torch", out=tmp_path / "run")
    page = of_run(run)
    assert page.graph()["reads"] == "sound"
    body = write(tmp_path / "a.wav", tone("low", 50, rate=16000), 16000).read_bytes()
    frame = page.look(sound_of(body), [0])
    assert {one["label"] for one in frame.answer} == {"low", "high"}
    (answer,) = run.predict(tmp_path / "a.wav")
    assert frame.answer[0]["probability"] == pytest.approx(answer.probability, abs=1e-5)
    with Image.open(io.BytesIO(frame.picture)) as picture:
        assert picture.height == 240
    assert page.look(sound_of(write(tmp_path / "b.wav", np.zeros(800, np.int16)).read_bytes()), [0]).answer


@pytest.mark.parametrize("body", [b"", b"RIFF", b"a text"])
def test_what_is_no_sound_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="cannot read 'the sound'"):
        sound_of(body)
