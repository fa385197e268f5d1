"""Written videos: their rate, their times, and the sound of the video that they are made of."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from striate.data.filming import Writer, suffix_for
from striate.data.video import frames, gaps, rate_of
from striate.errors import InputError

NTSC = Fraction(30000, 1001)


def with_sound(path: Path, codec: str, rate: Fraction = NTSC, count: int = 30) -> Path:
    """Grey frames and a tone as long as they are."""
    with av.open(str(path), "w") as file:
        video, sound = file.add_stream("libx264", rate=rate), file.add_stream(codec, rate=48000)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 4 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            file.mux(video.encode(frame))
        file.mux(video.encode())
        resampler = av.AudioResampler(sound.codec_context.format, sound.codec_context.layout, 48000)
        for start in range(0, int(48000 * count / rate), 1024):
            tone = 8000 * np.sin(np.arange(start, start + 1024) / 17)
            heard = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 48000, start, Fraction(1, 48000)
            for part in resampler.resample(heard):
                file.mux(sound.encode(part))
        file.mux(sound.encode())
    return path


def packets(path: Path) -> list[bytes]:
    """What is heard, as it is stored."""
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


@pytest.mark.parametrize(("name", "codec", "suffix"), [("a.mp4", "aac", ".mp4"), ("b.mkv", "pcm_s16le", ".mkv")])
def test_twice_the_rate_with_the_same_sound(tmp_path: Path, name: str, codec: str, suffix: str) -> None:
    source = with_sound(tmp_path / name, codec)
    assert suffix_for(source) == suffix
    made, rate = tmp_path / f"made{suffix}", 2 * rate_of(source)
    with Writer(made, rate, source) as writer:
        for frame in frames(source):
            writer.add(frame.pixels, frame.seconds)
            writer.add(frame.pixels, frame.seconds + 1 / rate)
    assert float(rate_of(made)) == pytest.approx(float(2 * NTSC), rel=1e-3)
    assert len(list(frames(made))) == 60
    assert packets(made) == packets(source)
    assert writer.notes == []


def test_times_are_kept(tmp_path: Path) -> None:
    shown = [Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(3, 5)]
    with Writer(tmp_path / "uneven.mp4", Fraction(10)) as writer:
        for seconds in shown:
            writer.add(np.zeros((16, 16, 3), np.uint8), seconds)
    assert [one.seconds for one in frames(tmp_path / "uneven.mp4")] == shown
    assert gaps(tmp_path / "uneven.mp4") == (Fraction(1, 10), Fraction(2, 5))


def half(path: Path) -> None:
    """A video that is interrupted when some of it is in its file."""
    with Writer(path) as writer:
        for number in range(100):
            writer.add(np.full((48, 64, 3), number, np.uint8))
        raise KeyboardInterrupt


def test_a_video_that_is_not_finished_has_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        half(tmp_path / "half.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rate", [29.97, 23.976, 1 / 3, 59.94006, 16 * Fraction(2**31 - 1, 2**26 + 1)])
def test_odd_rates_fit_a_file(tmp_path: Path, rate: float | Fraction) -> None:
    with Writer(tmp_path / "odd.mp4", rate) as writer:
        for _ in range(4):
            writer.add(np.zeros((16, 16, 3), np.uint8))
    assert float(rate_of(tmp_path / "odd.mp4")) == pytest.approx(float(rate), rel=1e-4)
    assert [float(one.seconds * Fraction(rate)) for one in frames(tmp_path / "odd.mp4")] == pytest.approx(
        range(4), rel=1e-4
    )


def test_frames_of_several_sizes_are_refused(tmp_path: Path) -> None:
    with Writer(tmp_path / "two.mp4") as writer:
        writer.add(np.zeros((16, 16, 3), np.uint8))
        with pytest.raises(InputError, match=r"two\.mp4 has 16x16, and here is 20x16"):
            writer.add(np.zeros((16, 20, 3), np.uint8))


def test_a_video_that_is_broken_in_the_middle_gives_what_is_whole(tmp_path: Path) -> None:
    path, lines = with_sound(tmp_path / "clip.mkv", "aac", count=60), list[str]()
    content = bytearray(path.read_bytes())
    half = len(content) // 2
    content[half : half + 200] = b"\xff" * 200
    path.write_bytes(bytes(content))
    found = list(frames(path, lines.append))
    assert 20 < len(found) <= 60
    assert all(a.seconds < b.seconds for a, b in pairwise(found))
