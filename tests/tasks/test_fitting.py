"""Bringing a network and a data set together."""

import pytest
import torch

from striate import data, zoo
from striate.errors import InputError
from striate.notation import measure
from striate.tasks.fitting import check_batch, from_resolved, input_shape, resolved
from tests.learning import fitted

LETTERS = {"N": 2, "M": 1, "K": 1}


def dataset(shape: tuple[int, ...] = (1, 12, 12), classes: int = 4) -> data.Dataset:
    labels = torch.arange(20) % classes
    images = torch.rand(20, *shape, generator=torch.Generator().manual_seed(0))
    return data.Dataset("made-up", "", data.Split(images, labels), None, tuple("abcdefgh"[:classes]))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("input 3x32x32 -> fc 10", (3, 32, 32)),
        ("input 3x?x? -> gap -> fc 10", (3, None, None)),
        ("INPUT -> CONV -> FC", None),
    ],
)
def test_what_a_text_asks_of_its_input(text: str, asked: tuple[int | None, ...] | None) -> None:
    assert input_shape(zoo.net(text)) == asked


def test_a_text_that_fits_stays_as_it_is() -> None:
    net = zoo.net("input 1x12x12 -> conv 3@3 -> relu -> fc 4")
    found = fitted(net, dataset())
    assert found.network.layers == net.layers
    assert found.notes == (found.recipe.said(),)


def test_what_to_look_at_again_in_a_text_is_among_the_decisions() -> None:
    found = fitted("input 12x12x3 -> conv 3@3 -> relu -> fc 4", dataset((12, 12, 3)))
    assert found.notes[0].endswith("channels come first; did you mean input 3x12x12?")


@pytest.mark.parametrize("classes", [2, 7])
@pytest.mark.parametrize("text", ["lenet5", "INPUT -> [CONV -> RELU]*2 -> FC", "input 1x12x12 -> FC"])
def test_a_last_layer_without_a_number_takes_the_data_s(text: str, classes: int) -> None:
    found = fitted(text, dataset(classes=classes))
    assert measure(found.network).output == (classes,)
    assert any(f"with {classes} classes, those of made-up" in note for note in found.notes)


def test_a_network_that_takes_boxes_is_for_another_task() -> None:
    with pytest.raises(InputError, match=r"^net takes boxes beside its images, and classify has none; st\.build "):
        fitted("input 1x12x12 -> conv 3@3 -> roipool 2 -> fc 4", dataset())


def test_what_is_set_stays_set() -> None:
    with pytest.raises(
        InputError, match="lenet5 gives 10 outputs and made-up has 4 classes; end the network with fc 4"
    ):
        fitted("lenet5", dataset(), {"classes": 10})
    assert measure(fitted("lenet5", dataset(), {"classes": 4}).network).output == (4,)


def test_a_bare_input_takes_the_data_s() -> None:
    found = fitted("INPUT -> CONV -> RELU -> FC", dataset((3, 9, 11)))
    assert found.network.input == (3, 9, 11)
    assert measure(found.network).output == (4,)


@pytest.mark.parametrize("shape", [(1, 12, 12), (2, 30), (1, 6, 5, 4)])
def test_a_resolved_text_is_the_same_network(shape: tuple[int, ...]) -> None:
    found = fitted("INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC", dataset(shape), LETTERS)
    text = resolved(found.network)
    again = from_resolved(text, "other")
    assert text.startswith("# net\n")
    assert again.layers == found.network.layers
    assert (again.name, again.input) == ("other", shape)


MINE = """
n = 2
w = 8
block(w) = residual[ conv w@3 pad 1 -> bn -> relu ]
input 1x12x12 -> conv w@3 pad 1
[block(w)]*n
gap -> fc 4
"""


def test_definitions_and_letters_are_resolved_too() -> None:
    net = zoo.net(MINE)
    text = resolved(net)
    assert from_resolved(text, "mine").layers == net.layers
    assert "block(" not in text
    assert text.count("conv 8@3x3") == 3


def test_no_text_is_no_network() -> None:
    with pytest.raises(InputError, match="the saved network can't be read"):
        from_resolved("input 1x8x8 -> -> fc 3", "net")


def test_batches_of_one_where_batch_norm_has_one_value() -> None:
    alone = fitted("input 1x12x12 -> fc 5 -> bn -> fc 4", dataset())
    check_batch(alone, 2)
    check_batch(alone, 0)
    check_batch(fitted("input 1x12x12 -> bn -> fc 4", dataset()), 1)
    with pytest.raises(InputError, match=r"bn1 normalises by its batch, .*; use `batch=2`"):
        check_batch(alone, 1)
