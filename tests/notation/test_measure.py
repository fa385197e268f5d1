"""The rules folded over networks: rows, names, totals, memory, free axes."""

from typing import Any

import pytest

from striate.errors import InputError
from striate.notation import measure, read
from striate.notation.graph import parts
from striate.notation.measure import TrainingMemory, at
from striate.notation.tree import Block, Concat, Group, Relu, Residual

LENET5 = """
input 1x32x32
conv 6@5x5 -> tanh -> avgpool 2
conv 16@5x5 -> tanh -> avgpool 2
conv 120@5x5 -> tanh
fc 84 -> tanh
fc 10
"""


def test_lenet5_row_by_row() -> None:
    rows = {row.name: row for row in measure(read(LENET5)).rows}
    shapes = {name: row.output.value for name, row in rows.items() if not name.startswith("tanh")}
    assert shapes == {
        "conv1": (6, 28, 28),
        "avgpool1": (6, 14, 14),
        "conv2": (16, 10, 10),
        "avgpool2": (16, 5, 5),
        "conv3": (120, 1, 1),
        "fc1": (84,),
        "fc2": (10,),
    }
    assert {name: row.parameters.value for name, row in rows.items() if row.parameters.value} == {
        **{"conv1": 156, "conv2": 2_416, "conv3": 48_120},
        **{"fc1": 10_164, "fc2": 850},
    }
    assert {name: row.macs.value for name, row in rows.items() if row.macs.value} == {
        **{"conv1": 117_600, "conv2": 240_000, "conv3": 48_000},
        **{"fc1": 10_080, "fc2": 840},
    }


def test_lenet5_s_totals() -> None:
    measured = measure(read(LENET5))
    assert measured.output == (10,)
    assert measured.total_parameters == 61_706
    assert measured.total_macs == 416_520


def test_a_row_has_its_formulas() -> None:
    row = measure(read("input 3x128x128 -> conv 16@7x7 stride 2 pad 3")).rows[0]
    assert (row.text, row.input, row.output.value) == (
        "conv 16@7x7 stride 2 pad 3",
        (3, 128, 128),
        (16, 64, 64),
    )
    assert row.output.formula == "floor((128 + 2*3 - 7)/2) + 1 = 64"
    assert row.parameters.formula == "(7*7*3 + 1)*16"
    assert row.macs.formula == "7*7*3*16*64*64"
    assert row.memory.formula == "4*16*64*64"
    assert row.field.axes[0].formula == "1 + (7 - 1)*1 = 7"


def test_blocks_have_a_row_behind_their_parts() -> None:
    text = """
    twice(w) = conv w@3 pad 1 -> relu
    input 4x8x8
    residual[ conv 4@3 pad 1 -> bn | id ]
    concat[ conv 2@1 | conv 3@1 ]
    dense[ conv 6@1 ]
    scale[ gap -> fc c -> sigmoid ]
    stem: twice(8)
    sum[ relu | tanh ]
    """
    rows = measure(read(text)).rows
    assert [(row.name, row.output.value) for row in rows] == [
        ("residual1.body.conv1", (4, 8, 8)),
        ("residual1.body.bn1", (4, 8, 8)),
        ("residual1.shortcut.id1", (4, 8, 8)),
        ("residual1", (4, 8, 8)),
        ("concat1.branch1.conv1", (2, 8, 8)),
        ("concat1.branch2.conv1", (3, 8, 8)),
        ("concat1", (5, 8, 8)),
        ("dense1.body.conv1", (6, 8, 8)),
        ("dense1", (11, 8, 8)),
        ("scale1.gate.gap1", (11, 1, 1)),
        ("scale1.gate.fc1", (11,)),
        ("scale1.gate.sigmoid1", (11,)),
        ("scale1", (11, 8, 8)),
        ("stem.conv1", (8, 8, 8)),
        ("stem.relu1", (8, 8, 8)),
        ("sum1.branch1.relu1", (8, 8, 8)),
        ("sum1.branch2.tanh1", (8, 8, 8)),
        ("sum1", (8, 8, 8)),
    ]
    assert {row.name: row.output.formula for row in rows if row.name in ("concat1", "dense1")} == {
        "concat1": "2 + 3 = 5 channels",
        "dense1": "5 + 6 = 11 channels",
    }


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Residual(((Relu(),),)), ["body"]),
        (Residual(((Relu(),), (Relu(),))), ["body", "shortcut"]),
        (Concat(((Relu(),), (Relu(),))), ["branch1", "branch2"]),
        (Group(((Relu(),),), label="a"), [""]),
    ],
)
def test_the_parts_of_a_block_have_names(block: Block, expected: list[str]) -> None:
    assert [name for name, _ in parts(block)] == expected


# side heads


def test_a_side_head_counts_but_does_not_end_the_network() -> None:
    measured = measure(read("input 3x8x8 -> conv 4@3 pad 1 -> aux[ gap -> fc 10 ] -> gap -> fc 5 -> side: aux[ fc 2 ]"))
    assert measured.output == (5,)
    assert [row.name for row in measured.rows][-2:] == ["fc1", "side.head.fc1"]
    assert measured.total_parameters == (3 * 9 + 1) * 4 + (4 + 1) * 10 + (4 + 1) * 5 + (5 + 1) * 2


def test_a_network_of_side_heads_only_gives_its_input() -> None:
    assert measure(read("input 3x8x8 -> aux[ fc 10 ]")).output == (3, 8, 8)


# free axes


def test_a_free_axis_leaves_the_figures_open() -> None:
    measured = measure(read("input 3x?x? -> conv 8@3 -> gap -> fc 10"))
    conv, gap, _ = measured.rows
    assert conv.output.value == (8, None, None)
    assert conv.macs.value is None
    assert conv.memory.value is None
    assert gap.output.value == (8, 1, 1)
    assert measured.total_macs is None
    assert measured.total_parameters == 224 + 90
    assert measured.training_memory(2).activations is None
    assert measured.training_memory(2).total is None


def test_a_free_axis_is_set_by_measuring() -> None:
    network = read("input 3x?x? -> conv 8@3 -> gap -> fc 10")
    measured = measure(network, (3, 10, 12))
    assert measured.total_macs == 27 * 8 * 8 * 10 + 80
    assert measured.network.input == (3, 10, 12)
    assert network.input == (3, None, None)
    assert at(network, (3, None, 7)).input == (3, None, 7)


# memory


def test_training_memory_counts_what_it_says() -> None:
    measured = measure(read("input 2 -> fc 3 -> relu"))
    weights = 4 * 9
    activations = 5 * 4 * (3 + 3)
    assert measured.training_memory(5, "sgd") == TrainingMemory(weights, weights, 0, activations)
    assert measured.training_memory(5, "momentum").optimizer == weights
    assert measured.training_memory(5, "adam").optimizer == 2 * weights
    assert measured.training_memory(5).total == 4 * weights + activations


def test_a_row_s_memory_is_its_output_in_float32() -> None:
    assert [row.memory.value for row in measure(read(LENET5)).rows[:3]] == [18_816, 18_816, 4_704]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("conv", 0), "no layer or join 'conv'; did you mean 'conv1'?"),
        (("the input", 0), "no layer or join 'the input'"),
        (("conv1", 0, 2), "'the input' has 2 axes after its channels, counted from 0. Received: 2"),
        (("conv1", 0, -1), "'the input' has 2 axes after its channels, counted from 0. Received: -1"),
        (("concat1", 0, 0, "left"), "no input 'left'; there is 'the input left', 'the input'"),
        (("conv1", 6), "'conv1' has entries 0 to 5 along axis 0. Received: 6"),
    ],
)
def test_entries_that_are_not_there(asked: tuple[Any, ...], message: str) -> None:
    measured = measure(read("left: input 1x6x6\ninput 1x8x8 -> conv 2@3 -> concat[ id | from left ] -> fc 3"))
    with pytest.raises(InputError) as caught:
        measured.entries(*asked)
    assert str(caught.value) == message
    assert measured.entries("concat1", 5, 1, "the input left") == (5, 5)
    assert measured.entries("fc1", 0, 1) == (0, 7)
