"""Every word of the notation has all that a layer needs; what a layer lacks is listed here, and nothing else may be."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from striate.building import MODULES
from striate.notation import read, rules
from striate.notation.tree import LAYERS, Layer, Node
from tests.layers import test_gradients as gradients
from tests.layers import test_values as values
from tests.layers.definitions import DEFINITIONS

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


def test_a_layer_with_fewer_examples_than_200_would_fail(on_examples: Any) -> None:
    """All that compare with a definition go through this one fixture, which counts those that passed."""
    seen: list[int] = []
    on_examples(lambda number: seen.append(number), number=st.integers(0, 2**32 - 1))
    assert len(seen) >= 200
    with pytest.raises(AssertionError):
        on_examples(lambda number: None, number=st.integers(1, 150))
    with pytest.raises(AssertionError):
        on_examples(lambda number: assume(number % 2), number=st.integers(1, 390))
