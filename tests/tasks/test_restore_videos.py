"""Networks that restore videos: the windows they read, what is held out, what `predict` makes of clips and videos."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import striate as st
from striate.data.examples import Table
from striate.data.filming import Writer
from striate.data.restoring.degrading import degradation
from striate.data.video import frames, rate_of
from striate.errors import InputError
from striate.tasks import aligned
from striate.tasks.known import opened as opened_data
from striate.tasks.task import Wish

THREE = "input 3x?x? -> conv 4@3 pad 1 -> shuffle 2"
ALIGNING = """
frames: input 3x?x?
maps 1 -> middle: id
from frames -> maps 0 1 -> near: [ conv 4@3 pad 1 -> deform 1@3 pad 1 of 1 ] -> first: id
from frames -> maps 2 1 -> shared near -> last: id
heads[
    output: concat[ from first | from middle | from last ] -> conv 4@3 pad 1 -> shuffle 2
  | aligned: concat[ from first | from middle | from last ]
]
"""
WISH = Wish((3, 24, 24), degrade="bicubic:2", enlarges=2, maps=1)


def scene(number: int, size: tuple[int, int] = (40, 48)) -> Image.Image:
    """A pattern that moves to the right."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    wave = np.sin((columns - 2 * number) / 3) + np.cos(rows / 4 + columns / 9)
    return Image.fromarray(np.stack([128 + 55 * wave, 128 - 40 * wave, 100 + 30 * wave], -1).astype(np.uint8))


def clip(folder: Path, count: int, size: tuple[int, int] = (40, 48), first: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        scene(number, size).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips to learn from and one to test by; the names of their frames have no leading zeros."""
    root = tmp_path_factory.mktemp("clips")
    clip(root / "train" / "a", 12)
    clip(root / "train" / "b", 5, (32, 40))
    clip(root / "test" / "c", 3, first=20)
    return root


def trained(net: str, folder: Path, out: Path, **how: Any) -> st.Run:
    options: dict[str, Any] = {"epochs": 1, "batch": 4, "engine": "torch", "quiet": True, "device": "cpu"} | how
    return st.train(net, folder, degrade="bicubic:2", out=out, **options)


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    return trained(THREE, folder, tmp_path_factory.mktemp("three") / "run")


def opened(folder: Path, wish: Wish = WISH) -> tuple[Any, Any]:
    return opened_data(folder, wish, "restore")


def studio(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    red, green, blue = picture.astype(np.float64)
    return (16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255) / 255


def test_a_window_is_the_frame_between_its_neighbours(folder: Path) -> None:
    task, data = opened(folder)
    assert (task.frames, task.channels) == (3, 1)
    names = [Path(data.train.name(row)).relative_to(folder / "train") for row in range(len(data.train))]
    assert names == [Path("a", f"{n}.png") for n in range(12)] + [Path("b", f"{n}.png") for n in range(5)]
    for row, wanted in ((0, ("a", 0, 0, 1)), (11, ("a", 10, 11, 11)), (12, ("b", 0, 0, 1)), (14, ("b", 1, 2, 3))):
        place, *numbers = wanted
        size = (40, 48) if place == "a" else (32, 40)
        pixels = [np.asarray(scene(int(n), size)).transpose(2, 0, 1) for n in numbers]
        small = [studio(degradation("bicubic:2")(one, "")) for one in pixels]
        taken = data.train.take([row])
        np.testing.assert_allclose(taken["image"][0], small, atol=1e-5)
        np.testing.assert_allclose(taken["good"][0, 0], studio(pixels[1]), atol=1e-5)


def test_what_is_held_out_is_the_end_of_each_clip(folder: Path) -> None:
    _, data = opened(folder)
    kept, held = data.split(0.2, 0)
    assert [Path(held.name(row)).name for row in range(len(held))] == ["10.png", "11.png", "4.png"]
    assert len(kept) == 14


def test_without_a_test_part_the_end_of_each_clip_is_it_and_no_window_reaches_into_it(tmp_path: Path) -> None:
    clip(tmp_path / "a", 10)
    _, data = opened(tmp_path)
    assert [Path(data.test.name(row)).name for row in range(len(data.test))] == ["8.png", "9.png"]
    last, first = data.train.take([7])["image"][0], data.test.take([0])["image"][0]
    assert torch.equal(last[1], last[2])
    assert torch.equal(first[0], first[1])
    assert any("held out 2 frames as test, about 15%, that follow each other" in note for note in data.notes)


@pytest.mark.parametrize(
    ("channels", "maps", "found"), [(3, 1, (1, 3)), (5, 1, (1, 5)), (9, 3, (3, 3)), (3, 3, (3, 1)), (15, 1, (1, 15))]
)
def test_how_many_frames_it_reads_follows_from_what_it_gives(
    folder: Path, channels: int, maps: int, found: tuple[int, int]
) -> None:
    task, _ = opened(folder, Wish((channels, 24, 24), degrade="bicubic:2", maps=maps))
    assert (task.channels, task.frames) == found


@pytest.mark.parametrize(("channels", "maps"), [(4, 1), (5, 3), (6, 3), (7, 0)])
def test_no_odd_number_of_frames_is_refused_in_a_line(folder: Path, channels: int, maps: int) -> None:
    with pytest.raises(InputError, match="an odd number of frames") as error:
        opened(folder, Wish((channels, 24, 24), degrade="bicubic:2", maps=maps))
    assert "\n" not in str(error.value)


def test_one_frame_and_unequal_sizes_are_told_and_nothing_is_lost(tmp_path: Path) -> None:
    clip(tmp_path / "train" / "one", 1)
    clip(clip(tmp_path / "train" / "two", 3), 2, (32, 48), first=3)
    clip(tmp_path / "test" / "c", 2)
    _, data = opened(tmp_path)
    assert len(data.train) == 6
    assert any("clips of one frame, which is its own neighbour: 1, the first '0.png'" in note for note in data.notes)
    assert any("first at '3.png' to 32x48, a clip ends" in note for note in data.notes)
    assert [len(clips) for clips in (set(data.clips), data.clips)] == [3, 6]


def test_videos_are_clips_too(tmp_path: Path) -> None:
    pytest.importorskip("av")
    (tmp_path / "train").mkdir()
    with Writer(tmp_path / "train" / "a.mp4") as file:
        for number in range(4):
            file.add(np.asarray(scene(number)))
    clip(tmp_path / "train" / "b", 2)
    _, data = opened(tmp_path)
    assert isinstance(data.train, Table)
    names = [Path(data.train.name(row)).name for row in range(len(data.train))]
    assert names == ["a.mp4[0]", "a.mp4[1]", "a.mp4[2]", "0.png"]  # the last of each is held out
    assert not [one for one in data.left_out if "a.mp4" in one.path]


def test_predict_restores_each_frame_of_a_folder_in_order(run: st.Run, folder: Path) -> None:
    made = run.predict(folder / "train" / "a")
    assert [Path(answer.path).name for answer in made] == [f"{n}.png" for n in range(12)]
    assert made[0].picture.shape == (3, 80, 96)
    model = run.model().eval()
    small = torch.from_numpy(np.stack([studio(np.asarray(scene(n)).transpose(2, 0, 1)) for n in (3, 4, 5)])).float()
    task = run.task
    with torch.no_grad():
        values = task.through(lambda inputs: {"output": model(inputs["image"])}, {"image": small[None]})["output"]
    expected = task.pixels.picture(np.asarray(scene(4)).transpose(2, 0, 1), values[0].numpy())
    assert np.abs(made[4].picture.astype(int) - expected).max() <= 1


def test_predict_tells_of_one_frame_and_of_other_sizes(run: st.Run, tmp_path: Path) -> None:
    assert len(run.predict(clip(tmp_path / "one", 1))) == 1
    assert any("is one frame, which stands in for its neighbours" in note for note in run.notes)
    two = clip(clip(tmp_path / "two", 2), 2, (32, 48), first=2)
    assert [answer.picture.shape[1:] for answer in run.predict(two)] == [(80, 96)] * 2 + [(64, 96)] * 2
    assert any("from " in note and "unequal size" in note for note in run.notes)
    with pytest.raises(InputError, match="give clips of one size"):
        run.predict(two, bad="refuse")


def test_a_frame_that_cannot_be_read_is_told_and_the_others_are_restored(run: st.Run, tmp_path: Path) -> None:
    place = clip(tmp_path / "broken", 4)
    (place / "2.png").write_bytes((place / "2.png").read_bytes()[:60])
    assert [Path(answer.path).name for answer in run.predict(place)] == ["0.png", "1.png", "3.png"]
    assert any("2.png" in note for note in run.notes)


def test_an_array_of_frames_is_a_clip(run: st.Run, folder: Path) -> None:
    stack = np.stack([np.asarray(scene(number)) for number in range(4)])
    made, files = run.predict(stack), run.predict(folder / "train" / "a")
    assert [np.array_equal(made[n].picture, files[n].picture) for n in range(4)] == [True, True, True, False]


def test_frames_of_a_video_keep_their_times(run: st.Run, tmp_path: Path) -> None:
    pytest.importorskip("av")
    path = tmp_path / "a.mp4"
    with Writer(path, Fraction(24)) as file:
        for number in range(40):
            file.add(np.asarray(scene(number)))
    made = run.predict(path)
    assert [answer.path for answer in made] == [f"{path}[{number}]" for number in range(40)]
    assert [answer.seconds for answer in made] == [Fraction(number, 24) for number in range(40)]
    assert (rate_of(path), len(list(frames(path)))) == (24, 40)


def test_frames_that_are_aligned_are_asked_for_and_measured(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "aligning.net").write_text(ALIGNING)
    run = trained(str(tmp_path / "aligning.net"), folder, tmp_path / "run", epochs=3, lr=0.01)
    assert run.task.aligns
    figures = run.test()
    _, data = opened(folder)
    small = data.test.take(range(3))["image"]
    apart = [np.abs(window[[0, 2]].numpy() - window[1].numpy()).mean() for window in small]
    assert figures["unaligned"] == pytest.approx(255 * float(np.mean(apart)), rel=0.2)  # of pieces, reflected at edges
    assert figures["aligned"] > 0
    assert len(run.predict(folder / "test" / "c")) == 3


@pytest.mark.parametrize("augment", ["mirror", "mirror,turn"])
def test_over_views_aligned_frames_stay_apart_from_unaligned_ones(folder: Path, tmp_path: Path, augment: str) -> None:
    (tmp_path / "aligning.net").write_text(ALIGNING)
    run = trained(str(tmp_path / "aligning.net"), folder, tmp_path / "run", augment=augment)
    alone, over = run.test(), run.test(tta=True)
    assert abs(alone["aligned"] - alone["unaligned"]) > 10  # of 255: it has not learned to align
    for name in ("aligned", "unaligned"):
        assert over[name] == pytest.approx(alone[name], rel=0.1)


def test_the_loss_of_alignment_is_the_mean_square_from_the_middle() -> None:
    given = torch.rand(2, 6, 4, 5)  # three frames of two channels
    first, middle, last = given.split(2, 1)
    expected = torch.cat([first - middle, last - middle]).square().mean()
    assert torch.allclose(aligned.loss(given, 3), expected)


def test_aligned_frames_of_another_size_are_refused_in_a_line(folder: Path, tmp_path: Path) -> None:
    text = ALIGNING.replace("| from last ]\n]", "| from last ] -> upsample 2\n]")
    (tmp_path / "large.net").write_text(text)
    with pytest.raises(InputError, match="gives frames of 3x40x48 as aligned") as error:
        trained(str(tmp_path / "large.net"), folder, tmp_path / "run")
    assert "\n" not in str(error.value)
