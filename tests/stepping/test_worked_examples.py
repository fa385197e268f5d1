"""The lectures' worked examples, term by term."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import striate as st
from striate.stepping.content import plain

NINE = "1 2 3; 4 5 6; 7 8 9"
TENS = "10 20; 30 40"
SIX = "1 0 0 0 0 1; 0 1 0 0 1 0; 0 0 1 1 0 0; 1 0 0 0 1 0; 0 1 0 0 1 0; 0 0 1 0 1 0"
DIAGONAL, UPRIGHT = "1 -1 -1; -1 1 -1; -1 -1 1", "-1 1 -1; -1 1 -1; -1 1 -1"
FIRST_MAP = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]


def lines(part: Any) -> list[str]:
    return [str(entry) for entry in part.entries]


def test_forward_term_by_term() -> None:
    assert lines(st.step("conv 1@2x2", NINE, weights=TENS)["O"]) == [
        "O[0,0] = 1*10 + 2*20 + 4*30 + 5*40 = 370",
        "O[0,1] = 2*10 + 3*20 + 5*30 + 6*40 = 470",
        "O[1,0] = 4*10 + 5*20 + 7*30 + 8*40 = 670",
        "O[1,1] = 5*10 + 6*20 + 8*30 + 9*40 = 770",
    ]


def test_gradients_term_by_term() -> None:
    step = st.step("conv 1@2x2", NINE, weights=TENS)
    assert lines(step["dE/dW"]) == [
        "dE/dW[0,0] = 1*dO[0,0] + 2*dO[0,1] + 4*dO[1,0] + 5*dO[1,1]",
        "dE/dW[0,1] = 2*dO[0,0] + 3*dO[0,1] + 5*dO[1,0] + 6*dO[1,1]",
        "dE/dW[1,0] = 4*dO[0,0] + 5*dO[0,1] + 7*dO[1,0] + 8*dO[1,1]",
        "dE/dW[1,1] = 5*dO[0,0] + 6*dO[0,1] + 8*dO[1,0] + 9*dO[1,1]",
    ]
    assert lines(step["dE/dX"])[:2] == ["dE/dX[0,0] = 10*dO[0,0]", "dE/dX[0,1] = 20*dO[0,0] + 10*dO[0,1]"]
    assert lines(step["dE/dX"])[4] == "dE/dX[1,1] = 40*dO[0,0] + 30*dO[0,1] + 20*dO[1,0] + 10*dO[1,1]"
    assert lines(step["dE/db"]) == ["dE/db = dO[0,0] + dO[0,1] + dO[1,0] + dO[1,1]"]
    assert step["dE/dW"].values is None


def test_gradients_with_numbers() -> None:
    step = st.step("conv 1@2x2", NINE, weights=TENS, upstream="1 0; 0 2")
    assert str(step["dE/dW"].entries[0]) == "dE/dW[0,0] = 1*1 + 2*0 + 4*0 + 5*2 = 11"
    assert plain(step["dE/dW"].values) == [[[[11, 14], [20, 23]]]]
    assert plain(step["dE/db"].values) == [3]


def test_the_full_convolution_is_shown() -> None:
    wide, flipped = st.step("conv 1@2x2", NINE, weights=TENS)["dE/dX"].pictures
    assert plain(flipped.cells) == [[[[40, 30], [20, 10]]]]
    assert plain(wide.cells) == [[[0] * 4, [0, "dO[0,0]", "dO[0,1]", 0], [0, "dO[1,0]", "dO[1,1]", 0], [0] * 4]]


def test_sharpening() -> None:
    image = "0 -3 4 8 1; 3 5 0 0 5; 1 3 8 6 1; 5 6 5 3 -2; 7 0 5 -4 2"
    step = st.step("conv 1@3x3", image, weights="0 -1 0; -1 5 -1; 0 -1 0")
    assert plain(step["O"].values) == [[[22, -17, -19], [-5, 26, 18], [17, 3, 10]]]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("conv 1@3", "2 1 2 11/3 5 4 13/3 4"),
        ("conv 1@3 pad same", "4/3 2 1 2 11/3 5 4 13/3 4 14/3"),
    ],
)
def test_thirds_stay_fractions(layer: str, expected: str) -> None:
    step = st.step(layer, "6 -2 2 3 1 7 7 -2 8 6", weights="1/3 1/3 1/3")
    assert [entry.value for entry in step["O"].entries] == [Fraction(word) for word in expected.split()]
    assert [str(entry).rpartition(" = ")[2] for entry in step["O"].entries] == expected.split()


def test_average_pool() -> None:
    step = st.step("avgpool 2", "1 1 2 4; 5 6 7 8; 3 2 1 0; 1 2 3 4")
    assert str(step["O"].entries[0]) == "O[0,0] = (1 + 1 + 5 + 6)/4 = 3.25"
    assert plain(step["O"].values) == [[[3.25, 5.25], [2, 2]]]
    assert str(step["dE/dX"].entries[0]) == "dE/dX[0,0] = 0.25*dO[0,0]"


def test_padding_that_does_not_count() -> None:
    """As Keras and ONNX have it; by a number alone it counts."""
    assert lines(st.step("avgpool 2 stride 1 pad same", "0 4 8")["O"]) == [
        "O[0] = (0 + 4)/2 = 2",
        "O[1] = (4 + 8)/2 = 6",
        "O[2] = (8)/1 = 8",
    ]
    uncounted, counted = (st.step(f"avgpool 3 stride 1 pad 1{how}", "0 3 9")["O"] for how in (" uncounted", ""))
    assert plain(uncounted.values) == [[1.5, 4, 6]]
    assert plain(counted.values) == [[1, 4, 4]]


def test_two_filters_and_their_pools() -> None:
    step = st.step("conv 2@3x3", SIX, weights=f"{DIAGONAL} / {UPRIGHT}", im2col=True)
    values: Any = step["O"].values
    assert plain(values[0]) == FIRST_MAP
    assert step.im2col
    assert (step.im2col.product.reshape(values.shape) == values).all()
    assert step.im2col.columns.shape == (9, 16)
    assert plain(st.step("maxpool 2", values[0])["O"].values) == [[[3, 0], [3, 1]]]
    third = st.step("conv 2@3x3 stride 3", SIX, weights=f"{DIAGONAL} / {UPRIGHT}")["O"].values
    assert (third == values[:, ::3, ::3]).all()
    assert plain(third)[0] == [[3, -1], [3, -1]]


DEMO_OUTPUT = [[[-3, -1, 0], [-1, -8, 2], [3, 0, 3]], [[1, 4, 2], [-1, 4, 5], [3, 1, 3]]]
DEMO = {
    "input": [
        [
            *([0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 2, 0, 2, 0], [0, 1, 2, 2, 2, 0, 0], [0, 0, 2, 1, 0, 0, 0]),
            *([0, 0, 2, 0, 2, 1, 0], [0, 1, 0, 2, 2, 0, 0], [0, 0, 0, 0, 0, 0, 0]),
        ],
        [
            *([0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 2, 0, 0], [0, 1, 0, 1, 0, 1, 0], [0, 0, 0, 2, 1, 2, 0]),
            *([0, 1, 2, 1, 0, 0, 0], [0, 1, 2, 2, 0, 2, 0], [0, 0, 0, 0, 0, 0, 0]),
        ],
        [
            *([0, 0, 0, 0, 0, 0, 0], [0, 0, 2, 2, 1, 0, 0], [0, 0, 2, 0, 0, 1, 0], [0, 1, 1, 1, 2, 1, 0]),
            *([0, 2, 0, 1, 2, 2, 0], [0, 2, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]),
        ],
    ],
    "filters": [
        [
            [[-1, 0, -1], [1, -1, 1], [-1, 0, -1]],
            [[0, -1, 1], [1, 1, 1], [-1, 1, -1]],
            [[0, 0, 0], [-1, 1, -1], [1, 1, -1]],
        ],
        [
            [[0, 1, 1], [-1, -1, -1], [1, -1, 1]],
            [[-1, 0, -1], [1, 1, 1], [-1, 1, -1]],
            [[0, 1, 0], [0, 0, -1], [1, -1, 0]],
        ],
    ],
    "bias": [1, 0],
}


def test_the_two_filter_demo_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    path.write_text(json.dumps(DEMO))
    step = st.step("conv 2@3x3 stride 2", f"@{path}")
    assert plain(step["O"].values) == DEMO_OUTPUT
    named = st.step("conv 2@3x3 stride 2", f"@{path}", weights=f"@{path}", bias="1 0")
    assert str(named) == str(step)
    same = st.step("conv 2@3x3 stride 2", DEMO["input"], weights=np.array(DEMO["filters"]), bias=[1, 0])  # type: ignore[arg-type]
    assert str(same) == str(step)


def test_maps_and_filters_in_text() -> None:
    step = st.step("conv 2@1x1", "1 2; 3 4 | 5 6; 7 8", weights="1 | 10 / 1/2 | 0", bias="0 1")
    assert str(step["O"].entries[0]) == "O[0,0,0] = 1*1 + 5*10 = 51"
    assert str(step["O"].entries[4]) == "O[1,0,0] = 1*0.5 + 5*0 + 1 = 1.5"
    assert str(step["dE/dX"].entries[0]) == "dE/dX[0,0,0] = 1*dO[0,0,0] + 0.5*dO[1,0,0]"


def test_softmax_with_cross_entropy() -> None:
    step = st.step("softmax", "1 2 3", target=2)
    p: Any = step["O"].values
    assert p.sum() == pytest.approx(1)
    gradient: Any = step["dE/dX"].values
    assert gradient.tolist() == pytest.approx([p[0], p[1], p[2] - 1])
    assert step["E"].entries[0].value == pytest.approx(-np.log(p[2]))


def test_a_probability_too_small_for_a_float_is_not_written_into_the_logarithm() -> None:
    step = st.step("softmax", "1000 2 -3", target=2)
    assert str(step["E"].entries[0]) == "E = log(sum of exp(X)) - X[2] = 1000 + log(1) - (-3) = 1003"
    assert str(st.step("softmax", "700 2 3", target=1)["E"].entries[0]).startswith("E = -log(O[1]) = -log(7.2")


def test_long_sums_are_cut() -> None:
    entry = st.step("fc 1", " ".join(["1"] * 70), weights=" ".join(["1"] * 70))["O"].entries[0]
    assert entry.formula.count("1*1") == 64
    assert entry.formula.endswith("… (6 more)")
    assert entry.value == 70
