"""The generated C can be read from top to bottom: layers in order with their sizes, and a way to each part."""

import re

from striate import zoo
from striate.native.losses import parts_of
from striate.native.lowering import lowered
from striate.native.source import source
from striate.native.target import named

PLAN = lowered(zoo.net("lenet5"), named("avx2"))
UNITS = source(PLAN, parts_of(PLAN.ends, "cross-entropy", 0))
LINES = UNITS["network"].split("\n")
LAYERS = [
    "conv1: conv 6@5x5, 1x32x32 -> 6x28x28",
    "tanh1: tanh, 6x28x28 -> 6x28x28",
    "avgpool1: avgpool 2, 6x28x28 -> 6x14x14",
    "conv2: conv 16@5x5, 6x14x14 -> 16x10x10",
    "tanh2: tanh, 16x10x10 -> 16x10x10",
    "avgpool2: avgpool 2, 16x10x10 -> 16x5x5",
    "conv3: conv 120@5x5, 16x5x5 -> 120x1x1",
    "tanh3: tanh, 120x1x1 -> 120x1x1",
    "fc1: fc 84, 120x1x1 -> 84x1x1",
    "tanh4: tanh, 84x1x1 -> 84x1x1",
    "fc2: fc 10, 84x1x1 -> 10x1x1",
]


def layers_in(lines: list[str]) -> list[str]:
    return [line for text in lines for line in LAYERS if text.strip() in (line, f"/* {line} */")]


def test_lenet5_stands_at_the_top_and_in_its_forward_pass() -> None:
    end = LINES.index("*/")
    assert layers_in(LINES[:end]) == LAYERS
    start = next(number for number, line in enumerate(LINES) if line.startswith("/* ======== forward"))
    assert layers_in(LINES[start : LINES.index("}", start)]) == LAYERS


def test_the_contents_lead_to_every_part() -> None:
    contents = [match for line in LINES[: LINES.index("*/")] if (match := re.fullmatch(r" +(\d+)  (\S.*)", line))]
    assert [LINES[int(match[1]) - 1] for match in contents] == [
        f"/* ======== {match[2]} ======== */" for match in contents
    ]
    assert len(contents) == sum(line.startswith("/* ======== ") for line in LINES)
    assert {"vectors.h", "network.h", "sizes"} < {match[2] for match in contents}


def test_a_unit_is_complete_in_itself() -> None:
    assert all('#include "' not in text and "#pragma once" not in text for text in UNITS.values())
    assert all(text.count("======== vectors.h") == 1 for text in UNITS.values())
    assert "6 filters 5x5 over 1 x 32x32" in UNITS["conv_1x32x32_6_5x5_28x28_b_image"]
