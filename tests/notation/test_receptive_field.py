"""The receptive fields of given networks: sizes, jumps, formulas, and what no field can be told of.

Drawn networks are compared with gradients in `tests/layers/test_seen.py`.
"""

from fractions import Fraction

import pytest
import torch

from striate.building import build
from striate.errors import InputError
from striate.notation import measure, read, rules, tree
from striate.notation.errors import NotationError
from striate.notation.rules import Axis

NETS = [
    ("conv 2@5 pad 2 -> concat[ conv 1@1 | conv 1@3 pad 1 -> conv 1@5 pad 2 | id ]", 11),
    ("conv 1@3 pad 1 -> residual[ conv 1@3 pad 1 -> conv 1@3 pad 1 ]", 7),
    ("residual[ conv 1@3 pad 1 stride 2 -> conv 1@3 pad 1 | conv 1@1 stride 2 ] -> conv 1@3", 11),
    ("dense[ conv 1@3 pad 1 ]*3", 7),
    ("sum[ conv 1@3 pad 4 dilate 4 | conv 1@1 ]", 9),
    ("upconv 1@2 stride 2 -> conv 1@3 -> residual[ conv 1@3 pad 1 ]", 3),
    ("concat[ avgpool 3 stride 1 pad 1 | avgpool 2 stride 1 pad same ]", 3),
    ("conv 2@3 pad 1 -> scale[ concat[ channelmean | channelmax ] -> conv 1@7 pad 3 nobias ] -> conv 1@3", 11),
    ("conv 3@3 pad 1 -> scale[ conv 3@5 pad 2 ] -> fc 2 each", 7),
]


@pytest.mark.parametrize(("text", "size"), NETS, ids=[text for text, _ in NETS])
def test_branches_see_the_union(text: str, size: int) -> None:
    """Built as it is trained, on two axes."""
    network = read(f"input 1x40x40 -> {text}")
    model = build(network).double()
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    x = torch.ones(1, 1, 40, 40, dtype=torch.float64, requires_grad=True)
    y = model(x)
    measured = measure(network)
    row = measured.rows[-1]
    assert row.output.value == tuple(y.shape[1:])
    rows, columns = y.shape[2] // 2, y.shape[3] // 2 + 1
    (gradient,) = torch.autograd.grad(y[0, :, rows, columns].sum(), x)
    for axis, (position, seen) in enumerate(zip((rows, columns), gradient[0, 0].nonzero().T, strict=True)):
        assert measured.entries(row.name, position, axis) == (seen.min().item(), seen.max().item())
    assert row.receptive_field == size


def test_a_fully_connected_layer_sees_all() -> None:
    network = read("input 1x32x32 -> conv 6@5x5 -> avgpool 2 -> conv 16@5x5 -> avgpool 2 -> conv 120@5x5 -> fc 10")
    measured = measure(network)
    rows = measured.rows
    assert [row.receptive_field for row in rows] == [5, 6, 14, 16, 32, 32]
    assert [row.jump for row in rows[:-1]] == [1, 2, 2, 4, 4]
    assert [measured.entries("fc1", 0, axis) for axis in range(2)] == [(0, 31)] * 2


def test_two_strides_give_two_figures() -> None:
    row = measure(read("input 1x20x20 -> conv 1@3x5 stride 1x2 -> conv 1@3x3")).rows[-1]
    assert (row.receptive_field, row.jump) == ([5, 9], [1, 2])


def test_behind_a_gate_of_one_factor_a_map_every_entry_sees_all() -> None:
    gate = "gap -> fc 2 -> sigmoid"
    measured = measure(read(f"input 1x20x30 -> conv 2@3 pad 1 -> scale[ {gate} ] -> conv 2@3 pad 1"))
    for row in measured.rows[-2:]:
        assert row.jump == 0
        assert [measured.entries(row.name, 7, axis) for axis in range(2)] == [(0, 19), (0, 29)]
    own = measure(read("input 1x20x30 -> conv 2@3 pad 1 -> scale[ sigmoid ]")).rows[-1]
    assert (own.receptive_field, own.jump) == (3, 1)
    free = measure(read("input 1x?x30 -> conv 2@3 pad 1 -> scale[ gap -> sigmoid ] -> conv 2@3 pad 1")).rows[-1]
    assert free.receptive_field == [None, 32]
    flat = measure(read("input 1x20x30 -> gap -> fc 4 -> scale[ fc 4 -> sigmoid ]"))
    assert [flat.entries("scale1", 0, axis) for axis in range(2)] == [(0, 19), (0, 29)]


@pytest.mark.parametrize("word", ["attention 2", "gn 2", "in"])
def test_what_sees_all_keeps_its_place(word: str) -> None:
    measured = measure(read(f"input 1x20x30 -> conv 4@3 pad 1 stride 2 -> {word} -> conv 2@3 pad 1"))
    for row in measured.rows[1:]:
        assert row.jump == 0
        assert [measured.entries(row.name, 3, axis) for axis in range(2)] == [(0, 19), (0, 29)]
        assert [axis.spacing for axis in row.field.axes] == [2, 2]
    free = measure(read(f"input 1x?x30 -> conv 4@3 pad 1 stride 2 -> {word}")).rows[-1]
    assert (free.receptive_field, free.field.axes[0].spacing) == ([None, 31], 2)


def test_a_free_axis_leaves_the_whole_open() -> None:
    rows = measure(read("input 3x?x20 -> conv 4@3 -> gap")).rows
    assert rows[0].receptive_field == 3
    assert rows[1].receptive_field == [None, 20]


def test_words_see_their_neighbours() -> None:
    rows = measure(read("input 56 -> embed 100x8 -> conv 4@3 -> gmp -> fc 2")).rows
    assert [row.receptive_field for row in rows] == [1, 3, 56, 56]


def formulas(text: str) -> list[str]:
    return [row.field.axes[0].formula for row in measure(read(text)).rows]


def test_the_formulas_come_out() -> None:
    assert formulas("input 1x20 -> conv 1@3 -> avgpool 2 -> conv 1@3 dilate 2 -> upconv 1@3 stride 2") == [
        "1 + (3 - 1)*1 = 3",
        "3 + (2 - 1)*1 = 4",
        "4 + (5 - 1)*2 = 12",
        "12 + (ceil(3/2) - 1)*2 = 14",
    ]
    assert formulas("input 1x20 -> upconv 1@2 stride 2 -> conv 1@2 -> conv 1@3 -> gap") == [
        "1 + (ceil(2/2) - 1)*1 = 1",
        "largest of 1, 2 = 2",
        "largest of 2, 3 = 3",
        "entries 0 to 19, so 20",
    ]
    assert formulas("input 1x20 -> upconv 1@2 stride 3 dilate 2 -> maxpool 1 stride 3") == [
        "1 + (ceil(2/3) - 1)*1 = 1",
        "entries 0 to 0, so 1",
    ]
    assert formulas("input 1x20 -> upconv 1@3 stride 2 dilate 4")[0] == "1 + (5 - 1)*1 = 5"
    assert formulas("input 1x20 -> upconv 1@1 stride 2 -> maxpool 1 stride 2 pad same -> conv 1@3")[1:] == [
        "entries 0 to 0, so 1",
        "1 + (3 - 1)*1 = 3",
    ]


# behind layers that make a map finer

U_NET = """
input 1x64x64
conv 2@3 pad 1 -> concat[ id | maxpool 2 -> conv 4@3 pad 1
    -> concat[ id | maxpool 2 -> conv 4@3 pad 1 -> upconv 4@2 stride 2 ] -> conv 4@3 pad 1 -> upconv 4@2 stride 2 ]
conv 2@3 pad 1
"""


@pytest.mark.parametrize(
    ("text", "size", "jump"),
    [
        ("input 1x64 -> maxpool 4 -> upconv 1@4 stride 4", 4, 1),
        ("input 1x64 -> upconv 1@4 stride 2 -> avgpool 2", 2, 1),
        ("input 1x66 -> avgpool 3 -> upconv 1@6 stride 3 -> conv 1@5", 12, 1),
        (U_NET, 26, 1),
        ("input 1x64 -> conv 4@3 -> shuffle 4", 3, 0.25),
        ("input 1x64 -> p: maxpool 3 stride 2 -> unpool p", 5, 1),
    ],
    ids=["coarser and back", "finer and back", "by place", "U-Net", "shuffle", "unpool"],
)
def test_the_table_says_the_largest_over_the_places(text: str, size: int, jump: float) -> None:
    measured = measure(read(text))
    row = measured.rows[-1]
    assert (row.receptive_field, row.jump) == (size, jump)
    places = range(20, 24) if len(row.output.value) == 3 else range(30, 36)
    found = [measured.entries(row.name, place) for place in places]
    assert max(last - first + 1 for first, last in filter(None, found)) == size


def test_an_entry_may_see_nothing() -> None:
    measured = measure(read("input 1x4 -> upconv 1@1 stride 3 -> conv 1@2 dilate 3"))
    assert [measured.entries("upconv1", place) for place in range(4)] == [(0, 0), None, None, (1, 1)]
    assert [measured.entries("conv1", place) for place in range(3)] == [(0, 1), None, None]
    assert [row.receptive_field for row in measured.rows] == [1, 2]


def test_a_single_entry_that_is_spread_does_not_move() -> None:
    rows = measure(read("input 8x1x1 -> upconv 4@4 -> upconv 4@4 stride 2 pad 1 -> conv 3@3 pad 1")).rows
    assert [(row.receptive_field, row.jump) for row in rows] == [(1, 0)] * 3
    pooled = "input 1x20x20 -> concat[ gap -> upconv 2@20 | conv 1@3 pad 1 ]"
    assert [row.receptive_field for row in measure(read(pooled)).rows] == [20, 20, 3, 22]


def test_of_too_many_phases_no_field_is_told() -> None:
    rows = measure(read("input 1x4 -> upconv 1@4 stride 1025 -> conv 1@3 -> gap")).rows
    assert [row.receptive_field for row in rows] == [None, None, None]
    told = measure(read("input 1x4 -> upconv 1@4 stride 1024 -> conv 1@3"))
    assert [row.receptive_field for row in told.rows] == [1, 1]
    assert told.entries("conv1", 1024) == (1, 1)


# branches of different scales


@pytest.mark.parametrize(
    ("text", "block", "apart"),
    [
        ("input 1x8 -> concat[ maxpool 2 | conv 1@5 ]", "concat", "entries are 2 and 1"),
        ("input 1x8x8 -> sum[ conv 1@2 stride 1x2 | conv 1@2x5 ]", "sum", "columns are 2 and 1"),
        ("input 1x8x8 -> residual[ conv 1@3 stride 2 pad 5 ]", "residual", "rows are 1 and 2"),
        (
            "input 1x?x8 -> dense[ upconv 1@1 stride 1x2 pad (0,0) -> maxpool 1x8 stride 1 ]",
            "dense",
            "columns are 1 and 1/2",
        ),
        (
            "input 2x8x8 -> concat[ conv 2@2 stride 2 -> scale[ gap -> fc 2 -> sigmoid ] | conv 2@5 ]",
            "concat",
            "rows are 2 and 1",
        ),
        ("input 1x8 -> scale[ upconv 1@2 stride 2 -> conv 1@9 ]", "scale", "entries are 1 and 1/2"),
    ],
)
def test_branches_of_different_scales_are_refused(text: str, block: str, apart: str) -> None:
    with pytest.raises(NotationError) as error:
        read(text)
    place = text.index(block)
    marked = " " * (4 + place) + "^" * (len(text) - place)
    assert str(error.value).splitlines() == [
        f"line 1: {block} needs maps of one scale",
        f"    {text}",
        marked,
        f"  their {apart} entries of the input apart; use the same strides in each branch",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "input 1x8 -> concat[ maxpool 2 -> conv 1@4 | conv 1@8 ]",
        "input 2x8x8 -> concat[ scale[ gap -> fc 2 -> sigmoid ] | conv 1@3 pad 1 ]",
        "input 2x8x8 -> concat[ gap -> fc 4 | conv 3@3 -> fc 5 ] -> fc 2",
        "input 2x8x8 -> concat[ gap -> upconv 2@8 | conv 1@3 pad 1 ]",
        "input 2x?x? -> concat[ maxpool 2 -> upconv 1@2 stride 2 | id ]",
    ],
)
def test_what_does_not_move_may_meet_anything(text: str) -> None:
    read(text)


# free axes and entries that are not there


def test_behind_a_gate_on_a_free_axis_maps_still_know_where_they_are() -> None:
    text = "conv 4@3 stride 2 -> scale[ gap -> fc 4 -> sigmoid ] -> conv 4@3 stride 2 -> roipool 7"
    scales = [build(read(f"input 3x{size} -> {text}")).get_submodule("roipool1").scale for size in ("?x?", "40x40")]
    assert scales == [0.25, 0.25]


def test_entries_need_every_size_and_a_place_on_the_map() -> None:
    free = read("input 1x? -> conv 1@3")
    with pytest.raises(InputError, match=r"measure\(network, shape\) sets the free axes"):
        measure(free).entries("conv1", 0)
    with pytest.raises(InputError, match=r"'conv1' has entries 0 to 5 along axis 0. Received: 6"):
        measure(free, (1, 8)).entries("conv1", 6)


def test_each_input_has_entries_of_its_own() -> None:
    measured = measure(read("left: input 1x8 -> input 1x8 -> concat[ from left -> conv 1@3 | conv 1@3 dilate 1 ]"))
    assert measured.entries("concat1", 2) == measured.entries("concat1", 2, source="the input left") == (2, 4)


def test_a_gate_from_another_input_is_no_branch_of_this_one() -> None:
    measured = measure(read("left: input 2x9 -> input 2x8 -> conv 2@3 -> scale[ from left -> gap -> fc 2 -> sigmoid ]"))
    fields = measured.rows[-1].fields
    assert [field.axes[0].size for field in fields.values()] == [9, 3]
    assert measured.entries("scale1", 2, source="the input left") == (0, 8)


def test_a_layer_without_a_rule_is_an_error() -> None:
    class Unknown(tree.Layer):
        word = "unknown"

    with pytest.raises(NotImplementedError, match="Unknown reads"):
        rules.reads_along(Unknown(), 0, (1, 8), (1, 8))


def test_a_field_repeats_further_on() -> None:
    axis = Axis(((0, 1), None, (0, 2)), Fraction(2, 3))
    assert [axis.at(place) for place in (-1, 3, 4, 8)] == [(-2, 0), (2, 3), None, (4, 6)]
    assert axis.over(range(100)) == (0, 67)
