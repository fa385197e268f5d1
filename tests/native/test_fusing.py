"""Which steps are done at once, and which must not be: their values are read elsewhere too."""

import pytest

from striate.native.lowering import lowered
from striate.native.steps.activation import Activation
from striate.native.steps.join import Add
from striate.native.target import named
from striate.notation import read
from tests.native import networks as nets
from tests.native.needs import needs_compiler

CASES = [  # what follows the convolution; ReLUs and sums that stay steps of their own
    ("bn -> relu", 0, 0),
    ("b: [ bn ] -> relu", 0, 0),
    ("residual[ conv 4@1 -> bn ] -> relu", 0, 0),
    ("sum[ conv 4@1 | conv 4@1 ] -> relu", 0, 1),
    ("bn -> relu -> relu", 1, 0),
    ("relu", 1, 0),
    ("bn -> residual[ relu -> conv 4@1 ]", 1, 1),
    ("bn -> concat[ relu | id ]", 1, 0),
    ("sum[ conv 4@1 | id ] -> residual[ relu -> conv 4@1 ]", 1, 2),
    ("bn -> dense[ conv 4@1 -> bn ] -> residual[ id ]", 0, 1),
    ("residual[ bn ] -> relu", 0, 1),
]


@pytest.mark.parametrize(("text", "relus", "sums"), CASES)
def test_a_step_is_done_with_the_one_before_where_nobody_else_reads_its_value(text: str, relus: int, sums: int) -> None:
    steps = lowered(read(f"input 4x5x5 -> conv 4@3 -> {text} -> fc 3"), named("plain")).steps
    assert sum(isinstance(step, Activation) for step in steps) == relus
    assert sum(isinstance(step, Add) for step in steps) == sums


@needs_compiler
@pytest.mark.parametrize("text", [text for text, *_ in CASES])
def test_the_gradients_are_the_same(text: str) -> None:
    nets.same_gradients(read(f"input 4x5x5 -> conv 4@3 -> {text} -> fc 3"), 5)
