"""Sound files of each kind become samples of one channel; what is none says why."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from striate.data.sounds.waves import Wave, WaveError, at_rate, of_samples, read_wave, wave_of
from tests.sounding import tone, write

SINE = tone("low", 0)


def as_bytes() -> np.ndarray:
    return np.rint(128 + 127 * SINE).astype(np.uint8)


@pytest.mark.parametrize(
    ("samples", "notes"),
    [
        (np.rint(32767 * SINE).astype(np.int16), ()),
        (np.rint((2**31 - 1) * SINE.astype(np.float64)).astype(np.int32), ()),
        (as_bytes(), ("8 bits",)),
        (SINE.astype(np.float64), ("floats",)),
        (np.stack([np.rint(32767 * SINE)] * 2, 1).astype(np.int16), ("stereo",)),
    ],
    ids=["16 bits", "32 bits", "8 bits", "floats", "stereo"],
)
def test_kinds_of_samples_are_the_same_sound(tmp_path: Path, samples: np.ndarray, notes: tuple[str, ...]) -> None:
    wave = read_wave(write(tmp_path / "a.wav", samples))
    assert (wave.rate, wave.notes) == (8000, notes)
    np.testing.assert_allclose(wave.samples, SINE, atol=0.01)


def test_channels_that_cancel_are_no_silence(tmp_path: Path) -> None:
    wave = read_wave(write(tmp_path / "a.wav", np.stack([SINE, -SINE], 1)))
    assert wave.notes[-1] == "the channels cancel, so the first is heard"
    np.testing.assert_allclose(wave.samples, SINE, atol=1e-4)


@pytest.mark.parametrize("rate", [4000, 11025, 16000, 44100])
def test_another_rate_is_the_same_sound(rate: int) -> None:
    there = at_rate(Wave(tone("low", 0, rate=rate), rate), 8000)
    assert there.rate == 8000
    assert len(there.samples) == pytest.approx(len(SINE), abs=2)
    spectra = [np.abs(np.fft.rfft(samples, 4096)) for samples in (SINE, there.samples)]
    assert abs(int(spectra[0].argmax()) - int(spectra[1].argmax())) <= 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"RIFF\0\0\0\0WAVEfmt ", "no wave file"),
        (b"no sound at all, but a text", "no wave file"),
        (b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0@\x1f\0\0\1\0\x08\0data\0\0\0\0", "it has no samples"),
    ],
)
def test_a_broken_file_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(WaveError) as error:
        read_wave(tmp_path / "a.wav")
    assert "a.wav" in str(error.value)
    assert said in error.value.reason
    assert "\n" not in str(error.value)


def test_a_file_that_is_cut_off_is_no_whole_sound(tmp_path: Path) -> None:
    content = write(tmp_path / "a.wav", SINE).read_bytes()
    half = content[: len(content) // 2]
    (tmp_path / "a.wav").write_bytes(half)
    with pytest.raises(WaveError, match=r"it is cut off: 3,178 of 6,400 bytes of sound are there"):
        read_wave(tmp_path / "a.wav")
    with pytest.raises(WaveError, match="it is cut off"):
        wave_of(half, "a")


def test_a_file_that_was_written_to_a_pipe_says_no_length(tmp_path: Path) -> None:
    content = bytearray(write(tmp_path / "a.wav", SINE).read_bytes())
    content[4:8] = content[40:44] = b"\xff" * 4
    assert content[36:40] == b"data"
    assert len(wave_of(bytes(content), "a").samples) == len(SINE)


def test_a_header_that_is_cut_anywhere_is_no_traceback(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.wav", SINE[:200]).read_bytes()
    for end in range(len(whole)):
        (tmp_path / "a.wav").write_bytes(whole[:end])
        with suppress(WaveError):
            read_wave(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (SINE, 10, "its rate of 10 Hz is not"),
        (np.full(800, np.nan, np.float64), 8000, "not finite"),
        (np.zeros((4, 2, 2)), 8000, "its samples are"),
        ("text", 8000, "its samples are"),
        ([0, 12000, -12000] * 300, 8000, "its samples are int64; give floats from -1 to 1, or int16"),
        (np.arange(900, dtype=np.uint16), 8000, "its samples are uint16; give floats"),
    ],
)
def test_samples_that_are_none_say_why(samples: object, rate: int, said: str) -> None:
    with pytest.raises(WaveError) as error:
        of_samples(samples, rate, "array 1")
    assert said in error.value.reason


def test_silence_is_known() -> None:
    assert of_samples(np.zeros(800), 8000, "a").silent
    assert of_samples(np.full(800, 0.3), 8000, "a").silent
    assert not of_samples(SINE, 8000, "a").silent
