"""RoI pooling and RoI align against loops over bins and points, written from their papers; and their gradients."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from striate.building import build
from striate.errors import InputError
from striate.layers.roi import RoIAlign, RoIPool
from striate.layers.wired import Draw
from striate.notation import Network, measure, read, rules, tree
from tests import drawing

Array = NDArray[np.float64]
SCALES = st.sampled_from([1.0, 0.5])
SEEDS = st.integers(0, 2**32 - 1)
OFF = np.array([0, 0.013, 0.017, 0.019, 0.023])  # added to boxes: no point is exactly on the limit of what is read
HEIGHT, WIDTH = 6, 7


@st.composite
def boxes(draw: st.DrawFn) -> Array:
    """Two to three boxes of two images, some reaching over the edge."""
    rows = []
    for _ in range(draw(st.integers(2, 3))):
        left, top = draw(st.integers(-8, 40)) / 4, draw(st.integers(-8, 32)) / 4
        rows.append([draw(st.integers(0, 1)), left, top, left + draw(st.integers(1, 24)) / 4, top + 2.75])
    return np.array(rows)


def features(seed: int = 6) -> torch.Tensor:
    return torch.randn(2, 3, HEIGHT, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def pooled(x: Array, box: Array, size: tuple[int, int], scale: float) -> Array:
    left, top, right, bottom = (math.floor(float(value) * scale + 0.5) for value in box[1:])
    high, wide = max(bottom - top + 1, 1), max(right - left + 1, 1)
    y = np.zeros((x.shape[1], *size))
    for i in range(size[0]):
        for j in range(size[1]):
            rows = range(top + math.floor(i * high / size[0]), top + math.ceil((i + 1) * high / size[0]))
            columns = range(left + math.floor(j * wide / size[1]), left + math.ceil((j + 1) * wide / size[1]))
            seen = [x[int(box[0]), :, r, c] for r in rows for c in columns if 0 <= r < HEIGHT and 0 <= c < WIDTH]
            y[:, i, j] = np.max(seen, axis=0) if seen else 0
    return y


def aligned(x: Array, box: Array, size: tuple[int, int], scale: float, points: int, half: float = 0.5) -> Array:
    left, top, right, bottom = box[1:] * scale
    if not half:
        right, bottom = max(right, left + 1), max(bottom, top + 1)
    y = np.zeros((x.shape[1], *size))
    for i in range(size[0] * points):
        for j in range(size[1] * points):
            row = top + (bottom - top) * (i + 0.5) / (size[0] * points) - half
            column = left + (right - left) * (j + 0.5) / (size[1] * points) - half
            if -1 <= row <= HEIGHT and -1 <= column <= WIDTH:
                y[:, i // points, j // points] += between(x[int(box[0])], row, column) / points**2
    return y


def between(x: Array, row: float, column: float) -> Array:
    row, column = min(max(row, 0), HEIGHT - 1), min(max(column, 0), WIDTH - 1)
    shares = [max(0, 1 - abs(i - row)) * max(0, 1 - abs(j - column)) for i in range(HEIGHT) for j in range(WIDTH)]
    return x.reshape(len(x), -1) @ np.array(shares)


def output(layer: tree.RoI, scale: float, x: torch.Tensor, rows: Array) -> torch.Tensor:
    """What the layer's module gives, where a unit of the boxes is `scale` entries; its shape is the rule's."""
    network = Network((3, HEIGHT, WIDTH), (layer,))
    model = build(network)
    model.get_submodule(f"{layer.word}1").scale = scale  # type: ignore[assignment]
    y: torch.Tensor = model(x, torch.tensor(rows, dtype=torch.float32))
    assert tuple(y.shape[1:]) == rules.output(layer, network.input).value
    return y


def test_roi_pooling_is_its_definition(on_examples: Any, assert_near: Any) -> None:
    def check(rows: Array, layer: tree.RoIPool, scale: float, seed: int) -> None:
        x = features(seed).float()
        expected = [pooled(x.double().numpy(), box, (layer.size[0], layer.size[1]), scale) for box in rows]
        assert_near(output(layer, scale, x, rows), np.stack(expected))

    layers = drawing.layers(tree.RoIPool, (3, HEIGHT, WIDTH))
    on_examples(check, rows=boxes(), layer=layers, scale=SCALES, seed=SEEDS)


def test_roi_align_is_its_definition(on_examples: Any, assert_near: Any) -> None:
    def check(rows: Array, layer: tree.RoIAlign, scale: float, seed: int) -> None:
        x, rows, size = features(seed).float(), rows + OFF, (layer.size[0], layer.size[1])
        half = 0.5 if layer.aligned else 0.0
        expected = [aligned(x.double().numpy(), box, size, scale, layer.points, half) for box in rows]
        assert_near(output(layer, scale, x, rows), np.stack(expected))

    layers = drawing.layers(tree.RoIAlign, (3, HEIGHT, WIDTH))
    on_examples(check, rows=boxes(), layer=layers, scale=SCALES, seed=SEEDS)


@pytest.mark.parametrize("module", [RoIPool((2, 2)), RoIAlign((2, 2))])
def test_gradients_are_those_of_finite_differences(module: torch.nn.Module) -> None:
    rows = torch.tensor([[1, 0.3, 0.2, 4.1, 3.3], [0, 2.0, 1.0, 6.0, 5.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: module(x, rows), features().requires_grad_())


def test_no_box_gives_nothing() -> None:
    none = torch.zeros(0, 5, dtype=torch.float64)
    assert RoIPool((2, 3))(features(), none).shape == RoIAlign((2, 3))(features(), none).shape == (0, 3, 2, 3)


# as layers of a network


BEFORE = "conv 3@3 stride 2 pad 1 -> tanh"  # an entry every 2 pixels: maps of 6x7 from images of 12x14
ROWS = np.array([[1, 1.5, 2.0, 9.0, 7.5], [0, 0.0, 0.0, 13.0, 11.0], [1, 6.0, 5.0, 6.5, 5.5]])


def images(batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, 2, 12, 14, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


def built(text: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return build(read(text)).double().eval()


@pytest.mark.parametrize("sizes", ["12x14", "?x?"])
@pytest.mark.parametrize("word", ["roipool 2x3", "roialign 3x2", "roialign 2 points 1"])
def test_a_network_cuts_boxes_at_the_scale_of_its_maps(word: str, sizes: str) -> None:
    network = read(f"input 2x{sizes} -> {BEFORE} -> {word} -> maxpool 1 -> fc 4")
    model, layer = built(f"input 2x{sizes} -> {BEFORE} -> {word} -> maxpool 1 -> fc 4"), network.layers[2]
    assert isinstance(layer, tree.RoI)
    maps, size = model.get_submodule("tanh1")(model.get_submodule("conv1")(images())), (layer.size[0], layer.size[-1])
    x, points = maps.detach().numpy(), layer.points if isinstance(layer, tree.RoIAlign) else 0
    cut = [aligned(x, box, size, 0.5, points) if points else pooled(x, box, size, 0.5) for box in ROWS]
    expected = model.get_submodule("fc1")(torch.tensor(np.stack(cut)).flatten(1))
    torch.testing.assert_close(model(images(), torch.tensor(ROWS)), expected)
    assert measure(network).rows[2].output.value == (3, *size)
    assert [row.per_box for row in measure(network).rows] == [False, False, True, True, True]


def test_a_pool_and_a_head_stand_before_the_boxes_and_behind() -> None:
    model = built(
        f"input 2x?x? -> {BEFORE} -> p1: maxpool 2 -> unpool p1 -> aux[ gap -> fc 2 ] -> roipool 4"
        " -> p2: maxpool 2 -> unpool p2 -> aux[ fc 3 ] -> fc 5"
    ).train()
    y, heads = model(images(), torch.tensor(ROWS))
    assert (y.shape, [head.shape for head in heads]) == ((3, 5), [(2, 2), (3, 3)])


def test_no_box_at_all_gives_no_row() -> None:
    model = built(f"input 2x?x? -> {BEFORE} -> roialign 2 -> fc 4")
    assert model(images(), torch.zeros(0, 5, dtype=torch.float64)).shape == (0, 4)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([], r"^roipool1 needs boxes beside the images; call model\(images, boxes\)\. Boxes are \(K, 5\): number of "),
        ([torch.zeros(3, 4)], r"^Boxes are .*\. Received: shape \(3, 4\)$"),
        ([torch.zeros(5)], r"^Boxes are .*\. Received: shape \(5,\)$"),
        ([[[0, 0, 0, 3, 3]]], r"^Boxes are .*, as a tensor: torch\.tensor\(boxes\)\. Received: list$"),
        ([torch.tensor([[2.0, 0, 0, 3, 3]])], r"^box 0 is in none of the 2 images: \[2\.0, .*\]\. Boxes are .*$"),
        (
            [torch.tensor([[1, 0, 0, 3, 3], [-1, 0, 0, 3, 3]])],
            r"^box 1 is in none of the 2 images: \[-1, 0, 0, 3, 3\]",
        ),
        ([torch.tensor([[0.5, 0, 0, 3, 3]])], r"^box 0 has an image number that is not whole: \[0\.5, "),
        ([torch.tensor([[0, 0, math.nan, 3, 3]])], r"^box 0 has a value that is not finite: \[0\.0, 0\.0, nan, "),
        ([torch.tensor([[0, 4, 0, 3, 3]])], r"^box 0 ends before it begins: \[0, 4, 0, 3, 3\]"),
        ([torch.tensor([[0, 0, 4, 3, 3]])], r"^box 0 ends before it begins: \[0, 0, 4, 3, 3\]"),
    ],
)
def test_what_is_no_box_is_refused(boxes: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        built(f"input 2x?x? -> {BEFORE} -> roipool 2 -> fc 4")(images(), *boxes)


def test_one_image_without_its_batch_is_refused() -> None:
    model = built(f"input 2x?x? -> {BEFORE} -> roipool 2 -> fc 4")
    with pytest.raises(InputError, match=r"^Images are \(N, C, H, W\); one alone is images\[None\]\. Received: shape "):
        model(images()[0], torch.tensor(ROWS))


def test_a_tree_made_by_hand_knows_the_place_of_its_maps_too() -> None:
    network = tree.Network((2, 8, 8), read("input 2x8x8 -> maxpool 2 -> roipool 2").layers)
    assert build(network).get_submodule("roipool1").scale == 0.5


def test_an_aligning_network_is_exported_with_its_boxes() -> None:
    model, boxes = built(f"input 2x12x14 -> {BEFORE} -> roialign 2 -> fc 4"), torch.tensor(ROWS)
    program = torch.export.export(model, (images(), boxes))
    torch.testing.assert_close(program.module()(images(), boxes), model(images(), boxes))


def test_a_box_over_the_whole_map_sees_the_whole_input() -> None:
    """By gradient: one bin that reads each entry once, all weights being 1; what follows sees no more."""
    network = read("input 1x15x13 -> conv 1@3 stride 2 -> roialign 1x1 points 1 -> conv 1@1 -> fc 1")
    measured = measure(network)
    assert [measured.entries("roialign1", 0, axis) for axis in range(2)] == [(0, 14), (0, 12)]
    assert [row.receptive_field for row in measure(network).rows] == [3, [15, 13], [15, 13], [15, 13]]
    assert [row.jump for row in measure(network).rows] == [2, 0, 0, 0]
    model = build(read("input 1x15x13 -> conv 1@3 stride 2 -> roialign 7x6 points 1"))
    torch.nn.init.ones_(model.get_submodule("conv1").weight)
    x = torch.ones(1, 1, 15, 13, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(x, torch.tensor([[0.0, 0, 0, 12, 14]])).sum(), x)
    assert (gradient != 0).all()


def test_an_open_map_leaves_the_box_s_field_open() -> None:
    rows = measure(read("input 3x?x? -> conv 4@3 stride 2 -> roipool 7 -> conv 4@3 -> fc 10")).rows
    assert [row.receptive_field for row in rows] == [3, None, None, None]
    assert rows[-1].parameters.value == (4 * 5 * 5 + 1) * 10


def test_a_half_is_rounded_up() -> None:
    """At 1/16 a box at pixel 8 begins at entry 1, one at 24 at entry 2, one at -8 at entry 0."""
    maps = torch.arange(16.0).reshape(1, 1, 4, 4)
    corners = torch.tensor([[0.0, p, p, p, p] for p in (8, 24, -8)])
    assert RoIPool((1, 1), 1 / 16)(maps, corners).flatten().tolist() == [5.0, 10.0, 0.0]


def test_boxes_of_another_precision() -> None:
    maps, corners = torch.randn(1, 2, 5, 5), torch.tensor([[0.0, 1.0, 1.0, 3.5, 4.0]], dtype=torch.float64)
    for region in (RoIPool((2, 2)), RoIAlign((2, 2))):
        assert region(maps, corners).dtype == torch.float32


def test_labels_that_a_chain_uses_itself() -> None:
    model, boxes = (
        build(read("input 2x12x14 -> boxes: conv 3@3 pad 1 -> roialign 2 -> fc 4")),
        torch.tensor(ROWS).float(),
    )
    assert model(images().float(), boxes).shape == (len(ROWS), 4)
    assert (
        build(read("input 2x8x8 -> kept: conv 3@1 -> p: maxpool 2 -> unpool p"))(torch.ones(1, 2, 8, 8)).shape[1] == 3
    )


def test_a_part_of_a_network_is_called_with_what_came_before_it() -> None:
    model, boxes = (
        build(read("input 2x12x14 -> conv 3@3 pad 1 -> relu -> roialign 2 -> fc 4")),
        torch.tensor(ROWS).float(),
    )
    torch.testing.assert_close(model[2:](model[:2](images().float()), boxes), model(images().float(), boxes))
    model, x = build(read("input 2x8x8 -> p: maxpool 2 -> conv 2@1 -> unpool p")), torch.randn(1, 2, 8, 8)
    with pytest.raises(InputError, match="'unpool1' reads "):
        model[1:]
    with pytest.raises(InputError, match="no layer that reads boxes"):
        model(x, boxes)


def test_boxes_that_are_proposed_are_as_if_they_had_been_given() -> None:
    text = "input 2x8x8 -> m: conv 3@3 pad 1 -> heads[ rpn: conv 1@1 | roi: roialign 2 from m -> fc 2 ]"
    model, x = build(read(text), seed=0), torch.randn(2, 2, 8, 8)
    boxes = torch.tensor([[0.0, 1, 1, 6, 7], [1.0, 0, 2, 8, 8]])
    seen: list[dict[str, torch.Tensor]] = []

    def propose(made: Mapping[str, torch.Tensor], before: Sequence[torch.Tensor], draw: Draw | None) -> torch.Tensor:
        seen.append(dict(made))
        return boxes

    expected = model(x, boxes)
    model.proposes = propose
    found = model(x)
    assert torch.equal(found.pop("boxes"), boxes)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], values) for name, values in expected.items())
    assert len(seen) == 1
    assert torch.equal(seen[0]["rpn"], expected["rpn"])
    assert "boxes" not in model(x, boxes)
