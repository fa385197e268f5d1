"""Pictures of a step: what they frame, and that every layer has one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import striate as st
from striate.cli.step import command
from striate.drawing import draw
from striate.drawing.panels import Panel, Strip
from striate.drawing.strips import strips
from tests.stepping.test_handouts import TEXTS, worked

NINE, TENS = "1 2 3; 4 5 6; 7 8 9", "10 20; 30 40"


def convolution() -> list[Strip]:
    return strips(st.step("conv 1@2", NINE, weights=TENS, upstream="1 0; 2 -1"))


def numbers(panel: Panel) -> Any:
    return panel.values.astype(float).tolist()


def test_the_window_its_products_and_their_sum() -> None:
    first, second, last, *_ = convolution()
    x, weights, products, output = first.panels
    assert (x.title, weights.title, output.title) == ("X", "W", "O: their sum")
    assert x.framed == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert numbers(products) == [[10, 40], [120, 200]]
    assert output.shaded == {(0, 0)}
    assert output.values[0, 0] == products.values.sum()
    assert second.panels[0].framed == {(0, 1), (0, 2), (1, 1), (1, 2)}
    assert last.panels[3].shaded == {(1, 1)}


def test_the_gradient_goes_back_under_the_window() -> None:
    to_input = next(strip for strip in convolution() if strip.title.endswith("backward to the input"))
    upstream, weights, products, d_x = to_input.panels
    assert upstream.shaded == {(0, 0)}
    assert numbers(weights) == numbers(products) == [[10, 20], [30, 40]]
    assert d_x.framed == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert numbers(d_x) == [[10, 20, 0], [50, 70, -20], [60, 50, -40]]
    to_weights = next(strip for strip in convolution() if strip.title.endswith("backward to the weights"))
    assert numbers(to_weights.panels[-1]) == [[4, 6], [10, 12]]


@pytest.mark.parametrize(
    "text", ["conv 2@3 stride 2 pad 1", "conv 2@2 dilate 2", "conv 2@3 pad same flip", "conv 2@2 groups 2"]
)
def test_products_in_a_picture_add_up_to_the_output(text: str) -> None:
    found = st.step(f"input 2x5x4 -> {text}", seed=1)
    drawn = [strip for strip in strips(found) if "products" in {panel.title for panel in strip.panels}]
    assert len(drawn) == 3
    bias: Any = found.arrays["b"]
    for strip in drawn:
        (place,) = strip.panels[-1].shaded
        total = sum(panel.values.sum() for panel in strip.panels if panel.title == "products")
        assert strip.panels[-1].values[place] == total + bias[0]


def test_a_max_pool_shades_the_winner_and_leaves_padding_empty() -> None:
    first, *_ = strips(st.step("maxpool 2 pad 1", "-1 -2; -3 -4"))
    assert first.panels[0].shaded == {(1, 1)}
    assert first.panels[0].values[0, 0] is None
    assert (0, 0) in first.panels[0].padding


def test_a_join_shows_all_that_it_reads() -> None:
    found = st.step("sum[ id | leaky 0.5 ]", "2 -4", upstream="1 1")
    (forward,) = [strip for strip in strips(found) if strip.title == "sum1: sum, forward"]
    assert [(panel.title, panel.sign) for panel in forward.panels] == [("X1", ""), ("X2", "+"), ("O", "→")]


@pytest.mark.parametrize("word", TEXTS)
def test_every_layer_has_a_picture(word: str, tmp_path: Path) -> None:
    path = draw(worked(TEXTS[word]), tmp_path / "out.svg")
    assert "<svg" in path.read_text()


def test_pictures_are_grey_and_the_same_each_time(tmp_path: Path) -> None:
    found = st.step("input 1x2x2 -> conv 1@2 pad 1 -> relu -> fc 2", seed=1, target=0)
    path = draw(found, tmp_path / "out.png")
    colours = np.asarray(Image.open(path).convert("RGB")).astype(int)
    assert np.ptp(colours, axis=2).max() == 0
    assert (colours < 128).any()
    one, other = (draw(found, tmp_path / f"{name}.svg").read_bytes() for name in "ab")
    assert one == other


@pytest.mark.parametrize(
    ("text", "file", "message"),
    [
        ("input 1x4x4 -> relu", "out.gif", "a picture is an .svg, .png or .pdf file. Received: .*out.gif"),
        ("input 1x4x4 -> relu", "no/out.svg", "can't be written .No such file"),
        (
            "input 1x33x4 -> relu",
            "out.svg",
            "maps of at most 32x32 entries. Received: 33x4; cut a part out",
        ),
        ("input 1x2x2x2 -> relu", "out.svg", "a picture shows maps of one or two axes"),
        (f"input 2 -> {' -> '.join(['relu'] * 41)}", "out.svg", "at most 40 strips, and this takes 41"),
    ],
)
def test_what_can_not_be_drawn(text: str, file: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(st.InputError, match=message):
        draw(st.step(text, seed=1), tmp_path / file)


def test_the_verb(tmp_path: Path) -> None:
    words = ["conv 1@2", "--input", NINE, "--weights", TENS, "--picture", str(tmp_path / "out.svg"), "--json"]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0
    assert f"The picture is in {tmp_path / 'out.svg'}" in result.stderr
    assert result.stdout.startswith("{")
    assert st.draw is draw
