"""Convolutions whose largest entries alone go on: which are done at once, and that nothing changes by it."""

import pytest

from striate import zoo
from striate.native.lowering import lowered
from striate.native.steps.peaks import Peaks
from striate.native.target import named
from striate.notation import read
from tests.native import networks as nets
from tests.native.needs import needs_compiler

CASES = [  # a network, and how many of its convolutions are done with the maximum after them
    ("input 22 -> embed 30x40 -> concat[ conv 6@2 -> relu -> gmp | conv 5@3 pad 1 -> gmp ] -> dropout 0.2 -> fc 3", 2),
    ("input 5x70 -> conv 17@5 stride 3 pad (2,1) nobias -> sigmoid -> gmp -> tanh -> fc 3", 1),
    ("input 17x30 -> conv 4@1 -> tanh -> conv 4@4 dilate 2 -> leaky 0.2 -> gmp -> fc 3", 1),
    ("input 6x30 -> conv 4@3 -> leaky -0.2 -> gmp -> fc 3", 0),
    ("input 6x30 -> conv 4@3 -> swish -> gmp -> fc 3", 0),
    ("input 6x30 -> conv 4@3 groups 2 -> relu -> gmp -> fc 3", 0),
    ("input 6x30 -> a: conv 4@3 -> relu -> gmp -> concat[ id | from a -> gap ] -> fc 3", 0),
    ("input 6x30 -> conv 4@3 -> b: relu -> gmp -> concat[ id | from b -> gap ] -> fc 3", 0),
    ("input 6x30 -> conv 4@3 -> relu -> maxpool 28 -> fc 3", 1),
    ("input 6x30 -> conv 4@3 -> relu -> maxpool 27 -> fc 3", 0),
    ("input 6x9 -> conv 4@3 -> relu -> gmp -> fc 3", 0),
    ("input 6x20x20 -> conv 4@3 -> relu -> gmp -> fc 3", 0),
]


@pytest.mark.parametrize(("text", "count"), CASES)
def test_where_nobody_else_reads_the_maps(text: str, count: int) -> None:
    plan = lowered(read(text), named("avx2"))
    assert sum(isinstance(step, Peaks) for step in plan.steps) == count


@needs_compiler
@pytest.mark.parametrize("text", [text for text, _ in CASES])
@pytest.mark.parametrize("images", [3, 20])
def test_the_gradients_are_those_of_float64(text: str, images: int) -> None:
    nets.same_gradients(read(text), images)


def test_a_classifier_of_sentences_is_done_so() -> None:
    plan = lowered(zoo.net("kim-cnn"), named("avx512"))
    assert sum(isinstance(step, Peaks) for step in plan.steps) == 3
    assert plan.kept == 0
