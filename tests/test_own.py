"""Modules of one's own: as words of a text, and whole in the place of a network."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import striate as st
from striate.errors import InputError
from striate.notation import NotationError, measure, read, render
from striate.notation.tree import OWN


class Blend(nn.Module):
    """A share of x, the rest mixed."""

    def __init__(self, channels: int, share: float = 0.5) -> None:
        super().__init__()
        self.mix, self.share = nn.Conv2d(channels, channels, 1), share

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        return self.share * x + (1 - self.share) * self.mix(x)


class Small(nn.Module):
    """Convolution, pool, classes."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 8, 8) in, (N, classes) out."""
        return self.head(nn.functional.max_pool2d(self.norm(self.conv(x)).relu(), 2).flatten(1))  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    before = dict(OWN)
    yield
    OWN.clear()
    OWN.update(before)


TEXT = "input 3x8x8 -> conv 4@3 -> blend 0.25 -> residual[ blend ] -> gap -> fc 2"


def test_a_word_stands_for_the_module() -> None:
    st.register("blend", Blend)
    network = read(TEXT)
    model = st.build(network)
    assert [model.get_submodule(name).share for name in ("blend1", "residual1.body.blend1")] == [0.25, 0.5]
    assert model(torch.zeros(2, 3, 8, 8)).shape == (2, 2)
    assert measure(network).total_parameters == sum(p.numel() for p in model.parameters())
    assert measure(network).row("blend1").macs.value == 4 * 4 * 6 * 6
    assert read(render(network)) == network
    assert copy.deepcopy(model)(torch.zeros(2, 3, 8, 8)).shape == (2, 2)


def test_a_shape_rule_is_taken_for_free_axes_too() -> None:
    st.register("blend", Blend, shape=lambda shape, share=0.5: shape)
    assert measure(read("input 3x?x? -> blend 0.1 -> gap -> fc 2")).total_macs is None
    st.register("blend", Blend)
    with pytest.raises(NotationError, match="the shape that comes out is not known"):
        read("input 3x?x? -> blend 0.1 -> gap -> fc 2")


def test_a_wrong_shape_rule_is_told_on_the_first_batch() -> None:
    st.register("blend", Blend, shape=lambda shape, share=0.5: (2 * shape[0], *shape[1:]))
    model = st.build("input 3x8x8 -> blend -> gap -> fc 2")
    with pytest.raises(InputError, match=r"the shape rule of 'blend' says 6x8x8 for 3x8x8, and it gave 3x8x8; mend"):
        model(torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize("rule", [lambda shape: None, lambda shape: (0, 8, 8), lambda shape: [3, 8, 8], lambda s: ()])
def test_a_rule_that_gives_no_shape(rule: object) -> None:
    st.register("blend", Blend, shape=rule)  # type: ignore[arg-type]
    with pytest.raises(NotationError, match="the shape rule of blend gives no shape"):
        read("input 3x8x8 -> blend -> fc 2")


def test_a_file_can_t_use_it(tmp_path: Path) -> None:
    st.register("blend", Blend)
    (tmp_path / "mine.net").write_text(TEXT)
    with pytest.raises(NotationError, match="'blend' in a file"):
        st.net(tmp_path / "mine.net")


@pytest.mark.parametrize("word", ["relu", "residual", "from", "stride", "Blend", "two words", "1st", ""])
def test_a_word_that_is_taken_or_none(word: str) -> None:
    with pytest.raises(InputError, match="a word"):
        st.register(word, Blend)


def test_what_the_module_refuses_is_told_at_its_place() -> None:
    st.register("blend", Blend)
    with pytest.raises(NotationError, match=r"the module can't be made\n.*\n +\^+\n.*\(3, 1, 2\): TypeError: "):
        read("input 3x8x8 -> blend 1 2 -> fc 2")


def test_only_what_makes_a_module_is_registered() -> None:
    before = dict(OWN)
    for wrong in (Blend(3), 3, None):
        with pytest.raises(InputError, match=r"what makes a module, a class or a function.*Received: "):
            st.register("blend", wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a shape rule is a function"):
        st.register("blend", Blend, shape=(3, 8, 8))  # type: ignore[arg-type]
    assert before == OWN


def test_a_rule_that_takes_no_numbers_is_told_how_it_is_called() -> None:
    st.register("blend", Blend, shape=lambda shape: shape)
    with pytest.raises(
        NotationError, match=r"called as rule\(shape, \*numbers\), here rule\(\(3, 8, 8\), 0.5\): TypeE"
    ):
        read("input 3x8x8 -> blend 0.5")
    assert read("input 3x8x8 -> blend").layers


def test_a_word_that_is_not_registered_is_told_how() -> None:
    with pytest.raises(NotationError, match=r"no layer 'gyrate'[^;]*; a module .* in Python: st.register") as caught:
        read("input 3x8x8 -> gyrate")
    assert caught.value.unknown == "gyrate"
    with pytest.raises(NotationError, match=r"lists the words$"):
        read("input 3x8x8 -> gyrate", source="my.net")


def test_a_module_is_explained_layer_by_layer() -> None:
    found = st.explain(Small(), at=(1, 8, 8))
    assert [row.name for row in found.measure.rows] == ["conv", "norm", "head"]
    assert found.measure.total_parameters == sum(p.numel() for p in Small().parameters())
    assert found.measure.total_macs == 9 * 8 * 64 + 128 * 10
    assert found.to_json()["total_macs"] == found.measure.total_macs
    assert "Linear(in_features=128" in repr(found)
    with pytest.raises(InputError, match="at="):
        st.explain(Small())
    with pytest.raises(InputError, match="the module does not take 1x9x9"):
        st.explain(Small(), at=(1, 9, 9, 9))


def test_a_module_is_trained_from_its_own_weights(tmp_path: Path) -> None:
    module = Small()
    before = copy.deepcopy(module.state_dict())
    run = st.train(module, "digits", epochs=2, out=tmp_path / "run", quiet=True)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert run.test().accuracy > 0.5
    again = st.Run(tmp_path / "run").model()
    x = torch.rand(4, 1, 8, 8)
    torch.testing.assert_close(again(x), run.model()(x))
    with pytest.raises(InputError, match="the module gives 7 for an image of 1x8x8; digits has 10 classes"):
        st.train(Small(7), "digits", epochs=1, out=tmp_path / "other", quiet=True)
