"""Any network at another size: bound again from its text, refused with the next size that fits."""

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate import explain, zoo
from striate.errors import InputError
from striate.notation import measure, read
from striate.notation.sizes import next_fitting, resized, sides

TEXTS = [
    "input 1x40 -> conv 4@5 -> maxpool 2 -> fc 3",
    "input 3x40x40 -> conv 4@5 stride 2 -> relu -> avgpool 2 -> gap -> fc 3",
    "input 2x8x30x20 -> conv 4@3 pad same -> maxpool 2 -> fc 3",
    "b(w) = residual[ conv w@3 stride 2 pad 1 | conv w@1 stride 2 ] -> relu\ninput 3x40x40 -> b(4) -> fc 3",
    "input 1x40x40 -> p: maxpool 2 -> conv 1@3 pad 1 -> unpool p -> fc 3",
    "input 3x?x? -> conv 4@5 -> gap -> fc 3",
]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_it_is_the_text_with_another_input(text: str, draw: st.DataObject) -> None:
    network = read(text)
    axes = len(network.input) - 1
    size = tuple(draw.draw(st.integers(20, 70)) for _ in range(axes))
    found = resized(network, size)
    assert found.input == (network.input[0], *size)
    written = "x".join(map(str, found.input))
    again = read(re.sub(r"input [\dx?]+", f"input {written}", text))
    assert found.layers == again.layers
    assert measure(found).total_parameters == measure(again).total_parameters
    assert resized(found, size) == found


@pytest.mark.parametrize("name", [name for name in zoo.names() if zoo.net(name).input[1:]])
def test_the_next_size_that_fits_does_and_none_before(name: str) -> None:
    network = zoo.net(name)
    try:
        resized(network, 1)
    except InputError as error:
        following = int(str(error).rpartition("the next size that does is ")[2])
        assert set(resized(network, following).input[1:]) == {following}
        with pytest.raises(InputError, match=f"the next size that does is {following}$"):
            resized(network, following - 1)


@pytest.mark.parametrize(("size", "after"), [(20, "32"), ((20, 90), "32x102"), ((90, 31), "91x32")])
def test_what_does_not_fit_says_the_layer_and_the_next_size(size: int | tuple[int, ...], after: str) -> None:
    rule = rf"^vgg16 does not fit an input of 3x\d+x\d+: maxpool 2 does not fit its \dx\d input; .* is {after}$"
    with pytest.raises(InputError, match=rule):
        resized(zoo.net("vgg16"), size)


def test_where_no_size_fits_none_is_named() -> None:
    network = read("input 1x9x9 -> sum[ id | gap -> upconv 1@9 ] -> fc 3")
    assert next_fitting(network, (10, 10), 30) is None
    with pytest.raises(InputError, match=r"^net does not fit an input of 1x10x10: [^;]*$"):
        resized(network, 10)


@pytest.mark.parametrize("size", [0, -3, 2.5, True, (3,), (3, 4, 5), (3, 0), ("3", "4")])
def test_what_is_no_size(size: object) -> None:
    with pytest.raises(InputError, match="a size is one whole number from 1, or one for each of the input's 2 axes"):
        sides(size, 2)  # type: ignore[arg-type]


def test_letters_and_names_stay() -> None:
    network = zoo.net("resnet18", classes=7)
    found = resized(network, 64)
    assert (found.name, found.letters) == ("resnet18", (("classes", 7),))
    assert measure(found).output == (7,)
    assert zoo.rebind(found, {"classes": 9}).input == (3, 64, 64)


def test_a_network_without_a_text_has_no_other_size() -> None:
    network = dataclasses.replace(zoo.net("lenet5"), program=None)
    with pytest.raises(InputError, match="was not made from a text"):
        resized(network, 64)


def test_explain_at_a_size() -> None:
    assert explain("resnet18", size=64).measure.total_parameters == explain("resnet18").measure.total_parameters
    assert explain("resnet18", size=(64, 48)).measure.rows[0].output.value == (64, 32, 24)
