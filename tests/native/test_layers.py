"""Every layer of the native engine, all of its options drawn, against PyTorch in float64: values and gradients."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from striate.native.layers import LAYERS
from striate.native.target import named, runnable
from striate.notation.tree import Embed, Layer
from tests import drawing
from tests.native.branches import Branches, Case
from tests.native.needs import needs_compiler

EXAMPLES, PLAIN = 200, 60  # a layer; one without options, of which the sizes alone are drawn
IMAGES = (5, 18, 33)
MOST = (7, 7, 7, 5)  # entries of an axis, by how many there are: so that no window sums more than 27
CASES = drawing.cases([layer for layer in LAYERS if layer is not Embed])  # it reads words: test_embed.py


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize(("layer", "dims"), CASES, ids=[f"{layer.word}-{dims}D" for layer, dims in CASES])
def test_a_layer_gives_what_float64_gives(layer: type[Layer], dims: int) -> None:
    number, shared = CASES.index((layer, dims)), sum(other is layer for other, _ in CASES)
    target, images = named(runnable()[number % len(runnable())]), IMAGES[number % len(IMAGES)]
    cases = drawn(layer, dims, -(-(EXAMPLES if drawing.options(layer) else PLAIN) // shared))
    grouped = [getattr(layer, "groups", 1) > 1 for _, layer in cases]  # the program for one image has no groups
    for part in (
        [case for case, found in zip(cases, grouped, strict=True) if found is wanted] for wanted in (False, True)
    ):
        if part:
            Branches.of(part, images, target=target).compare(images)


def drawn(layer: type[Layer], dims: int, count: int) -> list[Case]:
    """So many that fit."""
    found: list[Case] = []

    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(drawing.fitting(layer, drawing.shapes(dims, most=MOST[dims])), some.integers(0, 2**32))
    def collect(case: Case, _: int) -> None:
        found.append(case)

    collect()
    assert len(found) >= count
    return found
