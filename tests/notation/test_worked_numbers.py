"""The lectures' worked numbers that a calculator can answer, each from a line of notation.

Where a slide and the arithmetic disagree, the arithmetic stands here and the slide in a comment.
"""

import pytest

from striate.notation import Measure, Row, measure, read
from striate.notation.errors import NotationError


def measured(text: str) -> Measure:
    return measure(read(text))


def last(text: str) -> Row:
    return measured(text).rows[-1]


# output sizes


def test_an_rgb_image_and_sixteen_filters() -> None:
    row = last("input 3x128x128 -> conv 16@7x7 stride 2 pad 3")
    assert row.output.value == (16, 64, 64)
    assert row.parameters.value == 2_368
    assert row.parameters.formula == "(7*7*3 + 1)*16"


@pytest.mark.parametrize(
    ("options", "side", "formula"),
    [
        ("stride 1", 5, "floor((7 + 2*0 - 3)/1) + 1 = 5"),
        ("stride 2", 3, "floor((7 + 2*0 - 3)/2) + 1 = 3"),
        ("stride 3", 2, "floor((7 + 2*0 - 3)/3) + 1 = 2"),  # 4/3 + 1 does not come out; the floor leaves a column out
        ("stride 1 pad 1", 7, "floor((7 + 2*1 - 3)/1) + 1 = 7"),
    ],
)
def test_a_seven_by_seven_input(options: str, side: int, formula: str) -> None:
    row = last(f"input 1x7x7 -> conv 1@3x3 {options}")
    assert row.output.value == (1, side, side)
    assert row.output.formula == formula


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("input 1x3x3 -> conv 1@3 pad 1 stride 2", (1, 2, 2)),
        ("input 3x5x5 -> conv 5@3x3 pad 1 stride 2", (5, 3, 3)),  # the slide writes 3x3x5, channels last
        ("input 3x11x11 -> conv 1@3 pad 1 stride 2 dilate 2", (1, 5, 5)),  # (11 + 2 - 5)/2 + 1; the slide has 4x4,
        ("input 3x11x11 -> conv 1@3 stride 2 dilate 2", (1, 4, 4)),  # which is what comes out without padding
        ("input 1x10 -> conv 1@3", (1, 8)),  # the filter [1/3 1/3 1/3], valid
        ("input 1x10 -> conv 1@3 pad same", (1, 10)),
        ("input 1x5x5 -> conv 1@3x3", (1, 3, 3)),
        ("input 1x4x4 -> avgpool 2", (1, 2, 2)),
        ("input 1x6x6 -> conv 2@3x3 -> maxpool 2", (2, 2, 2)),
        ("input 1x6x6 -> conv 2@3x3 stride 3", (2, 2, 2)),
        ("input 1x6x6 -> conv 2@3x3 -> maxpool 3 stride 1", (2, 2, 2)),  # an overlapping pool
        ("input 3x7x7 -> conv 2@3x3 stride 2", (2, 3, 3)),  # the two-filter demo; its 7x7 is padded already
        ("input 3x5x5 -> conv 2@3x3 stride 2 pad 1", (2, 3, 3)),
        ("input 16x50x100 -> maxpool 3 stride 2", (16, 24, 49)),  # a batch of 20 is no part of a shape
        ("input 16x50x100 -> maxpool 3x2 stride 2x1", (16, 24, 99)),
    ],
)
def test_output_sizes(text: str, shape: tuple[int, ...]) -> None:
    assert last(text).output.value == shape


def test_four_hundred_filters() -> None:
    row = last("input 1x96x96 -> conv 400@8x8")
    assert row.output.value == (400, 89, 89)
    assert row.memory.value == 4 * 3_168_400


def test_ten_filters_on_cifar() -> None:
    row = last("input 3x32x32 -> conv 10@5x5 pad 2")
    assert row.output.value == (10, 32, 32)
    assert row.parameters.value == 760


# full, local and shared weights


def test_fully_connected_unshared_and_shared() -> None:
    shared = last("input 3x55x55 -> conv 96@11x11 pad 5")
    unshared = last("input 3x55x55 -> local 96@11x11 pad 5")
    full = last(f"input 3x55x55 -> fc {55 * 55 * 96}")
    assert shared.output.value == unshared.output.value == (96, 55, 55)
    assert full.parameters.value == (55 * 55 * 3 + 1) * 55 * 55 * 96 == 2_635_670_400
    assert full.parameters.formula == "(3*55*55 + 1)*290400"
    assert unshared.parameters.value == 105_705_600
    assert shared.parameters.value == 34_944


def test_seven_inputs_and_three_hidden_units() -> None:
    assert last("input 7 -> fc 3 nobias").parameters.value == 21
    local, shared = last("input 1x7 -> local 1@3 stride 2 nobias"), last("input 1x7 -> conv 1@3 stride 2 nobias")
    assert local.output.value == shared.output.value == (1, 3)
    assert local.parameters.value == 9
    assert shared.parameters.value == 3


# designs


@pytest.mark.parametrize("channels", [1, 3, 64])
def test_three_small_filters_see_as_much_as_a_large_one(channels: int) -> None:
    c = channels
    small = measured(f"input {c}x32x32 -> [conv {c}@3x3 nobias]*3")
    large = measured(f"input {c}x32x32 -> conv {c}@7x7 nobias")
    assert small.rows[-1].receptive_field == large.rows[-1].receptive_field == 7
    assert small.output == large.output
    assert small.total_parameters == 27 * c * c
    assert large.total_parameters == 49 * c * c


def test_a_pool_discards_three_quarters() -> None:
    row = last("input 6x28x28 -> maxpool 2")
    before, after = 6 * 28 * 28, 6 * 14 * 14
    assert row.output.value == (6, 14, 14)
    assert 1 - after / before == 0.75


LENET300 = {
    "fc 300 -> fc 100 -> fc 10": (266_610, 260_000),
    "conv 6@5x5 pad same -> fc 100 -> fc 10": (471_666, 400_000),
    "conv 6@5x5 pad same -> maxpool 2 -> fc 100 -> fc 10": (118_866, 118_000),
    "conv 6@5x5 pad same -> maxpool 2 -> conv 16@5x5 pad same -> maxpool 2 -> fc 100 -> fc 10": (82_082, 82_000),
}


@pytest.mark.parametrize(("text", "exact", "told"), [(text, *counts) for text, counts in LENET300.items()])
def test_the_lenet300_table(text: str, exact: int, told: int) -> None:
    """The lecture cuts its counts rather than rounding them: ~260k, ~400k, ~118k, ~82k."""
    assert measured(f"input 1x28x28 -> {text}").total_parameters == exact
    digits = len(str(told).rstrip("0"))
    assert int(str(exact)[:digits]) == int(str(told)[:digits])


def test_the_convolutions_of_the_lenet300_table() -> None:
    rows = measured("input 1x28x28 -> conv 6@5x5 pad same -> conv 16@5x5 pad same").rows
    assert [row.parameters.value for row in rows] == [156, 2_416]  # the slide has 2496 for the second, a bias a channel
    assert rows[1].parameters.formula == "(5*5*6 + 1)*16"


# the patterns and rules of thumb


def test_an_input_divides_by_two_many_times() -> None:
    text = "INPUT -> [CONV -> RELU -> POOL]*M -> FC"
    assert measure(read(text, M=5)).rows[-2].output.value == (512, 1, 1)
    with pytest.raises(NotationError, match="maxpool 2 does not fit its 1x1 input"):
        read(text, M=6)


def test_the_pattern_s_count() -> None:
    text = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
    total = measure(read(text, N=2, M=3, K=1)).total_parameters
    convolutions = sum((9 * a + 1) * b for a, b in [(3, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)])
    assert total == convolutions + (128 * 4 * 4 + 1) * 128 + (128 + 1) * 10
