"""Large images: objects are found in tiles that overlap, each once, and the largest in the whole image."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from torch import Tensor

import striate as st
from striate.boxes import box_iou
from striate.tasks.tiles import NEAR, SHARE, found_in_tiles, starts
from tests import boxed
from tests.tasks.test_every_task import MADE, trained

Box = tuple[int, int, int, int]


@given(some.integers(1, 500), some.integers(1, 200))
def test_tiles_cover_an_axis_and_share_enough(length: int, side: int) -> None:
    found = starts(length, side)
    side = min(side, length)
    assert found[0] == 0
    assert found[-1] + side == length
    shared = [first + side - second for first, second in pairwise(found)]
    assert all(side * SHARE - 1 <= one < side for one in shared)


def seen(boxes: list[Box], least: float) -> tuple[Tensor, list[tuple[int, ...]]]:
    """An image that shows boxes, and what a faultless network finds that sees no object smaller than a share of it."""
    image = torch.zeros(1, 200, 300)
    for number, (left, top, right, bottom) in enumerate(boxes, start=1):
        image[0, top:bottom, left:right] = number
    sizes = list[tuple[int, ...]]()

    def find(images: Tensor) -> list[Tensor]:
        sizes.append(tuple(images.shape))
        return [each(one[0]) for one in images]

    def each(one: Tensor) -> Tensor:
        rows = []
        for number in one.unique().tolist():
            where = (one == number).nonzero()
            (top, left), (bottom, right) = where.amin(0).tolist(), (where.amax(0) + 1).tolist()
            if number and right - left >= least * one.shape[1]:
                rows.append([left, top, right, bottom, 0.9, number % 2])
        return torch.tensor(rows, dtype=torch.float32).view(-1, 6)

    return found_in_tiles(find, image, (80, 100), 0.5), sizes


def test_each_object_is_found_once_at_its_place() -> None:
    boxes = [(x, y, x + 15, y + 12) for x in (2, 37, 70, 97, 140, 190, 240, 283) for y in (1, 50, 75, 100, 140, 185)]
    found, sizes = seen(boxes, least=0.1)
    assert sorted(tuple(map(int, box)) for box in found[:, :4].tolist()) == sorted(boxes)
    assert sizes[0] == (1, 1, 200, 300)  # the whole
    assert {size[1:] for size in sizes[1:]} == {(1, 80, 100)}
    assert not len(seen([], least=0.1)[0])


def test_an_object_larger_than_what_tiles_share_is_found_in_the_whole() -> None:
    boxes: list[Box] = [(20, 30, 250, 180)]
    assert seen(boxes, least=0.1)[0][:, :4].tolist() == [list(map(float, boxes[0]))]


@pytest.mark.parametrize("left", range(0, 276, 5))
def test_an_object_of_a_quarter_of_a_tile_is_found_wherever_it_is(left: int) -> None:
    boxes: list[Box] = [(left, min(left, 179), left + 25, min(left, 179) + 20)]
    found, _ = seen(boxes, least=0.2)  # in the whole image it is too small
    assert found[:, :4].tolist() == [list(map(float, boxes[0]))]


def test_an_image_no_larger_than_a_tile_is_seen_once() -> None:
    sizes = list[tuple[int, ...]]()

    def find(images: Tensor) -> list[Tensor]:
        sizes.append(tuple(images.shape))
        return [torch.tensor([[1.0, 2, 3, 4, 0.5, 0]])]

    assert found_in_tiles(find, torch.zeros(3, 80, 90), (80, 100), 0.5).tolist() == [[1.0, 2, 3, 4, 0.5, 0]]
    assert sizes == [(1, 3, 80, 90)]
    assert NEAR < SHARE / 2


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    """A detector of bright and dark rectangles on images of 40 x 48 pixels."""
    root = tmp_path_factory.mktemp("finder")
    data, *_ = MADE["detect"].make(root / "data")
    return trained("detect", data, root / "run", epochs=120, augment="none")


def right(found: list[list[float]], true: list[list[float]]) -> int:
    """How many of the true boxes one that is found overlaps by half."""
    overlaps = box_iou(torch.tensor(true), torch.tensor(found).view(-1, 4))
    return int((overlaps > 0.5).any(1).sum())


def test_a_detector_finds_more_in_tiles(finder: st.Run, tmp_path: Path) -> None:
    source = Path(finder.config["data"]["source"]) / "images" / "test"
    images = [np.asarray(Image.open(path)) for path in sorted(source.iterdir())]
    rows = [np.concatenate([images[(4 * row + column) % len(images)] for column in range(4)], 1) for row in range(4)]
    path = tmp_path / "large.png"
    Image.fromarray(np.concatenate(rows, 0)).save(path)
    each = [finder.predict(image)[0].values["objects"] for image in images]
    true = [
        [x + dx * boxed.SIZE[1] if n % 2 == 0 else x + dy * boxed.SIZE[0] for n, x in enumerate(one["box"])]
        for dy in range(4)
        for dx in range(4)
        for one in each[(4 * dy + dx) % len(images)]
    ]
    (whole,), (tiles,) = finder.predict(path), finder.predict(path, tile=boxed.SIZE)
    many, few = ([one["box"] for one in answer.values["objects"]] for answer in (tiles, whole))
    assert right(many, true) > 0.9 * len(true)
    assert len(many) < 1.3 * len(true)
    assert right(few, true) < 0.5 * len(true)
    assert tiles.path == str(path)


def test_other_tasks_and_sizes_are_refused(finder: st.Run, tmp_path: Path) -> None:
    image = np.zeros((90, 90, 3), np.uint8)
    with pytest.raises(st.InputError, match="an image has 14,400 tiles of 1x1 pixels; give larger ones"):
        finder.predict(np.zeros((120, 120, 3), np.uint8), tile=1)
    with pytest.raises(st.InputError, match="a size is one whole number from 1"):
        finder.predict(image, tile=(1, 2, 3))
    run = st.train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tmp_path / "run", quiet=True)
    with pytest.raises(st.InputError, match="tiles are for the task detect, not for classify"):
        run.predict(np.zeros((8, 8)), tile=4)
