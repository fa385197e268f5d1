"""Which softmax belongs to the loss, whatever way a network's end is written."""

import pytest

from striate.notation import Network, read
from striate.notation.ending import left_to_loss
from striate.notation.graph import graph

ENDINGS: dict[str, list[str]] = {  # what follows `input 1x4x4`: the softmax layers left to the loss
    "fc 3": [],
    "fc 3 -> softmax": ["softmax1"],
    "fc 3 -> probabilities: softmax": ["softmax1"],
    "fc 3 -> softmax -> softmax": ["softmax2"],
    "fc 3 -> softmax -> fc 3": [],
    "fc 3 -> softmax -> id": [],
    "softmax": ["softmax1"],
    # parts, definitions and repeats
    "part: [ fc 3 -> softmax ]": ["part.softmax1"],
    "part: [ fc 5 -> inner: [ softmax -> fc 3 -> softmax ] ]": ["part.inner.softmax2"],
    "part: [ fc 3 -> softmax ] -> fc 3": [],
    "part: [ fc 3 ] -> softmax": ["softmax1"],
    "head(3)": ["head1.softmax1"],
    "head(5) -> head(3)": ["head2.softmax1"],
    "[fc 3 -> softmax]*1": ["softmax1"],
    "[fc 3 -> softmax]*2": ["softmax2"],
    # branches that join
    "concat[ fc 3 -> softmax | fc 2 -> softmax ]": [],
    "concat[ fc 3 -> softmax ]": [],
    "fc 3 -> sum[ softmax | id ]": [],
    "fc 3 -> residual[ softmax ]": [],
    "fc 3 -> dense[ softmax ]": [],
    "scale[ gap -> fc c -> softmax ]": [],
    "fc 3 -> residual[ fc 3 -> softmax ] -> softmax": ["softmax1"],
    # side heads
    "aux[ fc 3 -> softmax ] -> fc 3 -> softmax": ["aux1.head.softmax1", "softmax1"],
    "aux[ part: [ fc 3 -> softmax ] ] -> fc 3": ["aux1.head.part.softmax1"],
    "aux[ fc 5 -> softmax -> fc 3 ] -> softmax -> fc 3": [],
    "fc 3 -> softmax -> aux[ fc 3 ]": [],
}


def network(ending: str) -> Network:
    return read(f"head(n) = fc n -> softmax\ninput 1x4x4 -> {ending}")


@pytest.mark.parametrize(("ending", "left"), ENDINGS.items())
def test_the_loss_takes_the_softmax_that_the_network_ends_in(ending: str, left: list[str]) -> None:
    assert list(left_to_loss(graph(network(ending)))) == left
