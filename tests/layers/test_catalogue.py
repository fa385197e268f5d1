"""Every word of the notation has all that a layer needs; what a layer lacks is listed here, and nothing else may be."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from striate.modules import MODULES
from striate.notation import read, rules, tree
from striate.notation.errors import NotationError
from striate.notation.tree import LAYERS, Layer, Node, Pad
from tests import drawing
from tests.layers import test_gradients as gradients
from tests.layers import test_values as values
from tests.layers.definitions import DEFINITIONS
from tests.test_tiny import TEXTS

LACKS: dict[str, set[str]] = {}  # word: of grammar, rules, module, oracle, gradcheck


def test_every_layer_has_all_its_parts() -> None:
    texts = [read(text).layers for text in gradients.NETS]
    checked: set[type[Node]] = set().union(*(gradients._kinds(chain) for chain in texts))
    elsewhere = {layer for layer, file in values.ELSEWHERE.items() if Path(__file__).with_name(file).is_file()}
    parts = {
        "grammar": set(LAYERS.values()),
        "rules": {kind for kind in LAYERS.values() if rules.output.dispatch(kind) is not rules.output.dispatch(Layer)},
        "module": set(MODULES),
        "oracle": set(DEFINITIONS) | elsewhere,
        "gradcheck": checked,
    }
    lacks = {word: {part for part, kinds in parts.items() if kind not in kinds} for word, kind in LAYERS.items()}
    assert {word: missing for word, missing in lacks.items() if missing} == LACKS


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.word)
def test_every_option_is_drawn(layer: type[Layer]) -> None:
    """With more than one value each."""
    seen: dict[str, set[Any]] = {field.name: set() for field in drawing.options(layer)}

    @settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate])
    @given(drawing.layers(layer, (8, *[6] * max(drawing.dims_of(layer)))), st.integers())
    def look(drawn: Any, _: int) -> None:
        for name, found in seen.items():
            found.add(getattr(drawn, name))

    look()
    assert {name for name, found in seen.items() if len(found) < 2} == set()


@pytest.mark.parametrize("layer", [tree.Conv, tree.Local, tree.Deform, tree.UpConv, tree.MaxPool, tree.AvgPool])
def test_padding_is_drawn_in_every_mode_that_a_layer_takes(layer: Any) -> None:
    seen: set[str] = set()
    sized: dict[str, Any] = {"kernel": (2,), "stride": (1,), "dilation": (1,), "filters": 1, "groups": 1}
    own = {name: value for name, value in sized.items() if name in {field.name for field in fields(layer)}}

    @settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate])
    @given(drawing.layers(layer, (4, 6)), st.integers())
    def look(drawn: Any, _: int) -> None:
        seen.add(drawn.pad.mode)

    look()
    pads = [Pad("same", ()), *(Pad(mode, (1,)) for mode in drawing.MODES if mode != "same")]
    assert seen == {pad.mode for pad in pads if drawing.fits(layer(**own, pad=pad), (4, 6))}


def test_an_option_that_nobody_draws_is_an_error() -> None:
    @dataclass(frozen=True, repr=False)
    class New(tree.Relu):
        most: float = tree.leading("number", 6.0)

    with pytest.raises(LookupError, match=r"what 'most' of relu may be"):
        drawing.strategy(New, drawing.options(New)[0])


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.word)
def test_axes_that_are_not_drawn_are_refused(layer: type[Layer]) -> None:
    for dims in set(range(4)) - set(drawing.dims_of(layer)):
        text = f"input {'x'.join(['4'] * (dims + 1))} -> {TEXTS[layer.word].rpartition(' -> ')[2]}"
        with pytest.raises(NotationError):
            read(text)


def test_a_layer_with_fewer_examples_than_200_would_fail(on_examples: Any) -> None:
    """All that compare with a definition go through this one fixture, which counts those that passed."""
    seen: list[int] = []
    on_examples(lambda number: seen.append(number), number=st.integers(0, 2**32 - 1))
    assert len(seen) >= 200
    with pytest.raises(AssertionError):
        on_examples(lambda number: None, number=st.integers(1, 150))
    with pytest.raises(AssertionError):
        on_examples(lambda number: assume(number % 2), number=st.integers(1, 390))
