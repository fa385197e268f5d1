"""Several digits on a page are found and read, in order; what is no digit is left; errors are one line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import striate as st
from striate.cli import main
from striate.data.fetch import data_folder
from striate.data.recipe import Recipe
from striate.finding.finder import Finder
from striate.finding.found import Found, alone, in_reading_order, iou
from striate.finding.paper import strengths
from striate.finding.regions import regions
from striate.finding.strips import best_path, pull
from striate.runs.run import Run
from tests.finding.composing import Grey, digits, page

needs_mnist = pytest.mark.skipif(data_folder() is None, reason="$STRIATE_DATA is not set")
PLACES = [(20, 15, 60), (120, 30, 40), (230, 10, 90), (30, 130, 80), (150, 150, 30), (230, 140, 50)]
LABELS = [7, 2, 1, 0, 4, 9]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """LeNet-5 after an epoch on MNIST."""
    return st.train("lenet5", "mnist", epochs=1, seed=0, out=tmp_path_factory.mktemp("runs") / "run", quiet=True)


@pytest.fixture(scope="module")
def six() -> Grey:
    """A page of six digits of several sizes."""
    return page(digits(LABELS), PLACES)


def read(run: Run, image: Grey) -> str:
    return "".join(find.label for find in st.slide(run, image)[0].found)


@pytest.mark.slow
@needs_mnist
class TestPages:
    def test_digits_are_found_and_read_in_order(self, run: Run, six: Grey) -> None:
        (seen,) = st.slide(run, six)
        assert [find.label for find in seen.found] == [str(label) for label in LABELS]
        for find, (left, top, height) in zip(seen.found, PLACES, strict=True):
            width = find.box[2] - find.box[0]
            assert iou(find.box, (left, top, left + width, top + height)) > 0.8
            assert find.probability > 0.5

    def test_white_on_black_and_uneven_light_change_nothing(self, run: Run, six: Grey) -> None:
        light = np.linspace(0.4, 1, six.shape[1])
        noise = np.random.default_rng(0).normal(0, 4, six.shape)
        shaded = (six * light + noise).clip(0, 255).astype(np.uint8)
        assert read(run, 255 - six) == read(run, shaded) == read(run, six)

    def test_digits_that_touch_are_read_by_sliding(self, run: Run) -> None:
        drawn, left, places = digits([4, 2, 0]), 20, []
        for one in drawn:
            places.append((left, 80, 60))
            left += round(one.shape[1] * 60 / len(one)) - 2
        touching = page(drawn, places)
        assert len(regions(strengths(touching))) < 3, "they do touch"
        assert read(run, touching) == "420"

    def test_a_character_of_two_parts_is_one(self, run: Run) -> None:
        broken = page(digits([5]), [(100, 60, 100)])
        broken[84:90] = 240
        assert read(run, broken) == "5"

    def test_an_empty_or_noisy_page_has_nothing(self, run: Run) -> None:
        noise = np.random.default_rng(0).normal(200, 10, (200, 300)).clip(0, 255).astype(np.uint8)
        for empty in (np.full((200, 300), 255, np.uint8), noise, np.zeros((5, 5), np.uint8)):
            assert read(run, empty) == ""

    def test_lines_and_specks_are_no_digits(self, run: Run) -> None:
        for place in (np.s_[100, 5:315], np.s_[100:103, 5:40], np.s_[60:62, 60:75], np.s_[50:53, 50:52]):
            lined = np.full((240, 320), 240, np.uint8)
            lined[place] = 20
            assert read(run, lined) == ""

    def test_large_pictures_have_boxes_of_their_own_size(self, run: Run, six: Grey) -> None:
        large = np.asarray(Image.fromarray(six).resize((3200, 2400), Image.Resampling.BICUBIC))
        (seen,), (small,) = st.slide(run, large), st.slide(run, six)
        assert [find.label for find in seen.found] == [find.label for find in small.found]
        for one, other in zip(seen.found, small.found, strict=True):
            left, top, right, bottom = other.box
            assert iou(one.box, (10 * left, 10 * top, 10 * right, 10 * bottom)) > 0.8

    def test_the_command_prints_and_draws(
        self, run: Run, six: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Image.fromarray(six).save(tmp_path / "page.png")
        words = ["striate", "slide", str(run.path), str(tmp_path / "page.png")]
        monkeypatch.setattr("sys.argv", [*words, "--out", str(tmp_path / "boxes.png")])
        assert main() == 0
        said = capsys.readouterr().out
        assert f"page.png: {' '.join(map(str, LABELS))}\n" in said
        drawn = np.asarray(Image.open(tmp_path / "boxes.png").convert("RGB"))
        assert drawn.shape[:2] == six.shape
        assert (drawn == (0xD6, 0x00, 0x6C)).all(2).sum() > 500
        monkeypatch.setattr("sys.argv", [*words, "--json"])
        assert main() == 0
        ((first, *_),) = (one["found"] for one in json.loads(capsys.readouterr().out))
        assert first["label"] == "7"
        monkeypatch.setattr("sys.argv", [*words, str(tmp_path), "--out", str(tmp_path / "drawn")])
        assert main() == 0
        assert len(list((tmp_path / "drawn").iterdir())) == 3

    @pytest.mark.parametrize(
        ("words", "why"),
        [(["nothing.png"], "nothing.png"), (["page.png", "--out", "boxes.txt"], "end its name"), ([], "Missing")],
    )
    def test_mistakes_get_one_line(
        self, run: Run, six: Grey, words: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        monkeypatch.chdir(tmp_path)
        Image.fromarray(six).save("page.png")
        monkeypatch.setattr("sys.argv", ["striate", "slide", str(run.path), *words])
        assert main() == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert why in line


def test_runs_without_classes_of_images_are_refused(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(40, 1, 16)).astype(np.float32)
    np.savez(tmp_path / "waves.npz", x=rows, y=np.arange(40) % 2)
    run = st.train("input 1x16 -> fc 2", tmp_path / "waves.npz", epochs=1, out=tmp_path / "run", quiet=True)
    with pytest.raises(st.InputError, match="one class for an image"):
        st.slide(run, tmp_path)


def test_networks_without_ink_slide_over_the_picture_at_several_sizes() -> None:
    class Framed(nn.Module):
        """Sure of "light" where the window's middle is light and its border dark, else of nothing."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            middle = x[:, :, 3:-3, 3:-3].mean((2, 3))
            border = (x.sum((2, 3)) - 100 * middle) / 156
            return 20 * torch.cat([middle - border - 0.5, (middle * 0).expand(-1, 9)], 1)

    recipe = Recipe((1, 16, 16), (1, 16, 16), "as is", (0.0,), (0.0,), (1.0,))
    image = torch.zeros(1, 96, 128, dtype=torch.uint8)
    image[:, 38:58, 70:90] = 255
    finds = Finder(Framed().eval(), recipe, ("light", *"123456789")).found(image)
    best = max(finds, key=lambda find: find.probability)
    assert best.label == "light"
    assert iou(best.box, (64, 32, 96, 64)) > 0.6


def test_of_finds_of_one_thing_the_surest_is_kept() -> None:
    finds = [Found("1", 0.6, (0, 0, 10, 20)), Found("7", 0.8, (1, 0, 11, 20)), Found("3", 0.5, (40, 0, 50, 20))]
    inside = Found("0", 0.7, (2, 2, 6, 6))
    assert [find.label for find in alone([*finds, inside])] == ["7", "3"]


def test_lines_are_read_from_the_top() -> None:
    boxes = [(50, 3, 60, 23), (0, 0, 10, 20), (0, 30, 10, 50), (30, 33, 40, 45)]
    read = in_reading_order(Found(str(number), 1.0, box) for number, box in enumerate(boxes))
    assert [find.label for find in read] == ["1", "0", "2", "3"]


def test_the_best_path_is_the_best_of_all_paths() -> None:
    rng, margin, apart = np.random.default_rng(0), (1, 4), (3, 6)

    def paths(first: int, end: int) -> list[list[int]]:
        own = [[first]] if margin[0] <= end - 1 - first <= margin[1] else []
        after = (paths(place, end) for place in range(first + apart[0], min(end, first + apart[1] + 1)))
        return own + [[first, *path] for some in after for path in some]

    def whole(cost: Any, path: list[int]) -> float:
        distances = [2 * path[0], *np.diff(path), 2 * (15 - path[-1])]
        return float(cost[path].sum() + pull(np.array(distances), 4.5).sum())

    for _ in range(20):
        cost = rng.random(16)
        every = [path for first in range(margin[0], margin[1] + 1) for path in paths(first, 16)]
        assert best_path(cost, margin, apart, 4.5) == min(every, key=lambda path: whole(cost, path))
    assert best_path(rng.random(2), margin, apart, 4.5) == []


@pytest.mark.slow
@needs_mnist
def test_a_softmax_at_the_end_is_taken_once(tmp_path: Path, six: Grey) -> None:
    net = "input 1x28x28 -> conv 8@5 -> relu -> maxpool 2 -> conv 16@5 -> relu -> maxpool 2 -> fc 10 -> softmax"
    run = st.train(net, "mnist", epochs=1, seed=0, out=tmp_path / "run", quiet=True)
    assert read(run, six) == "".join(map(str, LABELS))


def test_thousands_of_parts_are_looked_at_in_little_time() -> None:
    """A photograph's texture: no more than the largest are compared with each other."""
    ink = (np.random.default_rng(0).random((480, 640)) < 0.2).astype(np.float32)
    assert len(regions(np.kron(ink[:240, :320], np.ones((2, 2), np.float32)))) <= 500
